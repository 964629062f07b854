"""Decisions of users between and during imports lose nothing, double nothing, revive nothing."""

from __future__ import annotations

from decimal import Decimal

from core.models import Job
from resolvers import mappings
from resolvers.mappings import Mapped
from tests.fixtures.bai2_file import COFFEE, SALARY, statement
from tests.fixtures.context import an_account, context, the_mapping
from tests.fixtures.faults import FaultyEvents
from tests.fixtures.world import Place, World


async def _map(world: World, place: Place) -> Job:
    """Maps the external account to a new account; the job that derives its rows."""
    mapped = await mappings.set_account(
        context(world, place),
        mapping_id=await the_mapping(world),
        account_id=await an_account(world, place),
    )
    assert isinstance(mapped, Mapped)
    assert mapped.job is not None
    return mapped.job


async def test_rows_of_an_account_once_ignored_outlive_the_revert_of_one_import(
    world: World,
) -> None:
    place = await world.place(mapping_policy="ask")
    await world.take_in(place, statement(SALARY))
    ignored = await mappings.ignore(context(world, place), mapping_id=await the_mapping(world))
    assert isinstance(ignored, Mapped)
    one = await world.take_in(place, statement(COFFEE))
    await world.take_in(place, statement(COFFEE))
    await world.finish(place, (await _map(world, place)).id)

    await world.revert(place, one["id"])

    assert Decimal("-3.50") in {row["amount"] for row in await world.rows(place)}


async def test_a_day_that_was_deleted_while_the_account_waited_stays_deleted(
    world: World,
) -> None:
    place = await world.place(mapping_policy="ask")
    await world.take_in(place, statement(COFFEE))
    await world.take_in(place, statement(COFFEE))
    await world.take_in(place, statement(status="2"))
    await world.finish(place, (await _map(world, place)).id)
    unrelated = await world.take_in(place, statement(SALARY, day="260310"))

    await world.revert(place, unrelated["id"])

    assert await world.rows(place) == []


async def test_an_account_that_is_mapped_while_its_first_import_runs_gets_all_its_rows(
    world: World,
) -> None:
    place = await world.place(mapping_policy="ask")
    derivations: list[Job] = []

    async def decide() -> None:
        derivations.append(await _map(world, place))

    small = world.altered(batch_records=2, events=FaultyEvents({4: decide}))
    job = await small.take_in(place, statement(*[COFFEE] * 6))
    await world.finish(place, derivations[0].id)

    assert len(await world.rows(place)) == 6
    assert (await world.ledger(place, job["id"]))["state"] == "completed"


async def test_ignoring_an_account_lets_the_import_that_waits_for_it_settle(world: World) -> None:
    place = await world.place(mapping_policy="ask")
    job = await world.take_in(place, statement(COFFEE))

    ignored = await mappings.ignore(context(world, place), mapping_id=await the_mapping(world))
    assert isinstance(ignored, Mapped)
    assert ignored.job is not None
    await world.finish(place, ignored.job.id)

    assert (await world.ledger(place, job["id"]))["state"] == "completed"


async def test_a_row_that_was_held_comes_back_when_the_other_file_is_reverted(
    world: World,
) -> None:
    place = await world.place(delivery="incremental")
    one = await world.take_in(place, statement(COFFEE))
    await world.take_in(place, statement(COFFEE))
    await world.owner.execute("update app.connections set delivery = 'cumulative'")

    await world.revert(place, one["id"])

    assert len(await world.rows(place)) == 1


async def test_a_revert_beside_corrections_counts_only_what_it_took_back(world: World) -> None:
    place = await world.place()
    await world.take_in(place, statement(COFFEE, SALARY))
    await world.take_in(place, statement(COFFEE, SALARY, status="3"))
    other = await world.take_in(place, statement(COFFEE, day="260305"))

    done = await world.revert(place, other["id"])

    assert done["withdrawn"] == 1
    assert len(await world.rows(place)) == 2
