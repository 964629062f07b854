"""Delivers notifications to channels: claims what is due, sends it, notes what came of it.

A delivery is claimed in a transaction of its own, sent outside of any, and settled in another. A
worker that dies in between has sent it or not, so the next one sends it again, under the same id.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

from channels.base import Outcome, retry, stop
from channels.outgoing import outgoing
from channels.sending import Sender
from channels.webhook import BadSecret
from core.ending import ended
from core.errors import BankfeedsError, SealBroken, UnknownKey
from core.scope import WorkerScope
from db import deliveries
from db.deliveries import Attempt
from resolvers.context import Services
from workers import parcels
from workers.parcels import ATTEMPTS_MAX, Parcel

log = logging.getLogger(__name__)

SLOTS: Final = 50  # deliveries that one process sends at the same time
CLAIMS_MAX: Final = ATTEMPTS_MAX + 3  # then it is the message that ends workers
END_S: Final = 5  # for what is being sent when the process ends


class Courier:
    """The deliveries that one process sends; `courier` opens it."""

    def __init__(self, services: Services, sender: Sender) -> None:
        self._services = services
        self._sender = sender
        self._running: set[asyncio.Task[None]] = set()

    async def tick(self) -> int:
        """Begins to send what is due, as far as there are slots; returns how many."""
        due = await self._due(SLOTS - len(self._running))
        for tenant_id, delivery_id in due:
            task = asyncio.create_task(self._carry(tenant_id, delivery_id), name="delivery")
            self._running.add(task)
            task.add_done_callback(self._ended)
        return len(due)

    async def idle(self) -> None:
        """Waits until nothing is being sent."""
        while self._running:
            await asyncio.wait(self._running)

    async def end(self) -> None:
        """Lets what is being sent arrive, but not for ever; what is cut short is sent again."""
        if self._running:
            await asyncio.wait(self._running, timeout=END_S)
        await asyncio.gather(*map(ended, tuple(self._running)))

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, BankfeedsError):
            log.warning("delivery.left", extra={"error": type(error).__name__})
        elif error is not None:
            log.error("delivery.broken", exc_info=error)

    async def _due(self, most: int) -> list[tuple[UUID, UUID]]:
        if most < 1:
            return []
        scope = WorkerScope(tenant_id=None)
        async with self._services.database.as_(scope, read_only=True) as tx:
            return await deliveries.due(tx, now=self._services.clock(), most=most)

    async def _carry(self, tenant_id: UUID, delivery_id: UUID) -> None:
        """Sends one, and goes on with whatever is due then."""
        while await self._deliver(tenant_id, delivery_id):
            due = await self._due(1)
            if not due:
                return
            ((tenant_id, delivery_id),) = due

    async def _deliver(self, tenant_id: UUID, delivery_id: UUID) -> bool:
        """Whether it was there to be sent."""
        services, scope = self._services, WorkerScope(tenant_id=tenant_id)
        at = services.clock()
        async with services.database.as_(scope) as tx:
            parcel = await parcels.taken(tx, tenant_id=tenant_id, delivery_id=delivery_id, now=at)
        if parcel is None:
            return False
        loop = asyncio.get_running_loop()
        before = loop.time()
        outcome = await self._sent(parcel)
        attempt = Attempt(
            number=parcel.claim.attempts,
            at=at,
            duration_ms=round((loop.time() - before) * 1_000),
            status=outcome.status,
            error=outcome.error,
        )
        _note(parcel, outcome, attempt)
        async with services.database.as_(scope) as tx:
            told = await parcels.settle(tx, parcel, outcome, attempt, now=services.clock())
        if told is not None:
            await services.events.publish(tenant_id, "notification", told)
        return True

    async def _sent(self, parcel: Parcel) -> Outcome:
        if not parcel.content.enabled:
            return stop("channel-disabled")
        if parcel.claim.attempts > CLAIMS_MAX:
            return stop("interrupted")
        now = self._services.clock()
        try:
            target = await parcels.target(parcel, vault=self._services.vault, now=now)
        except (SealBroken, UnknownKey, BadSecret):
            return retry("not-unsealed")
        return await self._sender.send(target, parcel.message, now=now)


@asynccontextmanager
async def courier(services: Services) -> AsyncIterator[Courier]:
    """A courier until the end of the block."""
    sending = services.sending
    async with outgoing(private_allowed=sending.private_allowed) as out:
        opened = Courier(services, Sender(outgoing=out, mail=sending.mail))
        try:
            yield opened
        finally:
            await opened.end()


def _note(parcel: Parcel, outcome: Outcome, attempt: Attempt) -> None:
    fields = {
        "delivery_id": str(parcel.claim.id),
        "channel": parcel.content.type.value,
        "result": outcome.result.value,
        "attempt": attempt.number,
        "status": attempt.status,
        "error": attempt.error,
    }
    log.info("delivery.attempted", extra=fields)
