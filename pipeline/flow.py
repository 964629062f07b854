"""Flow: reads the next batch in a thread while the database takes in the one before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date
from typing import BinaryIO, Self, TypeVar

from core.records import Finding, Record, Severity, TransactionStatus
from pipeline.batch import Batch, Entry, batches
from pipeline.document import Reading, records
from pipeline.incoming import subject
from pipeline.judging import Judge
from pipeline.normalize import normalize, normalize_stable
from pipeline.ordinals import Ordinals
from pipeline.told import Told

Result = TypeVar("Result")


def prepared(
    source: Iterator[Record],
    *,
    ordinals: Ordinals,
    received: date,
    size: int,
    told: Told | None,
    pending: bool,
    judge: Judge | None = None,
) -> Iterator[Batch]:
    """A document's batches, normalized. Equal documents give equal batches.

    `told`: the source's ids alone say which row is which; its response so far. Not `pending`: rows
    that are not booked yet are left out. A `judge` says ahead what rows were for.
    """
    for whole in batches(source, size=size):
        raw = whole if pending else _booked(whole)
        if told is not None:
            batch = normalize_stable(raw, told=told, received=received)
        else:
            batch = normalize(raw, ordinals=ordinals, received=received)
        yield batch if judge is None else _judged(batch, judge)


def _booked(batch: Batch) -> Batch:
    """The batch without rows that are not booked yet."""
    booked = tuple(one for one in batch.transactions if one.status is not TransactionStatus.PENDING)
    left_out = len(batch.transactions) - len(booked)
    if not left_out:
        return batch
    finding = Finding(
        Severity.INFO,
        "pending-left-out",
        f"{left_out:,} transactions that are not booked yet were left out, as the connection has "
        "it.",
    )
    return replace(batch, transactions=booked, findings=(*batch.findings, finding))


def _judged(batch: Batch, judge: Judge) -> Batch:
    verdicts = judge.judge([subject(entry) for entry in batch.entries])
    entries = zip(batch.entries, verdicts, strict=True)
    return replace(batch, entries=tuple(Entry(*entry[:-1], verdict) for entry, verdict in entries))


class Flow:
    """The batches of an open document, read one ahead when told to."""

    def __init__(self, iterator: Iterator[Batch]) -> None:
        self._iterator = iterator
        self._next: asyncio.Task[Batch | None] | None = None

    def read_on(self) -> None:
        """Reads the next batch meanwhile.

        For when the database works and this thread waits: reading while rows are copied would make
        both slower, since one thread of Python runs at a time.
        """
        if self._next is None:
            self._next = asyncio.create_task(asyncio.to_thread(next, self._iterator, None))

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Batch:
        self.read_on()
        assert self._next is not None
        batch = await asyncio.shield(self._next)
        if batch is None:
            raise StopAsyncIteration
        self._next = None
        return batch

    async def stop(self) -> None:
        """Waits until the thread has let go of the document."""
        if self._next is not None:
            await _ended(self._next)


@asynccontextmanager
async def flowing(
    file: BinaryIO,
    reading: Reading,
    *,
    received: date,
    size: int,
    pending: bool,
    judge: Judge | None = None,
) -> AsyncIterator[Flow]:
    """The batches of an open document; the thread has let go of the file when this ends."""
    with Ordinals() as ordinals:
        flow = Flow(
            prepared(
                records(file, reading),
                ordinals=ordinals,
                received=received,
                size=size,
                told=Told() if reading.stable else None,
                pending=pending,
                judge=judge,
            )
        )
        try:
            yield flow
        finally:
            await flow.stop()


async def in_thread(work: Callable[[], Result]) -> Result:
    """The result of work in a thread. A thread cannot be interrupted: cancelling waits for it."""
    task = asyncio.create_task(asyncio.to_thread(work))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await _ended(task)
        raise


async def _ended(task: asyncio.Task[Result]) -> None:
    """Waits for a task whose result, or error, nobody wants any more."""
    await asyncio.wait([task])
    if not task.cancelled():
        task.exception()
