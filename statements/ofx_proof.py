"""What an OFX statement says around its rows: a closing balance, which nothing proves alone."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Final

from core.records import (
    BalanceKind,
    BalanceRecord,
    ProofRecord,
    TransactionRecord,
    TransactionStatus,
)

_LEDGER: Final = "LEDGERBAL"
_POSTED: Final = TransactionStatus.POSTED


class Proof:
    """Follows one statement to its end."""

    __slots__ = ("_closing", "_count", "_line", "_mixed", "_sum", "from_date", "to_date")

    def __init__(self, line: int) -> None:
        self._line = line
        self._sum = Decimal(0)
        self._count = 0
        self._mixed = False  # rows are in another currency than the account
        self._closing: BalanceRecord | None = None
        self.from_date: date | None = None
        self.to_date: date | None = None

    def add(self, record: TransactionRecord, currency: str) -> None:
        """Take a row of the account, whose currency is given."""
        if record.status is _POSTED:
            self._count += 1
            if record.currency == currency:
                self._sum += record.amount
            else:
                self._mixed = True

    def close(self, balance: BalanceRecord) -> None:
        """Take a balance."""
        if balance.kind is BalanceKind.CURRENT_LEDGER and balance.code == _LEDGER:
            self._closing = balance

    def record(self, line_end: int) -> ProofRecord | None:
        """The statement as it ended; None where it states no ledger balance."""
        closing = self._closing
        if closing is None:
            return None
        return ProofRecord(
            account=closing.account,
            currency=closing.currency,
            entries=None if self._mixed else self._sum,
            entry_count=self._count,
            closing=closing.amount,
            from_date=self.from_date,
            to_date=self.to_date or closing.as_of,
            line=self._line,
            line_end=line_end,
        )
