"""Notification channels: where a tenant's notifications are sent, as admins see and change them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from core.models import Role
from core.notifications import ChannelType, DisabledReason, NotificationChannel, NotificationKind
from core.page import Page
from db import select
from db.queries import load
from db.rows import read
from db.select import Listing, Order
from db.session import Tx

_SQL = load("notification_channels")

PREVIOUS_UNTIL: Final = (
    "(select s.previous_until from app.notification_channel_secrets as s"
    " where s.tenant_id = ch.tenant_id and s.channel_id = ch.id)"
)
LISTING: Final = Listing(
    source="app.notification_channels as ch",
    alias="ch",
    overrides={"previous_until": PREVIOUS_UNTIL},
)
NEWEST: Final = Order(
    name="channels", keys=(select.by_instant("ch.created_at"), select.by_id("ch"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """Something secret, and as much of it as is shown: a host, the last characters."""

    sealed: bytes = field(repr=False)
    host: str | None = None
    ending: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipients:
    """Whom an email channel writes to: these addresses, or the members of a role and above."""

    addresses: tuple[str, ...] | None = None
    role: Role | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewChannel:
    """What a channel begins with; its id is known before, for it is sealed to it."""

    id: UUID
    type: ChannelType
    name: str
    kinds: tuple[NotificationKind, ...] | None
    url: Sealed | None
    secret: Sealed | None
    recipients: Recipients


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelChange:
    """What to change. None leaves a value; a tuple holds the new one, which may be None."""

    name: str | None = None
    kinds: tuple[tuple[NotificationKind, ...] | None] | None = None
    enabled: bool | None = None
    url: Sealed | None = None
    secret: Sealed | None = None
    recipients: Recipients | None = None


async def by_ids(
    tx: Tx, *, tenant_id: UUID, ids: Sequence[UUID]
) -> Mapping[UUID, NotificationChannel]:
    """Channels by id; row-level security hides them from all but admins."""
    return await select.by_ids(
        tx, NotificationChannel, listing=LISTING, tenant_id=tenant_id, ids=ids
    )


async def find(tx: Tx, *, tenant_id: UUID, channel_id: UUID) -> NotificationChannel | None:
    """One channel."""
    return (await by_ids(tx, tenant_id=tenant_id, ids=[channel_id])).get(channel_id)


async def page(
    tx: Tx, *, tenant_id: UUID, first: int, after: str | None
) -> Page[NotificationChannel]:
    """Channels, newest first."""
    return await select.page(
        tx,
        NotificationChannel,
        listing=LISTING,
        tenant_id=tenant_id,
        where=(),
        order=NEWEST,
        first=first,
        after=after,
    )


async def count(tx: Tx, *, tenant_id: UUID) -> int:
    """How many channels there are."""
    return int(await tx.value(_SQL["count"], tenant_id))


async def serialize(tx: Tx, *, tenant_id: UUID) -> None:
    """Waits until nobody else counts the tenant's channels or tests to add one."""
    await tx.run(_SQL["serialize"], tenant_id)


async def create(
    tx: Tx, *, tenant_id: UUID, new: NewChannel, created_by: UUID
) -> NotificationChannel:
    """A new channel."""
    row = await tx.row(
        _SQL["create"],
        tenant_id,
        new.id,
        new.type,
        new.name,
        new.kinds,
        new.url and new.url.host,
        (new.secret and new.secret.ending) or (new.url and new.url.ending),
        new.recipients.addresses,
        new.recipients.role,
        created_by,
    )
    assert row is not None
    if new.url is not None:
        secret = None if new.secret is None else new.secret.sealed
        await tx.run(_SQL["keep"], tenant_id, new.id, new.url.sealed, secret)
    return read(NotificationChannel, row)


async def update(
    tx: Tx, *, tenant_id: UUID, channel_id: UUID, change: ChannelChange
) -> NotificationChannel | None:
    """The changed channel, None where there is none. A new secret lets the old one sign on."""
    if change.url is not None:
        await tx.run(
            _SQL["set_url"],
            tenant_id,
            channel_id,
            change.url.sealed,
            change.url.host,
            change.url.ending,
        )
    if change.secret is not None:
        await tx.run(
            _SQL["set_secret"], tenant_id, channel_id, change.secret.sealed, change.secret.ending
        )
    row = await tx.row(
        _SQL["update"],
        tenant_id,
        channel_id,
        change.name,
        change.kinds is not None,
        change.kinds and change.kinds[0],
        change.enabled,
        change.recipients is not None,
        change.recipients and change.recipients.addresses,
        change.recipients and change.recipients.role,
    )
    return None if row is None else read(NotificationChannel, row)


async def remove(tx: Tx, *, tenant_id: UUID, channel_id: UUID) -> bool:
    """Whether there was such a channel; its deliveries and secrets go with it."""
    return await tx.run(_SQL["remove"], tenant_id, channel_id) > 0


async def lock(tx: Tx, *, tenant_id: UUID, channel_id: UUID) -> bool:
    """Whether the channel is there, kept as it is until the transaction ends. For a worker."""
    return await tx.value(_SQL["lock"], tenant_id, channel_id) is not None


async def disable(
    tx: Tx, *, tenant_id: UUID, channel_id: UUID, reason: DisabledReason, now: datetime
) -> str | None:
    """The name of a channel that was on until now; None where there is none. For a worker."""
    name = await tx.value(_SQL["disable"], tenant_id, channel_id, now, reason)
    return None if name is None else str(name)


async def note_failure(tx: Tx, *, tenant_id: UUID, channel_id: UUID) -> int:
    """How many deliveries in a row were given up, with this one. For a worker."""
    return int(await tx.value(_SQL["note_failure"], tenant_id, channel_id) or 0)


async def note_success(tx: Tx, *, tenant_id: UUID, channel_id: UUID) -> None:
    """A delivery arrived. For a worker."""
    await tx.run(_SQL["note_success"], tenant_id, channel_id)


async def recipients(tx: Tx, *, channel_id: UUID) -> list[str]:
    """The addresses of the members whom a channel writes to. For a worker."""
    return [row["email"] for row in await tx.rows(_SQL["recipients"], channel_id)]
