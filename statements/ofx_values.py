"""OFX field values: amounts, dates with times and zones, entities and text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from html.entities import name2codepoint
from typing import Final, NamedTuple

from core.errors import InvalidMoney
from core.money import is_currency
from statements.csv_amount import CELL_MAX, AmountReader

RAW_MAX: Final = 80
_MOMENTS_REMEMBERED_MAX: Final = 4_096
_DOT: Final = AmountReader(decimal_mark=".", thousands=",")
_COMMA: Final = AmountReader(decimal_mark=",", thousands=".")
# 14 digits before the mark and 8 after it can be stored; zeros before them say nothing.
_PLAIN: Final = re.compile(
    r"[+-]?0*(?:[0-9]{1,14}(?:\.(?:[0-9]{1,8}0*)?)?|\.[0-9]{1,8}0*)", re.ASCII
).fullmatch
_PADDED: Final = re.compile(r"(?<![0-9.,])0+(?=[0-9])", re.ASCII)
_TAIL: Final = re.compile(r"([.,][0-9]{1,8})0*", re.ASCII)
_MOMENT: Final = re.compile(
    r"([0-9]{4})([-/.]?)([0-9]{2})\2([0-9]{2})"
    r"(?:[T ]?([01][0-9]|2[0-3]):?([0-5][0-9])(?::?[0-9]{2})?|[0-9]{1,6})?(?![0-9])[^<>\n]{0,60}",
    re.ASCII,
)
_ENTITY: Final = re.compile(r"&(#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,7});")
_NAMED: Final = {name: chr(code) for name, code in name2codepoint.items()} | {"apos": "'"}


class Moment(NamedTuple):
    """A day as it is written, and the time of day where one is told."""

    day: date
    time: str | None  # HH:MM


class Moments:
    """Reads dates of the years allowed.

    "20260131120000.000[-5:EST]" is the 31st: the calendar day stays as the bank writes it, in
    whatever zone (OFX 1.6, section 3.2.8.2, "Dates and times").
    """

    __slots__ = ("_known", "_window")

    def __init__(self, window: tuple[date, date]) -> None:
        self._window = window
        self._known: dict[str, Moment | None] = {}

    def read(self, text: str) -> Moment | None:
        """The moment; None where it is none, or outside of the years allowed."""
        if text not in self._known:
            if len(self._known) >= _MOMENTS_REMEMBERED_MAX:
                self._known.clear()
            self._known[text] = self._read(text.strip())
        return self._known[text]

    def _read(self, text: str) -> Moment | None:
        found = _MOMENT.fullmatch(text)
        if found is None:
            return None
        try:
            day = date(int(found[1]), int(found[3]), int(found[4]))
        except ValueError:
            return None
        first, last = self._window
        if not first <= day <= last:
            return None
        time = f"{found[5]}:{found[6]}" if found[5] else None
        # Where a bank knows no time it writes midnight, or noon as a guard against shifted zones.
        return Moment(day, None if time in {"00:00", "12:00"} else time)


class Amount(NamedTuple):
    """An amount, and what is to be said of how it is written."""

    value: Decimal
    odd: str | None = None


def read_amount(text: str) -> Amount:
    """The amount. Raises `InvalidMoney` with the reason.

    OFX has no thousands separators, so a point or comma that stands alone is the decimal mark
    (OFX 1.6, section 3.2.9.1, "Amount").
    """
    if len(text) > CELL_MAX:
        raise InvalidMoney(f"is longer than {CELL_MAX} characters")
    if _PLAIN(text):
        return Amount(_unsigned_zero(Decimal(_shortened_zeros(text))))
    mark = _decimal_mark(text)
    found = (_COMMA if mark == "," else _DOT).read(_shortened_zeros(text))
    value = found.value
    if found.side == "D":
        value = value.copy_negate()
    return Amount(_unsigned_zero(value), _oddity(text, mark))


def text_of(fields: Mapping[str, str], tag: str) -> str:
    """The value of an element without blanks around it, entities read; "" where it is missing."""
    value = fields.get(tag)
    if value is None:
        return ""
    return unescaped(value).strip() if "&" in value else value.strip()


def unescaped(text: str) -> str:
    """The text with the entities of XML and HTML read; an ampersand that begins none stays."""
    return _ENTITY.sub(_character, text)


def currency_of(text: str) -> str | None:
    """The ISO code; None where it is none."""
    code = text.strip().upper()
    return code if is_currency(code) else None


def shortened(text: str) -> str:
    """The text as it may stand in a finding."""
    return text[:RAW_MAX]


def _character(found: re.Match[str]) -> str:
    name = found[1]
    if not name.startswith("#"):
        return _NAMED.get(name, found[0])
    code = int(name[2:], 16) if name[1] in "xX" else int(name[1:])
    if code == 0 or code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        return found[0]
    return chr(code)


def _decimal_mark(text: str) -> str:
    dots, commas = text.count("."), text.count(",")
    if commas == 1 and dots == 1:
        return "," if text.rindex(",") > text.rindex(".") else "."
    if dots > 1:
        return ","
    return "," if commas == 1 else "."


def _oddity(text: str, mark: str) -> str | None:
    whole, _, fraction = text.partition(mark)
    if mark == "," and "." not in text and len(fraction) == 3 and 1 <= len(whole.lstrip("+-")) <= 3:
        return "has a comma before three digits, which was read as a decimal mark"
    if mark == "," and "." not in text and re.fullmatch(r"[+-]?[0-9]+,[0-9]+", text):
        return None  # the standard allows it
    return "is not written as OFX has it; it was read as the number that it shows"


def _shortened_zeros(text: str) -> str:
    """Without the zeros that some banks pad amounts with: "-00012.340000000000" is "-12.34"."""
    if len(text) <= 9:
        return text
    return _TAIL.sub(r"\1", _PADDED.sub("", text))


def _unsigned_zero(value: Decimal) -> Decimal:
    return value if value else value.copy_abs()
