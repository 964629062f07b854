"""Transfers and refunds of the system's give way to better ones; what people said stands."""

from __future__ import annotations

import json

import asyncpg

from core.links import LinkKind
from core.reviews import ReviewState
from resolvers import reviews, transaction_links
from resolvers.refusal import Refused
from tests.fixtures.bai2_file import Account, Detail, Group, bai2, statement
from tests.fixtures.context import context
from tests.fixtures.two_sources import links, questions
from tests.fixtures.world import Place, World

OUT = Detail("495", 50_000, "TRANSFER OUT")
INTO = Detail("195", 50_000, "TRANSFER IN")
SHOES = Detail("475", 5_990, "SHOE SHOP")
BACK = Detail("142", 5_990, "REFUND SHOE SHOP")


def named(content: bytes, reference: str = "ORDER4711") -> bytes:
    """The same, each row with one reference of the bank's."""
    return content.replace(b",Z,,,", b",Z,%b,," % reference.encode())


async def moved(world: World) -> Place:
    """A transfer that is linked; then what may have been its other side, on a third account."""
    place = await world.place()
    out = Group(accounts=[Account(details=[OUT])], day="260302")
    into = Group(accounts=[Account(details=[INTO], number="777")], day="260303")
    await world.take_in(place, named(bai2(out)))
    await world.take_in(place, bai2(into))
    return place


LATER = bai2(Group(accounts=[Account(details=[INTO], number="888")], day="260302"))


async def test_a_better_transfer_takes_the_place_of_a_link(world: World) -> None:
    place = await moved(world)
    (before,) = await links(world, place)

    await world.take_in(place, named(LATER))

    made = {row["state"]: row for row in await links(world, place)}
    assert made["undone"]["id"] == before["id"]
    assert made["undone"]["undone_reason"] == "better_pair"
    assert made["undone"]["undone_by"] is None
    assert made["active"]["transaction_id"] == before["transaction_id"]
    assert made["active"]["other_id"] != before["other_id"]
    assert not await questions(world, place)
    told = await world.owner.fetchval(
        "select data ->> 'linkId' from app.ingestion_audit_log where tenant_id = $1"
        " and event = 'transaction.relinked'",
        place.tenant_id,
    )
    assert told == str(before["id"])

    kept = await links(world, place)
    await world.owner.execute(
        "insert into app.unmatched_transactions (tenant_id, transaction_ids)"
        " select tenant_id, array_agg(id) from app.transactions group by tenant_id"
    )
    await world.take_in(place, named(LATER))
    assert await links(world, place) == kept
    assert not await questions(world, place)


async def test_a_transfer_that_a_person_linked_stands(world: World) -> None:
    place = await moved(world)
    (found,) = await links(world, place)
    await _say(world, place, found)

    await world.take_in(place, named(LATER))

    (kept,) = await links(world, place)
    assert (kept["id"], kept["state"], kept["method"]) == (found["id"], "active", "user")


async def test_a_transfer_about_as_good_is_asked_about_and_yes_moves_the_link(
    world: World,
) -> None:
    place = await moved(world)
    (found,) = await links(world, place)

    await world.take_in(place, LATER)

    assert await links(world, place) == [found]
    (asked,) = await questions(world, place)
    assert json.loads(asked["evidence"])["linked"]["day"] == "2026-03-03"

    answer = await reviews.decide(
        context(world, place), ids=[asked["id"]], state=ReviewState.CONFIRMED
    )

    assert not isinstance(answer, Refused), answer
    states = {row["state"]: row for row in await links(world, place)}
    assert states["undone"]["id"] == found["id"]
    assert states["active"]["method"] == "user"


async def test_a_better_payment_takes_a_refund_from_a_link(world: World) -> None:
    place = await world.place()
    await world.take_in(place, statement(SHOES))
    await world.take_in(place, named(statement(BACK, day="260309")))
    (before,) = await links(world, place)

    await world.take_in(place, named(statement(SHOES, day="260302")))

    made = {row["state"]: row for row in await links(world, place)}
    assert (made["undone"]["id"], made["undone"]["undone_reason"]) == (before["id"], "better_pair")
    assert made["active"]["transaction_id"] == before["transaction_id"]


async def test_a_refund_that_names_the_payment_takes_it_from_one_that_does_not(
    world: World,
) -> None:
    place = await world.place()
    await world.take_in(place, named(statement(SHOES)))
    await world.take_in(place, statement(BACK, day="260309"))
    (before,) = await links(world, place)

    await world.take_in(place, named(statement(BACK, day="260310")))

    made = {row["state"]: row for row in await links(world, place)}
    assert made["undone"]["id"] == before["id"]
    assert made["active"]["other_id"] == before["other_id"]
    assert await _paid_back(world) == SHOES.minor


async def test_a_question_closes_beside_a_better_refund_and_opens_where_that_is_undone(
    world: World,
) -> None:
    place = await world.place()
    await world.take_in(place, statement(Detail("475", 9_990, "SHOE SHOP")))
    await world.take_in(place, statement(BACK, day="260309"))
    (asked,) = await questions(world, place)

    await world.take_in(place, statement(SHOES, day="260302"))

    (made,) = await links(world, place)
    assert not await questions(world, place)
    assert await _closed(world) == [(asked["id"], "superseded", "linked_otherwise")]

    await transaction_links.undo(context(world, place), link_id=made["id"])

    assert [row["id"] for row in await questions(world, place)] == [asked["id"]]
    assert await _closed(world) == []


async def _closed(world: World) -> list[tuple[object, ...]]:
    rows = await world.owner.fetch(
        "select id, state, superseded_reason from app.review_items"
        " where superseded_reason is not null"
    )
    return [tuple(row) for row in rows]


async def _say(world: World, place: Place, found: asyncpg.Record) -> None:
    said = await transaction_links.link(
        context(world, place),
        kind=LinkKind(found["kind"]),
        transaction_id=found["transaction_id"],
        other_id=found["other_id"],
    )
    assert not isinstance(said, Refused)


async def _paid_back(world: World) -> int:
    return int(
        await world.owner.fetchval(
            "select sum(t.amount) * 100 from app.transaction_links l join app.transactions t"
            " on t.id = l.transaction_id where l.state = 'active' and l.kind = 'refund'"
        )
    )
