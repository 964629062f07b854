"""One statement under one actor, undone at once: what it answered, and whom it touched."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import asyncpg
from asyncpg.prepared_stmt import PreparedStatement

from tests.isolation.catalog import Catalog
from tests.isolation.rows import Owner, literal

_UNDO: Final = "rollback to savepoint attempt"
# Instants differ each time, and a row that a check refuses is the one that was sent.
_NOISE: Final = re.compile(
    r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?([+-]\d\d)?|Failing row contains .*"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Somebody who asks: a role and the claims that come with it."""

    name: str
    role: str
    claims: Mapping[str, str]
    person: str | None = None  # the user id, where it is a user


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a statement answered. Two that are equal tell nobody anything."""

    state: str = ""  # SQLSTATE, "" for success
    text: str = ""  # the message of an error, or the rows
    count: int = 0  # rows answered or touched
    touched_victim: bool = False


@asynccontextmanager
async def rolled_back(connection: asyncpg.Connection) -> AsyncIterator[None]:
    """A transaction, or one within another, of which nothing stays."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        yield
    finally:
        await transaction.rollback()


def actors(spy: Owner, victim: Owner, login: str) -> list[Actor]:
    """Everybody of the spy's tenant, and those who claim more than they are."""
    here, there = {"tenant_id": spy.tenant_id}, {"tenant_id": victim.tenant_id}
    roles = ("owner", "admin", "member", "viewer")
    return [
        *(_user(role, spy.person(role), here) for role in roles),
        _user("owner who claims another tenant", spy.person("owner"), there),
        _user("user with claims of a worker", spy.person("owner"), {**there, "role": "worker"}),
        Actor(name="worker", role="worker", claims={"role": "worker", **here}),
        Actor(name="worker without a tenant", role="worker", claims={"role": "worker"}),
        Actor(name="worker with claims of a user", role="worker", claims=there),
        Actor(name="webhook", role="webhook", claims=there),
        Actor(name="login", role=login, claims=there),
        Actor(name="anon", role="anon", claims=there),
    ]


def _user(name: str, person: str, claims: Mapping[str, str]) -> Actor:
    claims = {"sub": person, "role": "authenticated", **claims}
    return Actor(name=name, role="authenticated", claims=claims, person=person)


class Attempts:
    """Runs statements as an actor over a superuser's connection, in one transaction."""

    def __init__(self, connection: asyncpg.Connection, catalog: Catalog, victim: Owner) -> None:
        self._connection = connection
        self._state_of_victim = " union all ".join(
            f"select '{table.name}', count(*), string_agg(t::text || t.xmin::text, ' ')"
            f" from {table.name} as t where t.{_tenant_column(table.name)}"
            f" = {literal(victim.tenant_id)}"
            for table in catalog.tables
        )
        self._prepared: PreparedStatement[asyncpg.Record] | None = None
        self._untouched: list[asyncpg.Record] = []

    async def begin(self, actor: Actor) -> None:
        """Become the actor, until `end`."""
        self._prepared = await self._connection.prepare(self._state_of_victim)
        self._untouched = await self._prepared.fetch()
        claims = literal(json.dumps(actor.claims))
        await self._connection.execute(
            f"savepoint actor; select set_config('request.jwt.claims', {claims}, true),"
            f" set_config('role', {literal(actor.role)}, true); savepoint attempt"
        )

    async def end(self) -> None:
        """Undo everything since `begin`."""
        await self._connection.execute("rollback to savepoint actor; release savepoint actor")

    async def change(self, statement: str, *, watch: bool = True) -> Outcome:
        """The outcome of an insert, update or delete. `watch`: look whom it touched."""
        try:
            tag = await self._connection.execute(f"{_UNDO}; {statement}")
            count = int(tag.rpartition(" ")[2])
            touched = watch and count > 0 and await self._touched()
            return Outcome(count=count, touched_victim=touched)
        except asyncpg.PostgresError as error:
            return _failure(error)

    async def ask(self, question: str, *, watch: bool = False) -> Outcome:
        """The outcome of a query: its rows, in no order. `watch`: it may touch, too."""
        await self._connection.execute(_UNDO)
        try:
            rows = sorted(str(tuple(row)) for row in await self._connection.fetch(question))
            touched = watch and await self._touched()
            return Outcome(text="\n".join(rows), count=len(rows), touched_victim=touched)
        except asyncpg.PostgresError as error:
            return _failure(error)

    async def granted(self, oid: int, columns: Iterable[str], verb: str) -> list[str]:
        """The columns of a relation that the actor may select, insert, update."""
        right = f"has_column_privilege({oid}::oid, c, {literal(verb)})"
        listed = ", ".join(map(literal, columns))
        await self._connection.execute(_UNDO)
        return list(
            await self._connection.fetchval(
                f"select array(select c from unnest(array[{listed}]) as c where {right})"
            )
        )

    async def may(self, right: str) -> bool:
        """The answer of a catalog function about a right of the actor."""
        await self._connection.execute(_UNDO)
        return bool(await self._connection.fetchval(f"select {right}"))

    async def _touched(self) -> bool:
        assert self._prepared is not None
        await self._connection.execute("reset role")
        return await self._prepared.fetch() != self._untouched


def _tenant_column(table: str) -> str:
    return "id" if table == "app.tenants" else "tenant_id"


def _failure(error: asyncpg.PostgresError) -> Outcome:
    said = (error.args[0], error.detail, error.hint, error.constraint_name)
    text = _NOISE.sub("…", " | ".join(part or "" for part in said))
    return Outcome(state=error.sqlstate or "", text=text)
