"""Reverts: an import goes as a whole, and nothing goes that another file brought too."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import pytest

from tests.fixtures.bai2_file import COFFEE, RENT, SALARY, Account, Group, bai2, statement
from tests.fixtures.csv_file import csv, saved
from tests.fixtures.faults import FaultyEvents, Killed, kill
from tests.fixtures.world import World

MONDAY = Group(accounts=[Account(details=[COFFEE, COFFEE, RENT])], day="260302")
TUESDAY = Group(accounts=[Account(details=[SALARY])], day="260303")


async def test_a_reverted_import_is_gone_and_comes_back_as_new(world: World) -> None:
    place = await world.place()
    first = await world.take_in(place, bai2(MONDAY))

    reverted = await world.revert(place, first["id"])
    gone = await world.rows(place)
    again = await world.take_in(place, bai2(MONDAY))

    assert (reverted["state"], reverted["withdrawn"], gone) == ("reverted", 3, [])
    assert (again["imported"], again["duplicate"]) == (3, 0)
    assert len(await world.rows(place)) == 3


@pytest.mark.parametrize("reverted", [0, 1])
async def test_rows_that_another_file_brought_too_stay_and_point_to_it(
    world: World, reverted: int
) -> None:
    place = await world.place()
    jobs = [await world.take_in(place, bai2(MONDAY, TUESDAY)) for _ in range(2)]
    before = await world.rows(place)

    job = await world.revert(place, jobs[reverted]["id"])

    assert await world.rows(place) == before
    assert await _sources(world) == {jobs[1 - reverted]["id"]}
    assert job["withdrawn"] == 0


async def test_only_what_both_files_share_stays(world: World) -> None:
    place = await world.place()
    first = await world.take_in(place, bai2(MONDAY))
    second = await world.take_in(place, bai2(MONDAY, TUESDAY))
    third = await world.take_in(place, bai2(TUESDAY))

    await world.revert(place, second["id"])

    assert len(await world.rows(place)) == 4
    assert await _sources(world) == {first["id"], third["id"]}


async def test_all_imports_reverted_leave_nothing(world: World) -> None:
    place = await world.place()
    jobs = [await world.take_in(place, bai2(MONDAY, TUESDAY)) for _ in range(3)]

    for job in jobs:
        await world.revert(place, job["id"])

    assert await world.rows(place) == []
    assert await world.owner.fetch("select from app.account_balances") == []


async def test_reconciled_rows_stay_and_are_told(world: World) -> None:
    place = await world.place()
    job = await world.take_in(place, bai2(MONDAY))
    await world.reconcile(place)

    reverted = await world.revert(place, job["id"])

    assert len(await world.rows(place)) == 3
    messages = {row["code"]: row["message"] for row in await world.findings(place, job["id"])}
    assert reverted["withdrawn"] == 0
    assert messages["kept-reconciled"].startswith("3 transactions stay")


async def test_balances_go_and_those_that_another_file_states_stay(world: World) -> None:
    place = await world.place()
    quiet = Group(accounts=[Account()], day="260304")  # a balance, and no transaction
    first = await world.take_in(place, bai2(MONDAY, quiet))
    second = await world.take_in(place, bai2(TUESDAY, quiet))

    await world.revert(place, first["id"])

    balances = await world.owner.fetch(
        "select as_of::text, job_id from app.account_balances order by as_of"
    )
    assert [tuple(balance) for balance in balances] == [
        ("2026-03-03", second["id"]),
        ("2026-03-04", second["id"]),
    ]


async def test_reverting_a_change_restores_what_the_older_file_said(world: World) -> None:
    place = await world.place()
    profile_id = await saved(world, place)
    older = await world.take_in(place, csv("2026-03-01,-3.50,COFFEE,1,A1"), profile_id=profile_id)
    newer = await world.take_in(
        place, csv("2026-03-01,-3.50,COFFEE SHOP,1,A1"), profile_id=profile_id
    )

    await world.revert(place, newer["id"])

    assert [row["description"] for row in await world.rows(place)] == ["COFFEE"]
    assert await _sources(world) == {older["id"]}


async def test_reverting_a_deletion_brings_back_what_it_deleted(world: World) -> None:
    place = await world.place()
    await world.take_in(place, statement(COFFEE, RENT))
    before = await world.rows(place)
    deletion = await world.take_in(place, statement(status="2"))

    await world.revert(place, deletion["id"])

    assert await world.rows(place) == before


async def test_a_revert_does_not_bring_back_what_the_bank_deleted(world: World) -> None:
    place = await world.place()
    await world.take_in(place, bai2(MONDAY))
    await world.take_in(place, bai2(MONDAY))
    await world.take_in(place, statement(day="260302", status="2"))
    tuesday = await world.take_in(place, bai2(TUESDAY))

    await world.revert(place, tuesday["id"])

    assert await world.rows(place) == []


async def test_a_revert_keeps_what_came_after_a_correction_of_the_day(world: World) -> None:
    place = await world.place()
    first = await world.take_in(place, bai2(MONDAY))
    await world.take_in(place, statement(COFFEE, day="260302", status="3"))
    await world.take_in(place, statement(COFFEE, SALARY, day="260302"))
    before = await world.rows(place)

    await world.revert(place, first["id"])

    assert await world.rows(place) == before


async def test_a_row_that_an_increment_held_back_comes_when_its_double_goes(world: World) -> None:
    place = await world.place(delivery="incremental")
    first = await world.take_in(place, statement(COFFEE))
    held = await world.take_in(place, statement(COFFEE))

    await world.revert(place, first["id"])

    assert len(await world.rows(place)) == 1
    assert await _sources(world) == {held["id"]}


@pytest.mark.parametrize("dies_at", range(1, 8))
async def test_a_revert_that_dies_is_finished_and_counts_right(world: World, dies_at: int) -> None:
    place = await world.place()
    small = world.altered(batch_records=2)
    first = await small.take_in(place, bai2(MONDAY, TUESDAY))
    await small.take_in(place, bai2(MONDAY))

    await world.ask_to_revert(place, first["id"])
    try:
        job = await small.altered(events=FaultyEvents({dies_at: kill})).run(place, first["id"])
    except Killed:
        job = await small.finish(place, first["id"])

    assert (job["state"], job["withdrawn"]) == ("reverted", 1)
    assert len(await world.rows(place)) == 3
    messages = {row["code"]: row["message"] for row in await world.findings(place, first["id"])}
    assert messages["reverted"].startswith("1 transactions of this import")
    assert messages["kept-elsewhere"].startswith("3 transactions stay")


async def test_an_import_that_stopped_half_way_loses_nothing_by_another_ones_revert(
    world: World,
) -> None:
    place = await world.place()
    small = world.altered(batch_records=2)
    first = await small.take_in(place, statement(*[COFFEE] * 6))
    half = await world.job(place, statement(*[COFFEE] * 6))
    with pytest.raises(Killed):
        await small.altered(events=FaultyEvents({4: kill})).run(place, half)
    await world.owner.execute(
        "update app.ingestion_jobs set state = 'queued', lease_until = null, next_run_at = now()"
        " where id = $1",
        half,
    )

    await small.revert(place, first["id"])
    await small.finish(place, half)

    assert [row["amount"] for row in await world.rows(place)] == [Decimal("-3.50")] * 6
    assert await _sources(world) == {half}


async def _sources(world: World) -> set[UUID]:
    rows = await world.owner.fetch(
        "select t.job_id, r.job_id as document_of from app.transactions t"
        " join app.raw_ingestion_data r on r.tenant_id = t.tenant_id and r.id = t.raw_id"
        " where t.status <> 'removed'"
    )
    assert all(row["job_id"] == row["document_of"] for row in rows)
    return {row["job_id"] for row in rows}
