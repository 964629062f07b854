"""Refunds in any order: one is linked unasked only where nothing else could be meant."""

from __future__ import annotations

from decimal import Decimal

from core.links import LinkKind, TransactionLink
from resolvers import transaction_links
from tests.fixtures.bai2_file import COFFEE, Detail, statement
from tests.fixtures.context import context
from tests.fixtures.two_sources import links, questions
from tests.fixtures.world import World

REFUND = Detail("142", COFFEE.minor, "COFFEE REFUND")


async def test_what_was_paid_back_is_not_paid_back_once_more_unasked(world: World) -> None:
    place = await world.place()
    await world.take_in(place, statement(COFFEE))
    await world.take_in(place, statement(REFUND, day="260302"))

    await world.take_in(place, statement(REFUND, day="260303"))

    (made,) = await links(world, place)
    assert (made["kind"], made["score"] >= 80) == ("refund", True)


async def test_parts_that_name_the_payment_are_paid_back_until_all_of_it_is(
    world: World,
) -> None:
    place = await world.place()
    part = Detail("252", COFFEE.minor * 2 // 5, COFFEE.text)  # a reversal
    await world.take_in(place, _named(statement(COFFEE)))

    for day in ("260302", "260303", "260304"):
        await world.take_in(place, _named(statement(part, day=day)))

    assert len(await links(world, place)) == 2
    paid_back = await world.owner.fetchval(
        "select sum(t.amount) from app.transaction_links l join app.transactions t"
        " on t.id = l.transaction_id where l.state = 'active'"
    )
    assert paid_back == Decimal("2.8")


async def test_of_two_refunds_nobody_guesses_also_when_one_comes_again_alone(world: World) -> None:
    place = await world.place()
    for day in ("260302", "260303"):
        await world.take_in(place, statement(REFUND, day=day))
    await world.take_in(place, statement(COFFEE))

    await world.take_in(place, statement(REFUND, day="260303", status="3"))

    assert not [one for one in await links(world, place) if one["state"] == "active"]
    assert await questions(world, place)


async def test_of_two_payments_nobody_guesses_also_when_the_second_comes_late(
    world: World,
) -> None:
    place = await world.place()
    await world.take_in(place, statement(COFFEE))
    await world.take_in(place, statement(REFUND, day="260305"))
    (made,) = await links(world, place)
    await transaction_links.undo(context(world, place), link_id=made["id"])
    await world.take_in(place, statement(COFFEE, COFFEE, day="260302"))

    await world.take_in(place, statement(COFFEE, day="260303"))

    assert not [one for one in await links(world, place) if one["state"] == "active"]


async def test_a_part_is_found_by_the_merchant_s_key_and_asked_about(world: World) -> None:
    """The payment has the number and the city of a shop, the part of it calls itself a refund."""
    place = await world.place()
    bought = Detail("475", 5_990, "SHOE SHOP 4711 BERLIN")
    part = Detail("142", 2_000, "REFUND SHOE SHOP")
    await world.take_in(place, statement(bought))

    await world.take_in(place, statement(part, day="260309"))

    (asked,) = await questions(world, place)
    assert (asked["kind"], await links(world, place)) == ("refund", [])


async def test_a_part_that_names_the_payment_is_linked_whatever_came_first(world: World) -> None:
    place = await world.place()
    part = statement(Detail("142", 2_000, "REFUND SHOE SHOP"), day="260309")
    await world.take_in(place, _named(part))

    await world.take_in(place, _named(statement(Detail("475", 5_990, "SHOE SHOP 4711 BERLIN"))))

    (made,) = await links(world, place)
    assert (made["kind"], made["state"]) == ("refund", "active")


def _named(content: bytes) -> bytes:
    """The same, each row with one reference of the bank's."""
    return content.replace(b",Z,,,", b",Z,COFFEE42,,")


async def test_a_person_links_a_refund_of_any_size_and_is_told_what_it_is_beyond(
    world: World,
) -> None:
    place = await world.place()
    await world.take_in(place, statement(COFFEE))
    await world.take_in(place, statement(REFUND, day="260305"))
    await world.take_in(place, statement(Detail("142", 1000, "GOODWILL"), day="260306"))
    goodwill, payment, refund = [
        await world.owner.fetchval("select id from app.transactions where description = $1", text)
        for text in ("GOODWILL", "COFFEE", "COFFEE REFUND")
    ]
    said = context(world, place)
    (by_rule,) = await links(world, place)

    made = await transaction_links.link(
        said, kind=LinkKind.REFUND, transaction_id=goodwill, other_id=payment
    )

    assert isinstance(made, TransactionLink)
    (reason,) = made.reasons
    assert (reason["code"], reason["points"]) == ("more-than-paid", 0)
    assert "6.50 EUR" in reason["text"]
    # The system's own gives way, and finds no room any more.
    states = {one["id"]: one["state"] for one in await links(world, place)}
    assert (states[by_rule["id"]], states[made.id]) == ("undone", "active")
    again = await transaction_links.link(
        said, kind=LinkKind.REFUND, transaction_id=goodwill, other_id=payment
    )
    assert isinstance(again, TransactionLink)
    assert again.reasons == made.reasons
    # Two answers of a person stand beside each other: neither is the system's to take back.
    both = await transaction_links.link(
        said, kind=LinkKind.REFUND, transaction_id=refund, other_id=payment
    )
    assert isinstance(both, TransactionLink)
    assert "10.00 EUR" in both.reasons[-1]["text"]


async def test_a_refund_within_its_payment_has_nothing_to_be_told(world: World) -> None:
    place = await world.place()
    await world.take_in(place, statement(COFFEE))
    await world.take_in(place, statement(Detail("142", 100, "OTHER"), day="260305"))
    payment, refund = [
        await world.owner.fetchval("select id from app.transactions where description = $1", text)
        for text in ("COFFEE", "OTHER")
    ]

    made = await transaction_links.link(
        context(world, place), kind=LinkKind.REFUND, transaction_id=refund, other_id=payment
    )

    assert isinstance(made, TransactionLink)
    assert not made.reasons
