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
        self._opening = asyncio.Lock()
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
            yield await self._shared()
            return
        async with self._caller.read() as tx:
            try:
                yield tx
            finally:
                self._past += tx.statements

    async def close(self) -> None:
        """Ends the transaction. It only read: where its connection broke, nothing is lost."""
        if self._tx is not None:
            self._past, self._tx = self.statements, None
        try:
            await self._stack.aclose()
        except DatabaseUnavailable:
            return

    async def _shared(self) -> Tx:
        async with self._opening:
            if self._tx is None:
                self._tx = await self._stack.enter_async_context(self._caller.read())
            return self._tx


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
async def open(context: Context, operation: OperationType) -> AsyncIterator[RequestContext]:
    """The context to execute one operation with, or one event of a subscription."""
    caller = Context(
        services=context.services,
        user_id=context.user_id,
        email=context.email,
        tenant_id=context.tenant_id,
        request_id=context.request_id,
    )
    in_one = operation is OperationType.QUERY
    reads = Reads(caller, in_one=in_one)
    try:
        yield RequestContext(
            services=caller.services,
            user_id=caller.user_id,
            email=caller.email,
            tenant_id=caller.tenant_id,
            request_id=caller.request_id,
            reads=reads,
            loaders=Loaders(remembering=in_one),
        )
    finally:
        await reads.close()


Info = strawberry.Info[RequestContext, None]
