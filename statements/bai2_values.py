"""BAI2 field values: amounts, dates, times, funds types and the split into fields."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

from statements.bai2_records import is_continuation
from statements.findings import Findings

PIVOT_YEAR: Final = 69  # as POSIX has it: 69-99 are 19xx, 00-68 are 20xx
DISTRIBUTIONS_MAX: Final = 1_000
DIGITS_USUAL_MAX: Final = 18
DISTRIBUTED: Final = ("available_immediate", "available_one_day", "available_two_or_more_days")
RAW_CHARACTERS_MAX: Final = 80
END_OF_DAY: Final = frozenset({"2400", "9999"})
NO_SUBFIELDS: Final = frozenset({"", "Z", "0", "1", "2"})
FUNDS_TYPES: Final = NO_SUBFIELDS | {"V", "S", "D"}

_DATES_REMEMBERED_MAX: Final = 4_096
_AMOUNT = re.compile(r"([+-]?)([0-9]{1,40})")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):?([0-5][0-9])(?::?[0-5][0-9])?")


class Dates:
    """Reads YYMMDD within the window of years that the connection allows.

    A two-digit year is first taken as POSIX does (`PIVOT_YEAR`); where that date is outside the
    window, or is no day at all, the other centuries from 1900 to 2199 are tried.
    """

    __slots__ = ("_window", "known")

    def __init__(self, window: tuple[date, date]) -> None:
        self._window = window
        self.known: dict[str, date | None] = {}

    def read(self, text: str) -> date | None:
        """The date, or None where it is no date or outside the window."""
        if text not in self.known:
            if len(self.known) >= _DATES_REMEMBERED_MAX:
                self.known.clear()
            self.known[text] = self._read(text)
        return self.known[text]

    def _read(self, text: str) -> date | None:
        if not (len(text) == 6 and text.isascii() and text.isdigit()):
            return None
        year, month, day = int(text[:2]), int(text[2:4]), int(text[4:])
        first, last = self._window
        for century in (1900, 2000, 2100) if year >= PIVOT_YEAR else (2000, 1900, 2100):
            try:
                found = date(century + year, month, day)
            except ValueError:
                continue
            if first <= found <= last:
                return found
        return None


class Funds(NamedTuple):
    """A funds type and its availability, and the place of the next field."""

    kind: str
    subfields: Sequence[str]
    next: int


def minor_amount(text: str) -> int | None:
    """The signed amount in minor units as the file states it; None where it is no amount."""
    found = _AMOUNT.fullmatch(text)
    return int(text) if found else None


def scaled(minor: int, decimals: int) -> Decimal:
    """Minor units as an exact decimal: 1234 with two decimals is 12.34."""
    return Decimal(f"{minor}E-{decimals}")


def scaled_text(text: str, decimals: int) -> str:
    """An amount in minor units as decimal text; what is no amount stays as it is."""
    if is_digits(text):
        return scaled_digits(text, decimals)
    minor = minor_amount(text)
    return text if minor is None else format(scaled(minor, decimals), "f")


def scaled_digits(digits: str, decimals: int) -> str:
    """`scaled_text` of what `is_digits`."""
    if len(digits) <= decimals or digits[0] == "0":
        digits = digits.lstrip("0").zfill(decimals + 1)
    return f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits


def is_digits(text: str) -> bool:
    """Whether the text is a plain unsigned number of a usual length."""
    return text.isdigit() and text.isascii() and len(text) <= DIGITS_USUAL_MAX


def clock(text: str) -> str | None:
    """HHMM, HH:MM or HH:MM:SS as HH:MM; None where it is no time."""
    found = _CLOCK.fullmatch(text)
    return f"{found[1]}:{found[2]}" if found else None


def shortened(text: str) -> str:
    """The text as it may stand in a finding."""
    return text[:RAW_CHARACTERS_MAX]


def read_funds(fields: Sequence[str], at: int) -> Funds:
    """The funds type at `at` with its subfields (BAI2 version 2, "Funds Type").

    Z, 0, 1, 2 and nothing have none; V a date and a time; S three amounts; D a count and as many
    pairs of days and amount. Fields that the record no longer has count as empty.
    """
    kind = fields[at].strip().upper() if at < len(fields) else ""
    width = funds_width(kind, fields[at + 1] if at + 1 < len(fields) else "")
    subfields = [field.strip() for field in fields[at + 1 : at + 1 + width]]
    subfields += [""] * (width - len(subfields) if kind in {"V", "S"} else 0)
    return Funds(kind, subfields, at + 1 + width)


def funds_width(kind: str, count: str) -> int:
    """How many subfields a funds type has; `count` is the field after it, which D needs."""
    if kind == "V":
        return 2
    if kind == "S":
        return 3
    if kind == "D":
        pairs = minor_amount(count.strip())
        return 1 + 2 * pairs if pairs is not None and 0 <= pairs <= DISTRIBUTIONS_MAX else 1
    return 0


def funds_extra(funds: Funds, decimals: int) -> Mapping[str, str]:
    """The availability as text for `TransactionRecord.extra`; empty where nothing is said."""
    extra = {"funds_type": funds.kind} if funds.kind else {}
    if funds.kind == "V" and funds.subfields[1]:
        extra["value_time"] = funds.subfields[1]
    if funds.kind == "S":
        stated = zip(DISTRIBUTED, funds.subfields, strict=True)
        extra |= {name: scaled_text(amount, decimals) for name, amount in stated if amount}
    if funds.kind == "D":
        pairs = zip(funds.subfields[1::2], funds.subfields[2::2], strict=False)
        extra["available_by_days"] = " ".join(
            f"{days}:{scaled_text(amount, decimals)}" for days, amount in pairs
        )
    return extra


def split_fields(
    text: str, more: Sequence[str], line: int, findings: Findings
) -> tuple[list[str], set[int]]:
    """The fields of a record that holds no text, and where its physical records begin.

    The slash that ends a physical record stands for the comma (BAI2 version 2, "Continuation
    Record"); what follows it is padding or junk. A field is trimmed of blanks.
    """
    parts = [text[3:]]
    stray = ""
    for piece in more:
        if is_continuation(piece):
            parts.append(piece[3:])
        elif not parts[-1].rstrip().endswith("/"):
            parts[-1] += piece  # a line break inside a record
        else:
            stray = stray or piece
    if stray:
        findings.warn(
            "stray-text",
            "Text that belongs to no record follows this record and was left out.",
            line,
            raw=shortened(stray),
        )
    fields: list[str] = []
    starts = set()
    for part in parts:
        starts.add(len(fields))
        fields += [field.strip() for field in _before_slash(part, line, findings).split(",")]
    return fields, starts


def _before_slash(part: str, line: int, findings: Findings) -> str:
    content, slash, rest = part.partition("/")
    rest = rest.rstrip()
    if not slash or not rest.strip():
        return content
    if "," in rest and rest.endswith("/"):
        findings.warn(
            "slash-in-field",
            "A field of this record holds a slash, which ends a record in BAI2; the record was "
            "read up to its last slash.",
            line,
        )
        return part.rstrip()[:-1]
    findings.info("junk-after-slash", "What follows the slash was left out.", line, shortened(rest))
    return content
