"""Pacing: calls wait for room in the provider's limits, or make room for other work."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from core.provider_error import Postponed
from db.provider_states import ProviderPolicy
from db.rate_limits import RateLimitsUnavailable
from db.throttle import Limit, Throttle
from providers.base import Facts, Rate

log = logging.getLogger(__name__)

WAIT_MAX: Final = timedelta(seconds=30)
MINUTE: Final = timedelta(minutes=1)
ALONE: Final = timedelta(milliseconds=200)  # between calls while Redis cannot be asked


class Paced:
    """The turns of one connection, or of the operator's application where there is none yet."""

    def __init__(
        self,
        throttle: Throttle,
        facts: Facts,
        *,
        connection_id: UUID | None,
        policy: ProviderPolicy,
    ) -> None:
        self._throttle = throttle
        self._slug = facts.slug
        self._rates = facts.rates
        self._limits = _limits(facts, connection_id, policy)
        self._connection_id = connection_id

    async def take(self, endpoint: str) -> None:
        """Waits for room, half a minute at most. Raises Postponed where that is not enough."""
        limits = [*self._limits, *self._of(endpoint, self._rates)]
        left = WAIT_MAX
        while True:
            wait = await self._asked(limits)
            if wait == timedelta(0):
                return
            if wait > left:
                raise Postponed(wait)
            await asyncio.sleep(wait.total_seconds())
            left -= wait

    def _of(self, endpoint: str, rates: Mapping[str, Rate]) -> Sequence[Limit]:
        rate = rates.get(endpoint)
        if rate is None or self._connection_id is None:
            return ()
        key = f"{self._slug}:{self._connection_id}:{endpoint}"
        return (Limit(key=key, calls=rate.calls, per=rate.per),)

    async def _asked(self, limits: Sequence[Limit]) -> timedelta:
        try:
            return await self._throttle.take(limits)
        except RateLimitsUnavailable:
            # Slow enough for one worker; the provider's own limit says no to many.
            log.warning("pace.alone", extra={"provider": self._slug})
            await asyncio.sleep(ALONE.total_seconds())
            return timedelta(0)


def _limits(facts: Facts, connection_id: UUID | None, policy: ProviderPolicy) -> list[Limit]:
    app = facts.app_rate
    if policy.app_calls is not None:
        app = Rate(calls=policy.app_calls, per=MINUTE)
    limits = [Limit(key=f"{facts.slug}:app", calls=app.calls, per=app.per)]
    if connection_id is not None:
        own = facts.connection_rate
        if policy.connection_calls is not None:
            own = Rate(calls=policy.connection_calls, per=MINUTE)
        limits.append(Limit(key=f"{facts.slug}:{connection_id}", calls=own.calls, per=own.per))
    return limits
