"""MT940 field values on the tags of `mt-940`: statement lines, balances, sums, dates.

The library's tags may be given patterns of their own, and signs are those that it gives with
`Options.all()`. Ours read what its patterns would change without a word: an amount of more than 15
characters is cut there and the rest becomes the reference, `1.234,56` becomes 1, a reference of
more than 16 characters is cut, two lines of supplementary details are refused.
"""

from __future__ import annotations

import calendar
import logging
import re
from datetime import date
from decimal import Decimal
from typing import ClassVar, Final, NamedTuple

from mt940.models import Amount, Transactions
from mt940.options import Options
from mt940.tags import DateTimeIndication, FloorLimitIndicator, NonSwift, Statement

from core.money import is_currency, storable
from statements.bai2_values import Dates

# The tags log what they read, which is nobody's business but the holder's.
logging.getLogger("mt940").setLevel(logging.CRITICAL + 1)

NEAR_REMEMBERED_MAX: Final = 4_096
OPTIONS: Final = Options.all()
LIBRARY: Final = Transactions(options=OPTIONS)  # carries the options; nothing is put into it

DEBITS: Final = frozenset({"D", "RC"})
_AMOUNT = r"[0-9]{1,20}(?:[,.][0-9]{0,8})?(?![0-9.,])"
_BALANCE = re.compile(rf"(R?[DC])([0-9]{{6}})([A-Z]{{3}})[ ]*({_AMOUNT})(.*)", re.I | re.S)
_SUM = re.compile(rf"([0-9]{{0,9}})([A-Z]{{3}})[ ]*({_AMOUNT})(.*)", re.I | re.S)
_FLOOR = re.compile(rf"([A-Z]{{3}})([DC ]?)[ ]*({_AMOUNT})(.*)", re.I | re.S)
_FLOORS: Final = FloorLimitIndicator()
_INDICATION: Final = DateTimeIndication()
_NON_SWIFT: Final = NonSwift()


class StatementLine(Statement):
    """:61: of every variant: 6!n[4!n]2a[1!a]15d1!a3!c16x[//16x] and supplementary details."""

    pattern: ClassVar[str] = rf"""^
    (?P<year>[0-9]{{2}})(?P<month>[0-9]{{2}})(?P<day>[0-9]{{2}})
    (?P<entry>[0-9]{{4}}|[ ]{{4}})?[ ]*
    (?P<expected>E(?=[DC]))?(?P<status>R?[DC])
    (?P<funds_code>[A-Z])?[\n ]*
    (?P<amount>{_AMOUNT})[ ]*
    (?P<id>[A-Z][A-Z0-9 ]{{3}})?
    (?P<rest>[\s\S]*)
    $"""


LINE: Final = StatementLine()


class Line(NamedTuple):
    """What a :61: says. `entry` is MMDD, or empty."""

    day: str
    entry: str
    mark: str
    funds_code: str
    amount: Decimal
    written: str
    type_code: str
    customer_reference: str
    bank_reference: str
    supplementary: str


class Stated(NamedTuple):
    """A balance or sum: the amount is signed where a mark says so, `rest` is what follows it."""

    amount: Decimal
    currency: str
    day: str
    entries: int | None
    mark: str
    rest: str


def read_line(value: str) -> Line | None:
    """The fields of a :61:; None where it is none. Raises `InvalidMoney`."""
    found = LINE.re.match(value)
    if found is None:
        return None
    year, month, day, entry, expected, status, funds_code, amount, type_code, rest = found.groups()
    mark = status.upper()
    first, _, supplementary = rest.partition("\n")
    reference, _, bank_reference = first.partition("//")
    return Line(
        year + month + day,
        (entry or "").strip(),
        f"E{mark}" if expected else mark,
        (funds_code or "").upper(),
        signed(amount, mark),
        amount,
        (type_code or "").strip().upper(),
        reference.strip(),
        bank_reference.strip(),
        supplementary.strip("\n"),
    )


def read_balance(value: str) -> Stated | None:
    """:60:, :62:, :64: or :65:; None where it is no balance. Raises `InvalidMoney`."""
    found = _BALANCE.match(value)
    if found is None:
        return None
    mark, day, currency, amount, rest = found.groups()
    currency = currency.upper()
    if not is_currency(currency):
        return None
    return Stated(signed(amount, mark), currency, day, None, mark.upper(), rest)


def read_sum(value: str) -> Stated | None:
    """:90C: or :90D:, with its number of entries; unsigned. Raises `InvalidMoney`."""
    found = _SUM.match(value)
    if found is None or not is_currency(found[2].upper()):
        return None
    count = int(found[1]) if found[1] else None
    return Stated(signed(found[3], "C"), found[2].upper(), "", count, "", found[4])


def read_floor(value: str) -> Stated | None:
    """:34F:, unsigned; a mark that is missing or blank says "both". Raises `InvalidMoney`."""
    found = _FLOOR.match(value)
    if found is None or not is_currency(found[1].upper()):
        return None
    groups = {"currency": found[1].upper(), "status": found[2], "amount": found[3]}
    floors = _FLOORS(LIBRARY, groups)
    limit = next(iter(floors.values()))
    assert isinstance(limit, Amount)
    mark = found[2].strip().upper()
    return Stated(storable(abs(limit.amount)), found[1].upper(), "", None, mark, found[4])


def signed(text: str, mark: str) -> Decimal:
    """The amount from the holder's side: D and RC are money out. Raises `InvalidMoney`."""
    amount = Decimal(text.replace(",", "."))
    return storable(-amount if mark.upper() in DEBITS else amount)


def indication(value: str) -> str | None:
    """The day (YYMMDD) of a :13D:, which tells its time too; None where it is none."""
    found = _INDICATION.re.match(value)
    if found is None or not value[:10].isascii():
        return None
    try:
        _INDICATION(LIBRARY, found.groupdict())
    except ValueError:
        return None
    return value[:6]


def non_swift_text(value: str) -> str:
    """The text of an :NS: field without the two digits before each of its lines."""
    read = _NON_SWIFT(LIBRARY, {"non_swift": value})
    return str(read["non_swift_text"])


class Calendar:
    """Reads the dates of a document: YYMMDD, and MMDD near another day."""

    __slots__ = ("_dates", "_near", "_window")

    def __init__(self, window: tuple[date, date]) -> None:
        self._window = window
        self._dates = Dates(window)
        self._near: dict[tuple[str, date], date | None] = {}

    def day(self, text: str) -> tuple[date | None, bool]:
        """The day of YYMMDD, and whether it had to be moved.

        Banks that count every month as thirty days write 30 February; that is its last day.
        """
        day = self._dates.read(text)
        if day is not None or text[2:4] != "02" or text[4:] not in {"29", "30"}:
            return day, False
        first = self._dates.read(f"{text[:4]}01")
        if first is None:
            return None, False
        last = calendar.monthrange(first.year, 2)[1]
        return self._dates.read(f"{text[:4]}{last:02}"), True

    def nearest(self, month_day: str, anchor: date) -> date | None:
        """The day MMDD of the year that brings it closest to `anchor`.

        The library changes the year only from 330 days on, so that an entry of 15 December valued
        on 20 January would lie eleven months ahead.
        """
        try:
            return self._near[month_day, anchor]
        except KeyError:
            found = self._nearest(month_day, anchor)
            if len(self._near) < NEAR_REMEMBERED_MAX:
                self._near[month_day, anchor] = found
            return found

    def _nearest(self, month_day: str, anchor: date) -> date | None:
        candidates = []
        for year in (anchor.year - 1, anchor.year, anchor.year + 1):
            try:
                candidates.append(date(year, int(month_day[:2]), int(month_day[2:])))
            except ValueError:
                continue
        if not candidates:
            return None
        day = min(candidates, key=lambda candidate: abs((candidate - anchor).days))
        return day if self._window[0] <= day <= self._window[1] else None
