"""Runs jobs: claims one, does what it asks for, and leaves the ledger telling the truth."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, assert_never
from uuid import UUID

from core.errors import (
    BankfeedsError,
    KeysUnavailable,
    LeaseLost,
    SealBroken,
    StorageUnavailable,
    UnknownKey,
    Unreadable,
)
from core.jobs import ATTEMPTS_MAX, JobKind, JobState, JobTask, retry_delay
from core.models import Job
from core.records import Finding, Severity
from core.scope import WorkerScope
from db import ledger
from db.blobs import BlobMissing
from db.failures import DatabaseUnavailable, TimedOut
from pipeline.derive import derive
from pipeline.importing import import_document
from pipeline.lease import lease_kept
from pipeline.revert import revert
from pipeline.services import Services

log = logging.getLogger(__name__)

SETTLE_PAUSES_S: Final = (1, 2, 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """How a run ended early: what to tell, and whether trying again can help."""

    code: str
    message: str
    retry: bool
    line: int | None = None


EXHAUSTED: Final = Failure(
    code="attempts-exhausted",
    message="Workers ended again and again while they had the job. Look into their logs, retry.",
    retry=True,
)


async def run(tenant_id: UUID, job_id: UUID, *, services: Services) -> None:
    """Runs a job, if it is due and nobody else does. Never raises but for cancellation.

    However a run ends, the ledger says how; where even that fails, the lease runs out and the
    sweep gives the job to another worker.
    """
    job = await _claim(tenant_id, job_id, services)
    if job is None:
        return
    log.info("job.claimed", extra={"job_id": str(job.id), "attempt": job.attempts})
    if job.attempts > ATTEMPTS_MAX:
        await _fail(job, services, EXHAUSTED)
        return
    try:
        async with lease_kept(job, services):
            state = await _do(job, services)
    except LeaseLost:
        log.warning("job.lease_lost", extra={"job_id": str(job.id)})
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
            raise Unreadable("unsupported", "This version runs no syncs.")
        case _:
            assert_never(job.kind)


# What is no fault of the document or of a statement. The first class that matches decides.
_AROUND: Final[tuple[tuple[tuple[type[Exception], ...], Failure], ...]] = (
    (
        (BlobMissing,),
        Failure(
            code="document-missing",
            message="The storage does not have the file. Restore it there and retry, or "
            "upload the file again.",
            retry=True,
        ),
    ),
    (
        (StorageUnavailable, OSError),
        Failure(code="storage-unavailable", message="The storage did not answer.", retry=True),
    ),
    (
        (KeysUnavailable,),
        Failure(
            code="keys-unavailable",
            message="The service that holds the keys did not answer, or denied their use.",
            retry=True,
        ),
    ),
    (
        (UnknownKey,),
        Failure(
            code="key-unknown",
            message="The key that sealed this is not configured, or is disabled or deleted.",
            retry=True,
        ),
    ),
    (
        (SealBroken,),
        Failure(
            code="seal-broken",
            message="The stored bytes do not open: they were changed, or the key was.",
            retry=False,
        ),
    ),
)


def failure_of(error: BaseException) -> Failure:
    """What an exception means for the job. Texts of unknown exceptions may hold data: none is."""
    match error:
        case Unreadable():
            return Failure(code=error.code, message=error.message, retry=False, line=error.line)
        case DatabaseUnavailable() | TimedOut():
            return Failure(code="database-unavailable", message=str(error), retry=True)
    for kinds, failure in _AROUND:
        if isinstance(error, kinds):
            return failure
    return Failure(code="internal", message="An internal error; see the log.", retry=True)


async def _fail(job: Job, services: Services, failure: Failure) -> None:
    if failure.retry and job.attempts < ATTEMPTS_MAX:
        await _settle_quietly(job, services, JobState.QUEUED, failure=failure)
    else:
        await _settle_quietly(job, services, JobState.FAILED, failure=failure)
    log.warning("job.failed", extra={"job_id": str(job.id), "code": failure.code})
    await services.tell(job)


async def _settle_quietly(
    job: Job, services: Services, state: JobState, *, failure: Failure | None
) -> None:
    """Settles a run that ended early; what cannot be written now, the lease settles later."""
    for pause_s in SETTLE_PAUSES_S:
        try:
            await _settle_early(job, services, state, failure)
        except DatabaseUnavailable:
            await asyncio.sleep(pause_s)  # it may be restarting; the lease would take longer
        except BankfeedsError as error:
            log.warning(
                "job.unsettled", extra={"job_id": str(job.id), "error": type(error).__name__}
            )
            return
        else:
            return
    log.warning("job.unsettled", extra={"job_id": str(job.id), "error": "DatabaseUnavailable"})


async def _settle_early(
    job: Job, services: Services, state: JobState, failure: Failure | None
) -> None:
    delay = retry_delay(job.attempts) if failure is not None else timedelta(0)
    async with services.database.as_(WorkerScope(tenant_id=job.tenant_id)) as tx:
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
        )
