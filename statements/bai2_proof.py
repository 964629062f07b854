"""What a BAI2 account record (03) and its details prove: opening + details = closing ledger."""

from __future__ import annotations

from decimal import Decimal

from core.records import BalanceKind, BalanceRecord, ProofRecord, SummaryRecord
from statements.bai2_summaries import Standing
from statements.bai2_totals import Tally
from statements.bai2_values import scaled

_LEDGER = (BalanceKind.OPENING_LEDGER, BalanceKind.CLOSING_LEDGER)


class Proof:
    """Follows one account record to its trailer."""

    __slots__ = ("_ledger", "_standing", "_tally")

    def __init__(self, standing: Standing, tally: Tally) -> None:
        self._standing = standing
        self._tally = tally
        self._ledger: dict[BalanceKind, Decimal] = {}  # the first of each that is stated

    def state(self, record: BalanceRecord | SummaryRecord) -> None:
        """Take a balance of the account."""
        if isinstance(record, BalanceRecord) and record.kind in _LEDGER:
            self._ledger.setdefault(record.kind, record.amount)

    def record(self, *, trailers: int, line_end: int) -> ProofRecord:
        """The account record as it ended. `trailers` says how many the tally has counted."""
        standing, tally = self._standing, self._tally
        entries = scaled(tally.net() - tally.left_out_net, standing.decimals)
        count = tally.records - 1 - trailers - tally.left_out
        opening, closing = (self._ledger.get(kind) for kind in _LEDGER)
        holds = None
        if opening is not None and closing is not None:
            holds = opening + entries == closing
            # A report of balances alone has no details, whatever was booked.
            if not holds and count == 0 and tally.left_out == tally.messages:
                holds = None
        return ProofRecord(
            account=standing.account,
            currency=standing.currency,
            entries=entries,
            entry_count=count,
            opening=opening,
            closing=closing,
            from_date=standing.as_of,
            to_date=standing.as_of,
            holds=holds,
            line=standing.line,
            line_end=line_end,
        )
