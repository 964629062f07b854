"""MT940 fields that state a balance, a sum or a time: read, or left out with a finding."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Final

from core.errors import InvalidMoney
from core.records import BalanceKind
from statements.bai2_values import shortened
from statements.findings import Findings
from statements.mt940_fields import Field
from statements.mt940_values import Calendar, Stated, indication

BALANCES: Final = {
    "60": BalanceKind.OPENING_LEDGER,
    "60F": BalanceKind.OPENING_LEDGER,
    "60M": BalanceKind.OTHER,  # of a page in between: no day opens or closes with it
    "62": BalanceKind.CLOSING_LEDGER,
    "62F": BalanceKind.CLOSING_LEDGER,
    "62M": BalanceKind.OTHER,
    "64": BalanceKind.CLOSING_AVAILABLE,
    "65": BalanceKind.OTHER,  # available on a day to come
}
PAGES: Final = frozenset({"60M", "62M"})

Reader = Callable[[str], Stated | None]


def read_stated(read: Reader, field: Field, value: str, findings: Findings) -> Stated | None:
    """What a field states, as `read` has it."""
    reason = "cannot be read as MT940 writes it"
    try:
        stated = read(value)
    except InvalidMoney as error:
        stated, reason = None, f"has {error}"
    if stated is None:
        findings.warn(
            "balance-unreadable",
            f"Field {field.tag} {reason}; it was left out. Compare with the bank's own statement.",
            field.line,
            field.tag,
            shortened(value),
        )
    elif stated.rest.strip() not in {"", "-", "-}"}:
        findings.warn(
            "stray-text",
            "Text follows the amount of this field and was left out.",
            field.line,
            field.tag,
            shortened(stated.rest.strip()),
        )
    return stated


def read_indication(
    field: Field, value: str, calendar: Calendar, findings: Findings
) -> date | None:
    """The day on which a report was made (:13D:); its time says nothing about the rows."""
    told = indication(value)
    day = calendar.day(told)[0] if told is not None else None
    if day is None:
        findings.warn(
            "as-of-time",
            "The date and time of the report cannot be read (YYMMDDHHMM); they were left out.",
            field.line,
            field.tag,
            shortened(value),
        )
    return day
