"""Events: hints that something changed. They carry ids only; readers read again for themselves.

Redis pub/sub delivers at most once and forgets what nobody heard, so every listener also looks
again from time to time (`EVENT_PATIENCE_S`): losing Redis delays news, and loses none.
"""

from __future__ import annotations

import asyncio
from typing import Final, Protocol
from uuid import UUID

EVENT_PATIENCE_S: Final = 2


class Events(Protocol):
    """Tells and hears what changed in a tenant."""

    async def publish(self, tenant_id: UUID, topic: str, key: UUID) -> None:
        """Tells that `key` changed, such as ("job", job_id). Never raises: it is only a hint."""
        ...

    def listen(self, tenant_id: UUID, topic: str) -> Listening:
        """Hears the changes of a topic from the moment that the context is entered."""
        ...


class Listening(Protocol):
    """An async context manager that yields a queue of the keys that changed."""

    async def __aenter__(self) -> asyncio.Queue[UUID]:
        """Starts to listen. The queue is bounded: what does not fit is dropped, as hints may be."""
        ...

    async def __aexit__(self, *_: object) -> None:
        """Stops."""
        ...
