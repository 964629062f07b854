"""Whatever fails, in resolvers or in a compiled statement: clients get a code and an id.

No SQL, no SQLSTATE, no name of a table or a rule, no path of this machine; the log has the class.
"""

from __future__ import annotations

import inspect
import io
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final

import asyncpg
import pytest

import core.errors
import db.failures
from api.operations import OperationRequest, Operations
from core.errors import BadInput, BankfeedsError, Forbidden, InvalidCursor, InvalidMoney, Unreadable
from core.logs import configure
from core.scope import Scope
from db.session import Database, Tx
from schema.build import schema
from schema.context import open as open_context
from tests.fixtures.context import context
from tests.fixtures.world import Place, World

QUERY: Final = "{ accounts(first: 1) { edges { node { id name } } } }"
SECRET: Final = "select iban from app.accounts; SQLSTATE 42P01 at /srv/bankfeeds/db/session.py"
# Those whose words are for the caller.
TOLD: Final = (BadInput, InvalidCursor, InvalidMoney, Unreadable, Forbidden)
MASKED: Final = {
    "Conflict": "CONFLICT",
    "Invalid": "BAD_INPUT",
    "DatabaseUnavailable": "UNAVAILABLE",
    "StorageUnavailable": "UNAVAILABLE",
    "KeysUnavailable": "UNAVAILABLE",
    "KeysRefused": "UNAVAILABLE",
    "TimedOut": "TIMEOUT",
    "TimeoutError": "TIMEOUT",
}
# What Postgres says, by statements that make it say so.
SAID_BY_POSTGRES: Final = {
    "select 1 / 0": "BAD_INPUT",
    "select 'x'::uuid": "BAD_INPUT",
    "select 99999999999::integer": "BAD_INPUT",
    "select * from app.no_such_table": "INTERNAL",
    "select no_such_column from app.accounts": "INTERNAL",
    "selec": "INTERNAL",
    "select * from app.connection_credentials": "FORBIDDEN",
    "do $$ begin raise exception '/srv/bankfeeds SQLSTATE'; end $$": "INTERNAL",
    "do $$ begin raise unique_violation using constraint = 'accounts_key'; end $$": "CONFLICT",
    "do $$ begin raise check_violation using constraint = 'accounts_name'; end $$": "BAD_INPUT",
    "do $$ begin raise foreign_key_violation; end $$": "FORBIDDEN",
    "do $$ begin raise deadlock_detected; end $$": "UNAVAILABLE",
    "do $$ begin raise too_many_connections; end $$": "UNAVAILABLE",
    "do $$ begin raise query_canceled; end $$": "TIMEOUT",
}
LEAKS: Final = ("sql", "select", "app.", "accounts_", "/srv", ".py", "42", "22", "23", "asyncpg")


def _own_classes() -> Iterator[type[BankfeedsError]]:
    for module in (core.errors, db.failures):
        for _, kind in inspect.getmembers(module, inspect.isclass):
            if issubclass(kind, BankfeedsError) and kind.__module__ == module.__name__:
                yield kind


def _made(kind: type[Exception]) -> Exception:
    return Unreadable("code", SECRET) if kind is Unreadable else kind(SECRET)


OWN: Final = sorted(_own_classes(), key=lambda kind: kind.__name__)
FOREIGN: Final = [asyncpg.PostgresError, OSError, RuntimeError, TimeoutError, ValueError]


class Failing(Database):
    """A database where everything goes wrong in one way."""

    def __init__(self, database: Database, fail: Callable[[Tx], Any]) -> None:
        super().__init__(database._pool)  # the same connections
        self._fail = fail

    @asynccontextmanager
    async def as_(
        self, scope: Scope, *, read_only: bool = False, timeout_s: int | None = None
    ) -> AsyncIterator[Tx]:
        """A transaction in which it has gone wrong already."""
        async with super().as_(scope, read_only=read_only, timeout_s=timeout_s) as tx:
            await self._fail(tx)
            yield tx

    async def first(self, scope: Scope, sql: str, *args: object) -> asyncpg.Record | None:
        """One statement that fails."""
        async with self.as_(scope, read_only=True) as tx:
            return await tx.row(sql, *args)


@pytest.fixture
async def place(world: World) -> Place:
    return await world.place()


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What production logs."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure(level="info", form="json", reveal=False, stream=stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)


async def _error(
    world: World, place: Place, fail: Callable[[Tx], Any], *, compiled: bool
) -> dict[str, Any]:
    """The only error of an answer."""
    operations = Operations(schema, open_context=open_context, production=True)
    prepared = operations.prepare(OperationRequest(query=QUERY))
    assert prepared.plan is not None
    own = context(world, place)
    services = replace(own.services, database=Failing(world.database, fail))
    outcome = await operations.run(
        prepared if compiled else replace(prepared, plan=None), replace(own, services=services)
    )
    assert outcome.payload["data"] is None
    (error,) = outcome.payload["errors"]
    assert isinstance(error, dict)
    return error


@pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "resolvers"])
@pytest.mark.parametrize("kind", [kind for kind in OWN + FOREIGN if kind not in TOLD])
async def test_what_is_not_for_clients_is_logged_and_not_told(
    world: World, place: Place, log: io.StringIO, *, kind: type[Exception], compiled: bool
) -> None:
    async def fail(_: Tx) -> None:
        raise _made(kind)

    error = await _error(world, place, fail, compiled=compiled)

    assert error["extensions"] == {
        "code": MASKED.get(kind.__name__, "INTERNAL"),
        "requestId": "test",
    }
    assert SECRET[:20] not in str(error)
    assert kind.__name__ in log.getvalue()


@pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "resolvers"])
@pytest.mark.parametrize("kind", TOLD)
async def test_what_is_for_clients_keeps_its_words(
    world: World, place: Place, *, kind: type[Exception], compiled: bool
) -> None:
    async def fail(_: Tx) -> None:
        raise Unreadable("code", "say less") if kind is Unreadable else kind("say less")

    error = await _error(world, place, fail, compiled=compiled)

    assert error["message"] == "say less"
    assert error["extensions"]["code"] == ("FORBIDDEN" if kind is Forbidden else "BAD_INPUT")


@pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "resolvers"])
@pytest.mark.parametrize(("sql", "code"), SAID_BY_POSTGRES.items())
async def test_what_postgres_says_stays_here(
    world: World, place: Place, *, sql: str, code: str, compiled: bool
) -> None:
    async def fail(tx: Tx) -> None:
        await tx.rows(sql)

    error = await _error(world, place, fail, compiled=compiled)

    assert error["extensions"] == {"code": code, "requestId": "test"}
    assert [leak for leak in LEAKS if leak in error["message"].lower()] == []
