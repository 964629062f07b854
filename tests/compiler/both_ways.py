"""Asks both ways: as operations are answered, and by resolvers alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, cast

import asyncpg
import orjson
from strawberry import Schema

from api.operations import OperationRequest, Operations, Prepared
from core.scope import UserScope
from core.vault import Vault
from db.blobs import FolderBlobs
from db.pool import connect
from db.session import Database
from resolvers.context import Context, Services
from schema.build import schema
from schema.context import open as open_context
from tests.compiler.rows import Tenant
from tests.compiler.whole import fill
from tests.fixtures.context import NobodyWakes
from tests.fixtures.database import DatabaseUrls
from tests.fixtures.world import KEYS, HeardEvents

ACME: Final = Tenant(name="acme")
GLOBEX: Final = Tenant(name="globex")
_SCOPE: Final = ("begin", "commit", "rollback")
_CHANCES: Final = 30  # which of several failures is the first, and ends the others, is chance


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A query with its variables."""

    text: str
    variables: dict[str, Any] = field(default_factory=dict)
    operation_name: str | None = None

    @property
    def request(self) -> OperationRequest:
        """The request that a client would send."""
        return OperationRequest(
            query=self.text, variables=self.variables, operation_name=self.operation_name
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The payload as a client reads it, and the statements that it took without their scope."""

    payload: Any
    statements: Sequence[str]

    @property
    def data(self) -> Any:
        """The data of the payload."""
        return self.payload["data"]

    @property
    def errors(self) -> Any:
        """The errors of the payload, none where there are none."""
        return self.payload.get("errors", [])


class HeardPool:
    """Stands where a `Database` expects its pool, and hears the statements."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record]) -> None:
        self.heard: list[str] = []
        self._pool = pool

    async def acquire(self, **waiting: float) -> Any:
        """A connection that is listened to."""
        connection = await self._pool.acquire(**waiting)
        connection.add_query_logger(self._hear)
        return connection

    async def release(self, connection: Any) -> None:
        """Takes it back."""
        connection.remove_query_logger(self._hear)
        await self._pool.release(connection)

    def _hear(self, query: Any) -> None:
        if not query.query.lstrip().startswith(_SCOPE):
            self.heard.append(query.query)


@dataclass(frozen=True, slots=True, kw_only=True)
class BothWays:
    """A schema over a world of two tenants."""

    runner: asyncio.Runner
    owner: asyncpg.Connection
    pool: HeardPool
    services: Services
    operations: Operations

    def of(self, schema: Schema) -> BothWays:
        """The same world under another schema."""
        return replace(self, operations=_operations(schema, self.services.database))

    def prepared(self, document: Document) -> Prepared:
        """The document, ready to run. Raises Rejected."""
        return self.operations.prepare(document.request)

    def compiled(self, tenant: Tenant, document: Document) -> Answer:
        """The answer as clients get it."""
        return self._answer(tenant, self.prepared(document))

    def resolved(self, tenant: Tenant, document: Document) -> Answer:
        """The answer of resolvers alone."""
        return self._answer(tenant, replace(self.prepared(document), plan=None))

    def same(self, tenant: Tenant, document: Document) -> Answer:
        """The answer as clients get it, which must be that of resolvers."""
        compiled = self.compiled(tenant, document)
        for _ in range(_CHANCES if compiled.errors else 1):
            resolved = self.resolved(tenant, document)
            difference = differs(_placeless(compiled.payload), _placeless(resolved.payload))
            if difference is None:
                return compiled
        raise AssertionError(f"{tenant.name}: {difference}\n{document}")

    def query(self, sql: str, *values: object) -> list[asyncpg.Record]:
        """Rows, whosever they are."""
        return self.runner.run(self.owner.fetch(sql, *values))

    def _answer(self, tenant: Tenant, prepared: Prepared) -> Answer:
        context = Context(
            services=self.services,
            scope=UserScope(user_id=tenant.user.user_id, tenant_id=tenant.id),
            email=f"owner@{tenant.name}.test",
            request_id="test",
        )
        self.pool.heard.clear()
        outcome = self.runner.run(self.operations.run(prepared, context))
        payload = orjson.loads(orjson.dumps(outcome.payload))
        return Answer(payload=payload, statements=tuple(self.pool.heard))


@asynccontextmanager
async def opened(
    urls: DatabaseUrls, folder: Path, runner: asyncio.Runner
) -> AsyncIterator[BothWays]:
    """The schema over a new world in an empty, migrated database."""
    owner = await asyncpg.connect(urls.owner)
    try:
        for tenant in (ACME, GLOBEX):
            await fill(owner, tenant)
        await owner.execute("analyze")
        async with connect(urls.login, size=2) as database:
            pool = HeardPool(database._pool)
            services = _services(pool, folder)
            services.database.postgres = database.postgres
            yield BothWays(
                runner=runner,
                owner=owner,
                pool=pool,
                services=services,
                operations=_operations(schema, services.database),
            )
    finally:
        await owner.close()


def differs(one: Any, other: Any, path: str = "") -> str | None:
    """Where two payloads differ, the order of keys included; None where nowhere.

    A whole number may be written with and without a fraction.
    """
    if isinstance(one, dict) and isinstance(other, dict):
        if list(one) != list(other):
            return f"{path}: keys {list(one)} and {list(other)}"
        pairs = [(f"{path}.{key}", one[key], other[key]) for key in one]
    elif isinstance(one, list) and isinstance(other, list):
        if len(one) != len(other):
            return f"{path}: {len(one)} and {len(other)} items"
        pairs = [(f"{path}[{i}]", *both) for i, both in enumerate(zip(one, other, strict=True))]
    else:
        numbers = {type(one), type(other)} == {int, float}
        alike = one == other and (type(one) is type(other) or numbers)
        return None if alike else f"{path}: {one!r} and {other!r}"
    return next((found for pair in pairs if (found := differs(*pair[1:], pair[0]))), None)


def _placeless(payload: Any) -> Any:
    """The payload; of which items of a list an error tells is chance, and so is their order."""
    if "errors" not in payload:
        return payload
    errors = [
        {**error, "path": ["*" if isinstance(one, int) else one for one in error.get("path", ())]}
        for error in payload["errors"]
    ]
    return {**payload, "errors": sorted(errors, key=str)}


def _operations(schema: Schema, database: Database) -> Operations:
    return Operations(
        schema, open_context=open_context, production=True, postgres=database.postgres
    )


def _services(pool: HeardPool, folder: Path) -> Services:
    return Services(
        database=Database(cast("asyncpg.Pool[asyncpg.Record]", pool)),
        vault=Vault(KEYS),
        blobs=FolderBlobs(folder),
        events=HeardEvents(),
        queue=NobodyWakes(),
        clock=lambda: datetime.now(UTC),
        public_url="http://localhost",
        upload_bytes_max=1_000_000,
    )
