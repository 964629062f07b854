"""The last running balance of an account, where the file leaves no doubt which one that is."""

from __future__ import annotations

from decimal import Decimal

from core.records import BalanceKind, BalanceRecord, TransactionRecord


class RunningBalance:
    """Follows the booked rows of one account.

    The newest row is the last one where dates never fall, the first one where they never rise.
    With a single date the balances decide: they must add up in one direction and not in the
    other. In all other cases, and where the newest row has no balance, there is none.
    """

    __slots__ = ("_adds_down", "_adds_up", "_falls", "_first", "_last", "_rises")

    def __init__(self) -> None:
        self._first: TransactionRecord | None = None
        self._last: TransactionRecord | None = None
        self._rises = self._falls = True  # dates, down the file
        self._adds_down = self._adds_up = True  # balances, oldest first and newest first

    def follow(self, row: TransactionRecord) -> None:
        """Takes in the next booked row of the account."""
        last = self._last
        if last is None:
            self._first = row
        else:
            assert row.posted_date is not None and last.posted_date is not None
            if row.posted_date < last.posted_date:
                self._rises = False
            elif row.posted_date > last.posted_date:
                self._falls = False
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
