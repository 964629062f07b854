"""Writes what webhooks bring: requests that come together are kept together, in one transaction.

A burst then costs the database little more than one request. Each request waits for the commit of
its own events.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final, NoReturn
from uuid import UUID

from core.ending import ended
from core.errors import BankfeedsError
from db import webhook_inbox
from db.failures import DatabaseUnavailable, TimedOut
from db.session import Database
from db.webhook_inbox import NewEvent

WRITERS: Final = 2  # so that the pool's other connections are for everybody else
EVENTS_MOST: Final = 500  # in one transaction, or those of one request
BYTES_MOST: Final = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Waiting:
    """One request's events, and who waits for them."""

    events: Sequence[NewEvent] = field(repr=False)
    done: asyncio.Future[int]

    @property
    def size(self) -> int:
        """Bytes of the bodies."""
        return sum(len(event.body) for event in self.events)


class Writer:
    """Keeps events in the inbox."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: deque[_Waiting] = deque()
        self._came = asyncio.Event()

    async def keep(self, events: Sequence[NewEvent]) -> int:
        """Keeps the events of one request, and returns how many were new. They are safe then.

        Raises as `Database.as_` does.
        """
        one = _Waiting(events=events, done=asyncio.get_running_loop().create_future())
        self._waiting.append(one)
        self._came.set()
        try:
            return await one.done
        except asyncio.CancelledError:
            with suppress(ValueError):  # it is being written already
                self._waiting.remove(one)
            raise

    async def keep_writing(self) -> NoReturn:
        """Writes for ever; runs until it is cancelled."""
        while True:
            await self._came.wait()
            batch = self._next()
            if batch:
                await self._write(batch)
            else:
                self._came.clear()

    def _next(self) -> list[_Waiting]:
        """What is written together; who has gone away meanwhile is left out."""
        batch: list[_Waiting] = []
        events = size = 0
        while self._waiting:
            one = self._waiting[0]
            if batch and (events + len(one.events) > EVENTS_MOST or size + one.size > BYTES_MOST):
                break
            self._waiting.popleft()
            if not one.done.done():
                batch.append(one)
                events, size = events + len(one.events), size + one.size
        return batch

    async def _write(self, batch: list[_Waiting]) -> None:
        events = [event for one in batch for event in one.events]
        writing = asyncio.ensure_future(webhook_inbox.receive(self._database, events))
        try:
            await asyncio.wait([writing])
        finally:
            await ended(writing)
        error = writing.exception()
        if error is None:
            _share(batch, writing.result())
        elif len(batch) > 1 and _is_of_one(error):
            for one in batch:
                await self._write([one])
        else:
            for one in batch:
                if not one.done.done():
                    one.done.set_exception(error)


def _share(batch: list[_Waiting], fresh: set[tuple[UUID, str]]) -> None:
    """Tells each request how many of its events were new; of equal ones the first was."""
    left = set(fresh)
    for one in batch:
        own = {(event.endpoint_id, event.key) for event in one.events} & left
        left -= own
        if not one.done.done():
            one.done.set_result(len(own))


def _is_of_one(error: BaseException) -> bool:
    """Whether one request's values are the reason: the others are not to suffer for them."""
    return isinstance(error, BankfeedsError) and not isinstance(
        error, DatabaseUnavailable | TimedOut
    )


@asynccontextmanager
async def writing(database: Database) -> AsyncIterator[Writer]:
    """What keeps events until the block ends."""
    writer = Writer(database)
    running = [
        asyncio.create_task(writer.keep_writing(), name=f"webhook-writer-{number}")
        for number in range(WRITERS)
    ]
    try:
        yield writer
    finally:
        for one in running:
            one.cancel()
        for one in running:
            await ended(one)
