"""The wake-up: tells a worker that something is due. What is due stands in Postgres."""

from __future__ import annotations

import asyncio
import logging
from typing import Final, Protocol
from uuid import UUID, uuid4

from arq.connections import ArqRedis
from redis.exceptions import RedisError

_log = logging.getLogger(__name__)

FUNCTION: Final = "run_job"
WEBHOOKS_FUNCTION: Final = "run_webhooks"
WAKE_TIMEOUT_S: Final = 1
WAKE_EXPIRES_S: Final = 60  # nobody took it: the sweep finds the job in the ledger
PAUSE_S: Final = 1  # after a failure; without it, every commit would wait for a dead Redis


class JobQueue(Protocol):
    """Wakes workers for jobs."""

    async def wake(self, tenant_id: UUID, job_id: UUID) -> None:
        """Asks some worker to look at the job, after its commit. Never raises: a sweep finds it."""
        ...


class Queue(JobQueue, Protocol):
    """Wakes workers."""

    async def wake_webhooks(self) -> None:
        """Asks some worker to look for events, after their commit. Never raises, as above."""
        ...


class ArqQueue:
    """Wakes workers through arq, with `run_job(tenant_id, job_id)` as texts.

    Waking twice is harmless, as workers claim by lease. Losing a wake is not, and arq ignores an
    id that it knows, even while that job is ending: so every wake has an id of its own.
    """

    def __init__(self, redis: ArqRedis) -> None:
        self._redis = redis
        self._paused_until: float = 0

    async def wake(self, tenant_id: UUID, job_id: UUID) -> None:
        """Takes at most a second; what cannot be told now is left to the sweep."""
        await self._tell(FUNCTION, str(tenant_id), str(job_id), named=f"job:{job_id}")

    async def wake_webhooks(self) -> None:
        """As `wake`."""
        await self._tell(WEBHOOKS_FUNCTION, named="webhooks")

    async def _tell(self, function: str, *arguments: str, named: str) -> None:
        now = asyncio.get_running_loop().time()
        if now < self._paused_until:
            return
        try:
            async with asyncio.timeout(WAKE_TIMEOUT_S):
                await self._redis.enqueue_job(
                    function,
                    *arguments,
                    _job_id=f"{named}:{uuid4().hex[:12]}",
                    _expires=WAKE_EXPIRES_S,
                )
        except (RedisError, OSError, TimeoutError) as error:
            self._paused_until = now + PAUSE_S
            _log.warning("queue.unreachable", extra={"error": type(error).__name__})
