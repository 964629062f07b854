"""Runs jobs: claims one, does what it asks for, and leaves the ledger telling the truth."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import Final, assert_never
from uuid import UUID

from core.errors import BankfeedsError, Conflict, LeaseLost
from core.jobs import JobKind, JobState, JobTask
from core.models import Job
from core.provider_error import Postponed, ProviderError
from core.records import Finding, Severity
from core.scope import WorkerScope
from db import ledger, raw, syncs
from db.failures import DatabaseUnavailable, TimedOut
from pipeline.attempts import attempts_max
from pipeline.derive import derive
from pipeline.failure import EXHAUSTED, Failure, failure_of, provider_failure
from pipeline.importing import import_document
from pipeline.lease import lease_kept
from pipeline.pickup import pick_up
from pipeline.recategorizing import recategorize
from pipeline.reranking import rerank
from pipeline.revert import revert
from pipeline.services import Services
from pipeline.sync_end import failed
from pipeline.syncing import Cancelled, sync
from providers.pickup.registry import is_source

log = logging.getLogger(__name__)

SETTLE_PAUSES_S: Final = (1, 2, 3)


async def run(tenant_id: UUID, job_id: UUID, *, services: Services) -> bool:
    """Runs a job, if it is due and nobody else does; whether it did.

    Never raises but for cancellation. However a run ends, the ledger says how; where even that
    fails, the lease runs out and the sweep gives the job to another worker.
    """
    job = await _claim(tenant_id, job_id, services)
    if job is None:
        return False
    log.info("job.claimed", extra={"job_id": str(job.id), "attempt": job.attempts})
    if job.attempts > 1 and job.attempts > await attempts_max(job, services):
        await _fail(job, services, EXHAUSTED)
        return True
    await _run(job, services)
    return True


async def _run(job: Job, services: Services) -> None:
    try:
        async with lease_kept(job, services):
            state = await _do(job, services)
    except LeaseLost:
        log.warning("job.lease_lost", extra={"job_id": str(job.id)})
        return
    except ProviderError as error:
        await _fail(job, services, provider_failure(error))
        return
    except Postponed as postponed:
        await _settle_quietly(job, services, JobState.QUEUED, failure=None, delay=postponed.delay)
        return
    except Cancelled:
        await _settle_quietly(job, services, JobState.CANCELLED, failure=None)
        await services.tell(job)
        return
    except asyncio.CancelledError:
        # The worker is going down: the job is free for the next one at once.
        await asyncio.shield(_settle_quietly(job, services, JobState.QUEUED, failure=None))
        raise
    except Exception as error:
        await _fail(job, services, failure_of(error))
        if not isinstance(error, BankfeedsError):
            log.exception("job.crashed", extra={"job_id": str(job.id)})
        return
    log.info("job.settled", extra={"job_id": str(job.id), "state": state.value})
    await services.tell(job)


async def _claim(tenant_id: UUID, job_id: UUID, services: Services) -> Job | None:
    try:
        return await ledger.claim(
            services.database, tenant_id=tenant_id, job_id=job_id, lease=services.lease
        )
    except (DatabaseUnavailable, TimedOut):
        log.warning("job.claim_failed", extra={"job_id": str(job_id)})
        return None


async def _do(job: Job, services: Services) -> JobState:
    if job.task is JobTask.REVERT:
        return await revert(job, services)
    match job.kind:
        case JobKind.IMPORT:
            return await import_document(job, services)
        case JobKind.DERIVE:
            return await derive(job, services)
        case JobKind.SYNC:
            return await _synced(job, services)
        case JobKind.CATEGORIZE:
            return await recategorize(job, services)
        case JobKind.MATCH:
            return await rerank(job, services)
        case _:
            assert_never(job.kind)


async def _synced(job: Job, services: Services) -> JobState:
    """Asks whatever the connection is to: a provider for records, or a source for files."""
    async with services.database.as_(services.scope(job)) as tx:
        connection = await raw.connection(
            tx, tenant_id=job.tenant_id, connection_id=job.connection_id
        )
    if is_source(connection.provider):
        return await pick_up(job, connection, services)
    return await sync(job, services)


async def _fail(job: Job, services: Services, failure: Failure) -> None:
    is_final = not failure.retry or job.attempts >= await attempts_max(job, services)
    state = JobState.FAILED if is_final else JobState.QUEUED
    is_settled = await _settle_quietly(job, services, state, failure=failure)
    if is_settled and job.kind is JobKind.SYNC:  # else another worker has it, and says how it went
        await failed(job, failure, services, is_final=is_final)
    log.warning("job.failed", extra={"job_id": str(job.id), "code": failure.code})
    await services.tell(job)


async def _settle_quietly(
    job: Job,
    services: Services,
    state: JobState,
    *,
    failure: Failure | None,
    delay: timedelta | None = None,
) -> bool:
    """Settles a run that ended early; what cannot be written now, the lease settles later.

    Whether it was ours to settle, and is settled.
    """
    for pause_s in SETTLE_PAUSES_S:
        try:
            await _settle_early(job, services, state, failure, delay)
        except DatabaseUnavailable:
            await asyncio.sleep(pause_s)  # it may be restarting; the lease would take longer
        except Conflict:
            continue  # another sync of the connection was asked for in this moment
        except BankfeedsError as error:
            log.warning(
                "job.unsettled", extra={"job_id": str(job.id), "error": type(error).__name__}
            )
            return False
        else:
            return True
    log.warning("job.unsettled", extra={"job_id": str(job.id), "error": "tried too often"})
    return False


async def _settle_early(
    job: Job,
    services: Services,
    state: JobState,
    failure: Failure | None,
    delay: timedelta | None,
) -> None:
    if delay is None:
        delay = timedelta(0) if failure is None else failure.delay(job.attempts)
    provider = failure.provider if failure else None
    async with services.database.as_(WorkerScope(tenant_id=job.tenant_id)) as tx:
        waits = state is JobState.QUEUED and job.kind is JobKind.SYNC and job.task is JobTask.RUN
        # One sync waits at most: whoever asked while this one ran has the connection's next.
        if waits and await syncs.give_way(tx, job, delay=delay):
            state = JobState.CANCELLED if failure is None else JobState.FAILED
        # What was no fault of the document would still stand there when a retry has ended well.
        if failure is not None and not failure.retry:
            await ledger.put_findings(
                tx,
                job,
                start=await ledger.next_finding(tx, job),
                findings=[
                    Finding(Severity.ERROR, failure.code, failure.message, line=failure.line)
                ],
            )
        await ledger.settle(
            tx,
            job,
            state,
            delay=delay,
            error_code=failure.code if failure else None,
            error_message=failure.message if failure else None,
            error_kind=provider.kind if provider else None,
            next_step=provider.next_step if provider else None,
        )
