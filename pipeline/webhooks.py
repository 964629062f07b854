"""Webhooks from the inbox to their tenants: route, seal, react, try again, give up visibly.

An event is moved to its tenant in one transaction with what it asks for, so that it is done once.
Each has a lease and a count of attempts of its own: one that fails, hangs or ends the process holds
up no other.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Final, Protocol
from uuid import UUID

from core.errors import (
    BankfeedsError,
    KeysUnavailable,
    LeaseLost,
    SealBroken,
    UnknownKey,
    Unreadable,
)
from core.provider_error import ProviderError
from core.scope import WorkerScope
from core.vault import Aad, DataKey
from core.webhooks import (
    ATTEMPTS_MAX,
    EVENT_PURPOSE,
    LEASE,
    PARKED_FOR,
    Unrouted,
    WebhookState,
    retry_delay,
)
from db import webhook_events, webhook_inbox
from db.failures import DatabaseUnavailable, TimedOut
from db.session import Tx
from db.tenant_keys import data_key
from db.webhook_events import Ending, HeldEvent
from db.webhook_inbox import Claimed
from pipeline import reactions
from pipeline.reactions import Reacted
from pipeline.services import Services
from providers.webhooks import Event, Ignore, Malformed, Reaction

log = logging.getLogger(__name__)

CLAIMED_MOST: Final = 50  # of which the last must have its turn before the lease is over
NO_RECEIVER: Final = "no-receiver"
NO_ROUTE: Final = "no-route"
NO_ITEM: Final = "no-item"
UNKNOWN_TYPE: Final = "unknown-type"
EXHAUSTED: Final = "attempts-exhausted"

Spread = Callable[[], int]  # percent, for `retry_delay`


class Wake(Protocol):
    """Wakes a worker for a job that was committed."""

    async def __call__(self, tenant_id: UUID, job_id: UUID, /) -> None:
        """Never raises."""
        ...


class NoReceiver(BankfeedsError):
    """The provider of an event is not one of this installation, or receives none any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Attempt:
    """One try of an event that has a tenant. `finish` writes how it ended; raises LeaseLost."""

    id: UUID
    tenant_id: UUID
    connection_id: UUID
    provider: str
    attempts: int
    finish: Callable[[Tx, Ending], Awaitable[None]] = field(repr=False)

    @property
    def scope(self) -> WorkerScope:
        """The scope of the event's tenant."""
        return WorkerScope(tenant_id=self.tenant_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """One look at what is due. Keys of tenants are opened once."""

    services: Services
    wake: Wake
    spread: Spread
    keys: dict[UUID, DataKey] = field(default_factory=dict, repr=False)

    async def run(self) -> int:
        """Processes events that are due, and returns how many. Raises DatabaseUnavailable."""
        database = self.services.database
        claimed = await webhook_inbox.claim(database, most=CLAIMED_MOST, lease=LEASE)
        for event in self._in_turn(claimed):
            await self._alone(event.id, self._first(event))
        again = await webhook_events.due(database, most=CLAIMED_MOST)
        for tenant_id, event_id in again:
            await self._alone(event_id, self._again(tenant_id, event_id))
        return len(claimed) + len(again)

    def _in_turn(self, claimed: list[Claimed]) -> list[Claimed]:
        """New ones first; of the others, any of which may have ended a worker, not always one."""
        new = [event for event in claimed if event.attempts == 1]
        others = [event for event in claimed if event.attempts > 1]
        return new + sorted(others, key=lambda _: self.spread())

    async def _alone(self, event_id: UUID, work: Awaitable[None]) -> None:
        """Lets an event fail by itself; its lease brings it back."""
        try:
            await work
        except DatabaseUnavailable:
            raise
        except LeaseLost:
            log.warning("webhook.lease_lost", extra={"event_id": str(event_id)})
        except BankfeedsError as error:
            log.warning(
                "webhook.unsettled",
                extra={"event_id": str(event_id), "error": type(error).__name__},
            )

    async def _first(self, event: Claimed) -> None:
        """Moves an event of the inbox to its tenant, and does what it asks for."""
        if event.tenant_id is None or event.connection_id is None:
            await self._unrouted(event)
            return
        try:
            key = await self._key(event.tenant_id)
        except (SealBroken, UnknownKey, KeysUnavailable) as error:
            await self._set_back(event, _code_of(error))
            return
        sealed = key.seal_bytes(event.body, aad=_aad(event.tenant_id, event.id))

        async def finish(tx: Tx, ending: Ending) -> None:
            await webhook_events.put(tx, event, sealed=sealed, ending=ending)
            _held(await webhook_inbox.hand_over(tx, event))

        attempt = _Attempt(
            id=event.id,
            tenant_id=event.tenant_id,
            connection_id=event.connection_id,
            provider=event.provider,
            attempts=event.attempts,
            finish=finish,
        )
        await self._attempt(attempt, _event(event, event.body))

    async def _again(self, tenant_id: UUID, event_id: UUID) -> None:
        """Processes an event that its tenant has."""
        event = await webhook_events.claim(
            self.services.database, tenant_id=tenant_id, event_id=event_id, lease=LEASE
        )
        if event is None:
            return
        held = event

        async def finish(tx: Tx, ending: Ending) -> None:
            _held(await webhook_events.settle(tx, held, tenant_id=tenant_id, ending=ending))

        attempt = _Attempt(
            id=held.id,
            tenant_id=tenant_id,
            connection_id=held.connection_id,
            provider=held.provider,
            attempts=held.attempts,
            finish=finish,
        )
        try:
            key = await self._key(tenant_id)
            body = key.open_bytes(held.sealed, aad=_aad(tenant_id, held.id))
        except (SealBroken, UnknownKey, KeysUnavailable) as error:
            await self._fail(attempt, _code_of(error))
            return
        await self._attempt(attempt, _event(held, body))

    async def _attempt(self, attempt: _Attempt, event: Event) -> None:
        """Reacts and notes it, both or neither; a failure is noted by itself."""
        if attempt.attempts > ATTEMPTS_MAX:  # workers ended again and again while they had it
            await self._fail(attempt, EXHAUSTED)
            return
        try:
            reacted = await self._react(attempt, event)
        except LeaseLost:
            raise
        except Exception as error:
            await self._fail(attempt, _code_of(error))
            if not isinstance(error, BankfeedsError):
                log.exception("webhook.crashed", extra={"event_id": str(attempt.id)})
            return
        await self.services.events.publish(attempt.tenant_id, "connection", attempt.connection_id)
        for each in reacted:
            for job_id in each.jobs:
                await self.wake(attempt.tenant_id, job_id)
                await self.services.events.publish(attempt.tenant_id, "job", job_id)
            for told in each.notifications:
                await self.services.events.publish(attempt.tenant_id, "notification", told)

    async def _react(self, attempt: _Attempt, event: Event) -> list[Reacted]:
        asked = self._reactions(attempt.provider, event)
        now = self.services.clock()
        async with self.services.database.as_(attempt.scope) as tx:
            reacted = [
                await reactions.react(
                    tx,
                    tenant_id=attempt.tenant_id,
                    connection_id=attempt.connection_id,
                    reaction=reaction,
                    now=now,
                )
                for reaction in asked
            ]
            await attempt.finish(tx, _ending(asked, now))
        _note(attempt, _ending(asked, now))
        return reacted

    async def _fail(self, attempt: _Attempt, code: str) -> None:
        """Notes a failure: tried again later, or given up."""
        is_last = attempt.attempts >= ATTEMPTS_MAX
        ending = Ending(
            state=WebhookState.DEAD if is_last else WebhookState.FAILED,
            delay=None if is_last else retry_delay(attempt.attempts, spread=self.spread()),
            error_code=code,
        )
        told = None
        async with self.services.database.as_(attempt.scope) as tx:
            await attempt.finish(tx, ending)
            if is_last:
                told = await reactions.tell_dead(
                    tx,
                    tenant_id=attempt.tenant_id,
                    connection_id=attempt.connection_id,
                    event_id=attempt.id,
                )
        _note(attempt, ending)
        if told is not None:
            await self.services.events.publish(attempt.tenant_id, "notification", told)

    async def _unrouted(self, event: Claimed) -> None:
        """Says what becomes of an event that is nobody's yet."""
        try:
            asked = self._reactions(event.provider, _event(event, event.body))
        except Exception as error:
            await self._set_back(event, _code_of(error))
            if not isinstance(error, BankfeedsError):
                log.exception("webhook.crashed", extra={"event_id": str(event.id)})
            return
        await self._settle(event, *self._fate(event, asked))

    async def _set_back(self, event: Claimed, code: str) -> None:
        """Notes a failure of an event that stays in the inbox."""
        is_last = event.attempts >= ATTEMPTS_MAX
        await self._settle(event, Unrouted.DEAD if is_last else Unrouted.FAILED, code)

    async def _settle(self, event: Claimed, outcome: Unrouted, code: str | None) -> None:
        waits = outcome in (Unrouted.FAILED, Unrouted.PARKED)
        delay = retry_delay(event.attempts, spread=self.spread()) if waits else None
        _held(
            await webhook_inbox.settle(
                self.services.database, event, outcome, delay=delay, error_code=code
            )
        )
        level = logging.ERROR if outcome is Unrouted.DEAD else logging.INFO
        fields = {"event_id": str(event.id), "provider": event.provider, "code": code}
        log.log(level, f"webhook.{outcome.value}", extra=fields)

    def _fate(self, event: Claimed, asked: tuple[Reaction, ...]) -> tuple[Unrouted, str | None]:
        """Nobody misses what asks for nothing; the rest waits for somebody to link the item."""
        if all(isinstance(reaction, Ignore) for reaction in asked):
            return Unrouted.IGNORED, _ending(asked, self.services.clock()).error_code
        if event.item is None:
            return Unrouted.IGNORED, NO_ITEM
        if self.services.clock() - event.received_at > PARKED_FOR:
            return Unrouted.DEAD, NO_ROUTE
        return Unrouted.PARKED, NO_ROUTE

    def _reactions(self, provider: str, event: Event) -> tuple[Reaction, ...]:
        reception = self.services.receivers.get(provider)
        if reception is None:
            raise NoReceiver(f"nothing here receives what {provider} sends")
        return tuple(reception.receiver.reactions(event))

    async def _key(self, tenant_id: UUID) -> DataKey:
        if tenant_id not in self.keys:
            as_worker = partial(self.services.database.as_, WorkerScope(tenant_id=tenant_id))
            self.keys[tenant_id] = await data_key(as_worker, self.services.vault)
        return self.keys[tenant_id]


def _event(event: Claimed | HeldEvent, body: bytes) -> Event:
    return Event(
        key=event.dedupe_key,
        type=event.type,
        item=event.item,
        at=event.event_at,
        body=body,
        environment=event.environment,
    )


def _ending(asked: tuple[Reaction, ...], now: datetime) -> Ending:
    """How an attempt ends that did what was asked for."""
    nothing = [reaction for reaction in asked if isinstance(reaction, Ignore)]
    if len(nothing) < len(asked):
        return Ending(state=WebhookState.DONE, processed_at=now)
    known = all(reaction.known for reaction in nothing)
    return Ending(
        state=WebhookState.IGNORED,
        error_code=None if known else UNKNOWN_TYPE,
        processed_at=now,
    )


def _code_of(error: Exception) -> str:
    """The stable code of a failure. Texts of exceptions may hold data: none is kept."""
    if isinstance(error, Unreadable | ProviderError):
        return error.code
    return next((code for kind, code in _CODES if isinstance(error, kind)), "internal")


_CODES: Final[tuple[tuple[type[Exception], str], ...]] = (
    (NoReceiver, NO_RECEIVER),
    (Malformed, "unreadable"),
    (DatabaseUnavailable, "database-unavailable"),
    (TimedOut, "database-too-slow"),
    (SealBroken, "seal-broken"),
    (UnknownKey, "seal-broken"),
    (KeysUnavailable, "keys-unavailable"),
)


def _note(attempt: _Attempt, ending: Ending) -> None:
    levels = {WebhookState.DONE: logging.DEBUG, WebhookState.DEAD: logging.ERROR}
    log.log(
        levels.get(ending.state, logging.INFO),
        f"webhook.{ending.state.value}",
        extra={
            "event_id": str(attempt.id),
            "provider": attempt.provider,
            "attempt": attempt.attempts,
            "code": ending.error_code,
        },
    )


def _aad(tenant_id: UUID, event_id: UUID) -> Aad:
    return Aad(tenant_id=tenant_id, purpose=EVENT_PURPOSE, record_id=event_id)


def _held(is_held: bool) -> None:
    if not is_held:
        raise LeaseLost("another worker has the event")
