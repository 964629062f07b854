"""Search is exact at every instant: before texts are in the index, half way, after, and again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from db import texts, transactions
from db.transaction_filter import TransactionFilter
from db.transactions import TransactionOrder
from resolvers import mappings
from resolvers.mappings import Mapped
from resolvers.refusal import Refused
from tests.fixtures.bai2_file import COFFEE, RENT, Detail, statement
from tests.fixtures.context import an_account, context, the_mapping
from tests.fixtures.csv_file import csv, saved
from tests.fixtures.faults import Killed
from tests.fixtures.world import Place, World
from workers.text_index import index_texts

WORDS = ("needle", "common", "STRASSE", "row 999", "ab", "nothing like it")


def _many(rows: int) -> bytes:
    """One row in 1,000 has "needle", each has "common", one in seven "Straße" as well."""
    return csv(
        *(
            f"2026-0{1 + n % 9}-0{1 + n % 8},{n}.25,common row {n}"
            f"{' Strasse' if n % 7 == 0 else ''}{' Needle' if n % 1000 == 3 else ''},{n},A1"
            for n in range(rows)
        )
    )


async def _found(world: World, place: Place, text: str, **wanted: Any) -> list[UUID]:
    found: list[UUID] = []
    after = None
    async with world.database.as_(place.user, read_only=True) as tx:
        while True:
            page = await transactions.page(
                tx,
                tenant_id=place.tenant_id,
                wanted=TransactionFilter(text=text, **wanted),
                order=TransactionOrder.POSTED_DATE_DESC,
                first=1000,
                after=after,
            )
            found += [row.id for row in page.items]
            if not page.has_next:
                return found
            after = page.cursors[-1]


async def _truth(world: World, place: Place, text: str) -> list[UUID]:
    rows = await world.owner.fetch(
        "select id from app.transactions where tenant_id = $1 and status <> 'removed'"
        " and concat_ws(' ', description, merchant_name, reference, customer_reference)"
        " ilike '%' || $2 || '%' order by sort_date desc, id desc",
        place.tenant_id,
        text,
    )
    return [row["id"] for row in rows]


async def _exact(world: World, place: Place, words: Sequence[str] = WORDS) -> bool:
    """Whether each word is found where it is, and nowhere else."""
    return all(
        [await _found(world, place, word) == await _truth(world, place, word) for word in words]
    )


async def _follow(world: World, place: Place, answer: Mapped | Refused) -> None:
    assert isinstance(answer, Mapped)
    assert answer.job is not None
    await world.finish(place, answer.job.id)


async def _unindexed(world: World) -> int:
    return int(await world.owner.fetchval("select count(*) from app.unindexed_texts"))


async def test_ten_thousand_rows_are_found_at_once_and_when_indexed(world: World) -> None:
    place = await world.place()
    await world.take_in(place, _many(10_000), profile_id=await saved(world, place))

    at_once = await _found(world, place, "needle")
    exact = await _exact(world, place)
    indexed = await index_texts(world.database)

    assert (len(at_once), indexed, await _unindexed(world)) == (10, 10_000, 0)
    assert exact
    assert await _exact(world, place)


async def test_more_rows_than_are_looked_at_one_by_one_are_found_too(world: World) -> None:
    place = await world.place()
    await world.take_in(place, _many(20_001), profile_id=await saved(world, place))

    found = await _found(world, place, "needle")

    assert found == await _truth(world, place, "needle")
    assert len(found) == 20


async def test_each_state_between_two_parts_is_exact(world: World) -> None:
    place = await world.place()
    small = world.altered(batch_records=500)
    await small.take_in(place, _many(2_000), profile_id=await saved(world, place))
    states = [await _unindexed(world)]

    while states[-1]:
        async with world.database.as_(place.worker) as tx:
            await texts.index_part(tx, tenant_id=place.tenant_id)
        states.append(await _unindexed(world))
        assert await _exact(world, place)

    assert len(states) > 4
    assert states == [*reversed(range(len(states)))]


async def test_a_text_that_changes_is_found_as_it_is_now(world: World) -> None:
    place = await world.place()
    profile = await saved(world, place)
    await world.take_in(place, csv("2026-03-01,-1.00,OLD NAME,1,A1"), profile_id=profile)
    await index_texts(world.database)

    await world.take_in(place, csv("2026-03-01,-1.00,NEW NAME,1,A1"), profile_id=profile)
    before = [len(await _found(world, place, word)) for word in ("old name", "new name", "name")]
    await index_texts(world.database)
    after = [len(await _found(world, place, word)) for word in ("old name", "new name", "name")]

    assert before == after == [0, 1, 1]


async def test_days_bound_a_search_before_and_after_its_rows_are_indexed(world: World) -> None:
    place = await world.place()
    march = {"posted_from": date(2026, 3, 2), "posted_to": date(2026, 3, 3)}
    for day in ("260301", "260302", "260303", "260304"):
        await world.take_in(place, statement(COFFEE, day=day))

    before = await _found(world, place, "coffee", **march)
    await index_texts(world.database)
    after = await _found(world, place, "coffee", **march)

    assert len(before) == 2
    assert after == before


async def test_rows_that_go_and_come_back_do_so_in_a_search(world: World) -> None:
    place = await world.place()
    job = await world.take_in(place, statement(COFFEE, RENT))
    await index_texts(world.database)

    await world.revert(place, job["id"])
    gone = await _found(world, place, "coffee")
    await world.take_in(place, statement(COFFEE))

    assert gone == []
    assert len(await _found(world, place, "coffee")) == 1
    assert await _exact(world, place, ["coffee", "rent"])


async def test_rows_without_an_account_are_not_found_until_they_have_one(world: World) -> None:
    place = await world.place()
    await world.take_in(place, statement(COFFEE))
    mapping = await the_mapping(world)
    one = context(world, place)

    await _follow(world, place, await mappings.unset(one, mapping_id=mapping))
    await index_texts(world.database)
    gone = await _found(world, place, "coffee")
    account_id = await an_account(world, place)
    back = await mappings.set_account(one, mapping_id=mapping, account_id=account_id)
    await _follow(world, place, back)

    assert gone == []
    assert len(await _found(world, place, "coffee")) == 1


async def test_indexing_that_is_cut_short_loses_nothing(world: World) -> None:
    place = await world.place()
    await world.take_in(place, statement(COFFEE))

    with pytest.raises(Killed):
        async with world.database.as_(place.worker) as tx:
            await texts.index_part(tx, tenant_id=place.tenant_id)
            raise Killed
    exact, waiting = await _exact(world, place, ["coffee"]), await _unindexed(world)

    assert (exact, waiting) == (True, 1)
    assert await index_texts(world.database) == 1
    assert await _exact(world, place, ["coffee"])


async def test_one_transaction_at_a_time_indexes_a_tenant(world: World) -> None:
    place, other = await world.place(), await world.place()
    for one in (place, other):
        await world.take_in(one, statement(COFFEE))
        await world.take_in(one, statement(RENT, day="260302"))

    async with world.database.as_(place.worker) as first:
        parts = [await texts.index_part(first, tenant_id=place.tenant_id)]
        for one in (place, other):
            async with world.database.as_(one.worker) as second:
                parts.append(await texts.index_part(second, tenant_id=one.tenant_id))

    assert parts == [1, 0, 1]


async def test_workers_and_imports_at_once_leave_every_text_indexed_as_it_is(world: World) -> None:
    place = await world.place()
    profile = await saved(world, place)
    small = world.altered(batch_records=100)
    await small.take_in(place, _many(1_000), profile_id=profile)
    changed = await small.job(
        place, _many(1_000).replace(b"common", b"uncommon"), profile_id=profile
    )

    async def index() -> None:
        for _ in range(20):
            async with world.database.as_(place.worker) as tx:
                await texts.index_part(tx, tenant_id=place.tenant_id)
            await asyncio.sleep(0.005)

    async with asyncio.TaskGroup() as group:
        for _ in range(2):
            group.create_task(index())
        group.create_task(small.run(place, changed))
    await index_texts(world.database)

    stale = await world.owner.fetchval(
        "select count(*) from app.transactions t join app.transaction_texts x"
        " on x.tenant_id = t.tenant_id and x.transaction_id = t.id"
        " where strpos(x.text, lower(t.description)) <> 1 or x.sort_date <> t.sort_date"
        " or x.amount_key <> t.amount_key"
    )
    assert (await _unindexed(world), stale) == (0, 0)
    assert await _exact(world, place, ["uncommon", "needle"])


async def test_a_tenant_whose_jobs_are_not_done_is_indexed_later(world: World) -> None:
    place, other = await world.place(), await world.place()
    for one in (place, other):
        await world.take_in(one, statement(COFFEE))
    job_id = await world.job(place, statement(Detail("475", 100, "TEA"), day="260302"))

    first = await index_texts(world.database)
    await world.run(place, job_id)
    second = await index_texts(world.database)

    assert (first, second) == (1, 2)


async def test_an_old_note_waits_for_no_job(world: World) -> None:
    place = await world.place()
    await world.take_in(place, statement(COFFEE))
    await world.job(place, statement(RENT, day="260302"))
    await world.owner.execute(
        "update app.unindexed_texts set created_at = now() - interval '6 minutes'"
    )

    indexed = await index_texts(world.database)

    assert indexed == 1


async def test_an_equal_file_notes_nothing(world: World) -> None:
    place = await world.place()
    await world.take_in(place, statement(COFFEE))
    await index_texts(world.database)

    await world.take_in(place, statement(COFFEE))

    assert await _unindexed(world) == 0
