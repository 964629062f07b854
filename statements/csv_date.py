"""Calendar dates in the cells of a CSV statement: one format per profile, never guessed per row."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from typing import Final

ORDERS: Final = ("DMY", "MDY", "YMD")
CELL_MAX: Final = 64  # also bounds what the expressions below may cost
PIVOT: Final = 69  # as POSIX strptime: 00-68 is 2000-2068, 69-99 is 1969-1999

_MONTHS: Final = {
    1: "january januar jaenner janner janvier enero gennaio januari janeiro",
    2: "february februar feber fevrier febrero febbraio februari fevereiro",
    3: "march marz maerz mars marzo maart mrt marco",
    4: "april avril abril aprile",
    5: "may mai mayo maggio mei maio",
    6: "june juni juin junio giugno junho",
    7: "july juli juillet julio luglio julho",
    8: "august aout agosto augustus",
    9: "september septembre septiembre setiembre settembre setembro",
    10: "october oktober octobre octubre ottobre outubro",
    11: "november novembre noviembre novembro",
    12: "december dezember decembre diciembre dicembre dezembro",
}

_SEPARATOR = r"(?:\s+de\s+|[\s./,\-]{1,3}|(?<=[0-9])(?=[^\W\d_])|(?<=[^\W\d_])(?=[0-9]))"
_PART = r"([0-9]{1,4}|[^\W\d_]{3,12})"
_TIME = (
    r"(?:(?:T|,?\s+)[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?"
    r"\s*(?:[AaPp]\.?[Mm]\.?)?\s*(?:Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_ORDERED: Final = re.compile(rf"{_PART}\.?({_SEPARATOR}){_PART}\.?({_SEPARATOR}){_PART}\.?{_TIME}")
_COMPACT: Final = re.compile(rf"([0-9]{{8}}|[0-9]{{6}}){_TIME}")

_DIRECTIVES: Final = {
    "d": r"(?P<day>[0-9]{1,2})",
    "m": r"(?P<month>[0-9]{1,2})",
    "b": r"(?P<month>[^\W\d_]{3,12}\.?)",
    "B": r"(?P<month>[^\W\d_]{3,12}\.?)",
    "Y": r"(?P<year>[0-9]{4})",
    "y": r"(?P<year>[0-9]{2})",
    "a": r"[^\W\d_]+\.?",
    "A": r"[^\W\d_]+\.?",
    "H": r"[0-9]{1,2}",
    "I": r"[0-9]{1,2}",
    "M": r"[0-9]{2}",
    "S": r"[0-9]{2}",
    "f": r"[0-9]{1,9}",
    "p": r"[AaPp]\.?[Mm]\.?",
    "z": r"(?:Z|[+-][0-9]{2}:?[0-9]{2})",
    "%": "%",
}


def date_reader(date_format: str) -> Callable[[str], date]:
    """A function from the text of a cell to its date; that function raises ValueError.

    `date_format` is an order ("DMY", "MDY", "YMD": any separator, month names, a time after it)
    or a pattern with the directives of strptime ("%d.%m.%y"). A time or zone is read over, never
    applied: the calendar date that stands there stays. Raises ValueError for another format.
    """
    read = _ordered_reader(date_format) if date_format in ORDERS else _pattern_reader(date_format)

    def read_bounded(text: str) -> date:
        if len(text) > CELL_MAX:
            raise ValueError(f"is longer than {CELL_MAX} characters")
        return read(text)

    return read_bounded


def month_number(name: str) -> int | None:
    """1 to 12 for a month's name or its first three or more letters, in seven languages.

    English, German, French, Spanish, Italian, Dutch and Portuguese. None where it is no month, or
    where the letters fit two of them ("jui": juin, juillet).
    """
    plain = unaccented(name).rstrip(".")
    if len(plain) < 3:
        return None
    found = {
        month
        for month, names in _MONTHS.items()
        if any(full.startswith(plain) for full in names.split())
    }
    return found.pop() if len(found) == 1 else None


def unaccented(text: str) -> str:
    """Lower case without accents, so that "Février" and "FEVRIER" are one."""
    decomposed = unicodedata.normalize("NFD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def full_year(text: str) -> int:
    """The year of two or four digits; two digits pivot at `PIVOT`."""
    if len(text) == 4:
        return int(text)
    if len(text) != 2:
        raise ValueError("a year has two or four digits")
    return int(text) + (2000 if int(text) < PIVOT else 1900)


def _ordered_reader(order: str) -> Callable[[str], date]:
    day, month, year = (order.index(part) for part in "DMY")

    def read(text: str) -> date:
        parts = split_date(text) or split_compact(text, order)
        if len(parts[day]) > 2 or not parts[day].isdigit():
            raise ValueError(f"does not fit the order {order}")
        if order == "YMD" and len(parts[year]) == 2 and not parts[month].isdigit():
            # "10 Feb 18" always has its day first.
            raise ValueError(f"does not fit the order {order}")
        return date(full_year(parts[year]), _month(parts[month]), int(parts[day]))

    return read


def split_date(text: str) -> tuple[str, str, str] | None:
    """The three parts of a date as they stand, without its time; None where it is none."""
    found = _ORDERED.fullmatch(text.strip())
    if found is None:
        return None
    first, before, second, after, third = found.groups()
    numeric = first.isdigit() and second.isdigit() and third.isdigit()
    if numeric and before.strip() != after.strip():
        return None
    return first, second, third


def split_compact(text: str, order: str) -> tuple[str, str, str]:
    """The parts of a date without separators, eight or six digits, in that order."""
    found = _COMPACT.fullmatch(text.strip())
    if found is None:
        raise ValueError("is not a date")
    digits = found[1]
    parts: list[str] = []
    for part in order:
        length = len(digits) - 4 if part == "Y" else 2
        start = sum(map(len, parts))
        parts.append(digits[start : start + length])
    return parts[0], parts[1], parts[2]


def _month(text: str) -> int:
    if text.isdigit():
        if len(text) > 2:
            raise ValueError("a month has one or two digits")
        return int(text)
    month = month_number(text)
    if month is None:
        raise ValueError(f'"{text}" is not the name of one month')
    return month


def _pattern_reader(pattern: str) -> Callable[[str], date]:
    compiled = _compile(pattern)

    def read(text: str) -> date:
        found = compiled.fullmatch(text.strip())
        if found is None:
            raise ValueError(f"does not fit the format {pattern}")
        return date(full_year(found["year"]), _month(found["month"].rstrip(".")), int(found["day"]))

    return read


def _compile(pattern: str) -> re.Pattern[str]:
    parts = re.findall(r"%.|[^%]+|%$", pattern)
    pieces = [_piece(parts, index) for index in range(len(parts))]
    expression = "".join(pieces)
    for name in ("day", "month", "year"):
        if expression.count(f"(?P<{name}>") != 1:
            raise ValueError(
                f'"{pattern}" must name the {name} once: use DMY, MDY, YMD '
                'or a pattern such as "%d.%m.%Y"'
            )
    return re.compile(expression)


def _piece(parts: list[str], index: int) -> str:
    part = parts[index]
    if not part.startswith("%"):
        return re.sub(r"(?:\\\s|\s)+", r"\\s+", re.escape(part))
    directive = _DIRECTIVES.get(part[1:])
    if directive is None:
        raise ValueError(f'"{part}" is not one of %{" %".join(_DIRECTIVES)}')
    neighbours = parts[max(index - 1, 0) : index] + parts[index + 1 : index + 2]
    if any(neighbour.startswith("%") for neighbour in neighbours):
        # Without a separator only a fixed width says where one number ends.
        return directive.replace("{1,2}", "{2}")
    return directive
