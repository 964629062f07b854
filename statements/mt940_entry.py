"""An MT940 entry: a :61: with its :86: and :NS: fields becomes a transaction."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Final, NamedTuple

from core.errors import InvalidMoney, Unreadable
from core.records import TransactionRecord, TransactionStatus
from statements.bai2_values import shortened
from statements.findings import Findings
from statements.mt940_details import Details, folded, read_details
from statements.mt940_fields import FIELD_CHARACTERS_MAX, FIELD_LINES_MAX, Field
from statements.mt940_values import Calendar, Line, non_swift_text, read_line

NO_REFERENCE: Final = frozenset({"", "NONREF", "NOTPROVIDED", "KREF+"})  # KREF+: see :86:
_new: Final = tuple.__new__
NO_DAY: Final = frozenset({"", "0000"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What all entries of one statement share."""

    account: str
    currency: str
    interim: bool  # of an MT942: not booked for good


class Days(NamedTuple):
    """When an entry was booked and from when it counts; None is what nobody can read."""

    posted: date | None
    value: date | None


@dataclass(slots=True, kw_only=True)
class Entry:
    """A :61: that was read, while its texts still come in."""

    line: Line
    days: Days
    first: int
    last: int
    texts: list[str] = field(default_factory=list)  # lines of :86:
    others: list[str] = field(default_factory=list)  # lines of :NS:
    size: int = 0

    def add(self, more: Field) -> None:
        """Take a :86: or :NS: that follows. Raises `Unreadable` where they never end."""
        (self.others if more.tag == "NS" else self.texts).extend(more.lines)
        self.last = more.line_end
        self.size += sum(map(len, more.lines))
        count = len(self.texts) + len(self.others)
        if self.size > FIELD_CHARACTERS_MAX or count > FIELD_LINES_MAX:
            raise Unreadable(
                "field-too-long",
                f"The entry on line {self.first} has more text than an entry can have; this is no "
                "MT940 file, or it is damaged.",
                line=self.first,
            )

    def record(self, standing: Standing) -> TransactionRecord:
        """The transaction."""
        details = read_details(self.texts)
        raw = "\n".join([*self.texts, *self.others]).strip("\n")
        description = details.description
        if not description and self.others:
            description = folded(non_swift_text("\n".join(self.others)))
        supplementary = folded(self.line.supplementary)
        pending = standing.interim or self.line.mark[0] == "E"
        return _new(
            TransactionRecord,
            (  # in the order of `TransactionRecord`: by name it takes twice as long
                standing.account,
                self.line.amount,
                standing.currency,
                self.days.posted,
                TransactionStatus.PENDING if pending else TransactionStatus.POSTED,
                description or supplementary,
                raw or self.line.supplementary,
                self.first,
                self.last,
                None,
                None,
                self.days.value,
                _reference(self.line.bank_reference),
                self._customer_reference(details),
                self.line.type_code or None,
                details.counterparty,
                None,
                None,
                self._extra(details, supplementary),
                None,
            ),
        )

    def _customer_reference(self, details: Details) -> str | None:
        stated = self.line.customer_reference
        return _reference(stated) or _reference(details.reference or "")

    def _extra(self, details: Details, supplementary: str) -> dict[str, str] | None:
        extra = dict(details.extra)
        if self.line.mark not in {"C", "D"}:
            extra["mark"] = self.line.mark
        if self.line.funds_code:
            extra["funds_code"] = self.line.funds_code
        if supplementary:
            extra["supplementary_details"] = supplementary
        return extra or None


def _reference(stated: str) -> str | None:
    return None if stated.upper() in NO_REFERENCE else stated


def read_entry(
    found: Field, anchor: date | None, calendar: Calendar, findings: Findings
) -> Entry | None:
    """The entry of a :61:; None, with a finding that rejects it, where it is none.

    `anchor` tells the year of an entry date that stands beside no readable value date.
    """
    value = "\n".join(found.lines)
    try:
        line = read_line(value)
    except InvalidMoney as error:
        findings.reject(
            "amount-too-large",
            f"The amount of the entry has {error}; the entry was left out. Ask the bank for a "
            "corrected file.",
            found.line,
            "amount",
            shortened(value),
        )
        return None
    if line is None:
        findings.reject(
            "entry-unreadable",
            "The entry does not begin with date, mark (C, D, RC, RD) and amount as MT940 writes "
            "them; it was left out. Ask the bank for a corrected file.",
            found.line,
            "entry",
            shortened(value),
        )
        return None
    if "," not in line.written:
        findings.warn(
            "amount-without-comma",
            "The amount has no decimal comma; it was read as it stands.",
            found.line,
            "amount",
            line.written,
        )
    if not line.type_code:
        findings.warn(
            "entry-type-missing",
            "The entry has no type (such as NTRF) behind its amount: maybe a part of it was lost.",
            found.line,
            "entry",
            shortened(value),
        )
    day = _value_date(line, found.line, calendar, findings)
    posted = _entry_date(line, day or anchor, found.line, calendar, findings)
    days = Days(posted or day, day)
    return Entry(line=line, days=days, first=found.line, last=found.line_end)


def _value_date(line: Line, number: int, calendar: Calendar, findings: Findings) -> date | None:
    value, moved = calendar.day(line.day)
    if value is None:
        findings.warn(
            "value-date",
            "The value date is no date of the years allowed; it was left out.",
            number,
            "value date",
            line.day,
        )
    elif moved:
        findings.warn(
            "value-date-moved",
            "The value date is a day that February does not have (a month of thirty days); its "
            "last day was taken.",
            number,
            "value date",
            line.day,
        )
    return value


def _entry_date(
    line: Line, anchor: date | None, number: int, calendar: Calendar, findings: Findings
) -> date | None:
    if line.entry in NO_DAY:
        return None
    posted = calendar.nearest(line.entry, anchor) if anchor is not None else None
    if posted is None:
        findings.warn(
            "entry-date",
            "The entry date is no date of the years allowed; the value date was taken.",
            number,
            "entry date",
            line.entry,
        )
    return posted
