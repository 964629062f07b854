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
# Where the bank reference stands, by funds type; the record code is field 0.
_REFERENCE_AT: Final = {**dict.fromkeys(NO_SUBFIELDS, 4), "V": 6, "S": 7}
_FIELDS_MAX: Final = 9  # with a text that has no comma
_DIGITS_MAX: Final = 40  # of three amounts together; no amount is longer
_EXTRAS_REMEMBERED_MAX: Final = 1_000
_POSTED: Final = TransactionStatus.POSTED
_new: Final = tuple.__new__

_Extra = Mapping[str, str] | None


class DetailReader:
    """Reads the details of one account record (03).

    What is not of a common shape goes the way of `read_detail`, with the same result: nearly all
    transactions of a bank are alike, and an import lives on how fast these are read.
    """

    __slots__ = (
        "_booking",
        "_extras_by_time",
        "_limit",
        "_plain",
        "_suffix",
        "_zero",
    )

    def __init__(self, booking: Booking) -> None:
        self._booking = booking
        self._suffix = f"E-{booking.decimals}"
        self._zero = Decimal(f"0{self._suffix}")
        self._limit = int(AMOUNT_LIMIT) * 10**booking.decimals
        marked = {kind: {**booking.extra, "funds_type": kind} for kind in NO_SUBFIELDS if kind}
        self._plain: dict[str, _Extra] = {"": booking.extra or None, **marked}
        self._extras_by_time: dict[str, _Extra] = {}

    def read(self, record: Logical) -> TransactionRecord | None:
        """The transaction; None, with a finding, where the record holds none that can be read."""
        _, text, more, line, line_end, cut = record
        fields = text.split(",", _FIELDS_MAX)
        at = _REFERENCE_AT.get(fields[3]) if len(fields) > 5 else None
        if at is None or cut or len(fields) < at + 2:
            return read_detail(self._booking, record)
        code, amount = fields[1], fields[2]
        sign = _SIGNS.get(code)
        if sign is None or not is_digits(amount) or (minor := int(amount)) >= self._limit:
            return read_detail(self._booking, record)
        if at == 4:
            value, extra = None, self._plain[fields[3]]
        else:
            value, extra = self._valued(fields) if at == 6 else self._distributed(fields)
            if extra is None:
                return read_detail(self._booking, record)
        text_raw: str | None
        if len(fields) == at + 3 and not more:
            customer, text_raw = fields[at + 1], fields[at + 2]
        else:
            customer, text_raw = _customer_and_text(fields, at, more)
        if text_raw is None:
            return read_detail(self._booking, record)
        raw, description = detail_text(text_raw)
        customer = customer.strip()
        if code in CHECKS and customer:
            extra = {**(extra or {}), "check_number": customer}
        booking, tally = self._booking, self._booking.tally
        tally.records += 1
        tally.detail_continuations += len(more)
        tally.details += minor
        if sign:
            tally.debits += minor
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
                fields[at].strip() or None,
                customer or None,
                code,
                None,
                None,
                None,
                extra,
                None,
            ),
        )

    def _valued(self, fields: list[str]) -> tuple[date | None, _Extra]:
        """Value date and extra of funds type V; no extra where the date is unusual."""
        value, as_of = self._booking.dates.known.get(fields[4]), self._booking.as_of
        if value is None or as_of is None or value < as_of:
            return None, None
        extra = self._extras_by_time.get(fields[5])
        if extra is None:
            extra = extra_of(self._booking, Funds("V", ("", fields[5].strip()), 0))
            if len(self._extras_by_time) < _EXTRAS_REMEMBERED_MAX:
                self._extras_by_time[fields[5]] = extra
        return value, extra

    def _distributed(self, fields: list[str]) -> tuple[None, _Extra]:
        """Extra of funds type S; none where an amount is unusual."""
        booking = self._booking
        now, one_day, later = fields[4:7]
        digits = now + one_day + later
        if digits and not (digits.isdigit() and digits.isascii() and len(digits) <= _DIGITS_MAX):
            return None, None
        extra = {**booking.extra, "funds_type": "S"}
        if now:
            extra[DISTRIBUTED[0]] = scaled_digits(now, booking.decimals)
        if one_day:
            extra[DISTRIBUTED[1]] = scaled_digits(one_day, booking.decimals)
        if later:
            extra[DISTRIBUTED[2]] = scaled_digits(later, booking.decimals)
        return None, extra


def _customer_and_text(fields: list[str], at: int, more: Sequence[str]) -> tuple[str, str | None]:
    """Customer reference and text; no text where a line without a record code is in it."""
    customer = fields[at + 1]
    if len(fields) == at + 2:
        lines, customer = [], without_slash(customer)
    else:
        rest = ",".join(fields[at + 2 :])
        lines = [] if more and is_no_text(rest) else [rest]
    for piece in more:
        if piece[:3] != "88,":
            return customer, None
        lines.append(piece[3:])
    return customer, "\n".join(lines)
