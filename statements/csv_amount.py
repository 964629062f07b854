"""Amounts in the cells of a CSV statement: exact, strict about the decimal mark, never guessed."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final, NamedTuple

from core.errors import InvalidMoney
from core.money import AMOUNT_LIMIT, SCALE_MAX, is_currency, storable

CELL_MAX: Final = 64  # also bounds what the expressions below may cost
INTEGER_DIGITS_MAX: Final = AMOUNT_LIMIT.adjusted()

# A blank or an apostrophe is never a decimal mark, so both may always part groups of digits.
_BLANKS: Final = " \u00a0\u2007\u2009\u202f"
_APOSTROPHES: Final = "'\u2019"
_MINUS: Final = str.maketrans(
    dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d", "-")
)
_SYMBOLS: Final = {"€": "EUR"}  # the others stand for several currencies
_CURRENCY: Final = (
    r"(?:[A-Z]{2,3}\$|R\$|[A-Z]{3}|[$€£¥₣₤₹₺₽₩₪฿₫₦₱₴₸₡₵]"
    r"|[Kk]r\.?|zł|Kč|Ft|Fr\.|lei|лв\.?|Rs\.?)"
)
_MARKED: Final = re.compile(
    rf"""(?P<s1>[+-])?\s*(?P<c1>{_CURRENCY})?\s*(?P<s2>[+-])?\s*
    (?P<number>[.,]?[0-9](?:[0-9.,{_BLANKS}{_APOSTROPHES}]*[0-9])?)
    (?P<dash>[.,]-{{1,2}})?\s*
    (?:(?P<s3>[+-])|(?P<c2>{_CURRENCY})\s*(?P<s4>[+-])?)?\s*
    (?P<side>(?i:CR|DR|C|D))?""",
    re.VERBOSE,
)


class ReadAmount(NamedTuple):
    """An amount as the cell has it, and what else the cell says."""

    value: Decimal
    currency: str | None = None  # an ISO code or "€" beside the number
    side: str | None = None  # "C" or "D": the cell names credit or debit, `value` is unsigned


class AmountReader:
    """Reads the amounts of one profile. Nothing is rounded, no mark is guessed."""

    __slots__ = ("_number", "decimal_mark", "plain")

    def __init__(self, *, decimal_mark: str, thousands: str = "", indian: bool = False) -> None:
        self.decimal_mark = decimal_mark
        mark = "(?!)" if decimal_mark == "none" else re.escape(decimal_mark)
        # What fits this is exact and storable: 14 digits before the mark, 8 after it.
        self.plain = re.compile(rf"[+-]?[0-9]{{1,14}}(?:{mark}[0-9]{{1,8}})?").fullmatch
        separators = re.escape(thousands + _BLANKS + _APOSTROPHES)
        earlier = "{2}" if indian else "{3}"
        self._number = re.compile(
            rf"(?:(?P<grouped>[1-9][0-9]{{0,2}}(?:(?P<first>[{separators}])[0-9]{earlier}"
            rf"(?:(?P=first)[0-9]{earlier})*(?P=first)[0-9]{{3}}|[{separators}][0-9]{{3}}))"
            rf"|(?P<integer>[0-9]*))(?:{mark}(?P<fraction>[0-9]+))?"
        )

    def read(self, cell: str) -> ReadAmount:
        """The amount of a cell that is not blank. Raises InvalidMoney with the reason."""
        if self.plain(cell):
            return ReadAmount(_unsigned_zero(Decimal(cell.replace(",", "."))))
        if len(cell) > CELL_MAX:
            raise InvalidMoney(f"is longer than {CELL_MAX} characters")
        text = cell.strip().translate(_MINUS)
        negative, text = _parenthesised(text)
        found = _MARKED.fullmatch(text)
        if found is None:
            raise InvalidMoney("is not an amount")
        value = self._value(found["number"], found["dash"])
        signs = [found[name] for name in ("s1", "s2", "s3", "s4") if found[name]]
        if len(signs) + negative + (found["side"] is not None) > 1:
            raise InvalidMoney("has more than one sign")
        if negative or signs == ["-"]:
            value = value.copy_negate()
        side = found["side"][0].upper() if found["side"] else None
        return ReadAmount(
            storable(_unsigned_zero(value)), _currency(found["c1"], found["c2"]), side
        )

    def _value(self, number: str, dash: str | None) -> Decimal:
        found = self._number.fullmatch(number)
        if found is None or (dash is not None and found["fraction"] is not None):
            raise InvalidMoney(self._misfit())
        if dash is not None and dash[0] != self.decimal_mark:
            raise InvalidMoney(self._misfit())
        integer = re.sub(r"[^0-9]", "", found["grouped"] or found["integer"]).lstrip("0")
        fraction = found["fraction"] or ""
        if len(integer) > INTEGER_DIGITS_MAX:
            raise InvalidMoney(f"{INTEGER_DIGITS_MAX + 1} or more digits before the decimal point")
        if fraction[SCALE_MAX:].strip("0"):
            raise InvalidMoney(f"more than {SCALE_MAX} decimals")
        return Decimal(f"{integer or '0'}.{fraction[:SCALE_MAX]}".rstrip("."))

    def _misfit(self) -> str:
        if self.decimal_mark == "none":
            return "does not fit decimalMark none: whole numbers only"
        return f'does not fit decimalMark "{self.decimal_mark}" and the thousands of the profile'


def _parenthesised(text: str) -> tuple[bool, str]:
    """Whether the amount is in accounting parentheses, "(12.50)" or "$(12.50)", and without."""
    opening = text.find("(")
    if opening < 0 or text.count("(") != 1 or text.count(")") != 1:
        return False, text
    closing = text.index(")")
    if closing < opening:
        return False, text
    return True, (text[:opening] + text[opening + 1 : closing] + text[closing + 1 :]).strip()


def _currency(before: str | None, after: str | None) -> str | None:
    if before and after:
        raise InvalidMoney("names two currencies")
    mark = before or after
    if mark is None:
        return None
    return mark if is_currency(mark) else _SYMBOLS.get(mark)


def _unsigned_zero(value: Decimal) -> Decimal:
    return value if value else value.copy_abs()
