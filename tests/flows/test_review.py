"""Reviews: what an import would do is shown first, and nothing is written before someone agrees."""

from __future__ import annotations

from collections import Counter

import pytest

from core.jobs import ACTIVE
from tests.fixtures.bai2_file import COFFEE, RENT, SALARY, statement
from tests.fixtures.csv_file import csv, saved
from tests.fixtures.faults import FaultyEvents, Killed, kill
from tests.fixtures.world import World

OLD = csv("2026-03-01,-3.50,COFFEE,1,A1", "2026-03-02,-9.00,BOOK,2,A1")
NEW = csv(
    "2026-03-01,-3.50,COFFEE,1,A1",
    "2026-03-02,-9.00,BOOK SHOP,2,A1",
    "2026-03-03,-1.00,PEN,3,A1",
    "2026-03-04,nothing,INK,4,A1",
)
WRITTEN = ("imported", "duplicate", "changed", "rejected", "waiting", "withdrawn")


async def test_a_preview_counts_and_shows_what_would_be_done(world: World) -> None:
    place = await world.place()
    profile_id = await saved(world, place)
    await world.take_in(place, OLD, profile_id=profile_id)

    job = await world.take_in(place, NEW, profile_id=profile_id, review=True)

    assert job["state"] == "awaiting_review"
    assert [job[name] for name in WRITTEN] == [1, 1, 1, 1, 0, 0]
    assert await _previewed(world, job["id"]) == [
        ("duplicate", 2, "COFFEE"),
        ("changed", 3, "BOOK SHOP"),
        ("new", 4, "PEN"),
    ]
    (finding,) = await world.findings(place, job["id"])
    assert (finding["line"], finding["rejected"]) == (5, True)


async def test_rows_that_would_wait_are_previewed_as_waiting(world: World) -> None:
    place = await world.place(mapping_policy="ask")

    job = await world.take_in(place, statement(COFFEE, RENT), review=True)

    assert (job["waiting"], job["imported"]) == (2, 0)
    assert {outcome for outcome, _, _ in await _previewed(world, job["id"])} == {"waiting"}


async def test_nothing_is_written_before_the_approval(world: World) -> None:
    place = await world.place()

    await world.take_in(place, statement(COFFEE, RENT), review=True)

    assert await _written(world) == Counter()


@pytest.mark.parametrize("dies_at", range(1, 7))
async def test_a_crash_during_the_preview_writes_nothing_and_the_preview_is_done_again(
    world: World, dies_at: int
) -> None:
    place = await world.place()
    small = world.altered(batch_records=2)
    job_id = await world.job(place, statement(*[COFFEE] * 6), review=True)

    try:
        await small.altered(events=FaultyEvents({dies_at: kill})).run(place, job_id)
    except Killed:
        assert await _written(world) == Counter()
    job = await world.ledger(place, job_id)
    if job["state"] in ACTIVE:
        job = await small.finish(place, job_id)

    assert (job["state"], job["imported"], job["processed"]) == ("awaiting_review", 6, 6)
    assert len(await _previewed(world, job_id)) == 6
    assert await _written(world) == Counter()


async def test_an_approved_import_ends_as_one_without_review(world: World) -> None:
    places = [await world.place(), await world.place()]
    results = []
    for place, review in zip(places, (False, True), strict=True):
        profile_id = await saved(world, place)
        await world.take_in(place, OLD, profile_id=profile_id)
        job = await world.take_in(place, NEW, profile_id=profile_id, review=review)
        if review:
            job = await world.approve(place, job["id"])
        results.append((job, [tuple(row.values())[1:] for row in await world.rows(place)]))

    (plain, rows), (reviewed, reviewed_rows) = results
    assert (plain["state"], reviewed["state"]) == ("partial", "partial")
    assert [reviewed[name] for name in WRITTEN] == [plain[name] for name in WRITTEN]
    assert reviewed_rows == rows
    assert await _previewed(world, reviewed["id"]) == []


async def test_a_discarded_import_writes_nothing_and_can_be_imported_later(world: World) -> None:
    place = await world.place()
    job = await world.take_in(place, statement(SALARY), review=True)

    discarded = await world.discard(place, job["id"])
    later = await world.take_in(place, statement(SALARY))

    assert discarded["state"] == "discarded"
    assert (later["state"], later["imported"]) == ("completed", 1)


async def test_a_profile_that_changes_after_the_preview_does_not_change_what_is_written(
    world: World,
) -> None:
    place = await world.place()
    job = await world.take_in(place, OLD, profile_id=await saved(world, place), review=True)
    await world.owner.execute(
        "update app.statement_profiles set definition = jsonb_set(definition, '{negate}', 'true')"
    )

    await world.approve(place, job["id"])

    assert {row["amount"] < 0 for row in await world.rows(place)} == {True}


async def _previewed(world: World, job_id: object) -> list[tuple[str, int, str]]:
    rows = await world.owner.fetch(
        "select outcome, line, description from app.ingestion_previews where job_id = $1"
        " order by position",
        job_id,
    )
    return [tuple(row) for row in rows]


async def _written(world: World) -> Counter[str]:
    counts: Counter[str] = Counter()
    for table in ("accounts", "transactions", "account_balances"):
        counts[table] += await world.owner.fetchval(f"select count(*) from app.{table}")
    return +counts
