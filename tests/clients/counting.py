"""Counts the SQL statements of operations, however they are answered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import asyncpg
from graphql import OperationType

from core.scope import Scope
from db.session import Database, Tx
from resolvers.context import Context
from schema import context as schema_context


class CountedDatabase(Database):
    """A database that counts; statements that enter a scope are left out."""

    def __init__(self, database: Database) -> None:
        super().__init__(database._pool)  # the same connections
        self.statements = 0

    @asynccontextmanager
    async def as_(
        self, scope: Scope, *, read_only: bool = False, timeout_s: int | None = None
    ) -> AsyncIterator[Tx]:
        """A transaction of `Database`, whose statements are added at its end."""
        async with super().as_(scope, read_only=read_only, timeout_s=timeout_s) as tx:
            try:
                yield tx
            finally:
                self.statements += tx.statements

    async def first(self, scope: Scope, sql: str, *args: object) -> asyncpg.Record | None:
        """One statement of `Database`."""
        self.statements += 1
        return await super().first(scope, sql, *args)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many statements each execution by resolvers took, by the id of its request."""

    of: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    @asynccontextmanager
    async def open_context(
        self, context: Context, operation: OperationType
    ) -> AsyncIterator[schema_context.RequestContext]:
        """What the schema opens for an operation, on a database that is counted."""
        counted = CountedDatabase(context.services.database)
        context = replace(context, services=replace(context.services, database=counted))
        try:
            async with schema_context.open(context, operation) as value:
                yield value
        finally:
            self.of[context.request_id].append(counted.statements)
