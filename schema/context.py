"""The context of one GraphQL operation: its caller, its loaders, and how it reads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import strawberry
from graphql import OperationType

from db.failures import DatabaseUnavailable
from db.session import Tx
from resolvers.context import Context
from schema.loaders import Loaders


class Reads:
    """How one operation reads.

    A query reads in one transaction, begun by its first read and ended with the operation, so that
    all of it shows one state of the data. Mutations read what they wrote, and subscriptions live
    long: both read in short transactions.
    """

    def __init__(self, caller: Context, *, in_one: bool) -> None:
        self._caller = caller
        self._in_one = in_one
        self._gate = asyncio.Lock()
        self._unused = asyncio.Event()
        self._unused.set()
        self._users = 0
        self._stack = AsyncExitStack()
        self._tx: Tx | None = None
        self._past = 0

    @property
    def statements(self) -> int:
        """How many statements have run, those that enter the scope left out."""
        return self._past + (0 if self._tx is None else self._tx.statements)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Tx]:
        """The operation's transaction, or a short one."""
        if self._in_one:
            async with self._shared() as tx:
                yield tx
            return
        async with self._caller.read() as tx:
            try:
                yield tx
            finally:
                self._past += tx.statements

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Gives the transaction's connection back while a use case takes one of its own.

        Operations that held one connection and waited for a second could wait for each other. A
        use case must not come here from inside a read of its own.
        """
        async with self._gate:
            await self._unused.wait()
            await self.close()
            yield

    async def close(self) -> None:
        """Ends the transaction. It only read: where its connection broke, nothing is lost."""
        if self._tx is not None:
            self._past, self._tx = self.statements, None
        try:
            await self._stack.aclose()
        except DatabaseUnavailable:
            return

    @asynccontextmanager
    async def _shared(self) -> AsyncIterator[Tx]:
        async with self._gate:
            if self._tx is None:
                self._tx = await self._stack.enter_async_context(self._caller.read())
            tx = self._tx
            self._users += 1
            self._unused.clear()
        try:
            yield tx
        finally:
            self._users -= 1
            if self._users == 0:
                self._unused.set()


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestContext(Context):
    """A caller's context whose reads and loaders belong to one operation."""

    reads: Reads
    loaders: Loaders

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Tx]:
        """The operation's transaction, or a short one; see `Reads`."""
        async with self.reads.transaction() as tx:
            yield tx

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Tx]:
        """A transaction of its own, never inside a read."""
        async with self.reads.alone(), Context.write(self) as tx:
            yield tx

    @asynccontextmanager
    async def as_worker(self) -> AsyncIterator[Tx]:
        """A transaction of its own, never inside a read."""
        async with self.reads.alone(), Context.as_worker(self) as tx:
            yield tx


@asynccontextmanager
async def open(context: Context, operation: OperationType) -> AsyncIterator[RequestContext]:
    """The context to execute one operation with, or one event of a subscription."""
    in_one = operation is OperationType.QUERY
    reads = Reads(context, in_one=in_one)
    loaders = Loaders(remembering=in_one)
    try:
        yield RequestContext(
            services=context.services,
            scope=context.scope,
            email=context.email,
            request_id=context.request_id,
            reads=reads,
            loaders=loaders,
        )
    finally:
        await loaders.close()
        await reads.close()


Info = strawberry.Info[RequestContext, None]
