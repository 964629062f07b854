"""Pages of Quiltt as records: accounts, balances, transactions and holdings.

A page is the answer to one question of `queries`. Its elements are the accounts that it
names, then the transactions, then the holdings, each in its order; a record's line counts them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

import orjson

from core.errors import InvalidMoney, Unreadable
from core.money import is_currency
from core.records import (
    PENDING_REMOTE_ID,
    REMOTE_ID,
    AccountRecord,
    BalanceKind,
    BalanceRecord,
    Finding,
    HoldingRecord,
    PortfolioRecord,
    Record,
    Severity,
    TransactionRecord,
    TransactionStatus,
)
from providers.base import Page
from providers.http import read_json
from providers.quiltt.money import exact
from providers.quiltt.values import (
    ID_CHARACTERS_MAX,
    id_of,
    instant_day,
    nodes,
    number,
    obj,
    said,
    shown,
    text_of,
)

CURRENCY: Final = "USD"  # of an account whose currency Quiltt does not say: its banks are American

_STATUSES: Final = {
    "PENDING": TransactionStatus.PENDING,
    "POSTED": TransactionStatus.POSTED,
}
_EXPECTED: Final = "PROJECTED"  # has not happened, and is booked under another id when it has
_SIGNS: Final = {"CREDIT": 1, "DEBIT": -1}
_BALANCES: Final = (
    ("current", BalanceKind.CURRENT_LEDGER),
    ("available", BalanceKind.CURRENT_AVAILABLE),
    ("limit", BalanceKind.OTHER),
)
_SECURITY: Final = ("cusip", "isin", "tickerSymbol", "name")


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What an answer has, as far as it has the shape that was asked for."""

    connection: dict[str, Any]
    accounts: list[Any]
    transactions: list[Any]
    holdings: list[Any]
    holder: str | None  # the account that the holdings are of
    held_on: date | None  # the day that all of them are of; None: there are more, or no day is told


def content(body: bytes) -> Content:
    """The parts of an answer. Raises Unreadable where it is no answer to our questions."""
    try:
        said = read_json(body)
    except ValueError:
        raise _unreadable("It is no JSON.") from None
    data = said.get("data") if isinstance(said, dict) else None
    if not isinstance(data, dict) or said.get("errors"):
        raise _unreadable("It is no answer with data.")
    connection = data.get("connection")
    if not isinstance(connection, dict) or not isinstance(connection.get("accounts"), list):
        raise _unreadable("It names no accounts.")
    account = obj(data.get("account"))
    held = obj(account.get("holdings"))
    return Content(
        connection=connection,
        accounts=connection["accounts"],
        transactions=nodes(data.get("transactions")),
        holdings=nodes(held),
        holder=text_of(account, "id"),
        held_on=_day_of_all(account, obj(held.get("pageInfo"))),
    )


def _day_of_all(account: dict[str, Any], page: dict[str, Any]) -> date | None:
    if page.get("hasNextPage") is not False or page.get("hasPreviousPage") is not False:
        return None
    return instant_day(obj(account.get("balance")).get("at"))


def records(page: Page) -> Iterator[Record]:
    """What a page says. What cannot be read is a finding. Raises Unreadable."""
    here = content(page.body)
    currencies: dict[str, str] = {}
    institution = obj(here.connection.get("institution"))
    for line, account in enumerate(here.accounts, start=1):
        yield from _account(obj(account), institution, currencies, line)
    start = len(here.accounts) + 1
    for line, node in enumerate(here.transactions, start=start):
        yield from _transaction(obj(node), currencies, line)
    yield from _holdings(here, currencies, start=start + len(here.transactions))


def elements(page: Page) -> Iterator[str]:
    """The elements as JSON, each in one line, numbers as they were written."""
    here = content(page.body)
    for element in (*here.accounts, *here.transactions, *here.holdings):
        try:
            yield orjson.dumps(element, default=_digits).decode()
        except TypeError:  # texts and whole numbers that are no UTF-8, or too long for it
            yield json.dumps(element, default=str)


def day_of(text: object) -> date | None:
    """A date such as "2026-11-30"; None where it is none."""
    if not isinstance(text, str):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _account(
    account: dict[str, Any], institution: dict[str, Any], currencies: dict[str, str], line: int
) -> Iterator[Record]:
    key = id_of(account)
    if key is None:
        yield _finding("account-unreadable", "An account has no id. It was left out.", line)
        return
    currency = account.get("currencyCode")
    if not isinstance(currency, str) or not is_currency(currency):
        if currency is not None:
            yield _finding(
                "currency-unknown",
                f"The account's currency cannot be read; it is taken for {CURRENCY}.",
                line,
                field="currencyCode",
                raw=shown(currency),
            )
        currency = CURRENCY
    currencies[key] = currency
    yield AccountRecord(
        key=key,
        number=None,
        currency=currency,
        name=text_of(account, "name"),
        institution=id_of(institution),
        line=line,
        institution_name=text_of(institution, "name"),
        mask=text_of(account, "mask"),
        type=_type(account),
    )
    yield from _balances(key, obj(account.get("balance")), currency, line)


def _type(account: dict[str, Any]) -> str | None:
    """Kind and taxonomy from the broad to the narrow, such as "depository/savings"."""
    taxonomy = account.get("taxonomy")
    words = [account.get("kind"), *(taxonomy if isinstance(taxonomy, list) else ())]
    told = [word.lower() for word in words if isinstance(word, str)]
    kinds = [word for word in told if word not in {"asset", "liability"}]
    return "/".join(dict.fromkeys(kinds)) or None


def _balances(
    account: str, balance: dict[str, Any], currency: str, line: int
) -> Iterator[BalanceRecord | Finding]:
    """Liabilities are negative where something is owed, as they are here."""
    if not balance:
        return
    as_of = instant_day(balance.get("at"))
    for name, kind in _BALANCES:
        value = balance.get(name)
        if value is None:
            continue
        try:
            amount = exact(value, currency)
        except InvalidMoney as error:
            yield _finding(
                "amount-unreadable",
                f"A balance cannot be kept: {error}. It was left out.",
                line,
                field=name,
                raw=shown(value),
            )
            continue
        if as_of is None:
            yield _finding(
                "date-unreadable", "A balance has no time that can be read.", line, field="at"
            )
            return
        yield BalanceRecord(
            account=account,
            kind=kind,
            amount=amount,
            currency=currency,
            as_of=as_of,
            code=name if kind is BalanceKind.OTHER else None,
            line=line,
        )


def _transaction(
    node: dict[str, Any], currencies: dict[str, str], line: int
) -> Iterator[TransactionRecord | Finding]:
    if node.get("status") == _EXPECTED:
        return
    status = _STATUSES.get(text_of(node, "status") or "")
    if status is None:
        yield _rejected("status-unknown", "The status is none that is known.", line, node, "status")
        return
    external_id = id_of(node)
    if external_id is None:
        yield _rejected("id-missing", "It has no id.", line, node, "id")
        return
    account = id_of(obj(node.get("account")))
    if account is None or account not in currencies:
        yield _rejected(
            "account-unknown", "It is of no account of the connection.", line, node, "account"
        )
        return
    day = day_of(node.get("date"))
    if day is None:
        yield _rejected("date-unreadable", "It has no date that can be read.", line, node, "date")
        return
    currency = node.get("currencyCode")
    if not isinstance(currency, str) or not is_currency(currency):
        currency = currencies[account]
    try:
        amount = exact(node.get("amount"), currency)
    except InvalidMoney as error:
        yield _rejected("amount-unreadable", f"Its amount is {error}.", line, node, "amount")
        return
    sign = _SIGNS.get(text_of(node, "entryType") or "")
    if sign is None:
        yield _finding(
            "direction-unknown",
            "It does not say whether money came in or went out; the sign of the amount does.",
            line,
            field="entryType",
            raw=shown(node.get("entryType")),
        )
    raw = text_of(node, "description") or ""
    yield TransactionRecord(
        account=account,
        # Whether amounts are signed depends on the institution; the direction always stands apart.
        amount=amount if sign is None else abs(amount) * sign,
        currency=currency,
        posted_date=None if status is TransactionStatus.PENDING else day,
        status=status,
        description=" ".join(raw.split()),
        description_raw=raw,
        line=line,
        line_end=line,
        external_id=external_id,
        transaction_date=day if status is TransactionStatus.PENDING else None,
        extra=_extra(node) or None,
    )


def _extra(node: dict[str, Any]) -> dict[str, str]:
    """What is told beyond the booking: of an investment, and of the provider behind Quiltt."""
    security = obj(node.get("security"))
    plaid = obj(obj(node.get("remoteData")).get("plaid"))
    remote = obj(obj(plaid.get("transaction")).get("response"))
    told = {
        **{name: said(node.get(name)) for name in ("provider", "quantity", "price", "fees")},
        "security": said(security.get("name")),
        **{name: said(security.get(name)) for name in ("tickerSymbol", "isin", "cusip")},
        REMOTE_ID: said(remote.get("transactionId")),
        PENDING_REMOTE_ID: said(remote.get("pendingTransactionId")),
    }
    return {name: value for name, value in told.items() if value}


def _holdings(here: Content, currencies: dict[str, str], *, start: int) -> Iterator[Record]:
    """What an account holds; that it is all, where that is so and all of it could be read."""
    held = [
        record
        for line, node in enumerate(here.holdings, start=start)
        for record in _holding(obj(node), here.holder, currencies, line)
    ]
    yield from held
    is_whole = not any(isinstance(record, Finding) for record in held)
    if is_whole and here.held_on is not None and here.holder in currencies:
        yield PortfolioRecord(here.holder, here.held_on, 1 + [*currencies].index(here.holder))


def _holding(
    node: dict[str, Any], account: str | None, currencies: dict[str, str], line: int
) -> Iterator[HoldingRecord | Finding]:
    if account is None or account not in currencies:
        yield _rejected(
            "account-unknown", "It is of no account of the connection.", line, node, "account"
        )
        return
    security = obj(node.get("security"))
    known = next((text for name in _SECURITY if (text := text_of(security, name))), id_of(node))
    as_of = instant_day(node.get("at"))
    quantity = number(node.get("quantity"))
    if known is None or as_of is None or quantity is None:
        yield _rejected(
            "holding-unreadable", "Security, quantity or day cannot be read.", line, node, "id"
        )
        return
    yield HoldingRecord(
        account=account,
        security=known[:ID_CHARACTERS_MAX],
        quantity=quantity,
        currency=currencies[account],
        as_of=as_of,
        name=text_of(security, "name"),
        ticker=text_of(security, "tickerSymbol"),
        price=number(node.get("price")),
        value=number(node.get("value")),
        line=line,
    )


def _rejected(code: str, message: str, line: int, node: dict[str, Any], name: str) -> Finding:
    """A row that is left out."""
    what = f"An entry was left out. {message}"
    return _finding(code, what, line, field=name, raw=shown(node.get(name)), rejected=True)


def _finding(
    code: str,
    message: str,
    line: int,
    *,
    field: str | None = None,
    raw: str | None = None,
    rejected: bool = False,
) -> Finding:
    return Finding(
        Severity.WARNING, code, message, line=line, field=field, raw=raw, rejected=rejected
    )


def _unreadable(why: str) -> Unreadable:
    return Unreadable("page-unreadable", f"The page is none of Quiltt's. {why}")


def _digits(value: object) -> orjson.Fragment:
    assert isinstance(value, Decimal), "JSON has no other number"
    return orjson.Fragment(str(value))
