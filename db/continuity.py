"""What is known of an account's days: balances that were stated, and what rows come to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from core.continuity import DaySum, ProofRow, StatedBalance, StatementProof
from core.models import Job
from db.queries import load
from db.rows import read
from db.session import Tx

_SQL = load("continuity")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What proves an account's days."""

    sums: list[DaySum]
    stated: list[StatedBalance]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fed:
    """An account that a job's connection feeds, and the days that the job states balances of."""

    account_id: UUID
    name: str
    currency: str
    first_day: date | None
    last_day: date | None


async def known(
    tx: Tx, *, tenant_id: UUID, account_id: UUID, currency: str, first: date, last: date
) -> Known:
    """Of these days, and of those before them since the last balance that was stated."""
    base = await tx.row(_SQL["base"], tenant_id, [account_id], first, currency)
    start = first if base is None else base["day"]
    sums = await tx.rows(_SQL["sums"], tenant_id, account_id, start, last, currency)
    stated = await tx.rows(_SQL["stated"], tenant_id, account_id, start, last, currency)
    return Known(
        sums=[read(DaySum, row) for row in sums],
        stated=[read(StatedBalance, row) for row in stated],
    )


async def rows(
    tx: Tx,
    *,
    tenant_id: UUID,
    account_id: UUID,
    currency: str,
    spans: Sequence[tuple[date, date]],
) -> list[list[ProofRow]]:
    """The rows of each span of days, pending and removed ones too; 2,000 at most of each."""
    found: list[list[ProofRow]] = [[] for _ in spans]
    firsts, lasts = [first for first, _ in spans], [last for _, last in spans]
    for row in await tx.rows(_SQL["rows"], tenant_id, account_id, firsts, lasts, currency):
        found[row["place"] - 1].append(read(ProofRow, row))
    return found


async def statements(
    tx: Tx, *, tenant_id: UUID, account_id: UUID, first: date, last: date
) -> list[StatementProof]:
    """What documents say of spans of days that touch these, the newest first."""
    found = await tx.rows(_SQL["statements"], tenant_id, account_id, first, last)
    return [read(StatementProof, row) for row in found]


async def rejected(tx: Tx, *, tenant_id: UUID, job_ids: Collection[UUID]) -> Mapping[UUID, int]:
    """How many rows of each job's document could not be read; jobs without such are left out."""
    rows = await tx.rows(_SQL["rejected"], tenant_id, sorted(job_ids))
    return {row["job_id"]: row["rows"] for row in rows}


async def fed(tx: Tx, job: Job) -> list[Fed]:
    """The accounts that the job's connection feeds. For a worker."""
    found = await tx.rows(_SQL["of_job"], job.tenant_id, job.connection_id, job.id)
    return [read(Fed, row) for row in found]


async def told(tx: Tx, job: Job, *, code: str) -> set[str]:
    """The messages of the job's findings with a code. For a worker."""
    return {row["message"] for row in await tx.rows(_SQL["told"], job.tenant_id, job.id, code)}
