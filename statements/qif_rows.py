"""QIF transactions: the fields of a record become a row, with the parts that it is split into."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final

from core.errors import InvalidMoney
from core.records import TransactionRecord, TransactionStatus
from statements.csv_amount import AmountReader
from statements.findings import Findings
from statements.qif_evidence import Dates
from statements.qif_scan import Entry

SPLITS_MAX: Final = 1_000
EXTRA_MAX: Final = 500  # characters of a field that has no place of its own
_CLEARED: Final = {"*": "cleared", "c": "cleared", "x": "reconciled", "r": "reconciled"}
_PLACED: Final = frozenset("DTUCNPMALSE$%")
_MANY: Final = frozenset("MASE$%")


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """What every row of one account shares."""

    account: str
    currency: str
    dates: Dates
    amounts: AmountReader
    negate: bool
    findings: Findings

    def amount(self, text: str) -> Decimal:
        """The amount as the holder sees it. Raises InvalidMoney."""
        found = self.amounts.read(text)
        if found.currency is not None and found.currency != self.currency:
            raise InvalidMoney(f"is in {found.currency}, under the currency {self.currency}")
        negative = found.side == "D" if found.side else self.negate
        return found.value.copy_negate() if negative and found.value else found.value

    def day(self, entry: Entry, text: str | None) -> date | None:
        """The date of a row; None, with a finding, where there is none that can be read."""
        if text is None or not text.strip():
            self.findings.warn("date-missing", "The row has no date.", entry.line, "postedDate")
            return None
        try:
            return self.dates.read(text)
        except ValueError as error:
            self.findings.warn(
                "date-unreadable",
                f'The date "{text.strip()[:40]}" {error}; it was left out.',
                entry.line,
                "postedDate",
                entry.raw,
            )
            return None


@dataclass(slots=True)
class _Split:
    category: str = ""
    memo: str = ""
    amount: str = ""
    percent: str = ""


@dataclass(slots=True)
class Fields:
    """The fields of a record: one text for each letter, and the splits in order."""

    one: dict[str, str] = field(default_factory=dict)
    splits: list[_Split] = field(default_factory=list)
    splits_dropped: int = 0

    def text(self, letter: str) -> str | None:
        """The text of a field, None where it is blank or not there."""
        return self.one.get(letter, "").strip() or None


def fields_of(entry: Entry, findings: Findings) -> Fields:
    """The fields; one that comes twice keeps its first text, with a finding."""
    found = Fields()
    for letter, text in entry.fields:
        if letter in "SE$%":
            _into_splits(found, letter, text.strip())
        elif letter not in found.one:
            found.one[letter] = text
        elif letter in _MANY:
            found.one[letter] += f"\n{text}"
        elif text.strip() != found.one[letter].strip():
            findings.warn(
                "field-repeated",
                f'The record has two fields "{letter}"; the first one was read.',
                entry.line,
                letter,
                entry.raw,
            )
    if found.splits_dropped:
        findings.warn(
            "splits-left-out",
            f"The row is split into more than {SPLITS_MAX} parts; {found.splits_dropped} of them "
            "are not kept.",
            entry.line,
        )
    return found


def _into_splits(found: Fields, letter: str, text: str) -> None:
    splits = found.splits
    taken = bool(splits) and (
        letter == "S"
        or (letter == "$" and splits[-1].amount)
        or (letter == "E" and splits[-1].memo)
    )
    if not splits or taken:
        if len(splits) >= SPLITS_MAX:
            found.splits_dropped += letter == "S"
            return
        splits.append(_Split())
    last = splits[-1]
    match letter:
        case "S":
            last.category = text
        case "E":
            last.memo = text
        case "$":
            last.amount = text
        case _:
            last.percent = text


def read_row(booking: Booking, entry: Entry) -> TransactionRecord | None:
    """The transaction of a record; None, with a finding, where it is left out."""
    fields = fields_of(entry, booking.findings)
    amount = amount_of(booking, entry, fields)
    if amount is None:
        return None
    payee, number = fields.text("P"), fields.text("N")
    category, extra = _category(fields), _extra(booking, entry, fields, amount)
    raw = description_raw(fields)
    return TransactionRecord(
        account=booking.account,
        amount=amount,
        currency=booking.currency,
        posted_date=booking.day(entry, fields.one.get("D")),
        status=TransactionStatus.POSTED,
        description=" ".join(raw.split()),
        description_raw=raw,
        line=entry.line,
        line_end=entry.line_end,
        customer_reference=number if number and any(map(str.isdigit, number)) else None,
        type_code=None if number and any(map(str.isdigit, number)) else number,
        merchant_name=payee,
        category=category,
        extra=extra or None,
    )


def amount_of(booking: Booking, entry: Entry, fields: Fields) -> Decimal | None:
    """The amount of T, else of U; None, with a finding, where neither can be read."""
    texts = [text for letter in "TU" if (text := fields.text(letter)) is not None]
    if not texts:
        booking.findings.reject(
            "amount-missing", "The row has no amount; it was left out.", entry.line, "T", entry.raw
        )
        return None
    try:
        amounts = [booking.amount(text) for text in texts]
    except InvalidMoney as error:
        booking.findings.reject(
            "amount-unreadable",
            f'The amount "{texts[0][:40]}" {error}; the row was left out.',
            entry.line,
            "T",
            entry.raw,
        )
        return None
    if amounts[0] != amounts[-1]:
        booking.findings.warn(
            "amounts-differ",
            f"T states {amounts[0]} and U {amounts[-1]}; T was read.",
            entry.line,
            "T",
        )
    return amounts[0]


def description_raw(fields: Fields) -> str:
    """Payee and memo, as they stand; else the category."""
    texts = [fields.one[letter] for letter in "PM" if fields.text(letter)]
    return "\n".join(dict.fromkeys(texts)) or fields.one.get("L", "")


def transfer_of(category: str | None) -> str | None:
    """The other account, where a category such as "[Savings]" names one."""
    if category is None or not category.startswith("["):
        return None
    return category[1:].partition("]")[0].strip() or None


def _category(fields: Fields) -> str | None:
    category = fields.text("L")
    if fields.splits or category is None or transfer_of(category) is not None:
        return None
    return None if category.strip("-").casefold() == "split" else category


def _extra(booking: Booking, entry: Entry, fields: Fields, amount: Decimal) -> dict[str, str]:
    extra: dict[str, str] = {}
    transfer = transfer_of(fields.text("L"))
    if transfer is not None:
        extra["transferAccount"] = transfer
    cleared = fields.text("C")
    if cleared is not None:
        extra["cleared"] = _CLEARED.get(cleared.casefold(), cleared[:EXTRA_MAX])
    address = fields.text("A")
    if address is not None:
        extra["address"] = address[:EXTRA_MAX]
    if fields.splits:
        extra["splits"] = _splits(booking, entry, fields, amount)
    for letter, text in fields.one.items():
        if letter not in _PLACED and text.strip():
            extra[f"field {letter}"] = text.strip()[:EXTRA_MAX]
    return extra


def _splits(booking: Booking, entry: Entry, fields: Fields, amount: Decimal) -> str:
    """The parts as JSON; a finding where they do not make the whole."""
    parts: list[Mapping[str, str]] = []
    total, whole = Decimal(0), not fields.splits_dropped
    for split in fields.splits:
        part = {
            "category": split.category,
            "memo": split.memo,
            "amount": split.amount,
            "percent": split.percent,
        }
        try:
            value = booking.amount(split.amount)
        except InvalidMoney as error:
            whole = False
            if split.amount:
                booking.findings.warn(
                    "split-unreadable",
                    f'A part of the row has the amount "{split.amount[:40]}", which {error}.',
                    entry.line,
                    "$",
                )
        else:
            part["amount"] = format(value, "f")
            total += value
        parts.append({name: text[:EXTRA_MAX] for name, text in part.items() if text})
    if whole and total != amount:
        booking.findings.warn(
            "split-sum",
            f"The parts of the row come to {total}, the row itself to {amount}; the row was kept "
            "as it is. Look at it in the program that wrote the file.",
            entry.line,
            "$",
        )
    return json.dumps(parts, ensure_ascii=False)
