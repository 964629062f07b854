"""Plaid's accounts: what they are called, and their balances from the holder's side."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Final

from core.records import AccountRecord, BalanceKind, BalanceRecord, Record
from providers.base import Page
from providers.plaid.elements import Element, day, listed, whole

OWED: Final = frozenset({"credit", "loan"})  # their balance is positive where money is owed
INVESTMENT: Final = frozenset({"investment", "brokerage"})
LIMIT: Final = "limit"  # code of the balance that says how much may be owed


def parse(page: Page) -> Iterator[Record]:
    """The accounts of /accounts/get with their balances, as of the day that the page names."""
    answer = whole(page)
    as_of = day(page)
    item = Element(answer.get("item"), 0)
    for line, value in enumerate(listed(answer, "accounts"), 1):
        account = Element(value, line)
        record = account_record(account, item)
        if record is not None:
            yield record
            yield from _balances(account, record, as_of)
        yield from account.findings


def account_record(account: Element, item: Element) -> AccountRecord | None:
    """The account; None, with a finding, where it has no id or no usable currency."""
    key = account.text("account_id")
    if key is None:
        account.note("account-unreadable", "An account has no id; it was left out.", "account_id")
        return None
    balances = account.part("balances")
    currency = balances.currency()
    if currency is None:
        balances.note(
            "currency-unreadable",
            "The currency of an account has no code of three letters; the account was left out.",
            "unofficial_currency_code",
        )
        return None
    kinds = [text for text in (account.text("type"), account.text("subtype")) if text]
    return AccountRecord(
        key=key,
        number=None,
        currency=currency,
        name=account.text("name") or account.text("official_name"),
        institution=item.text("institution_id"),
        line=account.line,
        institution_name=item.text("institution_name"),
        mask=account.text("mask"),
        type="/".join(kinds) or None,
    )


def _balances(account: Element, record: AccountRecord, today: date) -> Iterator[BalanceRecord]:
    balances = account.part("balances")
    as_of = balances.day("last_updated_datetime") or today
    sign = -1 if account.text("type") in OWED else 1

    def balance(kind: BalanceKind, amount: Decimal, code: str | None = None) -> BalanceRecord:
        return BalanceRecord(
            account=record.key,
            kind=kind,
            amount=amount,
            currency=record.currency,
            as_of=as_of,
            code=code,
            line=record.line,
        )

    current, available, limit = (balances.money(name) for name in ("current", "available", "limit"))
    if current is not None:
        yield balance(BalanceKind.CURRENT_LEDGER, sign * current)
    if available is not None:
        yield balance(BalanceKind.CURRENT_AVAILABLE, available)
    if limit is not None:
        yield balance(BalanceKind.OTHER, limit, LIMIT)
