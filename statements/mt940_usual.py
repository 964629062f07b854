"""MT940 entries of the usual shape, read at one stroke: a :61: of one line, and its :86:.

What is of any other shape goes the way of `Field`, with the same result: nearly all entries of a
bank are alike, and an import lives on how fast these are read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from core.records import TransactionRecord, TransactionStatus
from statements.mt940_entry import NO_DAY, NO_REFERENCE, Days, Standing
from statements.mt940_fields import Usual
from statements.mt940_proof import Proof
from statements.mt940_shapes import ShapedReader
from statements.mt940_values import DEBITS, Calendar

# As `StatementLine` reads it, but without what is worth a finding, and small enough to be stored.
_LINE: Final = re.compile(
    r"([0-9]{6}(?:[0-9]{4})?)(R?[DC])([A-Z]?)([0-9]{1,14},[0-9]{0,8})([A-Z][A-Z0-9]{3})(.*)"
).fullmatch
_DAYS_REMEMBERED_MAX: Final = 4_096
_POSTED: Final = TransactionStatus.POSTED
_PENDING: Final = TransactionStatus.PENDING
_new: Final = tuple.__new__


class UsualReader:
    """Makes transactions of the usual entries of one document."""

    __slots__ = ("_calendar", "_days", "_texts")

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._days: dict[str, Days] = {}
        self._texts = ShapedReader()

    def read(self, usual: Usual, standing: Standing, proof: Proof) -> TransactionRecord | None:
        """The transaction, added to the proof; None where its line has something to report."""
        line, texts, first, last = usual
        found = _LINE(line)
        if found is None:
            return None
        dates, mark, funds_code, written, type_code, rest = found.groups()
        days = self._days.get(dates) or self._read_days(dates)
        if days is None:
            return None
        amount = Decimal(written.replace(",", "."))
        if mark in DEBITS:
            amount = -amount
        proof.add(amount, mark)
        customer, _, bank = rest.partition("//")
        description, counterparty, reference, extra = self._texts.read(texts)
        customer, bank = customer.strip(), bank.strip()
        if customer.upper() not in NO_REFERENCE:
            reference = customer
        elif reference and reference.upper() in NO_REFERENCE:
            reference = None
        if len(mark) == 2 or funds_code:
            extra = _marked(extra, mark, funds_code)
        return _new(
            TransactionRecord,
            (
                standing.account,
                amount,
                standing.currency,
                days.posted,
                _PENDING if standing.interim else _POSTED,
                description,
                "\n".join(texts).strip("\n"),
                first,
                last,
                None,
                None,
                days.value,
                None if bank.upper() in NO_REFERENCE else bank,
                reference,
                type_code,
                counterparty,
                None,
                None,
                extra or None,
                None,
            ),
        )

    def _read_days(self, dates: str) -> Days | None:
        """The days of YYMMDD[MMDD]; None where there is something to report of them."""
        value, moved = self._calendar.day(dates[:6])
        if value is None or moved:
            return None
        entry = dates[6:]
        posted = value if entry in NO_DAY else self._calendar.nearest(entry, value)
        if posted is None:
            return None
        days = Days(posted, value)
        if len(self._days) < _DAYS_REMEMBERED_MAX:
            self._days[dates] = days
        return days


def _marked(extra: Mapping[str, str], mark: str, funds_code: str) -> dict[str, str]:
    """What is said beside the details of an entry with a reversal's mark or a funds code."""
    marked = dict(extra)
    if mark not in {"C", "D"}:
        marked["mark"] = mark
    if funds_code:
        marked["funds_code"] = funds_code
    return marked
