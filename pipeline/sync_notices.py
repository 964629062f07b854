"""Notices of syncs: what a tenant hears of when one ends, in the transaction that ends it."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from core.models import Connection, Job
from core.notifications import NotificationKind
from core.provider_error import Action, ErrorKind, ProviderError
from db import notifications
from db.session import Tx

FAILING: Final = 3  # failed syncs in a row are told of once, then every tenth
FAILING_AGAIN: Final = 10
TEXT_MAX: Final = 500
# The provider does not know the connection any more, or has ended it.
OVER: Final = frozenset({"not-found", "disconnected"})


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
    """Tells that a person must connect again, that the access is over for good, that something is
    to be put right, or that a connection fails and fails."""
    if error.action is Action.STOP and not error.is_operators:
        # It is not tried again by itself, or not soon, so that nothing else would tell of it.
        is_over = error.kind is ErrorKind.AUTHENTICATION or error.code in OVER
        kind = (
            NotificationKind.CONNECTION_REVOKED if is_over else NotificationKind.CONNECTION_STOPPED
        )
        told = await _tell(tx, job, kind, key=f"stopped:{job.id}", error=error)
    elif error.action is Action.REAUTH:
        kind = NotificationKind.REAUTHENTICATION_REQUIRED
        told = await _tell(tx, job, kind, key=f"reauth:{job.id}", error=error)
    elif failures == FAILING or failures % FAILING_AGAIN == 0:
        kind = NotificationKind.FAILING_REPEATEDLY
        told = await _tell(tx, job, kind, key=f"failing:{job.id}", error=error)
    else:
        told = None
    return [] if told is None else [told]


async def _tell(
    tx: Tx, job: Job, kind: NotificationKind, *, key: str, error: ProviderError | None = None
) -> UUID | None:
    data = {}
    if error is not None:
        data = {"code": error.code, "message": error.message, "nextStep": error.next_step}
    return await notifications.put(
        tx,
        tenant_id=job.tenant_id,
        kind=kind,
        connection_id=job.connection_id,
        job_id=job.id,
        data={name: text[:TEXT_MAX] for name, text in data.items()},
        key=f"{key}:{job.connection_id}",
    )
