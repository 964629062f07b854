"""Imports that stopped half-way: they go on as they began, whatever happens beside them."""

from __future__ import annotations

from uuid import UUID

import pytest

from resolvers import jobs
from resolvers.refusal import Refused
from tests.fixtures.bai2_file import COFFEE, RENT, statement
from tests.fixtures.context import context
from tests.fixtures.csv_file import csv, saved
from tests.fixtures.faults import FaultyEvents, Killed, kill
from tests.fixtures.world import Place, World

SIX = csv(*[f"2026-03-0{n},-{n}.50,COFFEE {n},{n},A1" for n in range(1, 7)])


async def _half(world: World, place: Place, content: bytes, **job: object) -> UUID:
    """A failed import of which a part stands."""
    job_id = await world.job(place, content, **job)
    small = world.altered(batch_records=2, events=FaultyEvents({5: kill}))
    with pytest.raises(Killed):
        await small.run(place, job_id)
    await world.owner.execute(
        "update app.ingestion_jobs set state = 'failed', lease_until = null where id = $1", job_id
    )
    assert len(await world.rows(place)) > 0
    return job_id


async def test_what_stands_in_part_takes_no_other_profile(world: World) -> None:
    place = await world.place()
    mine, other = await saved(world, place), await saved(world, place, negate=True)
    job_id = await _half(world, place, SIX, profile_id=mine)

    refused = await jobs.retry(context(world, place), job_id=job_id, profile_id=other)

    assert isinstance(refused, Refused)


async def test_a_half_written_import_is_read_as_it_began_after_another_is_reverted(
    world: World,
) -> None:
    place = await world.place()
    profile = await saved(world, place)
    first = await world.take_in(place, csv("2026-02-01,-9.00,X,99,A1"), profile_id=profile)
    job_id = await _half(world, place, SIX, profile_id=profile)
    await world.owner.execute(
        "update app.statement_profiles"
        " set definition = jsonb_set(definition, '{negate}', 'true') where id = $1",
        profile,
    )

    await world.revert(place, first["id"])
    job = await world.retry(place, job_id)

    rows = await world.rows(place)
    assert (job["state"], len(rows)) == ("completed", 6)
    assert all(row["amount"] < 0 for row in rows)


async def test_a_half_written_import_does_not_go_back_into_quarantine(world: World) -> None:
    place = await world.place()
    first = await world.take_in(place, statement(RENT, day="260201"))
    wrong = statement(*[COFFEE] * 6).replace(b"49,102100,8/", b"49,102101,8/")
    job_id = await _half(world, place, wrong)
    await world.owner.execute("update app.connections set control_policy = 'quarantine'")

    await world.revert(place, first["id"])
    job = await world.retry(place, job_id)

    assert job["state"] == "completed"
    assert len(await world.rows(place)) == 6


async def test_a_half_written_import_that_was_given_up_can_be_taken_back(world: World) -> None:
    place = await world.place()
    job_id = await _half(world, place, statement(*[COFFEE] * 6))

    reverted = await world.revert(place, job_id)

    assert reverted["state"] == "reverted"
    assert await world.rows(place) == []


async def test_an_approval_holds_for_the_reading_that_was_previewed_alone(world: World) -> None:
    place = await world.place()
    bad = await saved(world, place, columns={"amount": "Text"})
    good = await saved(world, place)
    job = await world.take_in(
        place, csv("2026-03-01,-3.50,COFFEE,1,A1"), review=True, profile_id=bad
    )
    failed = await world.approve(place, job["id"])
    assert failed["error_code"] == "no-row-readable"

    again = await world.retry(place, job["id"], profile_id=good)

    assert again["state"] == "awaiting_review"
    assert await world.rows(place) == []


async def test_a_quarantine_shows_what_approval_would_write(world: World) -> None:
    place = await world.place(control_policy="quarantine")
    wrong = statement(COFFEE).replace(b"49,100350,3/", b"49,100351,3/")

    job = await world.take_in(place, wrong)

    assert (job["state"], job["error_code"], job["imported"]) == (
        "awaiting_review",
        "quarantined",
        1,
    )
    assert await world.owner.fetchval("select count(*) from app.ingestion_previews") == 1
    assert await world.rows(place) == []
