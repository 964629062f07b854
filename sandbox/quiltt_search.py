"""Searching in the simulated Quiltt: filters, orders and Relay pages of its GraphQL API."""

from __future__ import annotations

import base64
import binascii
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from graphql import GraphQLError

from sandbox.quiltt_records import Account, Connection, Transaction

PAGE_MAX: Final = 100

_COMPARED: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}
_READ: Final[dict[str, Callable[[Transaction], Any]]] = {
    "date": lambda each: each.date,
    "amount": lambda each: each.amount,
    "amount_abs": lambda each: abs(each.amount),
}
Filter = Mapping[str, Any] | None


def matching_transactions(
    accounts: Sequence[Account], wanted: Filter, sort: str | None
) -> list[tuple[Account, Transaction]]:
    """The transactions of these accounts that a filter lets pass, in order; newest first."""
    rest = dict(wanted or {})
    account_ids = rest.pop("accountIds", None)
    tests = [_test_of_transaction(name, value) for name, value in rest.items() if value is not None]
    found = [
        (account, each)
        for account in accounts
        if account_ids is None or account.id in account_ids
        for each in account.visible()
        if all(test(account, each) for test in tests)
    ]
    # What came later is shown first among those of one day, both ways the exact reverse.
    found.sort(key=lambda pair: pair[1].date)
    return found if sort == "DATE_ASC" else found[::-1]


def matching_connections(connections: Sequence[Connection], wanted: Filter) -> list[Connection]:
    def passes(each: Connection) -> bool:
        rest = wanted or {}
        return (
            _is_in(each.status, rest.get("status"), rest.get("status_not"))
            and _is_in(each.provider_now, rest.get("provider"), None)
            and _has(each.metadata, rest.get("metadata"))
        )

    return [each for each in connections if passes(each)]


def matching_accounts(
    accounts: Sequence[Account], wanted: Filter, sort: str | None, status_of: Mapping[str, str]
) -> list[Account]:
    """The accounts that a filter lets pass; `status_of` tells that of each connection's id."""
    rest = wanted or {}

    def passes(each: Account) -> bool:
        return (
            _is_in(each.kind, rest.get("kind"), rest.get("kind_not"))
            and _is_in(
                status_of[each.connection_id],
                rest.get("connection_status"),
                rest.get("connection_status_not"),
            )
            and _has(each.metadata, rest.get("metadata"))
            and rest.get("verified") in {None, False}
        )

    found = [each for each in accounts if passes(each)]
    if sort is not None:
        found.sort(key=last_day, reverse=sort.endswith("DESC"))
    return found


def last_day(account: Account) -> str:
    """The day of its newest transaction, or nothing."""
    return max((each.date.isoformat() for each in account.visible()), default="")


def paged(
    items: Sequence[Any],
    node_of: Callable[[Any], Any],
    *,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
) -> dict[str, Any]:
    """One Relay page. Cursors are places in the list: it shifts under whoever reads on.

    More than a hundred are cut to a hundred, without a word.
    """
    if (first or 0) < 0 or (last or 0) < 0:
        raise GraphQLError("A page has no negative size", extensions={"code": "BAD_USER_INPUT"})
    start = _place(after) if after else 0
    end = min(_place(before) - 1, len(items)) if before else len(items)
    if last is not None:
        start = max(start, end - min(last, PAGE_MAX))
    end = max(start, min(end, start + min(PAGE_MAX if first is None else first, PAGE_MAX)))
    places = range(start, min(end, len(items)))
    nodes = [node_of(items[place]) for place in places]
    cursors = [_cursor(place) for place in places]
    return {
        "count": len(items),
        "nodes": nodes,
        "edges": [{"cursor": c, "node": n} for c, n in zip(cursors, nodes, strict=True)],
        "pageInfo": {
            "hasNextPage": end < len(items),
            "hasPreviousPage": start > 0,
            "startCursor": cursors[0] if cursors else None,
            "endCursor": cursors[-1] if cursors else None,
        },
    }


def _test_of_transaction(name: str, value: Any) -> Callable[[Account, Transaction], bool]:
    match name:
        case "entryType":
            return lambda _, each: each.entry_type == value
        case "status":
            return lambda _, each: each.status in value
        case "kind":
            return lambda account, _: account.kind in value
        case "kind_not":
            return lambda account, _: account.kind not in value
        case "metadata":
            return lambda _, each: _has(each.metadata, value)
        case _:
            return _comparison(name, value)


def _comparison(name: str, value: Any) -> Callable[[Account, Transaction], bool]:
    """`date`, `amount` or `amount_abs`, alone or with _gt, _gte, _lt or _lte."""
    base, _, suffix = name.rpartition("_")
    compares: Callable[[Any, Any], bool] = _COMPARED.get(suffix, operator.eq)
    read = _READ[base if suffix in _COMPARED else name]
    return lambda _, each: compares(read(each), value)


def _is_in(value: str, among: Sequence[str] | None, not_among: Sequence[str] | None) -> bool:
    return (among is None or value in among) and (not_among is None or value not in not_among)


def _has(metadata: Mapping[str, Any] | None, wanted: Mapping[str, Any] | None) -> bool:
    kept = metadata or {}
    return all(kept.get(name) == value for name, value in (wanted or {}).items())


def _cursor(place: int) -> str:
    """Counted from one, in base 64 without padding."""
    return base64.urlsafe_b64encode(str(place + 1).encode()).rstrip(b"=").decode()


def _place(cursor: str) -> int:
    try:
        return int(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError) as error:
        extensions = {"code": "BAD_USER_INPUT"}
        raise GraphQLError(f"Invalid cursor: {cursor}", extensions=extensions) from error
