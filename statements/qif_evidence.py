"""QIF evidence: the order of dates and the decimal mark, decided once for a whole file.

QIF says neither. Each date and amount that allows one reading alone decides for all of them; two
that contradict each other, or none that decides, end the reading, as nothing here is ever guessed.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from core.errors import Unreadable
from statements.csv_amount import AmountReader
from statements.csv_date import CELL_MAX, date_reader
from statements.csv_evidence import decimal_mark_of
from statements.qif_scan import ACCOUNTS, LISTS, Entry, Header

DATES_CACHED: Final = 4_096
_PARTS: Final = re.compile(r"([0-9]{1,4})\s*[/.\-]\s*([0-9]{1,2})\s*(['/.\-])\s*([0-9]{1,4})")
_NAMED: Final = re.compile(r"[^\W\d_]{3}")
_ORDERS: Final = ("DMY", "MDY")
_STATED: Final = {"option:mdy": "MDY", "option:dmy": "DMY", "option:ymd": "YMD"}
_OURS: Final = range(1900, 2200)  # years
_READERS: Final = {order: date_reader(order) for order in ("DMY", "MDY", "YMD")}
_DATES: Final = (
    'Save a profile for the connection: {"format": "qif", "dateFormat": "DMY"} where the day comes '
    'first, "MDY" where the month does.'
)
_MARKS: Final = 'Save a profile for the connection: {"format": "qif", "decimalMark": "."}, or ",".'


def plain_date(text: str) -> str:
    """The date with blanks and the apostrophe of Quicken resolved: "1/ 1' 5" is "1/1/2005"."""
    text = text.strip()
    found = _PARTS.fullmatch(text)
    if found is None:
        return text
    first, second, mark, third = found.groups()
    if mark == "'" and len(third) <= 2:
        third = f"20{third:0>2}"
    return f"{first}/{second}/{third:0>2}"


class Dates:
    """Reads dates under the one order of the file; `order` is None until something decides it."""

    def __init__(self, order: str | None, span: tuple[date, date]) -> None:
        self.order = order
        self._stated = order is not None
        self._earliest, self._latest = span
        self.open: str | None = None  # a date that two orders read differently
        self._decided_at = 0
        self._known: dict[str, date] = {}
        self._seen: set[str] = set()

    def stated_by(self, header: str) -> None:
        """Takes the order that a header such as "option:mdy" states, where no profile does.

        Raises Unreadable where dates before it have another one.
        """
        order = _STATED.get(header)
        if order is None or self._stated:
            return
        if self.order not in {None, order}:
            raise Unreadable(
                "date-order-contradictory",
                f"The file states {order}, but line {self._decided_at} has a date that is "
                f"{self.order}. {_DATES}",
            )
        self.order, self._stated = order, True

    def see(self, text: str, line: int) -> None:
        """Takes a date as evidence. Raises Unreadable where it contradicts an earlier one."""
        if self._stated or text in self._seen:
            return
        if len(self._seen) < DATES_CACHED:
            self._seen.add(text)
        plain = plain_date(text)
        if len(plain) > CELL_MAX or _NAMED.search(plain) or _year_first(plain):
            return
        read = {order: _read(order, plain) for order in _ORDERS}
        if read["DMY"] == read["MDY"]:
            return
        fitting = [order for order in _ORDERS if read[order] is not None]
        if len(fitting) == 2:
            self.open = self.open or text.strip()
        elif self.order is None:
            self.order, self._decided_at = fitting[0], line
        elif self.order != fitting[0]:
            raise Unreadable(
                "date-order-contradictory",
                f'Line {line} has the date "{text.strip()[:40]}", which is {fitting[0]}, but line '
                f"{self._decided_at} has one that is {self.order}: the order of the others cannot "
                f"be told. {_DATES}",
                line=line,
            )

    def settle(self) -> None:
        """Says that no more dates will decide. Raises Unreadable where they leave it open."""
        if self.order is None and self.open is not None:
            raise Unreadable(
                "date-order-ambiguous",
                f'Dates such as "{self.open[:40]}" can be read day first or month first, and no '
                f"date in the file decides it. {_DATES}",
            )
        self.order = self.order or "DMY"

    def read(self, text: str) -> date:
        """The date. Raises ValueError with the reason."""
        known = self._known.get(text)
        if known is not None:
            return known
        plain = plain_date(text)
        if len(plain) > CELL_MAX:
            raise ValueError(f"is longer than {CELL_MAX} characters")
        order = "YMD" if _year_first(plain) else self.order or "DMY"
        if _NAMED.search(plain):
            # With the name of its month a date has one reading, whatever that of the others.
            order = next((one for one in _ORDERS if _read(one, plain) is not None), order)
        found = _READERS[order](plain)
        if not self._earliest <= found <= self._latest:
            raise ValueError(f"lies outside {self._earliest} to {self._latest}")
        if len(self._known) < DATES_CACHED:
            self._known[text] = found
        return found


class Marks:
    """Tells the decimal mark of the file; `mark` is None until something decides it."""

    def __init__(self, mark: str | None) -> None:
        self.mark = mark
        self._stated = mark is not None
        self.open: str | None = None  # an amount that two marks read differently
        self._decided_at = 0
        self._grouped = True

    def see(self, text: str, line: int) -> None:
        """Takes an amount as evidence. Raises Unreadable where it contradicts an earlier one."""
        if self._stated:
            return
        mark = decimal_mark_of(text[:CELL_MAX])
        if mark == "ambiguous":
            self.open = self.open or text.strip()
        elif mark == "none":
            return
        elif self.mark is None:
            self.mark, self._decided_at = mark, line
        elif self.mark != mark:
            raise Unreadable(
                "decimal-mark-contradictory",
                f'Line {line} has the amount "{text.strip()[:40]}", whose decimal mark is '
                f'"{mark}", but line {self._decided_at} has one with "{self.mark}". '
                f"{_MARKS}",
                line=line,
            )

    def settle(self) -> None:
        """Says that no more amounts will decide. Raises Unreadable where they leave it open."""
        if self.mark is None and self.open is not None:
            raise Unreadable(
                "decimal-mark-ambiguous",
                f'In amounts such as "{self.open[:40]}" the mark may be a decimal mark or part '
                f"thousands, and no amount in the file decides it. {_MARKS}",
            )
        if self.mark is None:
            # No amount had a mark: one that comes later must not be guessed.
            self.mark, self._grouped = ".", False

    def reader(self) -> AmountReader:
        """Reads amounts under the mark."""
        assert self.mark is not None
        other = "," if self.mark == "." else "."
        return AmountReader(decimal_mark=self.mark, thousands=other if self._grouped else "")


class Evidence:
    """Follows headers and records, and shows dates and amounts to what they decide."""

    def __init__(self, dates: Dates, marks: Marks) -> None:
        self._dates = dates
        self._marks = marks
        self._section = ""
        self.any = False  # a header was there, or a record that looks like a transaction

    def sees(self, part: Header | Entry) -> bool:
        """Takes a part; whether it has dates or amounts that count. Raises Unreadable."""
        if isinstance(part, Header):
            self.any = True
            if not part.name.startswith(("option:", "clear:")):
                self._section = part.name
            self._dates.stated_by(part.name)
            return False
        if self._section in LISTS:
            return False
        day, amounts = ("/", "$") if self._section == ACCOUNTS else ("D", "TU$")
        counts = False
        for letter, text in part.fields:
            if letter == day:
                self._dates.see(text, part.line)
            elif letter in amounts:
                self._marks.see(text, part.line)
            else:
                continue
            counts = True
        self.any = self.any or counts
        return counts


def _year_first(plain: str) -> bool:
    """Whether the year stands first, in four digits: then the order needs no telling."""
    found = _PARTS.fullmatch(plain)
    if found is not None:
        return len(found[1]) == 4
    if _read("YMD", plain) is None:
        return False
    return len(plain) >= 8 and all(_read(order, plain) is None for order in _ORDERS)


def _read(order: str, plain: str) -> date | None:
    try:
        found = _READERS[order](plain)
    except ValueError:
        return None
    return found if found.year in _OURS else None
