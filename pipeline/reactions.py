"""Reactions: what the engine does because a provider told something of a connection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Reacted:
    """What is to follow the commit: workers are woken for jobs, and notifications are announced."""

    jobs: tuple[UUID, ...] = ()
    notifications: tuple[UUID, ...] = ()


NOTHING: Final = Reacted()


async def react(
    tx: Tx, *, tenant_id: UUID, connection_id: UUID, reaction: Reaction, now: datetime
) -> Reacted:
    """Does what is asked for, as a worker of the tenant, in the transaction of the event.

    An event that comes twice changes nothing the second time, and tells nobody again on the same
    day.
    """
    told = _Told(tx, tenant_id, connection_id, now)
    reacted = NOTHING
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
            reacted = await _synced(tx, tenant_id, connection_id)
        case Reauth():
            reacted = await _asked_again(told, reaction)
        case Revoked():
            reacted = await _revoked(told, reaction)
        case Healthy():
            await stored.heal(tx, tenant_id=tenant_id, connection_id=connection_id)
            reacted = await _synced(tx, tenant_id, connection_id)
        case Notice():
            reacted = await told.of(NotificationKind(reaction.kind), reaction.data)
        case Relinked():
            changed = await relinked(
                tx, tenant_id=tenant_id, connection_id=connection_id, reaction=reaction
            )
            if changed is not None:
                reacted = await _synced(tx, tenant_id, changed)
        case Ignore():
            pass
        case _:
            assert_never(reaction)
    return reacted


async def tell_dead(tx: Tx, *, tenant_id: UUID, connection_id: UUID, event_id: UUID) -> UUID | None:
    """Tells the tenant that an event could not be processed, and will not be tried again.

    The id of the notification, to be announced after the commit.
    """
    return await notifications.put(
        tx,
        tenant_id=tenant_id,
        kind=NotificationKind.WEBHOOK_DEAD,
        connection_id=connection_id,
        data={"eventId": str(event_id)},
        key=f"webhook-dead:{event_id}",
    )


class _Told:
    """Tells the tenant of something of one connection, once a day and account."""

    def __init__(self, tx: Tx, tenant_id: UUID, connection_id: UUID, now: datetime) -> None:
        self.tx = tx
        self.tenant_id = tenant_id
        self.connection_id = connection_id
        self._now = now

    async def of(self, kind: NotificationKind, data: Mapping[str, str]) -> Reacted:
        found = await notifications.put(
            self.tx,
            tenant_id=self.tenant_id,
            kind=kind,
            connection_id=self.connection_id,
            data=data,
            key=f"{kind}:{self.connection_id}:{self._now.date()}{_ending(data)}",
        )
        return NOTHING if found is None else Reacted(notifications=(found,))


def _ending(data: Mapping[str, str]) -> str:
    """What tells a second account's notice from the first one's of the day."""
    return f":{data['account']}" if "account" in data else ""


async def _asked_again(told: _Told, reaction: Reauth) -> Reacted:
    """A person must connect again: now, or by a time until which everything goes on."""
    if reaction.by is None:
        await _stopped(told.tx, told.tenant_id, told.connection_id, reaction.code)
        return await told.of(NotificationKind.REAUTHENTICATION_REQUIRED, {"code": reaction.code})
    await stored.ends(
        told.tx, tenant_id=told.tenant_id, connection_id=told.connection_id, at=reaction.by
    )
    data = {"code": reaction.code, "by": reaction.by.isoformat()}
    return await told.of(NotificationKind.TOKEN_EXPIRING, data)


async def _revoked(told: _Told, reaction: Revoked) -> Reacted:
    """The access is over. Where the accounts have moved on, what they left is, and that is all."""
    if not await stored.is_of(
        told.tx,
        tenant_id=told.tenant_id,
        connection_id=told.connection_id,
        external_id=reaction.external_id,
    ):
        return NOTHING
    await _stopped(told.tx, told.tenant_id, told.connection_id, reaction.code)
    return await told.of(NotificationKind.CONNECTION_REVOKED, {"code": reaction.code})


async def _synced(tx: Tx, tenant_id: UUID, connection_id: UUID) -> Reacted:
    job_id = await syncs.request(
        tx, tenant_id=tenant_id, connection_id=connection_id, trigger=JobTrigger.WEBHOOK
    )
    return NOTHING if job_id is None else Reacted(jobs=(job_id,))


async def _stopped(tx: Tx, tenant_id: UUID, connection_id: UUID, code: str) -> None:
    await stored.stop(
        tx,
        tenant_id=tenant_id,
        connection_id=connection_id,
        code=code,
        message="The provider says that the access is over.",
        next_step=AGAIN,
    )
