"""What may be behind differences of balances, from what is stored of their days."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final
from uuid import UUID

from core.continuity import Difference, ProofRow, StatedBalance, StatementProof
from db import continuity
from db.continuity import ROWS_MAX, Days, Known
from db.session import Tx
from matching.statement_explain import explain
from pipeline.flow import in_thread

ROWS_AT_ONCE: Final = 20_000  # read of several accounts together


@dataclass(frozen=True, slots=True, kw_only=True)
class Unexplained:
    """What differs in an account, and what is known of its days."""

    account_id: UUID
    currency: str
    known: Known
    found: Sequence[Difference]
    statements: Sequence[StatementProof] = ()

    @property
    def rows(self) -> int:
        """How many booked rows its days have, as far as they are read."""
        return sum(
            min(
                ROWS_MAX,
                sum(day.rows for day in self.known.sums if one.since <= day.day <= one.day),
            )
            for one in self.found
        )

    def stated(self, one: Difference) -> list[StatedBalance]:
        """The balances that are stated of a difference's days."""
        return [balance for balance in self.known.stated if one.since <= balance.day <= one.day]


async def explained(
    tx: Tx, *, tenant_id: UUID, asked: Sequence[Unexplained]
) -> list[list[Difference]]:
    """The differences of each account with what may be behind them."""
    told: list[list[Difference]] = []
    for some in _parts(asked):
        told += await _explained(tx, tenant_id, some)
    return told


def _parts(asked: Sequence[Unexplained]) -> Iterator[list[Unexplained]]:
    """Accounts whose rows are read together; none of those that have no differences."""
    part: list[Unexplained] = []
    rows = 0
    for one in asked:
        if part and rows + one.rows > ROWS_AT_ONCE:
            yield part
            part, rows = [], 0
        part.append(one)
        rows += one.rows
    if part:
        yield part


async def _explained(
    tx: Tx, tenant_id: UUID, asked: Sequence[Unexplained]
) -> list[list[Difference]]:
    spans = [
        Days(account_id=of.account_id, currency=of.currency, first=one.since, last=one.day)
        for of in asked
        for one in of.found
    ]
    if not spans:
        return [[] for _ in asked]
    rows = await continuity.rows(tx, tenant_id=tenant_id, spans=spans)
    contradictions = await continuity.contradictions(
        tx, tenant_id=tenant_id, ids=[row.id for some in rows for row in some], spans=spans
    )
    jobs = {balance.job_id for of in asked for one in of.found for balance in of.stated(one)}
    unread = await continuity.rejected(tx, tenant_id=tenant_id, job_ids=jobs)

    def told(of: Unexplained, of_each: Iterator[list[ProofRow]]) -> list[Difference]:
        return [
            explain(
                one,
                rows=next(of_each),
                stated=of.stated(one),
                currency=of.currency,
                contradictions=contradictions[of.account_id],
                statements=of.statements,
                rejected=sum(
                    unread.get(job, 0) for job in {balance.job_id for balance in of.stated(one)}
                ),
            )
            for one in of.found
        ]

    of_each = iter(rows)
    # The search takes up to a second.
    return [await in_thread(partial(told, of, of_each)) for of in asked]
