"""Batches: a withdrawal opens one only where the batch before says what it takes back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from core.records import (
    BalanceKind,
    BalanceRecord,
    Record,
    TransactionRecord,
    TransactionStatus,
    WithdrawalRecord,
)
from pipeline.batch import batches

MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)


def test_withdrawals_of_other_days_share_a_batch() -> None:
    records: list[Record] = [_withdrawal(MONDAY), _row(MONDAY), _withdrawal(TUESDAY), _row(TUESDAY)]

    assert _sizes(records) == [(2, 2)]


def test_withdrawals_of_other_accounts_share_a_batch() -> None:
    records: list[Record] = [_row(MONDAY, "a"), _withdrawal(MONDAY, "b"), _row(MONDAY, "b")]

    assert _sizes(records) == [(1, 2)]


def test_a_withdrawal_of_a_row_before_it_opens_a_batch() -> None:
    records: list[Record] = [_row(MONDAY), _row(TUESDAY), _withdrawal(MONDAY), _row(MONDAY)]

    assert _sizes(records) == [(0, 2), (1, 1)]


def test_a_withdrawal_of_a_balance_before_it_opens_a_batch() -> None:
    balance = BalanceRecord("a", BalanceKind.CLOSING_LEDGER, Decimal(1), "EUR", MONDAY)

    assert _sizes([balance, _withdrawal(MONDAY)]) == [(0, 0), (1, 0)]


def test_consecutive_withdrawals_of_the_same_are_one() -> None:
    (batch,) = batches([_withdrawal(MONDAY, line=2), _withdrawal(MONDAY, line=5), _row(MONDAY)])

    assert [one.line for one in batch.withdrawals] == [2]
    assert batch.end == 3


def test_a_thousand_corrected_days_are_one_batch() -> None:
    days = [date.fromordinal(MONDAY.toordinal() + number) for number in range(1_000)]
    records: list[Record] = [record for day in days for record in (_withdrawal(day), _row(day))]

    assert _sizes(records) == [(1_000, 1_000)]


def _sizes(records: Sequence[Record]) -> list[tuple[int, int]]:
    """Of each batch the withdrawals and the rows."""
    return [(len(batch.withdrawals), len(batch.transactions)) for batch in batches(records)]


def _withdrawal(day: date, account: str = "a", *, line: int = 0) -> WithdrawalRecord:
    return WithdrawalRecord(account=account, posted_date=day, line=line)


def _row(day: date, account: str = "a") -> TransactionRecord:
    return TransactionRecord(
        account, Decimal(1), "EUR", day, TransactionStatus.POSTED, "COFFEE", "COFFEE", 1, 1
    )
