"""The ledger as workers use it: claim, renew, advance, settle. Every write names the fence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from core.errors import Conflict, LeaseLost
from core.jobs import BUSY_DELAY, JobStage, JobState
from core.models import Job, Outcome, RawDocument
from core.records import Finding
from core.scope import WorkerScope
from db.queries import load
from db.rows import read
from db.session import Database, Tx

_SQL = load("ledger")

FINDINGS_MAX: Final = 10_000  # kept per job; the rest is counted
_MESSAGE_MAX: Final = 2_000
_RAW_MAX: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What one batch did, in rows."""

    processed: int = 0
    imported: int = 0
    duplicate: int = 0
    changed: int = 0
    rejected: int = 0
    withdrawn: int = 0
    waiting: int = 0

    def plus(self, other: Counts) -> Counts:
        """Both together."""
        return Counts(
            **{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)}
        )


async def due(database: Database, *, most: int) -> list[tuple[UUID, UUID]]:
    """Tenant and job ids of what is due in all tenants, one of each tenant first."""
    async with database.as_(WorkerScope(tenant_id=None), read_only=True) as tx:
        rows = await tx.rows(_SQL["due"], most)
    return [(row["tenant_id"], row["job_id"]) for row in rows]


async def claim(
    database: Database, *, tenant_id: UUID, job_id: UUID, lease: timedelta
) -> Job | None:
    """The job, now running under a new fence; None where it is not due or its connection is busy.

    The database allows one running job per connection, so two claims cannot both succeed.
    """
    scope = WorkerScope(tenant_id=tenant_id)
    try:
        async with database.as_(scope) as tx:
            row = await tx.row(_SQL["claim"], tenant_id, job_id, lease)
    except Conflict:
        async with database.as_(scope) as tx:
            await tx.run(_SQL["postpone"], tenant_id, job_id, BUSY_DELAY)
        return None
    return None if row is None else read(Job, row)


async def renew(
    tx: Tx,
    job: Job,
    *,
    lease: timedelta,
    stage: JobStage | None = None,
    total: int | None = None,
    fetched: int | None = None,
) -> None:
    """Keeps the lease and tells how far the job is. Raises LeaseLost."""
    _held(
        await tx.run(_SQL["renew"], job.tenant_id, job.id, job.fence, lease, stage, total, fetched)
    )


async def read_as(tx: Tx, job: Job, *, format_name: str, profile: dict[str, Any] | None) -> None:
    """Notes how the document is read, so that it can be read again the same way."""
    _held(await tx.run(_SQL["read_as"], job.tenant_id, job.id, job.fence, format_name, profile))


async def advance(
    tx: Tx,
    job: Job,
    *,
    lease: timedelta,
    checkpoint: int,
    counts: Counts,
    rate: int,
    wrote: bool = False,
) -> None:
    """Notes a batch as done, in the transaction that wrote its rows. Raises LeaseLost.

    `wrote`: something of the job may stand from now on.
    """
    row = await tx.row(
        _SQL["advance"],
        job.tenant_id,
        job.id,
        job.fence,
        lease,
        checkpoint,
        counts.processed,
        counts.imported,
        counts.duplicate,
        counts.changed,
        counts.rejected,
        counts.withdrawn,
        counts.waiting,
        rate,
        wrote,
    )
    _held(0 if row is None else 1)


async def start_over(tx: Tx, job: Job) -> None:
    """Sets counts and checkpoint to nothing. Raises LeaseLost."""
    _held(await tx.run(_SQL["start_over"], job.tenant_id, job.id, job.fence))


async def settle(
    tx: Tx,
    job: Job,
    state: JobState,
    *,
    delay: timedelta = timedelta(0),
    error_code: str | None = None,
    error_message: str | None = None,
    error_kind: str | None = None,
    next_step: str | None = None,
) -> None:
    """Ends the run: a final state, or QUEUED to try again after a delay. Raises LeaseLost."""
    message = error_message[:_MESSAGE_MAX] if error_message else None
    _held(
        await tx.run(
            _SQL["settle"],
            job.tenant_id,
            job.id,
            job.fence,
            state,
            delay,
            error_code,
            message,
            error_kind,
            next_step,
        )
    )


async def finish(tx: Tx, job: Job) -> JobState:
    """Ends a job whose document is through, in the state that its counts say. Raises LeaseLost."""
    state = await tx.value(_SQL["finish"], job.tenant_id, job.id, job.fence)
    if state is None:
        raise LeaseLost("another worker has the job")
    return JobState(state)


async def settle_preview(
    tx: Tx,
    job: Job,
    *,
    outcomes: Mapping[Outcome, int],
    withdrawn: int,
    error_code: str | None,
    error_message: str | None,
) -> None:
    """Ends a preview: the job awaits its review, perhaps because of an error. Raises LeaseLost."""
    _held(
        await tx.run(
            _SQL["settle_preview"],
            job.tenant_id,
            job.id,
            job.fence,
            outcomes.get(Outcome.NEW, 0),
            outcomes.get(Outcome.DUPLICATE, 0),
            outcomes.get(Outcome.CHANGED, 0),
            outcomes.get(Outcome.WAITING, 0),
            withdrawn,
            error_code,
            error_message,
        )
    )


async def processed(tx: Tx, job: Job, *, ids: Sequence[UUID]) -> int:
    """How many rows of their documents other jobs have dealt with."""
    count = await tx.value(_SQL["processed"], job.tenant_id, list(ids))
    assert isinstance(count, int)
    return count


async def rewind(tx: Tx, job: Job, *, lineage_id: UUID) -> None:
    """Makes imports of the lineage that stopped half-way start over when they go on.

    What they wrote or left waiting is about to change under them.
    """
    await tx.run(_SQL["rewind"], job.tenant_id, job.id, lineage_id)


async def rewind_newer(tx: Tx, job: Job, *, lineage_id: UUID, than: RawDocument) -> None:
    """Makes imports of newer documents that stopped half-way start over when they go on."""
    await tx.run(_SQL["rewind_newer"], job.tenant_id, job.id, lineage_id, than.received_at, than.id)


async def derived(tx: Tx, *, tenant_id: UUID, job_id: UUID, counts: Counts, waiting: int) -> None:
    """Notes what became of rows of an earlier job that waited, and how many wait still."""
    await tx.run(
        _SQL["derived"],
        tenant_id,
        job_id,
        waiting,
        counts.rejected,
        counts.imported,
        counts.duplicate,
        counts.changed,
    )


async def put_findings(tx: Tx, job: Job, *, start: int, findings: Sequence[Finding]) -> None:
    """Keeps findings from position `start` on; those past FINDINGS_MAX are only counted."""
    kept = findings[: max(FINDINGS_MAX - start, 0)]
    if not kept:
        return
    await tx.run(
        _SQL["put_findings"],
        job.tenant_id,
        job.id,
        list(range(start, start + len(kept))),
        [finding.severity.value for finding in kept],
        [finding.code for finding in kept],
        [_text(finding.message, _MESSAGE_MAX) for finding in kept],
        [finding.line for finding in kept],
        [_text(finding.field, _RAW_MAX) for finding in kept],
        [_text(finding.raw, _RAW_MAX) for finding in kept],
        [finding.rejected for finding in kept],
    )


async def next_finding(tx: Tx, job: Job) -> int:
    """The position after the job's last finding."""
    position = await tx.value(_SQL["next_finding"], job.tenant_id, job.id)
    assert isinstance(position, int)
    return position


async def clear_findings(tx: Tx, job: Job) -> None:
    """Forgets the findings of an earlier try."""
    await tx.run(_SQL["clear_findings"], job.tenant_id, job.id)


async def clear_previews(tx: Tx, job: Job) -> None:
    """Forgets the preview of a review."""
    await tx.run(_SQL["clear_previews"], job.tenant_id, job.id)


def _held(touched: int) -> None:
    if touched == 0:
        raise LeaseLost("another worker has the job")


def _text(text: str | None, most: int) -> str | None:
    if text is None:
        return None
    # What could not be read may hold anything, also what Postgres cannot: NUL and surrogates.
    return text[:most].replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")
