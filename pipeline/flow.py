"""Flow: reads the next batch in a thread while the database takes in the one before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import date
from typing import BinaryIO

from core.models import Connection
from core.records import Record
from pipeline.batch import Batch, batches
from pipeline.document import Reading, records
from pipeline.normalize import normalize
from pipeline.ordinals import Ordinals


def prepared(source: Iterator[Record], *, ordinals: Ordinals, received: date) -> Iterator[Batch]:
    """A document's batches, normalized. Equal documents give equal batches."""
    for batch in batches(source):
        yield normalize(batch, ordinals=ordinals, received=received)


@asynccontextmanager
async def flowing(
    file: BinaryIO, reading: Reading, connection: Connection, *, received: date
) -> AsyncIterator[AsyncIterator[Batch]]:
    """The batches of an open document; the thread has let go of the file when this ends."""
    with Ordinals() as ordinals:
        iterator = prepared(
            records(file, reading, connection), ordinals=ordinals, received=received
        )
        ahead = _Ahead(iterator)
        try:
            yield ahead.batches()
        finally:
            await ahead.stop()


class _Ahead:
    """One batch ahead of its reader."""

    def __init__(self, iterator: Iterator[Batch]) -> None:
        self._iterator = iterator
        self._next: asyncio.Task[Batch | None] | None = None

    async def batches(self) -> AsyncIterator[Batch]:
        self._next = self._start()
        while (batch := await self._next) is not None:
            self._next = self._start()
            yield batch

    async def stop(self) -> None:
        if self._next is not None:
            # A thread cannot be interrupted: wait for its batch and drop it, and its error too.
            await asyncio.wait([self._next])
            if not self._next.cancelled():
                self._next.exception()

    def _start(self) -> asyncio.Task[Batch | None]:
        return asyncio.create_task(asyncio.to_thread(next, self._iterator, None))
