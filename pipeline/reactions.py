"""Reactions: what the engine does because a provider told something of a connection."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, assert_never
from uuid import UUID

from core.jobs import JobTrigger
from core.notifications import NotificationKind
from db import notifications, syncs
from db import reactions as stored
from db.session import Tx
from pipeline.relinking import relinked
from providers.webhooks import Healthy, Ignore, Notice, Reaction, Reauth, Relinked, Revoked, Sync

AGAIN: Final = "Connect the account again."


async def react(
    tx: Tx, *, tenant_id: UUID, connection_id: UUID, reaction: Reaction, now: datetime
) -> list[UUID]:
    """Does what is asked for, as a worker of the tenant, in the transaction of the event.

    Returns the ids of jobs that workers are to be woken for after the commit. An event that comes
    twice changes nothing the second time, and tells nobody again on the same day.
    """
    told = _Told(tx, tenant_id, connection_id, now)
    match reaction:
        case Sync():
            if reaction.since is not None:
                await syncs.note_changed(
                    tx,
                    tenant_id=tenant_id,
                    connection_id=connection_id,
                    since=reaction.since,
                    at=now,
                )
            return await _synced(tx, tenant_id, connection_id)
        case Reauth():
            await _asked_again(told, reaction)
        case Revoked():
            # Where the accounts have moved on, what they left is over and the connection is not.
            if not await stored.is_of(
                tx,
                tenant_id=tenant_id,
                connection_id=connection_id,
                external_id=reaction.external_id,
            ):
                return []
            await _stopped(tx, tenant_id, connection_id, reaction.code)
            await told.of(NotificationKind.CONNECTION_REVOKED, {"code": reaction.code})
        case Healthy():
            await stored.heal(tx, tenant_id=tenant_id, connection_id=connection_id)
            return await _synced(tx, tenant_id, connection_id)
        case Notice():
            await told.of(NotificationKind(reaction.kind), reaction.data)
        case Relinked():
            return await relinked(
                tx, tenant_id=tenant_id, connection_id=connection_id, reaction=reaction
            )
        case Ignore():
            pass
        case _:
            assert_never(reaction)
    return []


async def tell_dead(
    tx: Tx, *, tenant_id: UUID, connection_id: UUID, event_id: UUID, now: datetime
) -> None:
    """Tells the tenant that an event could not be processed, and will not be tried again."""
    await notifications.put(
        tx,
        tenant_id=tenant_id,
        kind=NotificationKind.WEBHOOK_DEAD,
        connection_id=connection_id,
        data={"eventId": str(event_id)},
        key=f"webhook-dead:{event_id}",
    )


class _Told:
    """Tells the tenant of something of one connection, once a day."""

    def __init__(self, tx: Tx, tenant_id: UUID, connection_id: UUID, now: datetime) -> None:
        self.tx = tx
        self.tenant_id = tenant_id
        self.connection_id = connection_id
        self._now = now

    async def of(self, kind: NotificationKind, data: Mapping[str, str]) -> None:
        await notifications.put(
            self.tx,
            tenant_id=self.tenant_id,
            kind=kind,
            connection_id=self.connection_id,
            data=data,
            key=f"{kind}:{self.connection_id}:{self._now.date()}",
        )


async def _asked_again(told: _Told, reaction: Reauth) -> None:
    """A person must connect again: now, or by a time until which everything goes on."""
    if reaction.by is None:
        await _stopped(told.tx, told.tenant_id, told.connection_id, reaction.code)
        await told.of(NotificationKind.REAUTHENTICATION_REQUIRED, {"code": reaction.code})
        return
    await stored.ends(
        told.tx, tenant_id=told.tenant_id, connection_id=told.connection_id, at=reaction.by
    )
    data = {"code": reaction.code, "by": reaction.by.isoformat()}
    await told.of(NotificationKind.TOKEN_EXPIRING, data)


async def _synced(tx: Tx, tenant_id: UUID, connection_id: UUID) -> list[UUID]:
    job_id = await syncs.request(
        tx, tenant_id=tenant_id, connection_id=connection_id, trigger=JobTrigger.WEBHOOK
    )
    return [] if job_id is None else [job_id]


async def _stopped(tx: Tx, tenant_id: UUID, connection_id: UUID, code: str) -> None:
    await stored.stop(
        tx,
        tenant_id=tenant_id,
        connection_id=connection_id,
        code=code,
        message="The provider says that the access is over.",
        next_step=AGAIN,
    )
