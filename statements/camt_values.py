"""CAMT values: amounts, dates, references and codes as they stand in the text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Final

from core.errors import InvalidMoney
from core.money import is_currency, storable

DATES_CACHED: Final = 4_096
is_plain: Final = re.compile(r"[0-9]{1,14}(?:\.[0-9]{1,8})?").fullmatch  # and storable
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)").fullmatch
_NUMBER_CHARACTERS_MAX: Final = 64
_DAY: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:T([0-9]{2}:[0-9]{2}).*|Z|[+-].*)?"
).fullmatch
_DIRECTIONS: Final = {"CRDT": 1, "DBIT": -1}
_NO_REFERENCE: Final = frozenset(
    ("NONREF", "NOTPROVIDED", "NOT PROVIDED", "NOREF", "NONE", "N/A", "NA", "NULL", "UNKNOWN", "-")
)


_WORD_MAX: Final = max(map(len, _NO_REFERENCE))


def read_amount(text: str) -> Decimal:
    """The amount as written, sign included. Raises InvalidMoney where it is none."""
    if is_plain(text):
        return Decimal(text)
    if len(text) <= _NUMBER_CHARACTERS_MAX and _NUMBER(text):
        return storable(Decimal(text)) or Decimal(0)  # there is no minus nought
    raise InvalidMoney("no decimal number" if text else "no text")


def direction(text: str | None) -> int | None:
    """1 for a credit, -1 for a debit, None for neither."""
    if text is None:
        return None
    return _DIRECTIONS.get(text) or _DIRECTIONS.get(text.upper())


def currency_of(text: str | None) -> str | None:
    """The ISO 4217 code, or None where the text has not the shape of one."""
    if text is None or is_currency(text):
        return text
    code = text.strip().upper()
    return code if is_currency(code) else None


def reference(text: str | None) -> str | None:
    """The reference; None where it only says that there is none."""
    if text is None or (len(text) <= _WORD_MAX and text.upper() in _NO_REFERENCE):
        return None
    return text if text.strip("0 ") else None


def is_true(text: str | None) -> bool:
    """Whether an xs:boolean is true."""
    return text is not None and text.lower() in ("true", "1")


def type_code(fields: Mapping[str, str]) -> str | None:
    """The bank transaction code: domain, family and subfamily, else the bank's own."""
    domain = fields.get("domain")
    if domain is None:
        return fields.get("proprietary")
    family, subfamily = fields.get("family"), fields.get("subfamily")
    if family and subfamily:
        return f"{domain}-{family}-{subfamily}"
    return "-".join(part for part in (domain, family, subfamily) if part)


class Dates:
    """Reads dates once each. The day that stands there is the day: no zone moves it."""

    __slots__ = ("_earliest", "_latest", "known")

    def __init__(self, span: tuple[date, date]) -> None:
        self._earliest, self._latest = span
        self.known: dict[str | None, date | None] = {}  # by the text as it was read

    def read(self, text: str) -> date | None:
        """The day of a date or of a date with time; None where it is none, or out of range."""
        day = text[:10] if len(text) > 10 and text[10] == "T" else text
        try:
            return self.known[day]
        except KeyError:
            pass
        found = _parsed(day)
        if found is not None and not self._earliest <= found <= self._latest:
            found = None
        if len(self.known) < DATES_CACHED:
            self.known[day] = found
        return found


def time_of(text: str) -> str | None:
    """The bank's local time as HH:MM, where a time is stated."""
    match = _DAY(text)
    return match[2] if match is not None else None


def _parsed(text: str) -> date | None:
    match = _DAY(text)
    if match is None:
        return None
    try:
        return date.fromisoformat(match[1])
    except ValueError:
        return None
