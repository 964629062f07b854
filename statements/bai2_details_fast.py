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
from statements.bai2_values import DISTRIBUTED, NO_SUBFIELDS, Funds, is_digits, scaled_digits

# Only details of a known direction: all else has something to report.
_SIGNS: Final = {
    code: known.sign
    for code, known in TYPE_CODES.items()
    if known.listed and known.kind in {Kind.CREDIT_DETAIL, Kind.DEBIT_DETAIL}
}
_EXTRAS_REMEMBERED_MAX: Final = 1_000
_POSTED: Final = TransactionStatus.POSTED
_new: Final = tuple.__new__

_Extra = Mapping[str, str] | None
# Value date, extra, both references, and the text, None where the line ends before it.
_Availability = tuple[date | None, _Extra, str, str, str | None]


class DetailReader:
    """Reads the details of one account record (03).

    What is not of a common shape goes the way of `read_detail`, with the same result: nearly all
    transactions of a bank are alike, and an import lives on how fast these are read.
    """

    __slots__ = ("_booking", "_distributed", "_limit", "_plain", "_suffix", "_valued", "_zero")

    def __init__(self, booking: Booking) -> None:
        self._booking = booking
        self._suffix = f"E-{booking.decimals}"
        self._zero = Decimal(f"0{self._suffix}")
        self._limit = int(AMOUNT_LIMIT) * 10**booking.decimals
        self._plain: dict[str, _Extra] = {
            kind: extra_of(booking, Funds(kind, (), 0)) for kind in NO_SUBFIELDS
        }
        self._distributed = dict(extra_of(booking, Funds("S", ("", "", ""), 0)) or {})
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
        _, code, amount, kind, reference, customer = fields[:6]
        sign = _SIGNS.get(code)
        if sign is None or not is_digits(amount) or (minor := int(amount)) >= self._limit:
            return None
        value: date | None = None
        if kind in self._plain:
            extra = self._plain[kind]
            rest = fields[6] if len(fields) == 7 else None
        else:
            availability = self._availability(kind, fields)
            if availability is None:
                return None
            value, extra, reference, customer, rest = availability
        if rest is None:
            customer, rest = without_slash(customer), ""
        text_raw = _joined(rest, more) if more else "" if is_no_text(rest) else rest
        if text_raw is None:
            return None
        raw, description = detail_text(text_raw)
        booking, tally = self._booking, self._booking.tally
        tally.records += 1
        tally.detail_continuations += len(more)
        tally.details += minor
        if sign:
            tally.debits += minor
        customer = customer.strip()
        if code in CHECKS and customer:
            extra = {**(extra or {}), "check_number": customer}
        return _new(
            TransactionRecord,
            (  # in the order of `TransactionRecord`: by name it takes twice as long
                booking.account,
                Decimal(sign + amount + self._suffix) if minor else self._zero,
                booking.currency,
                booking.as_of,
                _POSTED,
                description or TYPE_CODES[code].name,
                raw,
                line,
                line_end,
                None,
                None,
                value,
                reference.strip() or None,
                customer or None,
                code,
                None,
                None,
                None,
                extra,
            ),
        )

    def _availability(self, kind: str, fields: list[str]) -> _Availability | None:
        """What funds types V and S of the common shape say."""
        if len(fields) < 7:
            return None
        if kind == "V":
            as_of = self._booking.as_of
            value = self._booking.dates.known.get(fields[4])
            refs = fields[6].split(",", 2)
            if value is None or as_of is None or value < as_of or len(refs) < 2:
                return None
            rest = refs[2] if len(refs) == 3 else None
            return value, self._extra_valued(fields[5]), refs[0], refs[1], rest
        refs = fields[6].split(",", 3)
        if kind != "S" or len(refs) < 3:
            return None
        decimals = self._booking.decimals
        extra = self._distributed.copy()
        for name, amount in zip(DISTRIBUTED, (fields[4], fields[5], refs[0]), strict=True):
            if is_digits(amount):
                extra[name] = scaled_digits(amount, decimals)
            elif amount:
                return None
        return None, extra, refs[1], refs[2], refs[3] if len(refs) == 4 else None

    def _extra_valued(self, time: str) -> _Extra:
        extra = self._valued.get(time)
        if extra is None:
            extra = extra_of(self._booking, Funds("V", ("", time.strip()), 0))
            if len(self._valued) < _EXTRAS_REMEMBERED_MAX:
                self._valued[time] = extra
        return extra


def _joined(rest: str, more: Sequence[str]) -> str | None:
    """The lines of the text; None where a line without a record code is among them."""
    lines = [] if is_no_text(rest) else [rest]
    for piece in more:
        if piece[:3] != "88,":
            return None
        lines.append(piece[3:])
    return "\n".join(lines)
