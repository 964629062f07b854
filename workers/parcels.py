"""A parcel: one delivery that this worker has claimed, with what is in it and where it goes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID

from channels.base import Message, Outcome, Result
from channels.sending import Target
from channels.webhook import key_of
from core.notifications import ChannelType, DisabledReason, NotificationKind
from core.vault import Aad, Vault
from db import deliveries, notification_channels, notifications
from db.deliveries import Attempt, Claim, Content
from db.session import Tx

LOCK: Final = timedelta(seconds=90)  # longer than sending takes
BACKOFF: Final = tuple(
    timedelta(seconds=seconds) for seconds in (30, 120, 600, 3_600, 21_600, 86_400)
)
ATTEMPTS_MAX: Final = len(BACKOFF) + 1
FAILURES_MAX: Final = 5  # deliveries in a row that are given up; then the channel is turned off
JITTER: Final = 5  # a delay is up to a fifth longer or shorter
PURPOSE: Final = "notification.channel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What was claimed."""

    tenant_id: UUID
    claim: Claim
    content: Content
    recipients: tuple[str, ...]  # of a mail

    @property
    def message(self) -> Message:
        """What is sent."""
        content = self.content
        return Message(
            id=self.claim.id,
            notification_id=content.notification_id,
            kind=content.kind,
            created_at=content.created_at,
            tenant_id=self.tenant_id,
            tenant_name=content.tenant_name,
            connection_id=content.connection_id,
            connection_name=content.connection_name,
            job_id=content.job_id,
            data=content.data,
        )


async def taken(tx: Tx, *, tenant_id: UUID, delivery_id: UUID, now: datetime) -> Parcel | None:
    """The parcel; None where another worker has it, or it is done."""
    claim = await deliveries.claim(
        tx, tenant_id=tenant_id, delivery_id=delivery_id, now=now, until=now + LOCK
    )
    if claim is None:
        return None
    content = await deliveries.content(tx, tenant_id=tenant_id, claim=claim)
    assert content is not None  # a delivery goes with its channel
    recipients = content.recipients or ()
    if content.type is ChannelType.EMAIL and not recipients:
        recipients = await notification_channels.recipients(tx, channel_id=content.channel_id)
    return Parcel(tenant_id=tenant_id, claim=claim, content=content, recipients=tuple(recipients))


async def target(parcel: Parcel, *, vault: Vault, now: datetime) -> Target:
    """Where it goes, unsealed. Raises SealBroken, UnknownKey and BadSecret."""
    content = parcel.content
    aad = Aad(tenant_id=parcel.tenant_id, purpose=PURPOSE, record_id=content.channel_id)

    async def opened(sealed: bytes | None) -> str | None:
        return None if sealed is None else (await vault.open(sealed, aad=aad)).decode()

    still_signs = content.previous_until is not None and content.previous_until > now
    secrets = [
        await opened(content.sealed_secret),
        await opened(content.sealed_previous if still_signs else None),
    ]
    return Target(
        type=content.type,
        url=await opened(content.sealed_url) or "",
        keys=tuple(key_of(secret) for secret in secrets if secret is not None),
        recipients=parcel.recipients,
    )


async def settle(
    tx: Tx, parcel: Parcel, outcome: Outcome, attempt: Attempt, *, now: datetime
) -> UUID | None:
    """Notes what came of it; the id of the notification that this is worth, if it is."""
    tenant_id, claim, content = parcel.tenant_id, parcel.claim, parcel.content
    # Whoever removes the channel locks it before its deliveries, too.
    if not await notification_channels.lock(tx, tenant_id=tenant_id, channel_id=content.channel_id):
        return None
    if outcome.result is Result.DELIVERED:
        if await deliveries.deliver(tx, tenant_id=tenant_id, claim=claim, attempt=attempt, now=now):
            await notification_channels.note_success(
                tx, tenant_id=tenant_id, channel_id=content.channel_id
            )
        return None
    if outcome.result is Result.RETRY and claim.attempts < ATTEMPTS_MAX:
        await deliveries.postpone(
            tx,
            tenant_id=tenant_id,
            claim=claim,
            attempt=attempt,
            next_attempt_at=now + delay(claim.id, claim.attempts, outcome.retry_after),
        )
        return None
    held = await deliveries.fail(tx, tenant_id=tenant_id, claim=claim, attempt=attempt, now=now)
    return await _given_up(tx, parcel, outcome, now) if held and content.enabled else None


def delay(delivery_id: UUID, attempts: int, asked: timedelta | None) -> timedelta:
    """How long until the next attempt: longer each time, and not of all deliveries at once.

    `asked` is what the receiver wants at least.
    """
    backoff = BACKOFF[min(attempts, len(BACKOFF)) - 1]
    digest = sha256(delivery_id.bytes + attempts.to_bytes(4, "big")).digest()
    spread = int.from_bytes(digest[:4], "big") / 2**31 - 1  # from -1 to 1
    return max(backoff + backoff * spread / JITTER, asked or timedelta())


async def _given_up(tx: Tx, parcel: Parcel, outcome: Outcome, now: datetime) -> UUID | None:
    """A channel that is gone, or at which nothing arrives, is turned off, and that is told."""
    tenant_id, channel_id = parcel.tenant_id, parcel.content.channel_id
    failures = await notification_channels.note_failure(
        tx, tenant_id=tenant_id, channel_id=channel_id
    )
    gone = outcome.result is Result.GONE
    if not gone and failures < FAILURES_MAX:
        return None
    reason = DisabledReason.GONE if gone else DisabledReason.FAILING
    name = await notification_channels.disable(
        tx, tenant_id=tenant_id, channel_id=channel_id, reason=reason, now=now
    )
    if name is None:
        return None
    return await notifications.put(
        tx,
        tenant_id=tenant_id,
        kind=NotificationKind.CHANNEL_DISABLED,
        data={"channel": name, "reason": reason.value},
        key=f"channel_disabled:{channel_id}:{parcel.claim.id}",
    )
