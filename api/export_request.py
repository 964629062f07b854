"""What an export is asked for: the parameters of its URL, by the names of GraphQL's filter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.datastructures import Headers

from api.errors import Problem
from core.records import TransactionStatus
from db.exports import Form, Place
from db.transaction_filter import Duplicates, TransactionFilter
from resolvers.exports import Export
from resolvers.transactions import merchant_name
from schema.ids import decode
from schema.scalars import read_currency, read_date, read_decimal, read_instant

PARAMETERS_MAX: Final = 2_000

Reader = Callable[[str], Any]


def parsed(query: bytes, headers: Headers) -> Export:
    """The export that a query string and the Accept header describe. Raises Problem (400, 406)."""
    given = _given(query)
    form = _form(given.pop("format", None), given.pop("safe", None), headers)
    as_of, after = given.pop("asOf", None), given.pop("after", None)
    wanted = {_FILTER[name][0]: value for name, value in given.items()}
    return Export(wanted=TransactionFilter(**wanted), form=form, as_of=as_of, after=after)


def _given(query: bytes) -> dict[str, Any]:
    """The parameters by name, read. Those that may be many are tuples."""
    try:
        pairs = parse_qsl(
            query.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=PARAMETERS_MAX,
        )
    except ValueError as error:
        raise _bad(f"the URL's query is not UTF-8, or has over {PARAMETERS_MAX} parameters") from (
            error
        )
    given: dict[str, Any] = {}
    for name, text in pairs:
        if name in _MANY:
            given[name] = (*given.get(name, ()), _read(name, _FILTER[name][1], text))
        elif name in given:
            raise _bad(f"{name}: give it once")
        elif name in _FILTER:
            given[name] = _read(name, _FILTER[name][1], text)
        elif name in _OWN:
            given[name] = _read(name, _OWN[name], text)
        else:
            raise _bad(f"{name[:50]}: no such parameter; there are {', '.join((*_OWN, *_FILTER))}")
    return given


def _read(name: str, reader: Reader, text: str) -> Any:
    try:
        return reader(text)
    except ValueError as error:
        raise _bad(f"{name}: {error}") from error


def _form(wanted: str | None, safe: bool | None, headers: Headers) -> Form:
    name = wanted or _accepted(headers)
    if name == "ndjson":
        if safe is not None:
            raise _bad("safe: is for CSV alone; NDJSON needs no protection from spreadsheets")
        return Form.NDJSON
    return Form.CSV if safe is False else Form.SAFE_CSV


def _accepted(headers: Headers) -> str:
    """The first of the two that Accept names; CSV where it takes anything."""
    for part in headers.get("accept", "*/*").split(","):
        name = part.partition(";")[0].strip().lower()
        if name in _MEDIA:
            return _MEDIA[name]
    raise Problem(
        HTTPStatus.NOT_ACCEPTABLE,
        "BAD_INPUT",
        "an export is text/csv or application/x-ndjson: say so in Accept, or with format=",
    )


def _one_of(*names: str) -> Reader:
    def read(text: str) -> str:
        if text not in names:
            raise ValueError(f"give {' or '.join(names)}")
        return text

    return read


def _boolean(text: str) -> bool:
    return bool(_one_of("true", "false")(text) == "true")


def _id(type_name: str) -> Reader:
    def read(text: str) -> Any:
        found = decode(text)
        if found is None or found.type != type_name:
            raise ValueError(f"give the id of a thing of type {type_name}")
        return found.key

    return read


def _status(text: str) -> TransactionStatus:
    return TransactionStatus[_one_of(*TransactionStatus.__members__)(text)]


def _duplicates(text: str) -> Duplicates:
    return Duplicates[_one_of(*Duplicates.__members__)(text)]


def _instant(text: str) -> datetime:
    return read_instant(text)


def _place(text: str) -> Place:
    """`<sortDate>,<id>` of a row."""
    day, comma, own_id = text.partition(",")
    if not comma:
        raise ValueError("give the sortDate and the id of the last row, with a comma in between")
    return Place(sort_date=read_date(day), id=_id("Transaction")(own_id))


def _bad(message: str) -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, "BAD_INPUT", message)


_MEDIA: Final = {
    "text/csv": "csv",
    "text/*": "csv",
    "*/*": "csv",
    "application/x-ndjson": "ndjson",
    "application/*": "ndjson",
}

_OWN: Final[Mapping[str, Reader]] = {
    "format": _one_of("csv", "ndjson"),
    "safe": _boolean,
    "asOf": _instant,
    "after": _place,
}

# Each field of GraphQL's TransactionFilter: what it is called inside, and how its text is read.
_FILTER: Final[Mapping[str, tuple[str, Reader]]] = {
    "accountIds": ("account_ids", _id("Account")),
    "connectionId": ("connection_id", _id("Connection")),
    "jobId": ("job_id", _id("IngestionJob")),
    "recurringId": ("recurring_id", _id("RecurringTransaction")),
    "postedFrom": ("posted_from", read_date),
    "postedTo": ("posted_to", read_date),
    "amountFrom": ("amount_from", read_decimal),
    "amountTo": ("amount_to", read_decimal),
    "status": ("status", _status),
    "category": ("categories", str),
    "currency": ("currency", read_currency),
    "merchantName": ("merchant", merchant_name),
    "text": ("text", str),
    "reconciled": ("reconciled", _boolean),
    "duplicates": ("duplicates", _duplicates),
}
_MANY: Final = frozenset({"accountIds", "category", "status"})
