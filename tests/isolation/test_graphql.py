"""GraphQL tells no tenant anything of another, whatever is asked, by whomever, with whose ids."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio
import strawberry
from graphql import ExecutionResult, GraphQLObjectType, OperationType

from core.errors import Forbidden
from db.pool import connect
from schema.build import schema
from tests.fixtures.database import DatabaseUrls, cloned
from tests.fixtures.servers import MIGRATED, Servers
from tests.isolation.graphql_actors import INTO_BOTH, Actor, both, spies, victim
from tests.isolation.graphql_arguments import places, variables
from tests.isolation.graphql_attempt import EVENT_WITHIN_S, Stage, staged
from tests.isolation.graphql_control import (
    UNANSWERED,
    UNTELLING,
    all_that_is_seen,
    expected,
    scalars,
)
from tests.isolation.graphql_documents import Operation, operations, reachable
from tests.isolation.graphql_leaks import find_leaks
from tests.isolation.graphql_live import FOLLOWED, change
from tests.isolation.graphql_planted import FUNCTIONS, HOLES, Hole, planted_schema
from tests.isolation.graphql_recipes import KEYS
from tests.isolation.rows import NoRecipe
from tests.isolation.world import SPY, VICTIM

# The stage's connection belongs to the module's event loop.
pytestmark = pytest.mark.asyncio(loop_scope="module")

SCHEMA: Final = schema._schema
OPERATIONS: Final = operations(SCHEMA)
QUIET_S: Final = 0.5  # how long to listen for what must not come
POOL: Final = 3  # fewer than ask at once, so that all of them are used by both tenants
ROUNDS: Final = 3
# Who waits for a connection gives up after ten seconds, which are for those before it alone.
AT_ONCE: Final = 4 * POOL
# Each part is a test of its own, so that none comes near its timeout and workers share them.
PARTS: Final = [
    (kind, part, of)
    for kind, of in (
        (OperationType.QUERY, 3),
        (OperationType.MUTATION, 6),
        (OperationType.SUBSCRIPTION, 1),
    )
    for part in range(of)
]
SHARES: Final = 3  # of all operations, for one actor


def _of(kind: OperationType) -> list[Operation]:
    return [operation for operation in OPERATIONS if operation.type is kind]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """The schema and two tenants; tests leave them as they found them."""
    folder = tmp_path_factory.mktemp("blobs")
    async with (
        cloned(servers, MIGRATED) as urls,
        staged(urls.superuser, servers.redis, folder, SCHEMA) as stage,
    ):
        yield stage


@pytest.mark.parametrize(
    ("kind", "part", "of"), PARTS, ids=[f"{kind.value} {part}" for kind, part, _ in PARTS]
)
async def test_no_answer_tells_of_another_tenant(
    stage: Stage, kind: OperationType, part: int, of: int
) -> None:
    tried = _of(kind)[part::of]
    cursors = (await all_that_is_seen(stage, tried)).cursors

    leaks = await find_leaks(stage, tried, spies(), cursors=cursors, among=_of(kind))

    assert not leaks, "\n".join(leaks)


@pytest.mark.parametrize("share", range(SHARES))
async def test_who_belongs_to_both_tenants_sees_the_chosen_one(stage: Stage, share: int) -> None:
    everywhere = {"node", "viewer"}  # show whom one belongs to, by design
    chosen = [operation for operation in OPERATIONS if operation.name not in everywhere]

    async with stage.session.undone(INTO_BOTH):
        leaks = await find_leaks(stage, chosen[share::SHARES], [both()], cursors={}, among=chosen)

    assert not leaks, "\n".join(leaks)


async def test_who_asks_at_the_same_time_sees_only_their_own(
    database: DatabaseUrls, redis_url: str, tmp_path: Path
) -> None:
    async with (
        staged(database.superuser, redis_url, tmp_path, SCHEMA) as alone,
        connect(database.login, size=POOL) as shared,
    ):
        stage, sides = alone.over(shared), alone.people.sides
        asked = [
            (operation, actor, variables(operation, side))
            for operation in _of(OperationType.QUERY) * ROUNDS
            for actor, side in ((victim(), sides.victim), (spies()[0], sides.own))
        ]

        room = asyncio.Semaphore(AT_ONCE)

        async def answered(asking: tuple[Operation, Actor, dict[str, Any]]) -> ExecutionResult:
            operation, actor, given = asking
            async with room:
                return await stage.answer(actor, operation, given)

        results = await asyncio.gather(*map(answered, asked))

    for (operation, actor, _), result in zip(asked, results, strict=True):
        others = SPY if actor == victim() else VICTIM
        assert others.tenant not in stage.legible(result), operation.name
        assert not result.errors


async def test_the_right_person_sees_and_does_everything(stage: Stage) -> None:
    seen = await all_that_is_seen(stage, OPERATIONS)

    assert not seen.errors
    unseen = sorted(expected(SCHEMA) - seen.fields)
    assert unseen == [], "see it in graphql_control.py, or say why not"
    assert scalars(SCHEMA) - seen.telling == UNTELLING, "make its value tell, or say why not"
    assert seen.unanswered == UNANSWERED, "let an id of one's own show something"
    assert seen.done == {one.name for one in _of(OperationType.MUTATION)}


async def test_everything_that_is_there_is_asked_for() -> None:
    asked = frozenset().union(*(operation.fields for operation in OPERATIONS))
    with_id = {
        name
        for name, kind in SCHEMA.type_map.items()
        if isinstance(kind, GraphQLObjectType) and "id" in kind.fields
    }

    assert reachable(SCHEMA) == asked
    assert with_id | {"SyncBatch", "Upload"} == set(KEYS), (
        "say where its key lies in graphql_recipes.py"
    )
    assert {one.name for one in _of(OperationType.SUBSCRIPTION)} == set(FOLLOWED)


@pytest.mark.parametrize("name", FOLLOWED)
async def test_what_changes_in_another_tenant_is_not_heard(stage: Stage, name: str) -> None:
    (operation,) = [one for one in OPERATIONS if one.name == name]
    followed, sides = FOLLOWED[name], stage.people.sides

    given = variables(operation, sides.own)
    async with stage.session.undone(), stage.stream(spies()[0], operation, given) as events:
        await anext(events)
        await change(stage, followed, sides.victim, heard_by=sides.victim)
        await change(stage, followed, sides.victim, heard_by=sides.own)
        await change(stage, followed, sides.own, heard_by=sides.own)
        async with asyncio.timeout(EVENT_WITHIN_S):
            heard = stage.legible(await anext(events))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(QUIET_S):
                await anext(events)

    assert str(sides.own.key(followed.type)) in heard
    assert not [mark for mark in stage.people.marks if mark in heard]


@pytest.mark.parametrize("name", FOLLOWED)
async def test_who_is_removed_hears_no_more(stage: Stage, name: str) -> None:
    (operation,) = [one for one in OPERATIONS if one.name == name]
    followed, theirs, member = FOLLOWED[name], stage.people.sides.victim, victim("member")
    removal = f"delete from app.tenant_members where user_id = '{member.user_id}'"

    given = variables(operation, theirs)
    async with stage.session.undone(), stage.stream(member, operation, given) as events:
        await anext(events)
        await stage.session.execute(removal)
        await change(stage, followed, theirs, heard_by=theirs)
        with pytest.raises(Forbidden, match="not found"):
            async with asyncio.timeout(EVENT_WITHIN_S):
                await anext(events)


@pytest.mark.parametrize("hole", HOLES, ids=lambda hole: hole.name)
async def test_a_planted_leak_is_reported(stage: Stage, hole: Hole) -> None:
    leaky = stage if hole.sql else replace(stage, schema=planted_schema())
    there = OPERATIONS if hole.sql else operations(leaky.schema)
    planted = [operation for operation in there if operation.name == hole.operation]
    actor = [actor for actor in spies() if actor.name == hole.actor]

    async with stage.session.undone(FUNCTIONS, hole.sql):
        if planted[0].type is OperationType.QUERY:
            await all_that_is_seen(leaky, planted)
        found = await find_leaks(leaky, planted, actor, cursors={})

    assert any(hole.says in leak for leak in found), "\n".join(found) or "nothing was found"


async def test_an_argument_without_a_recipe_is_an_error() -> None:
    @strawberry.type
    class Query:
        @strawberry.field
        def planted(self, whose: str) -> str:
            return whose

    (planted,) = operations(strawberry.Schema(query=Query)._schema)

    with pytest.raises(NoRecipe, match=r"Query\.planted\(whose:\)"):
        places(planted)
