"""Matching as jobs do it: a booking that two sources deliver counts once, whatever happens next."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID, uuid4

import asyncpg

from db import matching
from db.transaction_filter import Duplicates, TransactionFilter
from resolvers import mappings, transactions
from resolvers.mappings import Mapped
from tests.fixtures.bai2_file import COFFEE, RENT, SALARY, Account, Detail, Group, bai2, statement
from tests.fixtures.context import context
from tests.fixtures.two_sources import both, counting, links, questions
from tests.fixtures.world import Place, World

TRANSFER_OUT = Detail("495", 50_000, "TRANSFER TO SAVINGS")
TRANSFER_IN = Detail("195", 50_000, "TRANSFER FROM CURRENT")


async def test_two_statements_of_one_account_count_once(world: World) -> None:
    days = statement(COFFEE, COFFEE, RENT, SALARY)

    place, _ = await both(world, days, statement(COFFEE, COFFEE, RENT, SALARY, number="999"))

    assert len(await world.rows(place)) == 8
    assert await counting(world, place) == [
        ("RENT", Decimal("-900")),
        ("COFFEE", Decimal("-3.5")),
        ("COFFEE", Decimal("-3.5")),
        ("SALARY", Decimal("3000")),
    ]
    made = await links(world, place)
    assert {(row["kind"], row["method"], row["state"]) for row in made} == {
        ("duplicate", "auto", "active")
    }
    assert len(made) == 4


async def test_surplus_stays_and_a_repeat_changes_nothing(world: World) -> None:
    place, other = await both(world, statement(COFFEE), statement(COFFEE, COFFEE, number="999"))
    before = await links(world, place)

    await world.take_in(other, statement(COFFEE, COFFEE, number="999"))
    await world.take_in(place, statement(COFFEE))

    assert len(await counting(world, place)) == 2
    assert await links(world, place) == before


async def test_only_and_all_show_what_does_not_count(world: World) -> None:
    place, _ = await both(world, statement(COFFEE, RENT), statement(RENT, number="999"))

    counts = [
        await transactions.count(
            context(world, place), wanted=TransactionFilter(duplicates=duplicates)
        )
        for duplicates in Duplicates
    ]

    assert dict(zip(Duplicates, counts, strict=True)) == {
        Duplicates.EXCLUDE: 2,
        Duplicates.INCLUDE: 3,
        Duplicates.ONLY: 1,
    }


async def test_what_a_kept_row_hid_counts_again_when_it_is_reverted(world: World) -> None:
    place, _ = await both(world, statement(COFFEE, RENT), statement(RENT, number="999"))
    kept = await world.owner.fetchval(
        "select t.job_id from app.transactions as t join app.transactions as d"
        " on d.tenant_id = t.tenant_id and d.duplicate_of = t.id where t.tenant_id = $1",
        place.tenant_id,
    )

    await world.revert(place, kept)

    assert await counting(world, place) == [("RENT", Decimal("-900"))]
    assert [row["state"] for row in await links(world, place)] == ["undone"]


async def test_an_unmapped_source_takes_its_rows_along_and_brings_them_back(world: World) -> None:
    place, other = await both(world, statement(COFFEE, RENT), statement(RENT, number="999"))
    mapping_id = await _mapping(world, place)

    async with world.database.as_(place.worker) as tx:
        before = await tx.rows("select id, duplicate_of from app.transactions order by id")
    await _change(world, place, await mappings.unset(context(world, place), mapping_id=mapping_id))
    alone = await counting(world, place)
    account_id = await world.owner.fetchval(
        "select account_id from app.account_mappings where connection_id = $1", other.connection_id
    )
    await _change(
        world,
        place,
        await mappings.set_account(
            context(world, place), mapping_id=mapping_id, account_id=account_id
        ),
    )

    assert alone == [("RENT", Decimal("-900"))]
    assert len(await counting(world, place)) == 2
    async with world.database.as_(place.worker) as tx:
        after = await tx.rows("select id, duplicate_of from app.transactions order by id")
    assert [tuple(row) for row in after] == [tuple(row) for row in before]


async def test_a_transfer_between_two_accounts_is_linked(world: World) -> None:
    place = await world.place()

    await world.take_in(
        place,
        bai2(
            Group(accounts=[Account(details=[TRANSFER_OUT, COFFEE])]),
            Group(accounts=[Account(details=[TRANSFER_IN], number="777")], day="260302"),
        ),
    )

    (made,) = await links(world, place)
    assert (made["kind"], made["method"]) == ("transfer", "auto")
    assert await _texts(world, made) == ("TRANSFER TO SAVINGS", "TRANSFER FROM CURRENT")
    assert len(await counting(world, place)) == 3


async def test_a_refund_is_linked_with_what_was_paid(world: World) -> None:
    place = await world.place()
    await world.take_in(place, statement(Detail("475", 5_990, "SHOE SHOP"), COFFEE))

    await world.take_in(place, statement(Detail("195", 5_990, "REFUND SHOE SHOP"), day="260309"))

    (made,) = await links(world, place)
    assert made["kind"] == "refund"
    assert await _texts(world, made) == ("REFUND SHOE SHOP", "SHOE SHOP")


async def test_a_pair_that_is_not_sure_is_asked_about_once(world: World) -> None:
    place, other = await both(
        world, statement(COFFEE), statement(Detail("475", 350, "PARKING"), number="999")
    )
    (asked,) = await questions(world, place)

    await world.take_in(place, statement(COFFEE, RENT))
    await world.take_in(other, statement(Detail("475", 350, "PARKING"), number="999"))

    (again,) = await questions(world, place)
    assert (again["id"], again["kind"]) == (asked["id"], "duplicate")
    assert not await links(world, place)


async def test_tenants_never_meet(world: World) -> None:
    content = statement(COFFEE, RENT, SALARY)
    places = [await world.place(), await world.place()]

    for place in places:
        await world.take_in(place, content)

    for place in places:
        assert len(await counting(world, place)) == 3
        assert not await links(world, place)
        assert not await questions(world, place)


async def _texts(world: World, link: asyncpg.Record) -> tuple[str, ...]:
    found = {
        row["id"]: row["description"]
        for row in await world.owner.fetch(
            "select id, description from app.transactions where tenant_id = $1", link["tenant_id"]
        )
    }
    return found[link["transaction_id"]], found[link["other_id"]]


async def _mapping(world: World, place: Place) -> UUID:
    found = await world.owner.fetchval(
        "select id from app.account_mappings where tenant_id = $1 and connection_id = $2",
        place.tenant_id,
        place.connection_id,
    )
    assert isinstance(found, UUID)
    return found


async def _change(world: World, place: Place, answer: object) -> None:
    assert isinstance(answer, Mapped)
    assert answer.job is not None
    assert (await world.finish(place, answer.job.id))["state"] == "completed"


async def test_a_note_of_many_rows_is_compared_in_parts(world: World) -> None:
    place = await world.place()
    ids = [uuid4() for _ in range(10)]
    for some in (ids[:1], ids[1:]):
        async with world.database.as_(place.worker) as tx:
            await matching.note(tx, tenant_id=place.tenant_id, ids=some)
    parts: list[matching.Noted] = []
    while not parts or parts[-1].notes:
        async with world.database.as_(place.worker) as tx:
            parts.append(await matching.noted(tx, tenant_id=place.tenant_id, most=3))
            assert await matching.done(tx, tenant_id=place.tenant_id, noted=parts[-1])

    assert [len(part.ids) for part in parts] == [4, 3, 3, 0]
    assert {one for part in parts for one in part.ids} == set(ids)
