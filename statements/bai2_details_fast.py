"""BAI2 transaction details of the common shapes, read without looking at each field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from core.money import AMOUNT_LIMIT
from core.records import TransactionRecord, TransactionStatus
from statements.bai2_codes import CHECKS, TYPE_CODES, Kind
from statements.bai2_details import Booking, extra_of, read_detail
from statements.bai2_records import Logical
from statements.bai2_text import detail_text, is_no_text, without_slash
from statements.bai2_values import NO_SUBFIELDS, Funds

# Only details of a known direction: all else has something to report.
_SIGNS: Final = {
    code: known.sign
    for code, known in TYPE_CODES.items()
    if known.listed and known.kind in {Kind.CREDIT_DETAIL, Kind.DEBIT_DETAIL}
}
_DIGITS_MAX: Final = 18
_EXTRAS_REMEMBERED_MAX: Final = 1_000

_Extra = Mapping[str, str] | None
_Availability = tuple[date | None, _Extra, list[str]]  # value date, extra, fields after it


class DetailReader:
    """Reads the details of one account record (03).

    What is not of a common shape goes the way of `read_detail`, with the same result: nearly all
    transactions of a bank are alike, and an import lives on how fast these are read.
    """

    __slots__ = ("_booking", "_limit", "_plain", "_suffix", "_valued")

    def __init__(self, booking: Booking) -> None:
        self._booking = booking
        self._suffix = f"E-{booking.decimals}"
        self._limit = int(AMOUNT_LIMIT) * 10**booking.decimals
        self._plain: dict[str, _Extra] = {
            kind: extra_of(booking, Funds(kind, (), 0)) for kind in NO_SUBFIELDS
        }
        self._valued: dict[str, _Extra] = {}

    def read(self, record: Logical) -> TransactionRecord | None:
        """The transaction; None, with a finding, where the record holds none that can be read."""
        common = self._read_common(record)
        return read_detail(self._booking, record) if common is None else common

    def _read_common(self, record: Logical) -> TransactionRecord | None:
        _, text, more, line, line_end, cut = record
        fields = text.split(",", 6)
        if cut or len(fields) < 6:
            return None
        _, code, amount, kind, *refs = fields
        sign = _SIGNS.get(code)
        if sign is None or not _is_digits(amount) or (minor := int(amount)) >= self._limit:
            return None
        value: date | None = None
        if kind in self._plain:
            extra = self._plain[kind]
        else:
            availability = self._availability(kind, refs)
            if availability is None:
                return None
            value, extra, refs = availability
        lines = _text_lines(refs, more)
        if lines is None:
            return None
        raw, description = detail_text(lines)
        customer = (refs[1] if len(refs) == 3 else without_slash(refs[1])).strip() or None
        if code in CHECKS and customer is not None:
            extra = {**(extra or {}), "check_number": customer}
        booking = self._booking
        booking.tally.add_detail(minor, sign, len(more))
        return TransactionRecord(
            booking.account,
            Decimal(f"{sign}{amount}{self._suffix}" if minor else f"0{self._suffix}"),
            booking.currency,
            booking.as_of,
            TransactionStatus.POSTED,
            description or TYPE_CODES[code].name,
            raw,
            line,
            line_end,
            value_date=value,
            reference=refs[0].strip() or None,
            customer_reference=customer,
            type_code=code,
            extra=extra,
        )

    def _availability(self, kind: str, refs: list[str]) -> _Availability | None:
        """Funds types V and S of the common shape. `refs` is what follows the funds type."""
        if len(refs) < 3:
            return None
        if kind == "V":
            as_of = self._booking.as_of
            value = self._booking.dates.known.get(refs[0])
            if value is None or as_of is None or value < as_of:
                return None
            return value, self._extra_valued(refs[1]), refs[2].split(",", 2)
        if kind == "S":
            third, *rest = refs[2].split(",", 3)
            amounts = (refs[0], refs[1], third)
            if all(not amount or _is_digits(amount) for amount in amounts):
                return None, extra_of(self._booking, Funds("S", amounts, 0)), rest
        return None

    def _extra_valued(self, time: str) -> _Extra:
        extra = self._valued.get(time)
        if extra is None:
            extra = extra_of(self._booking, Funds("V", ("", time.strip()), 0))
            if len(self._valued) < _EXTRAS_REMEMBERED_MAX:
                self._valued[time] = extra
        return extra


def _is_digits(text: str) -> bool:
    return text.isdigit() and text.isascii() and len(text) <= _DIGITS_MAX


def _text_lines(refs: Sequence[str], more: Sequence[str]) -> list[str] | None:
    """The lines of the text; None where the fields before it go on in a continuation."""
    if len(refs) < 2:
        return None
    lines = [] if len(refs) == 2 or is_no_text(refs[2]) else [refs[2]]
    for piece in more:
        if piece[:3] != "88,":
            return None
        lines.append(piece[3:])
    return lines
