"""Turns: what takes seconds of processor time is done for one after the other, and for few at once.

Threads share one processor's time with all requests of a process: whoever asks again and again
waits for their own tenant, not others for them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID
from weakref import WeakValueDictionary

AT_ONCE: Final = 2  # of a process


class Turns:
    """Who computes now, in one process."""

    def __init__(self) -> None:
        self._of_process = asyncio.Semaphore(AT_ONCE)
        self._of_tenant: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def take(self, tenant_id: UUID) -> AsyncIterator[None]:
        """A block that runs once at a time for a tenant. Not within a database transaction."""
        lock = self._of_tenant.get(tenant_id) or asyncio.Lock()
        self._of_tenant[tenant_id] = lock
        async with lock, self._of_process:
            yield
