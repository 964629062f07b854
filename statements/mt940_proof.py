"""The proof of an MT940 statement: opening + entries = closing, and the sums of :90C: and :90D:."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Context, Decimal
from typing import Final

from core.records import ProofRecord, Severity
from statements.findings import Findings
from statements.mt940_entry import Standing
from statements.mt940_fields import Field
from statements.mt940_values import Calendar, Stated

_EXACT: Final = Context(prec=100)
_ZERO: Final = Decimal(0)
_LEFT_OUT: Final = " Entries of this statement could not be read and were left out."


def check_continuity(
    before: Stated | None, opening: Stated, field: Field, findings: Findings
) -> None:
    """Report a statement that does not open with what the one before it closed with."""
    if before is not None and before.amount != opening.amount:
        findings.warn(
            "balance-continuity",
            f"The statement opens with {opening.amount}, the one before it closed with "
            f"{before.amount}: a statement between them may be missing. Ask the bank for it.",
            field.line,
            field.tag,
        )


def report_missing(missing: list[str], line: int, findings: Findings) -> None:
    """Report the fields that a statement had to end with and did not."""
    if missing:
        findings.control(
            Severity.ERROR,
            "missing-trailer",
            f"Before this line {', '.join(missing)} is missing: a part of the file was lost. "
            "Fetch it again from the bank.",
            line,
        )


class Proof:
    """What has been added up in one statement, and what the statement says of it."""

    def __init__(self) -> None:
        self.begun = False  # with the :20: of a statement
        self.line = 0  # where the statement begins
        self.broken = False  # an entry was left out
        self._opening: Stated | None = None
        self._closing: Stated | None = None
        self._closing_line = 0
        self._seen: set[str] = set()  # "60" and "62" where one stood, readable or not
        self._sums: dict[str, Decimal] = {}  # signed amounts by mark
        self._counts: dict[str, int] = {}
        self._stated: list[tuple[Field, Stated]] = []

    def add(self, amount: Decimal, mark: str) -> None:
        """Add an entry."""
        self._sums[mark] = _EXACT.add(self._sums.get(mark, _ZERO), amount)
        self._counts[mark] = self._counts.get(mark, 0) + 1

    def open(self, stated: Stated) -> None:
        """Take the balance before the entries."""
        self._seen.add("60")
        self._opening = stated

    def close(self, stated: Stated, field: Field) -> None:
        """Take the balance after the entries."""
        self._seen.add("62")
        self._closing, self._closing_line = stated, field.line

    def unreadable(self, tag: str) -> None:
        """An opening (60) or closing (62) balance stood there, but could not be read."""
        self._seen.add(tag)

    def state(self, field: Field, stated: Stated) -> None:
        """Take a number and sum of debits or credits."""
        self._stated.append((field, stated))

    @property
    def closed(self) -> bool:
        """Whether a closing balance stood there."""
        return "62" in self._seen

    def missing(self, *, interim: bool) -> list[str]:
        """The tags without which the statement is not whole; an interim report needs none."""
        whole = self.closed or not (self.begun or "60" in self._seen)
        return [] if whole or (interim and "60" not in self._seen) else [":62F:"]

    def check(self, findings: Findings) -> None:
        """Report what does not add up."""
        self._check_balances(findings)
        for field, stated in self._stated:
            self._check_sum(field, stated, findings)

    def record(
        self, standing: Standing, number: str | None, calendar: Calendar, line_end: int
    ) -> ProofRecord:
        """The statement as it ended."""
        opening, closing = self._opening, self._closing
        counts = (count for mark, count in self._counts.items() if mark[0] != "E")
        return ProofRecord(
            account=standing.account,
            currency=standing.currency,
            entries=self._entries(),
            entry_count=sum(counts),
            opening=opening.amount if opening and opening.currency == standing.currency else None,
            closing=closing.amount if closing and closing.currency == standing.currency else None,
            number=number,
            from_date=calendar.day(opening.day)[0] if opening else None,
            to_date=calendar.day(closing.day)[0] if closing else None,
            holds=self._holds(),
            line=self.line,
            line_end=line_end,
        )

    def _entries(self) -> Decimal:
        entries = _ZERO
        for mark, amount in self._sums.items():
            # What is only expected (EC, ED) is in no balance yet.
            if mark[0] != "E":
                entries = _EXACT.add(entries, amount)
        return entries

    def _holds(self) -> bool | None:
        opening, closing = self._opening, self._closing
        if opening is None or closing is None or opening.currency != closing.currency:
            return None
        return _EXACT.add(opening.amount, self._entries()) == closing.amount

    def _check_balances(self, findings: Findings) -> None:
        opening, closing = self._opening, self._closing
        if opening is None or closing is None or self._holds():
            return
        entries = self._entries()
        expected = _EXACT.add(opening.amount, entries)
        findings.control(
            Severity.WARNING,
            "control-total",
            f"The statement opens with {opening.amount} {opening.currency}, its entries come to "
            f"{entries}, which makes {expected}, but it closes with {closing.amount} "
            f"{closing.currency}.{_LEFT_OUT if self.broken else ''} Compare with the bank's own "
            "statement.",
            self._closing_line,
            str(closing.amount),
        )

    def _check_sum(self, field: Field, stated: Stated, findings: Findings) -> None:
        """Reversals count on the side they book on, or on the side they take back from."""
        side = field.tag[2]
        books, letters = ({"D", "RC"}, {"D", "RD"}) if side == "D" else ({"C", "RD"}, {"C", "RC"})
        found = [
            (self._sum(marks), sum(self._counts.get(mark, 0) for mark in marks))
            for marks in (books, letters, books | {f"E{side}"})
        ]
        if any(
            total == stated.amount and stated.entries in {None, count} for total, count in found
        ):
            return
        total, count = found[0]
        name = "debits" if side == "D" else "credits"
        findings.control(
            Severity.WARNING,
            "control-total",
            f"Field {field.tag} states {stated.entries} {name}, {stated.amount} in all; {count} of "
            f"{total} were found.{_LEFT_OUT if self.broken else ''} Compare with the bank's own "
            "report.",
            field.line,
            str(stated.amount),
        )

    def _sum(self, marks: Iterable[str]) -> Decimal:
        """The sum of what was added under these marks, all of it as money in."""
        total = _ZERO
        for mark in marks:
            total = _EXACT.add(total, abs(self._sums.get(mark, _ZERO)))
        return total
