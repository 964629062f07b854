"""Notification channels: admins say where notifications are sent, and what is secret stays so.

An address or a secret is sealed before the transaction that keeps it, as sealing may ask a key
service. Nobody reads either again but the worker that sends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from uuid import UUID, uuid4

from channels.email import is_address
from channels.outgoing import BadAddress, checked
from channels.webhook import BadSecret, key_of
from core.models import Role
from core.notifications import (
    ChannelType,
    NotificationChannel,
    NotificationDelivery,
    NotificationKind,
)
from core.page import Page
from core.vault import Aad
from db import audit, deliveries, notifications
from db import notification_channels as stored
from db.notification_channels import ChannelChange, NewChannel, Recipients, Sealed
from resolvers import text
from resolvers.context import Context
from resolvers.refusing import conflict, invalid, limit, missing, refusable, require

CHANNELS_MAX: Final = 20  # of a tenant
RECIPIENTS_MAX: Final = 20
TESTS_MAX: Final = 20  # in an hour: mail may go to anybody's address
TESTS_WITHIN: Final = timedelta(hours=1)
PURPOSE: Final = "notification.channel"
ENDING: Final = 4  # characters that are shown


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSettings:
    """What the caller gave. None was not given; `kinds` was where it is a tuple of what it is."""

    name: str | None = None
    kinds: tuple[Sequence[NotificationKind] | None] | None = None
    enabled: bool | None = None
    url: str | None = field(default=None, repr=False)
    secret: str | None = field(default=None, repr=False)
    recipients: Sequence[str] | None = None
    recipient_role: Role | None = None

    @property
    def fields(self) -> list[str]:
        """The names of what was given, for the audit log."""
        return [name for name in self.__slots__ if getattr(self, name) is not None]


async def by_ids(context: Context, ids: Sequence[UUID]) -> Mapping[UUID, NotificationChannel]:
    """Channels by id; none for anybody but admins."""
    async with context.read() as tx:
        return await stored.by_ids(tx, tenant_id=context.tenant, ids=ids)


async def page(context: Context, *, first: int, after: str | None) -> Page[NotificationChannel]:
    """Channels, newest first; none for anybody but admins."""
    async with context.read() as tx:
        return await stored.page(tx, tenant_id=context.tenant, first=first, after=after)


async def deliveries_by_ids(
    context: Context, ids: Sequence[UUID]
) -> Mapping[UUID, NotificationDelivery]:
    """Deliveries by id; none for anybody but admins."""
    async with context.read() as tx:
        return await deliveries.by_ids(tx, tenant_id=context.tenant, ids=ids)


async def deliveries_of(
    context: Context, ids: Sequence[UUID], *, first: int, after: str | None
) -> Mapping[UUID, Page[NotificationDelivery]]:
    """What was and is to be sent to each channel, newest first."""
    async with context.read() as tx:
        return await deliveries.of_channels(
            tx, tenant_id=context.tenant, channel_ids=ids, first=first, after=after
        )


@refusable
async def create(
    context: Context, *, type: ChannelType, settings: ChannelSettings
) -> NotificationChannel:
    """A new channel, on at once."""
    async with context.read() as tx:
        await require(tx, context, Role.ADMIN)
    assert settings.name is not None
    channel_id = uuid4()
    if type is ChannelType.EMAIL and context.services.sending.mail is None:
        raise invalid("This installation sends no mail. Ask its operator.", "type")
    recipients = _recipients(type, settings) or Recipients(role=Role.ADMIN)
    new = NewChannel(
        id=channel_id,
        type=type,
        name=text.name(settings.name, "name"),
        kinds=_kinds(settings.kinds[0] if settings.kinds else None),
        url=await _url(context, type, channel_id, settings, must=True),
        secret=await _secret(context, type, channel_id, settings, must=True),
        recipients=recipients if type is ChannelType.EMAIL else Recipients(),
    )
    async with context.write() as tx:
        await require(tx, context, Role.ADMIN)
        await stored.serialize(tx, tenant_id=context.tenant)
        if await stored.count(tx, tenant_id=context.tenant) >= CHANNELS_MAX:
            raise limit(f"A tenant has {CHANNELS_MAX} channels at most. Remove one first.")
        channel = await stored.create(
            tx, tenant_id=context.tenant, new=new, created_by=context.user_id
        )
        await audit.record(
            tx,
            "channel.created",
            data={"channelId": str(channel_id), "type": type.value, "fields": settings.fields},
        )
    return channel


@refusable
async def update(
    context: Context, *, channel_id: UUID, settings: ChannelSettings
) -> NotificationChannel:
    """The channel with other settings; a new secret lets the one before it sign on for a day."""
    type = (await _found(context, channel_id)).type
    change = ChannelChange(
        name=text.optional_name(settings.name, "name"),
        kinds=None if settings.kinds is None else (_kinds(settings.kinds[0]),),
        enabled=settings.enabled,
        url=await _url(context, type, channel_id, settings),
        secret=await _secret(context, type, channel_id, settings),
        recipients=_recipients(type, settings),
    )
    async with context.write() as tx:
        await require(tx, context, Role.ADMIN)
        channel = await stored.update(
            tx, tenant_id=context.tenant, channel_id=channel_id, change=change
        )
        if channel is None:
            raise missing("channel", "id")
        await audit.record(
            tx,
            "channel.updated",
            data={"channelId": str(channel_id), "fields": settings.fields},
        )
    return channel


@refusable
async def remove(context: Context, *, channel_id: UUID) -> UUID:
    """The id that is gone, with its secrets and the log of its deliveries."""
    async with context.write() as tx:
        await require(tx, context, Role.ADMIN)
        if not await stored.remove(tx, tenant_id=context.tenant, channel_id=channel_id):
            raise missing("channel", "id")
        await audit.record(tx, "channel.removed", data={"channelId": str(channel_id)})
    return channel_id


@refusable
async def test(context: Context, *, channel_id: UUID) -> NotificationDelivery:
    """A notification on its way to this channel alone, as any other goes."""
    since = context.services.clock() - TESTS_WITHIN
    channel = await _found(context, channel_id)
    if not channel.enabled:
        raise conflict("The channel is off. Turn it on first.", "id")
    async with context.write() as tx:
        await require(tx, context, Role.ADMIN)
        await stored.serialize(tx, tenant_id=context.tenant)
        tests = await notifications.recent_tests(tx, tenant_id=context.tenant, since=since)
        if tests >= TESTS_MAX:
            raise limit(f"A tenant tests {TESTS_MAX} times an hour at most. Wait a while.")
        delivery = await notifications.put_test(
            tx, tenant_id=context.tenant, channel_id=channel_id, key=f"test:{uuid4()}"
        )
        await audit.record(tx, "channel.tested", data={"channelId": str(channel_id)})
    await context.services.events.publish(context.tenant, "notification", delivery.notification_id)
    return delivery


async def _found(context: Context, channel_id: UUID) -> NotificationChannel:
    async with context.read() as tx:
        await require(tx, context, Role.ADMIN)
        channel = await stored.find(tx, tenant_id=context.tenant, channel_id=channel_id)
    if channel is None:
        raise missing("channel", "id")
    return channel


def _kinds(given: Sequence[NotificationKind] | None) -> tuple[NotificationKind, ...] | None:
    if given is None:
        return None
    kinds = tuple(dict.fromkeys(given))
    if not kinds:
        raise invalid("Give one kind at least, or null for all.", "kinds")
    return kinds


async def _url(
    context: Context,
    type: ChannelType,
    channel_id: UUID,
    settings: ChannelSettings,
    *,
    must: bool = False,
) -> Sealed | None:
    if settings.url is None:
        if must and type is not ChannelType.EMAIL:
            raise invalid("Give the address to send to.", "url")
        return None
    if type is ChannelType.EMAIL:
        raise invalid("A channel of mail has no address of a web server.", "url")
    try:
        url = checked(settings.url, context.services.sending.private_allowed)
    except BadAddress as error:
        raise invalid(error.message, "url") from None
    return Sealed(
        sealed=await _seal(context, channel_id, settings.url),
        host=url.host,
        # Slack's address is its secret; a webhook has one of its own to be known by.
        ending=settings.url[-ENDING:] if type is ChannelType.SLACK else None,
    )


async def _secret(
    context: Context,
    type: ChannelType,
    channel_id: UUID,
    settings: ChannelSettings,
    *,
    must: bool = False,
) -> Sealed | None:
    if settings.secret is None:
        if must and type is ChannelType.WEBHOOK:
            raise invalid("Give the secret to sign with: whsec_ and base64.", "secret")
        return None
    if type is not ChannelType.WEBHOOK:
        raise invalid("Only webhooks are signed. Leave it out.", "secret")
    try:
        key_of(settings.secret)
    except BadSecret:
        raise invalid("Give whsec_ and 24 to 64 bytes in base64.", "secret") from None
    return Sealed(
        sealed=await _seal(context, channel_id, settings.secret), ending=settings.secret[-ENDING:]
    )


async def _seal(context: Context, channel_id: UUID, secret: str) -> bytes:
    aad = Aad(tenant_id=context.tenant, purpose=PURPOSE, record_id=channel_id)
    return await context.services.vault.seal(secret.encode(), aad=aad)


def _recipients(type: ChannelType, settings: ChannelSettings) -> Recipients | None:
    if type is not ChannelType.EMAIL:
        if settings.recipients is not None or settings.recipient_role is not None:
            raise invalid("Only mail has recipients. Leave them out.", "recipients")
        return None
    if settings.recipients is None:
        return None if settings.recipient_role is None else Recipients(role=settings.recipient_role)
    if settings.recipient_role is not None:
        raise invalid("Give addresses or a role, not both.", "recipients")
    if not 1 <= len(settings.recipients) <= RECIPIENTS_MAX:
        raise invalid(f"Give 1 to {RECIPIENTS_MAX} addresses.", "recipients")
    if not all(map(is_address, settings.recipients)):
        raise invalid("One of these is no address of mail.", "recipients")
    return Recipients(addresses=tuple(dict.fromkeys(settings.recipients)))
