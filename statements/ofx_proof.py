"""What an OFX statement says around its rows: a closing balance, which nothing proves alone.

Its sum is of the rows that it leaves standing: what the same statement corrects, before or after,
is in none. A statement that an earlier one is corrected by has its own sum, and so has that one.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

from core.records import (
    BalanceKind,
    BalanceRecord,
    ProofRecord,
    TransactionRecord,
    TransactionStatus,
)

REMEMBERED_MAX: Final = 40_000  # rows of one statement; of more that are corrected no sum is known
_LEDGER: Final = "LEDGERBAL"
_POSTED: Final = TransactionStatus.POSTED


_Row = tuple[str | None, Decimal | None]  # its id; its amount, unless that is foreign


class _Corrected(NamedTuple):
    """An id that is corrected, and the number of the row that takes the place; 0: none in a sum."""

    external_id: str
    row: int


class Proof:
    """Follows one statement to its end."""

    __slots__ = (
        "_closing",
        "_corrected",
        "_count",
        "_foreign",
        "_line",
        "_rows",
        "_sum",
        "from_date",
        "to_date",
    )

    def __init__(self, line: int) -> None:
        self._line = line
        self._sum = Decimal(0)
        self._count = self._foreign = 0  # of rows; of those in another currency than the account
        self._rows: list[_Row] = []
        self._corrected: list[_Corrected] = []
        self._closing: BalanceRecord | None = None
        self.from_date: date | None = None
        self.to_date: date | None = None

    def add(self, record: TransactionRecord, currency: str) -> None:
        """Take a row of the account, whose currency is given."""
        number = 0
        if record.status is _POSTED:
            number = self._count = self._count + 1
            amount = record.amount if record.currency == currency else None
            if amount is None:
                self._foreign += 1
            else:
                self._sum += amount
            if number <= REMEMBERED_MAX:
                self._rows.append((record.external_id, amount))
        if record.pending_external_id is not None:
            self._corrected.append(_Corrected(record.pending_external_id, number))

    def delete(self, external_id: str) -> None:
        """Take a row that the bank deletes."""
        self._corrected.append(_Corrected(external_id, 0))

    def close(self, balance: BalanceRecord) -> None:
        """Take a balance."""
        if balance.kind is BalanceKind.CURRENT_LEDGER and balance.code == _LEDGER:
            self._closing = balance

    def record(self, line_end: int) -> ProofRecord | None:
        """The statement as it ended; None where it states no ledger balance."""
        closing = self._closing
        if closing is None:
            return None
        is_known = self._correct()
        return ProofRecord(
            account=closing.account,
            currency=closing.currency,
            entries=None if self._foreign or not is_known else self._sum,
            entry_count=self._count,
            closing=closing.amount,
            from_date=self.from_date,
            to_date=self.to_date or closing.as_of,
            line=self._line,
            line_end=line_end,
        )

    def _correct(self) -> bool:
        """Take what is corrected out of the sum; whether that can be told.

        An id that several rows have names none of them, and of several corrections of one id the
        last one counts, as on import.
        """
        if not self._corrected:
            return True
        if self._count > len(self._rows):
            return False
        under: defaultdict[str | None, list[int]] = defaultdict(list)
        for number, (external_id, _) in enumerate(self._rows, start=1):
            under[external_id].append(number)
        correcting = set(self._corrected)
        replaced: dict[int, int] = {}
        places: dict[str, int] = {}  # rows that stand for an id
        for one in self._corrected:
            old_id = one.external_id
            meant = [
                number
                for number in under[old_id]
                if number not in replaced and _Corrected(old_id, number) not in correcting
            ]
            if not meant:
                row = places.get(old_id, 0)
                while row in replaced:
                    row = replaced[row]
                meant = [row] if row and row != one.row else []
            if len(meant) > 1:
                continue
            if one.row:
                places[old_id] = one.row
            if meant:
                replaced[meant[0]] = one.row
        for number in replaced:
            amount = self._rows[number - 1][1]
            self._count -= 1
            self._foreign -= amount is None
            self._sum -= amount or 0
        return True
