"""What a tenant can learn or change of another: tries everything, and reports each leak."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

import asyncpg

from tests.isolation.attempt import Actor, Attempts, Outcome, rolled_back
from tests.isolation.catalog import Function, Table
from tests.isolation.rows import PEOPLE, Row, insert, literal
from tests.isolation.world import World

# Answer across tenants by design: in ids alone, and to workers alone, as pgTAP holds them to.
ACROSS_TENANTS: Final = frozenset(
    {
        "private.delivery_meters(timestamp with time zone)",  # totals
        "private.due_deliveries(timestamp with time zone,integer)",
        "private.due_jobs(integer)",
        "private.due_webhook_events(integer)",
        "private.expired_uploads(integer)",
        "private.tenants_after(uuid,integer)",
        "private.unindexed_tenants(integer)",
    }
)
# Before the tenant of an event is known: for role webhook alone, as pgTAP holds them to. What users
# may call too is not among them.
BEFORE_TENANTS: Final = frozenset(
    {
        "private.webhook_endpoint(bytea)",
        "private.receive_webhooks(uuid[],jsonb[],text[],text[],text[],text[],"
        "timestamp with time zone[],bytea[])",
        "private.webhook_route(text,text,text)",
        "private.claim_webhooks(integer,interval)",
        "private.settle_webhook(uuid,integer,text,interval,text)",
        "private.create_application_webhook(uuid,text,bytea,bytea)",
        "private.all_webhook_endpoints()",
        "private.all_webhooks(uuid[],text,text,timestamp with time zone,"
        "timestamp with time zone,integer)",
        "private.replay_webhooks(uuid[])",
        "private.prune_webhooks(interval,integer)",
        "private.prune_leftovers(timestamp with time zone,interval,interval,integer)",
        "private.webhook_meters()",
    }
)
# An update that a trigger asks for, so that the checks behind it are reached.
_ALSO_SET: Final[Mapping[str, Mapping[str, str]]] = {
    "app.ingestion_jobs": {"state": "cancelled"},
    "app.webhook_events": {"state": "received"},
}
# What an attempt on one's own row answers where rights and policies let it through.
_REACHED: Final = frozenset({"", "23503", "23505"})
_ARGUMENTS: Final = {"uuid": "null", "text": "'viewer'", "integer": "10", "jsonb": "'{}'"}
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(slots=True)
class Report:
    """The leaks that were found, and which verbs got through to the spy's own rows."""

    leaks: list[str] = field(default_factory=list)
    reached: set[tuple[str, str, str]] = field(default_factory=set)  # table, role, verb


async def find_leaks(
    connection: asyncpg.Connection, world: World, actors: Iterable[Actor]
) -> Report:
    """Try every table, verb, key and function as every actor; a transaction rolled back."""
    report = Report()
    attempts = Attempts(connection, world.catalog, world.victim)
    async with rolled_back(connection):
        for actor in actors:
            await attempts.begin(actor)
            spy = _Spy(attempts=attempts, world=world, actor=actor, report=report)
            for table in world.catalog.tables:
                await spy.read(table)
                await spy.delete(table)
                await spy.update(table)
                await spy.insert(table)
            for function in world.catalog.functions:
                await spy.call(function)
            await attempts.end()
    return report


async def find_interference(
    connection: asyncpg.Connection, world: World, actors: Iterable[Actor]
) -> list[str]:
    """What an actor sees must be the same as if the other tenant had never been there."""
    found: list[str] = []
    attempts = Attempts(connection, world.catalog, world.victim)
    for actor in actors:
        async with rolled_back(connection):
            present = await _seen(attempts, world, actor)
            await _remove_victim(connection, world)
            absent = await _seen(attempts, world, actor)
        for question, answer in present.items():
            if answer != absent[question]:
                found.append(f"{actor.name}: {question} depends on another tenant")
            if _shows(answer, world, actor):
                found.append(f"{actor.name}: {question} shows another tenant")
    return found


async def _remove_victim(connection: asyncpg.Connection, world: World) -> None:
    await connection.execute("set local session_replication_role = replica")
    tenant = literal(world.victim.tenant_id)
    for table in world.catalog.tables:
        column = "tenant_id" if "tenant_id" in table.types else "id"
        await connection.execute(f"delete from {table.name} where {column} = {tenant}")


async def _seen(attempts: Attempts, world: World, actor: Actor) -> dict[str, Outcome]:
    seen = {}
    await attempts.begin(actor)
    for relation in world.catalog.relations:
        columns = await attempts.granted(relation.oid, relation.columns, "select")
        question = _select(relation.name, columns)
        seen[question] = await attempts.ask(question)
    for function in world.catalog.functions:
        if function.name not in ACROSS_TENANTS | BEFORE_TENANTS:
            question = _call(function, [_ARGUMENTS.get(t, "null") for t in function.types])
            seen[question] = await attempts.ask(question)
    await attempts.end()
    return {question: _without_new_ids(answer, world) for question, answer in seen.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spy:
    attempts: Attempts
    world: World
    actor: Actor
    report: Report

    async def read(self, table: Table) -> None:
        columns = await self.attempts.granted(table.oid, table.types, "select")
        everything = _select(table.name, columns)
        answer = await self.attempts.ask(everything)
        if _shows(answer, self.world, self.actor):
            self.report.leaks.append(f"{self.actor.name}: {everything} shows another tenant")
        if columns:
            pair = [
                f"{everything} where {_where(table, rows[table.name])}"
                for rows in (self.world.victims, self.world.ghosts)
            ]
            self._judge(pair[0], await self.attempts.ask(pair[0]), await self.attempts.ask(pair[1]))
        self._reached(table, "select", answer)

    async def delete(self, table: Table) -> None:
        statement = f"delete from {table.name}"
        self._alone(statement, await self.attempts.change(statement))
        if await self.attempts.may(f"has_table_privilege({table.oid}::oid, 'delete')"):
            await self._compare(table, lambda row: f"{statement} where {_where(table, row)}")
            own = f"{statement} where {_where(table, self.world.own[table.name])}"
            self._reached(table, "delete", await self.attempts.change(own))

    async def update(self, table: Table) -> None:
        columns = await self.attempts.granted(table.oid, table.types, "update")
        readable = await self.attempts.granted(table.oid, table.types, "select")
        own = self.world.own[table.name]
        also = {c: literal(v) for c, v in _ALSO_SET.get(table.name, {}).items() if c in columns}
        # Who may not read names no row, and so means all.
        here = f" where {_where(table, own)}" if readable else ""
        for column in columns or [table.primary_key[0]]:
            value = column if column in readable else literal(own[column])
            statement = _update(table, {column: value, **also})
            self._alone(statement, await self.attempts.change(statement))
            self._reached(table, "update", await self.attempts.change(statement + here))
        if columns and readable:
            await self._compare(table, lambda row: f"{statement} where {_where(table, row)}")
        for group in {tuple(c for c in group if c in columns) for group in table.groups()}:
            if group:
                await self._compare(table, partial(_updated, table, group, also, here))

    async def insert(self, table: Table) -> None:
        columns = await self.attempts.granted(table.oid, table.types, "insert")
        changes = await self.attempts.granted(table.oid, table.types, "update")
        new = {c: v for c, v in self._signed(table).items() if c in columns or not columns}
        statement = insert(table.name, new)
        own = await self.attempts.change(statement)
        self._alone(statement, own)
        self._reached(table, "insert", own)
        for group in {tuple(c for c in group if c in columns) for group in table.groups()}:
            for ending in _conflicts(table, changes) if group else ():
                await self._compare(table, partial(_inserted, table, group, new, ending))

    async def call(self, function: Function) -> None:
        right = f"has_function_privilege({function.oid}::oid, 'execute')"
        if function.name in ACROSS_TENANTS or not await self.attempts.may(right):
            return
        if function.name in BEFORE_TENANTS:
            if self.actor.role != "webhook":
                self.report.leaks.append(f"{self.actor.name} may call {function.name}")
            return
        usual = [_ARGUMENTS.get(kind, "null") for kind in function.types]
        for place, kind in enumerate(function.types):
            for pair in self._pairs(kind):
                calls = [
                    _call(function, [*usual[:place], literal(value), *usual[place + 1 :]])
                    for value in pair
                ]
                answer = await self.attempts.ask(calls[0], watch=function.writes)
                self._judge(calls[0], answer, await self.attempts.ask(calls[1]))

    async def _compare(self, table: Table, statement: Callable[[Row], str]) -> None:
        """The same change with the victim's values and with those of one that is not there."""
        theirs = statement(self.world.victims[table.name])
        nobodys = statement(self.world.ghosts[table.name])
        answer = await self.attempts.change(theirs)
        self._judge(theirs, answer, await self.attempts.change(nobodys, watch=False))

    def _judge(self, statement: str, answer: Outcome, about_nobody: Outcome) -> None:
        self._alone(statement, answer)
        known, unknown = self._blinded(answer), self._blinded(about_nobody)
        if known != unknown:
            self.report.leaks.append(
                f"{self.actor.name}: {statement} tells what is there: {known}, not {unknown}"
            )

    def _alone(self, statement: str, answer: Outcome) -> None:
        if answer.touched_victim:
            self.report.leaks.append(f"{self.actor.name}: {statement} changes another tenant")

    def _blinded(self, outcome: Outcome) -> Outcome:
        """Without the values that the statement itself named, and without new ids."""
        text = outcome.text
        for value in self.world.told:
            text = text.replace(value, "…")
        return replace(outcome, text=_UUID.sub("…", text), touched_victim=False)

    def _pairs(self, kind: str) -> Iterator[tuple[str, str]]:
        """Each value of the type that the victim has, with nobody's in its place."""
        pairs = {
            (theirs, nobodys)
            for table in self.world.catalog.tables
            for column, column_type in table.types.items()
            if column_type == kind
            and (theirs := self.world.victims[table.name][column]) in self.world.marks
            and (nobodys := self.world.ghosts[table.name][column]) is not None
        }
        yield from sorted(pairs)

    def _signed(self, table: Table) -> Row:
        """A new row of one's own, with one's own name where a person is named."""
        row, person = self.world.new[table.name], self.actor.person
        return row if person is None else {c: person if c in PEOPLE else v for c, v in row.items()}

    def _reached(self, table: Table, verb: str, outcome: Outcome) -> None:
        if outcome.state in _REACHED and (outcome.state or outcome.count):
            self.report.reached.add((table.name, self.actor.role, verb))


def _select(relation: str, columns: Iterable[str]) -> str:
    listed = ", ".join(f"{column}::text" for column in columns) or "*"
    return f"select {listed} from {relation}"


def _update(table: Table, values: Mapping[str, str]) -> str:
    assignments = ", ".join(f"{column} = {value}" for column, value in values.items())
    return f"update {table.name} set {assignments}"


def _updated(
    table: Table, group: tuple[str, ...], also: Mapping[str, str], where: str, row: Row
) -> str:
    """An update of one's own row with somebody's values in the columns of a group."""
    return _update(table, {**also, **{c: literal(row[c]) for c in group}}) + where


def _inserted(table: Table, group: tuple[str, ...], new: Row, ending: str, row: Row) -> str:
    """An insert of a new row with somebody's values in the columns of a group."""
    return insert(table.name, {**new, **{c: row[c] for c in group}}) + ending


def _call(function: Function, arguments: Iterable[str]) -> str:
    return f"select r::text from {function.call}({', '.join(arguments)}) as r"


def _where(table: Table, row: Row) -> str:
    return " and ".join(f"{column} = {literal(row[column])}" for column in table.primary_key)


def _conflicts(table: Table, changes: list[str]) -> list[str]:
    key = ", ".join(table.primary_key)
    update = [f" on conflict ({key}) do update set {c} = excluded.{c}" for c in changes[:1]]
    return ["", " on conflict do nothing", *update]


def _shows(outcome: Outcome, world: World, actor: Actor) -> bool:
    """Whether an answer has anything in it that is the victim's and was not claimed."""
    return any(mark in outcome.text for mark in world.marks - set(actor.claims.values()))


def _without_new_ids(outcome: Outcome, world: World) -> Outcome:
    known = world.marks | world.shared
    text = _UUID.sub(lambda found: found[0] if found[0] in known else "…", outcome.text)
    return replace(outcome, text=text)
