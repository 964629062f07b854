"""Plaid's transactions: pages of /transactions/sync as records.

Plaid's amounts are positive where money leaves the account, whatever its kind.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from core.records import (
    AccountRecord,
    Finding,
    Record,
    RemovalRecord,
    Severity,
    TransactionRecord,
    TransactionStatus,
)
from providers.base import Page
from providers.plaid.accounts import account_record
from providers.plaid.categories import current, is_known, label
from providers.plaid.elements import RAW_CHARACTERS_MAX, Element, listed, whole

# Texts of a transaction that are kept as they come, beside the columns that every source has.
_PLAIN: Final = (
    "payment_channel",
    "check_number",
    "datetime",
    "authorized_datetime",
    "account_owner",
    "merchant_entity_id",
    "website",
)
_PLACE: Final = ("address", "city", "region", "postal_code", "country", "store_number")
_POINT: Final = ("lat", "lon")
_PAYMENT: Final = (
    "ppd_id",
    "payee",
    "by_order_of",
    "payer",
    "payment_method",
    "payment_processor",
    "reason",
)


def parse(page: Page) -> Iterator[Record]:
    """Accounts, then what was added and modified, then what was removed.

    An account that is only named by its transactions has their currency and no name.
    """
    answer = whole(page)
    line = 0
    known: set[str] = set()
    unheard: set[str] = set()
    item = Element(answer.get("item"), 0)
    for value in listed(answer, "accounts"):
        line += 1
        account = account_record(Element(value, line), item)
        if account is not None:
            known.add(account.key)
            yield account
    for name in ("added", "modified"):
        for value in listed(answer, name):
            line += 1
            element = Element(value, line)
            record = _transaction(element)
            if isinstance(record, TransactionRecord) and record.account not in known:
                known.add(record.account)
                yield AccountRecord(record.account, None, record.currency, line=line)
            yield record
            yield from element.findings
            yield from _unheard(record, unheard)
    for value in listed(answer, "removed"):
        line += 1
        yield _removal(Element(value, line))


def _transaction(element: Element) -> TransactionRecord | Finding:
    external_id, account = element.text("transaction_id"), element.text("account_id")
    if external_id is None or account is None:
        field = "transaction_id" if external_id is None else "account_id"
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
    pending = element.flag("pending")
    day, authorized = element.day("date"), element.day("authorized_date")
    name = element.text("name") or element.text("merchant_name") or ""
    category = element.part("personal_finance_category")
    return TransactionRecord(
        account=account,
        amount=-amount,
        currency=currency,
        # Plaid's date of a pending transaction is the day on which it happened.
        posted_date=None if pending else day,
        status=TransactionStatus.PENDING if pending else TransactionStatus.POSTED,
        description=" ".join(name.split()),
        description_raw=element.text("original_description") or name,
        line=element.line,
        line_end=element.line,
        external_id=external_id,
        transaction_date=authorized or (day if pending else None),
        reference=element.part("payment_meta").text("reference_number"),
        type_code=element.text("transaction_code"),
        merchant_name=element.text("merchant_name"),
        category=category.text("detailed") or category.text("primary"),
        extra=_extra(element, category) or None,
        pending_external_id=element.text("pending_transaction_id"),
    )


def _unheard(record: TransactionRecord | Finding, before: set[str]) -> Iterator[Finding]:
    """A note on a category that Plaid's taxonomy has not, once a page: it is kept as it is."""
    if isinstance(record, Finding) or record.category is None:
        return
    if record.category in before or is_known(record.category):
        return
    before.add(record.category)
    yield Finding(
        Severity.INFO,
        "category-unknown",
        "The category is not one of those that Plaid has published; it was kept as it is.",
        record.line,
        field="personal_finance_category",
        raw=record.category[:RAW_CHARACTERS_MAX],
    )


def _removal(element: Element) -> RemovalRecord | Finding:
    external_id, account = element.text("transaction_id"), element.text("account_id")
    if external_id is None or account is None:
        field = "transaction_id" if external_id is None else "account_id"
        return element.rejected("id-missing", "A removal names no transaction or account.", field)
    return RemovalRecord(account, external_id, element.line)


def _extra(element: Element, category: Element) -> dict[str, str]:
    """What Plaid says beyond the columns, as text."""
    extra = {name: text for name in _PLAIN if (text := element.text(name))}
    for name in ("primary", "confidence_level", "version"):
        if text := category.text(name):
            extra[f"category_{name}"] = text
    code = category.text("detailed")
    if code is not None and is_known(code):
        extra["category_label"] = label(code)
        if current(code) != code:
            extra["category_version_2"] = current(code)
    place = element.part("location")
    extra |= {f"location_{name}": text for name in _PLACE if (text := place.text(name))}
    extra |= {f"location_{name}": text for name in _POINT if (text := place.digits(name))}
    payment = element.part("payment_meta")
    extra |= {f"payment_{name}": text for name in _PAYMENT if (text := payment.text(name))}
    if others := "; ".join(filter(None, map(_counterparty, element.parts("counterparties")))):
        extra["counterparties"] = others
    return extra


def _counterparty(element: Element) -> str | None:
    name, kind = element.text("name"), element.text("type")
    return f"{name} ({kind})" if name and kind else name
