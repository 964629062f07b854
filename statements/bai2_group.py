"""A BAI2 group (02): whose accounts, of which day, and what is to be done with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from core.money import is_currency
from statements.bai2_values import END_OF_DAY, Dates, clock, shortened
from statements.findings import Findings

MODIFIERS: Final = frozenset({"", "1", "2", "3", "4"})
INTERIM: Final = frozenset({"1", "3"})  # of the previous day, of the same day


class Status(StrEnum):
    """Group status (BAI2 version 2, record 02)."""

    UPDATE = "1"
    DELETE = "2"
    CORRECT = "3"  # delete, then post
    TEST = "4"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What a group header says; None is what it leaves out or what cannot be read."""

    originator: str
    status: Status
    as_of: date | None
    as_of_time: str | None  # None also for the end of the day: 2400 and 9999
    currency: str | None
    modifier: str

    @property
    def interim(self) -> bool:
        """Whether a final report of the same day will follow."""
        return self.modifier in INTERIM

    @property
    def posts(self) -> bool:
        """Whether its transactions and balances are to be taken over."""
        return self.status in {Status.UPDATE, Status.CORRECT}

    @property
    def withdraws(self) -> bool:
        """Whether it takes back what was said of its accounts and day."""
        return self.status in {Status.DELETE, Status.CORRECT}


def read_group(
    fields: Sequence[str], sender: str, dates: Dates, line: int, findings: Findings
) -> Group:
    """The group of a 02 record: receiver, originator, status, date, time, currency, modifier."""
    _, originator, status, day, time, currency, modifier = [*fields, *[""] * 7][:7]
    if not originator:
        findings.warn(
            "originator-missing",
            "The group names no originator; the sender of the file was taken for it.",
            line,
            "originator",
        )
    if modifier not in MODIFIERS:
        findings.warn(
            "as-of-date-modifier",
            "The as-of-date modifier is none of 1 to 4; it was left out.",
            line,
            "as-of-date modifier",
            shortened(modifier),
        )
    return Group(
        originator=originator or sender,
        status=_status(status, line, findings),
        as_of=_as_of(day, dates, line, findings),
        as_of_time=_as_of_time(time, line, findings),
        currency=read_currency(currency, line, findings),
        modifier=modifier if modifier in MODIFIERS else "",
    )


def headless_group(sender: str) -> Group:
    """The group of accounts that stand in none."""
    return Group(
        originator=sender,
        status=Status.UPDATE,
        as_of=None,
        as_of_time=None,
        currency=None,
        modifier="",
    )


def read_currency(text: str, line: int, findings: Findings) -> str | None:
    """An ISO 4217 code; None where there is none, with a finding where it is no code."""
    code = text.upper()
    if not code or is_currency(code):
        return code or None
    findings.warn(
        "currency-unreadable",
        "The currency is not an ISO 4217 code of three letters; it was left out.",
        line,
        "currency",
        shortened(text),
    )
    return None


def _status(text: str, line: int, findings: Findings) -> Status:
    if text in set(Status):
        return Status(text)
    if text:
        findings.warn(
            "group-status",
            "The group status is none of 1 to 4; the group was read as an update.",
            line,
            "group status",
            shortened(text),
        )
    return Status.UPDATE


def _as_of(text: str, dates: Dates, line: int, findings: Findings) -> date | None:
    as_of = dates.read(text)
    if as_of is None:
        findings.warn(
            "as-of-date",
            "The as-of date of the group is no date (YYMMDD) of the years allowed: its "
            "transactions have no posted date, its balances are kept as totals.",
            line,
            "as-of date",
            shortened(text),
        )
    return as_of


def _as_of_time(text: str, line: int, findings: Findings) -> str | None:
    if not text or text in END_OF_DAY:
        return None
    time = clock(text)
    if time is None:
        findings.warn(
            "as-of-time",
            "The as-of time is no time of the day (HHMM); it was left out.",
            line,
            "as-of time",
            shortened(text),
        )
    return time
