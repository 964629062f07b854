"""Mappings that change after rows came: rows follow, and none is lost, doubled or revived."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from core.jobs import ACTIVE
from core.models import Job, MappingState
from resolvers import mappings
from resolvers.mappings import Mapped
from tests.fixtures.bai2_file import COFFEE, RENT, SALARY, statement
from tests.fixtures.context import an_account, context, the_mapping
from tests.fixtures.faults import FaultyEvents, Killed, kill
from tests.fixtures.world import Place, World

DAYS = statement(COFFEE, COFFEE, RENT, SALARY)
DELETE = "2"


async def test_rows_come_back_as_they_were_reconciled_ones_too(world: World) -> None:
    place = await world.place()
    await world.take_in(place, DAYS)
    await world.reconcile(place)
    before, balances = await _whole(world, place), await _balances(world, place)

    gone = await _unset(world, place)
    between, stated = await _whole(world, place), await _balances(world, place)
    await _set(world, place, await an_account(world, place))

    assert gone["withdrawn"] == 4
    assert (between, stated) == ([], [])
    assert await _whole(world, place) == before
    assert await _balances(world, place) == balances
    codes = [row["code"] for row in await world.findings(place, gone["id"])]
    assert codes == ["reconciled-set-aside"]


async def test_what_comes_while_a_mapping_has_no_account_waits_though_accounts_are_opened(
    world: World,
) -> None:
    place = await world.place(mapping_policy="create")
    await world.take_in(place, DAYS)
    await _unset(world, place)

    preview = await world.take_in(place, statement(COFFEE, day="260302"), review=True)
    later = await world.approve(place, preview["id"])
    accounts = await world.owner.fetchval("select count(*) from app.accounts")
    await _set(world, place, await an_account(world, place))

    assert (preview["waiting"], preview["imported"]) == (1, 0)
    assert (later["state"], later["waiting"], accounts) == ("awaiting_mapping", 1, 1)
    assert len(await world.rows(place)) == 5
    assert (await world.ledger(place, later["id"]))["state"] == "completed"


async def test_an_import_that_is_reverted_meanwhile_does_not_come_back(world: World) -> None:
    place = await world.place()
    one = await world.take_in(place, statement(COFFEE))
    await world.take_in(place, statement(RENT, day="260302"))
    await _unset(world, place)

    reverted = await world.revert(place, one["id"])
    await _set(world, place, await an_account(world, place))

    assert (reverted["state"], reverted["withdrawn"]) == ("reverted", 1)
    assert [row["description"] for row in await world.rows(place)] == ["RENT"]


async def test_a_reconciled_row_of_a_reverted_import_outlives_an_unmapping(world: World) -> None:
    place = await world.place()
    job = await world.take_in(place, statement(COFFEE))
    await world.reconcile(place)
    await world.revert(place, job["id"])
    before = await _whole(world, place)

    await _unset(world, place)
    await _set(world, place, await an_account(world, place))

    assert len(before) == 1
    assert await _whole(world, place) == before


async def test_a_day_that_is_deleted_meanwhile_stays_deleted(world: World) -> None:
    place = await world.place()
    await world.take_in(place, statement(COFFEE))
    await world.take_in(place, statement(RENT, day="260302"))
    await _unset(world, place)

    await world.take_in(place, statement(status=DELETE))
    await _set(world, place, await an_account(world, place))

    assert [row["description"] for row in await world.rows(place)] == ["RENT"]


async def test_imports_that_run_before_the_move_fit_in(world: World) -> None:
    place = await world.place()
    await world.take_in(place, statement(COFFEE))
    await world.take_in(place, statement(RENT, day="260302"))
    account_id = await an_account(world, place)
    job = await _decide(world, place, account_id)

    deleted = await world.take_in(place, statement(status=DELETE))
    await world.take_in(place, statement(SALARY, day="260303"))
    between = await _accounts(world, place)
    await world.finish(place, job.id)

    assert deleted["withdrawn"] == 1
    assert len(between) == 2
    assert await _accounts(world, place) == {account_id}
    assert len(await world.rows(place)) == 2


@pytest.mark.parametrize("dies_at", range(1, 9))
@pytest.mark.parametrize("mapped", [True, False])
async def test_a_crash_at_any_moment_is_made_up_for(
    world: World, dies_at: int, mapped: bool
) -> None:
    place = await world.place()
    await world.take_in(place, DAYS)
    before = await _whole(world, place)
    account_id = await an_account(world, place) if mapped else None
    job = await _decide(world, place, account_id)
    small = world.altered(batch_records=2)

    try:
        await small.altered(events=FaultyEvents({dies_at: kill})).run(place, job.id)
    except Killed:
        await small.finish(place, job.id)

    assert (await world.ledger(place, job.id))["state"] == "completed"
    assert await _whole(world, place) == (before if mapped else [])
    assert await _misplaced(world, place) == 0
    last = await _decide(world, place, await an_account(world, place))
    await world.finish(place, last.id)
    assert await _whole(world, place) == before


@pytest.mark.parametrize("step", range(1, 7))
async def test_a_decision_while_rows_follow_another_wins(world: World, step: int) -> None:
    place = await world.place()
    await world.take_in(place, DAYS)
    before = await _whole(world, place)
    last_account = await an_account(world, place)
    later: list[Job] = []

    async def decide() -> None:
        later.append(await _decide(world, place, last_account))

    first = await _decide(world, place, await an_account(world, place))
    small = world.altered(batch_records=2, events=FaultyEvents({step: decide}))
    await small.run(place, first.id)
    await world.finish(place, later[0].id)

    assert later[0].id != first.id
    assert await _whole(world, place) == before
    assert await _accounts(world, place) == {last_account}


@pytest.mark.parametrize("turn", range(4))
async def test_decisions_of_one_instant_leave_one_state(world: World, turn: int) -> None:
    place = await world.place()
    await world.take_in(place, DAYS)
    before = await _whole(world, place)
    mapping_id = await the_mapping(world)
    accounts = [await an_account(world, place) for _ in range(2)]
    caller = context(world, place)
    decisions: list[Callable[[], Awaitable[object]]] = [
        lambda: mappings.set_account(caller, mapping_id=mapping_id, account_id=accounts[0]),
        lambda: mappings.set_account(caller, mapping_id=mapping_id, account_id=accounts[1]),
        lambda: mappings.ignore(caller, mapping_id=mapping_id),
        lambda: mappings.unset(caller, mapping_id=mapping_id),
    ]
    decisions = decisions[turn:] + decisions[:turn]
    small = world.altered(batch_records=1)
    imported = await small.job(place, statement(COFFEE, day="260309"))

    answers, _ = await asyncio.gather(
        asyncio.gather(*(decide() for decide in decisions)), small.run(place, imported)
    )
    more, _ = await asyncio.gather(
        asyncio.gather(*(decide() for decide in decisions)), _work(small, place)
    )
    await _work(small, place)

    assert all(isinstance(answer, Mapped) for answer in [*answers, *more])
    told = "select count(*) from app.ingestion_audit_log where event like 'mapping.%'"
    assert await world.owner.fetchval(told) == len(decisions) * 2
    assert await _misplaced(world, place) == 0
    last = await _decide(world, place, await an_account(world, place))
    await world.finish(place, last.id)
    rows = await _whole(world, place)
    assert [row for row in rows if row in before] == before
    assert len(rows) == len(before) + 1


async def _decide(world: World, place: Place, account_id: UUID | None) -> Job:
    """Sets the only mapping to an account or to none; the job in which its rows follow."""
    caller, mapping_id = context(world, place), await the_mapping(world)
    if account_id is None:
        answer = await mappings.unset(caller, mapping_id=mapping_id)
    else:
        answer = await mappings.set_account(caller, mapping_id=mapping_id, account_id=account_id)
    assert isinstance(answer, Mapped)
    assert answer.job is not None
    assert answer.mapping.state is (MappingState.MAPPED if account_id else MappingState.PENDING)
    return answer.job


async def _set(world: World, place: Place, account_id: UUID) -> None:
    await world.finish(place, (await _decide(world, place, account_id)).id)


async def _unset(world: World, place: Place) -> Any:
    return await world.finish(place, (await _decide(world, place, None)).id)


async def _work(world: World, place: Place) -> None:
    """Runs jobs as a worker does, until none is left."""
    due = "select id from app.ingestion_jobs where state = any($1) order by created_at, id"
    while jobs := await world.owner.fetch(due, list(ACTIVE)):
        for job in jobs:
            await world.finish(place, job["id"])


async def _whole(world: World, place: Place) -> list[tuple[object, ...]]:
    """What stands, with ids and what people said of it."""
    rows = await world.owner.fetch(
        "select id, fingerprint, occurrence, status, reconciled, raw_id, raw_line"
        " from app.transactions where tenant_id = $1 and status <> 'removed' order by id",
        place.tenant_id,
    )
    return [tuple(row) for row in rows]


async def _balances(world: World, place: Place) -> list[tuple[object, ...]]:
    rows = await world.owner.fetch(
        "select as_of, kind, amount, raw_id, created_at from app.account_balances"
        " where tenant_id = $1 order by 1, 2, 5",
        place.tenant_id,
    )
    return [tuple(row) for row in rows]


async def _accounts(world: World, place: Place) -> set[UUID]:
    rows = await world.owner.fetch(
        "select account_id from app.transactions where tenant_id = $1 union"
        " select account_id from app.account_balances where tenant_id = $1",
        place.tenant_id,
    )
    return {row["account_id"] for row in rows}


async def _misplaced(world: World, place: Place) -> int:
    """Rows that stand where their mapping does not say."""
    count: int = await world.owner.fetchval(
        "select count(*) from app.transactions as t join app.account_mappings as m"
        " on m.tenant_id = t.tenant_id and m.id = t.mapping_id"
        " where t.tenant_id = $1 and case when m.account_id is null then t.status <> 'removed'"
        " else t.account_id <> m.account_id or t.set_aside is not null end",
        place.tenant_id,
    )
    return count
