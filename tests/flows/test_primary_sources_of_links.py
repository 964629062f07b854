"""Another primary source: its rows are those that count, with all that people decided."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from uuid import UUID

import asyncpg
import pytest

from core.links import LinkKind, pair_key
from db import matching
from pipeline import match, reranking
from pipeline.flow import in_thread
from resolvers import accounts, reconciliations, splits, transaction_links
from resolvers.refusal import Refused
from resolvers.splits import GivenPart
from tests.fixtures.bai2_file import COFFEE, RENT, SALARY, Detail, statement
from tests.fixtures.context import context
from tests.fixtures.two_sources import both, counting, links, second_source, together
from tests.fixtures.world import Place, World

REFUND = Detail("195", 5_000, "DEPOSIT PAID BACK")


async def test_rows_of_the_new_primary_source_count_with_what_people_decided(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reranking, "ROWS", 2)
    rows = (COFFEE, COFFEE, RENT, SALARY, REFUND)
    place, other = await both(world, statement(*rows), statement(*rows, number="999"))
    first, second = await _source(world, place), await _source(world, other)
    kept = await _counted(world, place)
    assert {row["mapping_id"] for row in kept.values()} == {first}
    await _decide(world, place, kept)
    before = await counting(world, place)

    await _believe(world, place, second)

    now = await _counted(world, place)
    assert {row["mapping_id"] for row in now.values()} == {second}
    assert await counting(world, place) == before
    assert await _decided(world, place, now) == await _expected(now)
    made = await links(world, place)
    gone = [row for row in made if row["state"] == "undone" and row["kind"] == "duplicate"]
    assert [row["undone_reason"] for row in gone] == ["primary_source"] * len(rows)
    left = await world.owner.fetchval(
        "select count(*) from app.transactions where tenant_id = $1 and reconciled"
        " and duplicate_of is not null",
        place.tenant_id,
    )
    assert left == 0

    await _believe(world, place, first)

    assert {name: row["id"] for name, row in (await _counted(world, place)).items()} == {
        name: row["id"] for name, row in kept.items()
    }
    assert await counting(world, place) == before
    assert await _decided(world, place, kept) == await _expected(kept)


async def test_what_the_primary_source_brings_later_takes_over_what_was_decided(
    world: World,
) -> None:
    place, other = await both(
        world, statement(RENT, REFUND), statement(REFUND, number="999", day="260320")
    )
    before = await _counted(world, place)
    await _decide(world, place, before)
    await _believed(world, place, await _source(world, other))

    await world.take_in(other, statement(RENT, number="999"))

    now = await _counted(world, place)
    assert now["RENT"]["id"] != before["RENT"]["id"]
    refund = before["DEPOSIT PAID BACK"]
    expected = await _expected({"RENT": now["RENT"], "DEPOSIT PAID BACK": refund})
    assert await _decided(world, place, now) == expected


async def test_money_that_came_back_once_is_linked_once_where_both_rows_are_brought(
    world: World,
) -> None:
    """The primary source has both rows in one document, and links them in the same step."""
    paid, back = Detail("475", 2_000, "SHOE SHOP"), Detail("195", 2_000, "REFUND SHOE SHOP")
    place, other = await both(world, statement(COFFEE), statement(COFFEE, number="999"))
    await world.take_in(other, statement(paid, back, number="999", day="260302"))

    await world.take_in(place, statement(paid, back, day="260302"))

    now = await _counted(world, place)
    made = [
        (row["transaction_id"], row["other_id"])
        for row in await links(world, place)
        if row["kind"] == "refund" and row["state"] == "active"
    ]
    assert made == [(now["REFUND SHOE SHOP"]["id"], now["SHOE SHOP"]["id"])]


async def test_what_was_refused_stays_so_for_the_row_that_counts(world: World) -> None:
    place, other = await both(world, statement(RENT, REFUND), statement(RENT, REFUND, number="999"))
    kept = await _counted(world, place)
    here = context(world, place)
    made = await transaction_links.link(
        here,
        kind=LinkKind.REFUND,
        transaction_id=kept["DEPOSIT PAID BACK"]["id"],
        other_id=kept["RENT"]["id"],
    )
    assert not isinstance(made, Refused)
    await transaction_links.undo(here, link_id=made.id)

    await _believe(world, place, await _source(world, other))

    now = await _counted(world, place)
    async with world.database.as_(place.worker) as tx:
        refused = await matching.rejected(
            tx, tenant_id=place.tenant_id, ids=[row["id"] for row in now.values()]
        )
    pair = pair_key(LinkKind.REFUND, now["DEPOSIT PAID BACK"]["id"], now["RENT"]["id"])
    assert refused == {pair}


async def test_a_source_that_is_declared_while_rows_are_weighed_counts(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = await world.place()
    await world.take_in(place, statement(RENT))
    other = await second_source(world, place, mapping_policy="ask")
    await world.take_in(other, statement(RENT, number="999"))
    declared: list[UUID | None] = []

    async def meanwhile(work: Callable[[], object]) -> object:
        if not declared:
            declared.append(await _believed(world, place, await _source(world, other)))
        return await in_thread(work)

    monkeypatch.setattr(match, "in_thread", meanwhile)
    await together(world, place, other)

    assert declared == [None]  # nothing was linked yet: no job turns it
    now = await _counted(world, place)
    assert [row["mapping_id"] for row in now.values()] == [await _source(world, other)]
    assert len(await links(world, place)) == 1


async def test_what_a_person_linked_stays_as_it_is(world: World) -> None:
    place, other = await both(world, statement(RENT), statement(RENT, number="999"))
    (found,) = await links(world, place)
    said = await transaction_links.link(
        context(world, place),
        kind=LinkKind.DUPLICATE,
        transaction_id=found["transaction_id"],
        other_id=found["other_id"],
    )
    assert not isinstance(said, Refused)

    await _believe(world, place, await _source(world, other))

    (row,) = await links(world, place)
    assert (row["id"], row["state"], row["method"]) == (found["id"], "active", "user")


async def test_what_an_account_has_once_makes_no_work(world: World) -> None:
    place = await world.place()
    await world.take_in(place, statement(RENT))

    assert await _believed(world, place, await _source(world, place)) is None


async def _decide(world: World, place: Place, rows: dict[str, asyncpg.Record]) -> None:
    """A category, parts, a group and a refund, as people say them."""
    here, rent = context(world, place), rows["RENT"]["id"]
    await world.owner.execute(
        "update app.transactions set user_category = 'HOME', user_category_at = now()"
        " where id = $1",
        rent,
    )
    answers = [
        await splits.split(
            here,
            transaction_id=rent,
            parts=[
                GivenPart(amount=Decimal(amount), category="HOME", note=None)
                for amount in (-600, -300)
            ],
        ),
        await reconciliations.create(here, left_ids=[rent], right_ids=[], note="on paper"),
        await transaction_links.link(
            here,
            kind=LinkKind.REFUND,
            transaction_id=rows["DEPOSIT PAID BACK"]["id"],
            other_id=rent,
        ),
    ]
    assert not [one for one in answers if isinstance(one, Refused)]


async def _decided(
    world: World, place: Place, rows: dict[str, asyncpg.Record]
) -> tuple[object, ...]:
    """What is decided about rows, as it is stored."""
    rent = rows["RENT"]["id"]
    row = await world.owner.fetchrow(
        "select user_category, reconciled from app.transactions where id = $1", rent
    )
    parts = await world.owner.fetch(
        "select amount from app.transaction_parts where transaction_id = $1 order by amount", rent
    )
    members = await world.owner.fetch(
        "select transaction_id from app.reconciliation_members where tenant_id = $1 and active",
        place.tenant_id,
    )
    refunds = [
        (one["method"], one["transaction_id"], one["other_id"])
        for one in await links(world, place)
        if one["kind"] == "refund" and one["state"] == "active"
    ]
    assert row is not None
    return (
        *row.values(),
        [part["amount"] for part in parts],
        [member["transaction_id"] for member in members],
        refunds,
    )


async def _expected(rows: dict[str, asyncpg.Record]) -> tuple[object, ...]:
    rent, refund = rows["RENT"]["id"], rows["DEPOSIT PAID BACK"]["id"]
    return ("HOME", True, [Decimal(-600), Decimal(-300)], [rent], [("user", refund, rent)])


async def _believe(world: World, place: Place, mapping_id: UUID) -> None:
    job_id = await _believed(world, place, mapping_id)
    assert job_id is not None
    done = await world.finish(place, job_id)
    assert (done["state"], done["error_message"]) == ("completed", None)


async def _believed(world: World, place: Place, mapping_id: UUID) -> UUID | None:
    """Declares the primary source of the only account; the job that follows."""
    account_id = await world.owner.fetchval(
        "select account_id from app.account_mappings where id = $1", mapping_id
    )
    answer = await accounts.update(
        context(world, place),
        account_id=account_id,
        name=None,
        type=None,
        status=None,
        institution_id=None,
        primary_mapping_id=(mapping_id,),
    )
    assert not isinstance(answer, Refused)
    found = await world.owner.fetchval(
        "select id from app.ingestion_jobs where tenant_id = $1 and kind = 'match'"
        " and state = 'queued'",
        place.tenant_id,
    )
    assert found is None or isinstance(found, UUID)
    return found


async def _source(world: World, place: Place) -> UUID:
    found = await world.owner.fetchval(
        "select id from app.account_mappings where tenant_id = $1 and connection_id = $2",
        place.tenant_id,
        place.connection_id,
    )
    assert isinstance(found, UUID)
    return found


async def _counted(world: World, place: Place) -> dict[str, asyncpg.Record]:
    rows = await world.owner.fetch(
        "select id, mapping_id, description, user_category, reconciled from app.transactions"
        " where tenant_id = $1 and duplicate_of is null order by id",
        place.tenant_id,
    )
    return {row["description"]: row for row in rows}
