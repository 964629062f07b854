"""What is known of an account's days: balances that were stated, and what rows come to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from core.continuity import Contradiction, DaySum, ProofRow, StatedBalance, StatementProof
from core.models import Job
from db.queries import load
from db.rows import read
from db.session import Tx

_SQL = load("continuity")

ROWS_MAX: Final = 2_000  # of a span of days


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What proves an account's days."""

    sums: list[DaySum]
    stated: list[StatedBalance]


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """Days of an account, of which is asked."""

    account_id: UUID
    currency: str
    first: date
    last: date


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
    asked = Days(account_id=account_id, currency=currency, first=first, last=last)
    return (await of_each(tx, tenant_id=tenant_id, asked=[asked]))[0]


async def of_each(tx: Tx, *, tenant_id: UUID, asked: Sequence[Days]) -> list[Known]:
    """The same of several accounts, in their order."""
    accounts, currencies = [one.account_id for one in asked], [one.currency for one in asked]
    starts, lasts = [one.first for one in asked], [one.last for one in asked]
    for row in await tx.rows(_SQL["base"], tenant_id, accounts, currencies, starts):
        starts[row["place"] - 1] = row["day"]
    found = [Known(sums=[], stated=[]) for _ in asked]
    for row in await tx.rows(_SQL["sums"], tenant_id, accounts, currencies, starts, lasts):
        found[row["place"] - 1].sums.append(read(DaySum, row))
    for row in await tx.rows(_SQL["stated"], tenant_id, accounts, currencies, starts, lasts):
        found[row["place"] - 1].stated.append(read(StatedBalance, row))
    return found


async def rows(
    tx: Tx,
    *,
    tenant_id: UUID,
    spans: Sequence[Days],
) -> list[list[ProofRow]]:
    """The rows of each span of days, pending and removed ones too; `ROWS_MAX` at most of each."""
    found: list[list[ProofRow]] = [[] for _ in spans]
    accounts, currencies = [one.account_id for one in spans], [one.currency for one in spans]
    firsts, lasts = [one.first for one in spans], [one.last for one in spans]
    for row in await tx.rows(
        _SQL["rows"], tenant_id, accounts, currencies, firsts, lasts, ROWS_MAX
    ):
        found[row["place"] - 1].append(read(ProofRow, row))
    return found


async def contradictions(
    tx: Tx, *, tenant_id: UUID, ids: Sequence[UUID], spans: Sequence[Days]
) -> dict[UUID, list[Contradiction]]:
    """What stands although its source says otherwise, by account: of these rows, and of those that
    it says to be of such days. `ROWS_MAX` at most for each account."""
    currencies = {one.account_id: one.currency for one in spans}
    firsts, lasts = [one.first for one in spans], [one.last for one in spans]
    found: dict[UUID, list[Contradiction]] = {account_id: [] for account_id in currencies}
    for row in await tx.rows(
        _SQL["contradictions"],
        tenant_id,
        list(currencies),
        list(currencies.values()),
        list(ids),
        firsts,
        lasts,
        ROWS_MAX * len(currencies),
    ):
        found[row["account_id"]].append(read(Contradiction, row))
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


async def fed(tx: Tx, job: Job, *, after: UUID | None, most: int) -> list[Fed]:
    """The next accounts that the job's connection feeds, in the order of ids. For a worker."""
    found = await tx.rows(_SQL["of_job"], job.tenant_id, job.connection_id, job.id, after, most)
    return [read(Fed, row) for row in found]


async def told(tx: Tx, job: Job, *, code: str) -> set[str]:
    """The messages of the job's findings with a code. For a worker."""
    return {row["message"] for row in await tx.rows(_SQL["told"], job.tenant_id, job.id, code)}
