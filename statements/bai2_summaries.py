"""BAI2 status and summary entries of an account record (03): balances and totals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from core.errors import InvalidMoney
from core.money import storable
from core.records import BalanceKind, BalanceRecord, SummaryRecord
from statements.bai2_codes import BALANCE_KINDS, OWED, TYPE_CODES, Kind, TypeCode
from statements.bai2_values import (
    FUNDS_TYPES,
    minor_amount,
    read_funds,
    scaled,
    shortened,
)
from statements.findings import Findings


class Entry(NamedTuple):
    """One repetition of type code, amount, item count and funds type, as text."""

    code: str
    amount: str
    item_count: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What every entry of one account record shares."""

    account: str
    currency: str
    decimals: int
    as_of: date | None
    as_of_time: str | None
    interim: bool
    line: int


def entries(
    fields: Sequence[str], starts: set[int], line: int, findings: Findings
) -> Iterator[Entry]:
    """The entries after account number and currency (BAI2 version 2, record 03, footnote).

    `starts` are the places where a physical record begins. Some banks end a physical record with
    a comma too many: the empty field is dropped where the next one is a type code.
    """
    at = 2
    while at < len(fields):
        if not fields[at] and _is_stray(fields, at, starts):
            at += 1
            continue
        funds = read_funds(fields, at + 3)
        if funds.kind not in FUNDS_TYPES and funds.kind in TYPE_CODES:
            findings.warn(
                "summary-field-missing",
                "An entry of this record lacks a field before the next type code; it was read "
                "without its funds type.",
                line,
                "funds type",
                funds.kind,
            )
            following = at + 3
        else:
            following = funds.next
        entry = Entry(*(*fields[at : at + 3], "", "")[:3])
        if any(entry):
            yield entry
        at = following


def standing_record(
    entry: Entry, standing: Standing, findings: Findings
) -> BalanceRecord | SummaryRecord | None:
    """The balance or total that an entry states; None where it states none or is rejected.

    A balance needs a day: in a group without one it is kept as a summary.
    """
    code = _code(entry, standing.line, findings)
    if code is None or code.kind == Kind.MESSAGE:
        return None
    minor = minor_amount(entry.amount)
    amount = None
    if minor is not None:
        amount = _storable(scaled(minor, standing.decimals), entry, standing.line, findings)
    elif entry.amount:
        _reject(entry, "holds something else than digits", standing.line, findings)
    if amount is None and entry.amount:
        return None
    if code.kind == Kind.STATUS and standing.as_of is not None:
        return _balance(code, amount, standing.as_of, standing) if amount is not None else None
    return SummaryRecord(
        account=standing.account,
        code=code.code,
        amount=amount,
        item_count=_item_count(entry, standing.line, findings),
        currency=standing.currency,
        as_of=standing.as_of,
        line=standing.line,
    )


def _is_stray(fields: Sequence[str], at: int, starts: set[int]) -> bool:
    if at + 1 == len(fields):
        return True
    following = fields[at + 1]
    return following in TYPE_CODES and (at + 1 in starts or fields[at + 2 : at + 3] != [""])


def _balance(code: TypeCode, amount: Decimal, as_of: date, standing: Standing) -> BalanceRecord:
    return BalanceRecord(
        account=standing.account,
        kind=BALANCE_KINDS.get(code.code, BalanceKind.OTHER),
        # From the holder's side what is owed is negative, however the bank writes it.
        amount=-abs(amount) if code.code in OWED and amount else amount,
        currency=standing.currency,
        as_of=as_of,
        as_of_time=standing.as_of_time,
        code=code.code,
        interim=standing.interim,
        line=standing.line,
    )


def _code(entry: Entry, line: int, findings: Findings) -> TypeCode | None:
    code = TYPE_CODES.get(entry.code)
    if code is None:
        findings.reject(
            "type-code-unreadable",
            "The type code of a balance or total is not three digits; the entry was left out.",
            line,
            "type code",
            shortened(entry.code),
        )
    elif not code.listed and findings.first(f"type {entry.code}"):
        findings.warn(
            "type-code-unknown",
            f"Type code {entry.code} is in no published list; it was read by its range.",
            line,
            "type code",
            entry.code,
        )
    return code


def _storable(amount: Decimal, entry: Entry, line: int, findings: Findings) -> Decimal | None:
    try:
        return storable(amount)
    except InvalidMoney as error:
        _reject(entry, f"has {error}", line, findings)
        return None


def _reject(entry: Entry, reason: str, line: int, findings: Findings) -> None:
    findings.reject(
        "amount-unreadable",
        f"The amount of type code {entry.code} {reason}; ask the bank for a corrected file.",
        line,
        "amount",
        shortened(entry.amount),
    )


def _item_count(entry: Entry, line: int, findings: Findings) -> int | None:
    if not entry.item_count:
        return None
    count = minor_amount(entry.item_count)
    if count is None or count < 0:
        findings.warn(
            "item-count",
            f"The item count of type code {entry.code} is no number; it was left out.",
            line,
            "item count",
            shortened(entry.item_count),
        )
        return None
    return count
