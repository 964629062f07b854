"""What a tenant can learn or change of another through a schema: tries all, reports each leak."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from graphql import OperationType

from tests.isolation.graphql_actors import Actor
from tests.isolation.graphql_arguments import Attempt, Sides, attempts, places
from tests.isolation.graphql_attempt import Outcome, Stage, legible
from tests.isolation.graphql_documents import Operation
from tests.isolation.rows import literal
from tests.isolation.world import VICTIM

_AROUND: Final = 120  # characters of an answer that a report quotes

_Tried = tuple[Operation, Actor, Attempt]


async def find_leaks(
    stage: Stage,
    operations: Iterable[Operation],
    actors: Iterable[Actor],
    *,
    cursors: Mapping[str, str],
    among: Iterable[Operation] = (),
) -> list[str]:
    """Try every operation with every value as every actor.

    Nothing of the victim may be shown, touched or told. The answer must be the one that is given
    about nobody, and the one that is given when the victim has never been there.
    `cursors` are those that the victim was given, by the coordinate of their list. `among`: all
    operations, where these are a part of them and the other parts are tried too.
    """
    operations = list(operations)
    where = _where_nested(list(among) or operations)
    tried = list(_tried(stage.people.sides, operations, list(actors), cursors, where))
    present = await _outcomes(stage, tried, about_nobody=True)
    found = [line for one in tried for line in _judged(stage, one, present)]
    async with stage.session.undone(*_without_victim(stage)):
        absent = await _outcomes(stage, [one for one in tried if one[2].alone], about_nobody=False)
    for key, outcome in absent.items():
        if replace(outcome, touched_victim=False) != replace(present[key], touched_victim=False):
            found.append(f"{key} depends on another tenant: {_difference(present[key], outcome)}")
    return found


def _tried(
    sides: Sides,
    operations: list[Operation],
    actors: list[Actor],
    cursors: Mapping[str, str],
    where: Mapping[str, str],
) -> Iterator[_Tried]:
    for operation in operations:
        nested = {place for place, name in where.items() if name == operation.name}
        for attempt in attempts(operation, sides, cursors=cursors, nested=nested):
            for actor in actors if attempt.everybody else actors[:1]:
                yield operation, actor, attempt


def _where_nested(operations: Iterable[Operation]) -> dict[str, str]:
    """The query in which the arguments of a deeper field are tried: the smallest that has it."""
    found: dict[str, str] = {}
    for operation in sorted(operations, key=lambda one: len(one.fields)):
        if operation.type is OperationType.QUERY:
            for place in places(operation):
                found.setdefault(place.coordinate, operation.name)
    return found


async def _outcomes(
    stage: Stage, tried: Iterable[_Tried], *, about_nobody: bool
) -> dict[str, Outcome]:
    """What came of each attempt, and of each about nobody, by what was asked."""
    found: dict[str, Outcome] = {}
    for operation, ones in _by_operation(tried):
        async with stage.prepared(operation):
            untouched = await stage.state()
            for actor, attempt in ones:
                asked = [attempt.variables]
                if about_nobody and attempt.about_nobody is not None:
                    asked.append(attempt.about_nobody)
                for variables in asked:
                    key = _key(actor, operation, variables)
                    if key not in found:
                        found[key] = await stage.attempt(actor, operation, variables, untouched)
    return found


def _by_operation(
    tried: Iterable[_Tried],
) -> Iterator[tuple[Operation, list[tuple[Actor, Attempt]]]]:
    groups: dict[str, tuple[Operation, list[tuple[Actor, Attempt]]]] = {}
    for operation, actor, attempt in tried:
        groups.setdefault(operation.name, (operation, []))[1].append((actor, attempt))
    yield from groups.values()


def _judged(stage: Stage, one: _Tried, outcomes: Mapping[str, Outcome]) -> Iterator[str]:
    operation, actor, attempt = one
    key = _key(actor, operation, attempt.variables)
    outcome = outcomes[key]
    what = f"{actor.name}: {operation.name} {attempt.what}"
    mark = _mark(stage, actor, attempt, outcome)
    if mark is not None:
        yield f"{what} shows another tenant: {mark}"
    if outcome.touched_victim:
        yield f"{what} changes another tenant"
    if any(VICTIM.tenant_id in told for told in outcome.told):
        yield f"{what} speaks for another tenant: {outcome.told}"
    if attempt.about_nobody is not None:
        about_nobody = outcomes[_key(actor, operation, attempt.about_nobody)]
        named = _named(attempt.variables) ^ _named(attempt.about_nobody)
        known, unknown = _blinded(outcome, named), _blinded(about_nobody, named)
        if known != unknown:
            yield f"{what} tells what is there: {_difference(known, unknown)}"


def _mark(stage: Stage, actor: Actor, attempt: Attempt, outcome: Outcome) -> str | None:
    """Where an answer has something that is the victim's, and that nobody named."""
    claimed = {str(actor.tenant_id), str(actor.user_id)}
    named = {one for one in _named(attempt.variables) if any(m in one for m in stage.people.marks)}
    text = _blinded(outcome, named | claimed).text
    for mark in stage.people.marks:
        place = text.find(mark)
        if place >= 0:
            return text[max(0, place - _AROUND) : place + _AROUND]
    return None


def _blinded(outcome: Outcome, named: Iterable[str]) -> Outcome:
    """Without the values that the question itself named."""
    text = outcome.text
    for value in sorted(named, key=len, reverse=True):
        text = text.replace(value, "…")
    return replace(outcome, text=text, touched_victim=False)


def _named(value: Any) -> frozenset[str]:
    """The texts that variables have, as an answer could repeat them."""
    if isinstance(value, str):
        shown = legible(value)
        return frozenset(one for one in (value, shown, shown.rpartition(":")[2]) if one)
    inner = value.values() if isinstance(value, Mapping) else value
    return frozenset().union(*map(_named, inner)) if isinstance(inner, Iterable) else frozenset()


def _difference(one: Outcome, other: Outcome) -> str:
    if one.text == other.text:
        return f"{one.told}, not {other.told}"
    pairs = enumerate(zip(one.text, other.text, strict=False))
    place = next((n for n, (a, b) in pairs if a != b), min(len(one.text), len(other.text)))
    place = max(0, place - _AROUND // 2)
    return f"{one.text[place : place + _AROUND]!r}, not {other.text[place : place + _AROUND]!r}"


def _key(actor: Actor, operation: Operation, variables: Mapping[str, Any]) -> str:
    return f"{actor.name}: {operation.name} {json.dumps(variables)}"


def _without_victim(stage: Stage) -> list[str]:
    tenant = literal(VICTIM.tenant_id)
    return [
        "set local session_replication_role = replica",
        *(f"delete from {t} where {c} = {tenant}" for t, c in stage.people.tables.items()),
        "set local session_replication_role = origin",
    ]
