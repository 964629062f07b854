"""CAMT statement: one account's part of a message, what it states and what was found in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final

from core.records import BalanceKind

BALANCE_KINDS: Final[Mapping[str, BalanceKind]] = {
    "OPBD": BalanceKind.OPENING_LEDGER,
    "PRCD": BalanceKind.OPENING_LEDGER,  # closed the statement before this one
    "CLBD": BalanceKind.CLOSING_LEDGER,
    "ITBD": BalanceKind.CURRENT_LEDGER,
    "OPAV": BalanceKind.OPENING_AVAILABLE,
    "CLAV": BalanceKind.CLOSING_AVAILABLE,
    "ITAV": BalanceKind.CURRENT_AVAILABLE,
    # FWAV, XPCD and INFO speak of days to come, or of nothing that was booked.
}
FINAL_IN_REPORTS: Final = frozenset(("OPBD", "OPAV", "PRCD"))  # of an intraday report


@dataclass(slots=True)
class Sums:
    """How many entries of one kind there are, and what they come to, unsigned."""

    count: int = 0
    total: Decimal = Decimal(0)

    def add(self, amount: Decimal) -> None:
        """Takes one more in."""
        self.count += 1
        self.total += abs(amount)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """A balance that may open or close the statement."""

    code: str
    amount: Decimal
    currency: str
    as_of: date
    line: int


@dataclass(slots=True, kw_only=True)
class Statement:
    """What is known of the statement so far."""

    kind: str  # 052, 053 or 054
    line: int
    message: Mapping[str, str] = field(default_factory=dict)  # of the group header
    fields: Mapping[str, str] = field(default_factory=dict)  # of the statement itself
    number: str | None = None
    servicer: str = ""
    name: str | None = None
    type: str | None = None
    institution: str | None = None
    institution_name: str | None = None
    currency: str | None = None
    key: str | None = None  # None: no account was handed over yet
    as_of: date | None = None  # of the balance that closes it
    undated_told: bool = False
    balances: list[Stated] = field(default_factory=list)
    totals: Mapping[str, str] | None = None
    totals_line: int = 0
    booked_credits: Sums = field(default_factory=Sums)
    booked_debits: Sums = field(default_factory=Sums)
    other_credits: Sums = field(default_factory=Sums)
    other_debits: Sums = field(default_factory=Sums)
    reversed: Decimal = Decimal(0)  # what booked reversals come to
    currencies: set[str] = field(default_factory=set)  # of booked entries
    rejected: int = 0

    def count(self, amount: Decimal, currency: str, *, credit: bool, booked: bool) -> None:
        """Takes an entry into the sums."""
        if booked:
            (self.booked_credits if credit else self.booked_debits).add(amount)
            self.currencies.add(currency)
        else:
            (self.other_credits if credit else self.other_debits).add(amount)

    def net(self) -> Decimal:
        """What the booked entries come to."""
        return self.booked_credits.total - self.booked_debits.total
