"""Running balances of an account: which one is the last, and what they prove of the rows."""

from __future__ import annotations

from decimal import Decimal

from core.records import BalanceKind, BalanceRecord, ProofRecord, TransactionRecord


class RunningBalance:
    """Follows the booked rows of one account.

    The newest row is the last one where dates never fall, the first one where they never rise.
    With a single date the balances decide: they must add up in one direction and not in the
    other. In all other cases, and where the newest row has no balance, there is none.
    """

    __slots__ = (
        "_adds_down",
        "_adds_up",
        "_count",
        "_falls",
        "_first",
        "_last",
        "_mixed",
        "_rises",
        "_sum",
    )

    def __init__(self) -> None:
        self._count = 0
        self._sum = Decimal(0)
        self._mixed = False  # rows are of several currencies
        self._first: TransactionRecord | None = None
        self._last: TransactionRecord | None = None
        self._rises = self._falls = True  # dates, down the file
        self._adds_down = self._adds_up = True  # balances, oldest first and newest first

    def follow(self, row: TransactionRecord) -> None:
        """Takes in the next booked row of the account."""
        last = self._last
        self._count += 1
        self._sum += row.amount
        if last is None:
            self._first = row
        else:
            assert row.posted_date is not None and last.posted_date is not None
            if row.posted_date < last.posted_date:
                self._rises = False
            elif row.posted_date > last.posted_date:
                self._falls = False
            self._mixed |= row.currency != last.currency
            self._adds_down = self._adds_down and _adds(last.running_balance, row)
            self._adds_up = self._adds_up and _adds(row.running_balance, last)
        self._last = row

    def newest(self) -> BalanceRecord | None:
        """The balance after the newest row."""
        row = self._newest_row()
        if row is None or row.running_balance is None or row.posted_date is None:
            return None
        return BalanceRecord(
            account=row.account,
            kind=BalanceKind.RUNNING,
            amount=row.running_balance,
            currency=row.currency,
            as_of=row.posted_date,
            line=row.line,
        )

    def proof(self) -> ProofRecord | None:
        """What the balances of the oldest and the newest row prove of the rows between them."""
        first, last, newest = self._first, self._last, self._newest_row()
        if first is None or last is None:
            return None
        oldest = None if newest is None else first if newest is last else last
        opening = closing = holds = None
        if oldest is not None and oldest.running_balance is not None and not self._mixed:
            opening = oldest.running_balance - oldest.amount
        if newest is not None and not self._mixed:
            closing = newest.running_balance
        # One row alone would prove itself.
        if opening is not None and closing is not None and self._count > 1:
            holds = opening + self._sum == closing
        return ProofRecord(
            account=first.account,
            currency=first.currency,
            entries=None if self._mixed else self._sum,
            entry_count=self._count,
            opening=opening,
            closing=closing,
            from_date=None if oldest is None else oldest.posted_date,
            to_date=None if newest is None else newest.posted_date,
            holds=holds,
            line=first.line,
            line_end=last.line_end,
        )

    def _newest_row(self) -> TransactionRecord | None:
        if self._rises != self._falls:
            return self._last if self._rises else self._first
        if not self._rises:
            return None
        if self._first is self._last:
            return self._last
        if self._adds_down != self._adds_up:
            return self._last if self._adds_down else self._first
        return None


def _adds(before: Decimal | None, row: TransactionRecord) -> bool:
    return (
        before is not None
        and row.running_balance is not None
        and before + row.amount == row.running_balance
    )
