"""Flow: reads the next batch in a thread while the database takes in the one before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import date
from typing import BinaryIO, TypeVar

from core.records import Record
from pipeline.batch import Batch, batches
from pipeline.document import Reading, records
from pipeline.normalize import normalize
from pipeline.ordinals import Ordinals

Result = TypeVar("Result")


def prepared(
    source: Iterator[Record], *, ordinals: Ordinals, received: date, size: int
) -> Iterator[Batch]:
    """A document's batches, normalized. Equal documents give equal batches."""
    for batch in batches(source, size=size):
        yield normalize(batch, ordinals=ordinals, received=received)


@asynccontextmanager
async def flowing(
    file: BinaryIO, reading: Reading, *, received: date, size: int
) -> AsyncIterator[AsyncIterator[Batch]]:
    """The batches of an open document; the thread has let go of the file when this ends."""
    with Ordinals() as ordinals:
        iterator = prepared(records(file, reading), ordinals=ordinals, received=received, size=size)
        ahead = _Ahead(iterator)
        try:
            yield ahead.batches()
        finally:
            await ahead.stop()


async def in_thread(work: Callable[[], Result]) -> Result:
    """The result of work in a thread. A thread cannot be interrupted: cancelling waits for it."""
    task = asyncio.create_task(asyncio.to_thread(work))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await _ended(task)
        raise


class _Ahead:
    """One batch ahead of its reader."""

    def __init__(self, iterator: Iterator[Batch]) -> None:
        self._iterator = iterator
        self._next: asyncio.Task[Batch | None] | None = None

    async def batches(self) -> AsyncIterator[Batch]:
        self._next = self._start()
        while (batch := await asyncio.shield(self._next)) is not None:
            self._next = self._start()
            yield batch

    async def stop(self) -> None:
        if self._next is not None:
            await _ended(self._next)

    def _start(self) -> asyncio.Task[Batch | None]:
        return asyncio.create_task(asyncio.to_thread(next, self._iterator, None))


async def _ended(task: asyncio.Task[Result]) -> None:
    """Waits for a task whose result, or error, nobody wants any more."""
    await asyncio.wait([task])
    if not task.cancelled():
        task.exception()
