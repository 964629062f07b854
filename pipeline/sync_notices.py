"""Notices of syncs: what a tenant hears of when one ends, in the transaction that ends it."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from core.models import Connection, Job
from core.notifications import NotificationKind
from core.provider_error import Action, ProviderError
from db import notifications
from db.session import Tx

FAILING: Final = 3  # failed syncs in a row are told of once, then every tenth
FAILING_AGAIN: Final = 10


async def tell_of_success(
    tx: Tx, job: Job, before: Connection, *, initial: bool, complete: bool
) -> list[UUID]:
    """Tells, once for each connection, that the newest days are there, and that all is."""
    told = []
    if initial and before.initial_complete_at is None:
        told.append(await _tell(tx, job, NotificationKind.INITIAL_SYNC_COMPLETE, key="initial"))
    if complete and before.history_complete_at is None:
        told.append(await _tell(tx, job, NotificationKind.HISTORICAL_SYNC_COMPLETE, key="history"))
    return [one for one in told if one is not None]


async def tell_of_failure(tx: Tx, job: Job, error: ProviderError, *, failures: int) -> list[UUID]:
    """Tells that a person must connect again, that the access is over for good, or that a
    connection fails and fails."""
    told = None
    if error.action is Action.STOP and not error.is_operators:
        # It is not tried again by itself, so that nothing else would tell of it.
        told = await _tell(
            tx,
            job,
            NotificationKind.CONNECTION_REVOKED,
            key=f"stopped:{job.id}",
            code=error.code,
        )
    elif error.action is Action.REAUTH:
        told = await _tell(
            tx,
            job,
            NotificationKind.REAUTHENTICATION_REQUIRED,
            key=f"reauth:{job.id}",
            code=error.code,
        )
    elif failures == FAILING or failures % FAILING_AGAIN == 0:
        told = await _tell(
            tx,
            job,
            NotificationKind.FAILING_REPEATEDLY,
            key=f"failing:{job.id}",
            code=error.code,
        )
    return [] if told is None else [told]


async def _tell(
    tx: Tx, job: Job, kind: NotificationKind, *, key: str, code: str | None = None
) -> UUID | None:
    return await notifications.put(
        tx,
        tenant_id=job.tenant_id,
        kind=kind,
        connection_id=job.connection_id,
        job_id=job.id,
        data={} if code is None else {"code": code},
        key=f"{key}:{job.connection_id}",
    )
