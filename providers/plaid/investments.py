"""Plaid's investments: pages of holdings and of investment transactions as records.

Amounts are positive where cash leaves the account: a purchase is positive at Plaid.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

from core.records import (
    AccountRecord,
    Finding,
    HoldingRecord,
    PortfolioRecord,
    Record,
    TransactionRecord,
    TransactionStatus,
)
from providers.base import Page
from providers.plaid.accounts import account_record
from providers.plaid.elements import Element, day, listed, whole

_NUMBERS: Final = ("quantity", "price", "fees")
_CODES: Final = ("ticker_symbol", "isin", "cusip", "sedol")


def holdings(page: Page) -> Iterator[Record]:
    """What each account holds, as of the day that the page names; at the end, that it was all."""
    answer = whole(page)
    as_of = day(page)
    securities = _securities(answer)
    accounts = list(_accounts(answer))
    yield from accounts
    known = {account.key for account in accounts}
    whole_of = set(known)
    for line, value in enumerate(listed(answer, "holdings"), len(answer["accounts"]) + 1):
        element = Element(value, line)
        record = _holding(element, securities, as_of)
        if isinstance(record, HoldingRecord) and record.account not in known:
            known.add(record.account)
            yield AccountRecord(record.account, None, record.currency, line=line)
        elif not isinstance(record, HoldingRecord):
            # What could not be read may be held still.
            whole_of.discard(element.text("account_id") or "")
        yield record
        yield from element.findings
    for account in accounts:
        if account.key in whole_of:
            yield PortfolioRecord(account.key, as_of, account.line)


def trades(page: Page) -> Iterator[Record]:
    """Investment transactions, which move cash and securities."""
    answer = whole(page)
    securities = _securities(answer)
    known = set()
    for account in _accounts(answer):
        known.add(account.key)
        yield account
    first = len(answer["accounts"]) + 1
    for line, value in enumerate(listed(answer, "investment_transactions"), first):
        element = Element(value, line)
        record = _trade(element, securities)
        if isinstance(record, TransactionRecord) and record.account not in known:
            known.add(record.account)
            yield AccountRecord(record.account, None, record.currency, line=line)
        yield record
        yield from element.findings


def _accounts(answer: Mapping[str, Any]) -> Iterator[AccountRecord]:
    item = Element(answer.get("item"), 0)
    for line, value in enumerate(listed(answer, "accounts"), 1):
        account = account_record(Element(value, line), item)
        if account is not None:
            yield account


def _securities(answer: Mapping[str, Any]) -> dict[str, Element]:
    found = {}
    for value in listed(answer, "securities"):
        security = Element(value, 0)
        key = security.text("security_id")
        if key is not None:
            found[key] = security
    return found


def _holding(
    element: Element, securities: Mapping[str, Element], as_of: date
) -> HoldingRecord | Finding:
    account, security = element.text("account_id"), element.text("security_id")
    if account is None or security is None:
        field = "account_id" if account is None else "security_id"
        return element.rejected("id-missing", "A holding names no account or security.", field)
    quantity = element.number("quantity")
    if quantity is None:
        return element.rejected("quantity-unreadable", "A holding has no quantity.", "quantity")
    currency = element.currency()
    if currency is None:
        return element.rejected(
            "currency-unreadable",
            "The currency of a holding has no code of three letters.",
            "unofficial_currency_code",
        )
    about = securities.get(security) or Element(None, 0)
    return HoldingRecord(
        account=account,
        security=security,
        quantity=quantity,
        currency=currency,
        as_of=as_of,
        name=about.text("name"),
        ticker=about.text("ticker_symbol"),
        type=_kind(about),
        price=element.number("institution_price"),
        value=element.number("institution_value"),
        cost_basis=element.number("cost_basis"),
        line=element.line,
    )


def _trade(element: Element, securities: Mapping[str, Element]) -> TransactionRecord | Finding:
    external_id = element.text("investment_transaction_id")
    account = element.text("account_id")
    if external_id is None or account is None:
        field = "account_id" if account is None else "investment_transaction_id"
        return element.rejected("id-missing", "A transaction has no id or no account.", field)
    amount = element.money("amount")
    if amount is None:
        return element.rejected(
            "amount-unreadable", "A transaction has no amount that can be stored.", "amount"
        )
    currency = element.currency()
    if currency is None:
        return element.rejected(
            "currency-unreadable",
            "The currency of a transaction has no code of three letters.",
            "unofficial_currency_code",
        )
    name = element.text("name") or ""
    security = securities.get(element.text("security_id") or "")
    return TransactionRecord(
        account=account,
        amount=-amount,
        currency=currency,
        posted_date=element.day("date"),
        status=TransactionStatus.POSTED,
        description=" ".join(name.split()),
        description_raw=name,
        line=element.line,
        line_end=element.line,
        external_id=external_id,
        type_code=_kind(element),
        extra=_extra(element, security) or None,
    )


def _kind(element: Element) -> str | None:
    kinds = [text for text in (element.text("type"), element.text("subtype")) if text]
    return "/".join(kinds) or None


def _extra(element: Element, security: Element | None) -> dict[str, str]:
    extra = {name: text for name in _NUMBERS if (text := element.digits(name))}
    for name in ("security_id", "cancel_transaction_id", "transaction_datetime"):
        if text := element.text(name):
            extra[name] = text
    if security is not None:
        for name in ("name", *_CODES):
            if text := security.text(name):
                extra[f"security_{name}"] = text
    return extra
