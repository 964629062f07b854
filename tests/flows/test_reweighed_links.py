"""Links that the system made are weighed anew when a better pair comes; what people said is not."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import asyncpg

from core.links import LinkKind
from core.reviews import ReviewState
from resolvers import reviews, transaction_links
from resolvers.refusal import Refused
from tests.fixtures.bai2_file import RENT, statement
from tests.fixtures.context import context
from tests.fixtures.two_sources import both, counting, links, questions
from tests.fixtures.world import Place, World

LATE, ON_THE_DAY = "260305", "260302"


async def test_a_better_pair_takes_the_place_of_a_link(world: World) -> None:
    place, _ = await both(
        world, statement(RENT, day=LATE), statement(RENT, number="999", day=ON_THE_DAY)
    )
    (before,) = await links(world, place)

    await world.take_in(place, statement(RENT, day=ON_THE_DAY))

    made = {row["state"]: row for row in await links(world, place)}
    assert made["undone"]["id"] == before["id"]
    assert made["undone"]["undone_reason"] == "better_pair"
    assert made["undone"]["undone_rule_version"]
    assert made["undone"]["undone_by"] is None
    assert await _days(world, made["active"]) == [date(2026, 3, 2), date(2026, 3, 2)]
    assert await _counted_days(world, place) == [date(2026, 3, 2), date(2026, 3, 5)]
    assert not await questions(world, place)
    told = await world.owner.fetchval(
        "select data ->> 'linkId' from app.ingestion_audit_log where tenant_id = $1"
        " and event = 'transaction.relinked'",
        place.tenant_id,
    )
    assert told == str(before["id"])


async def test_what_is_replayed_changes_nothing(world: World) -> None:
    place, other = await both(
        world, statement(RENT, day=LATE), statement(RENT, number="999", day=ON_THE_DAY)
    )
    await world.take_in(place, statement(RENT, day=ON_THE_DAY))
    before = await links(world, place)

    await world.take_in(place, statement(RENT, day=LATE))
    await world.take_in(other, statement(RENT, number="999", day=ON_THE_DAY))

    assert await links(world, place) == before


async def test_a_person_s_link_stands_whatever_comes(world: World) -> None:
    place, _ = await both(
        world, statement(RENT, day=LATE), statement(RENT, number="999", day=ON_THE_DAY)
    )
    (found,) = await links(world, place)
    await transaction_links.link(
        context(world, place),
        kind=LinkKind.DUPLICATE,
        transaction_id=found["transaction_id"],
        other_id=found["other_id"],
    )

    await world.take_in(place, statement(RENT, day=ON_THE_DAY))

    (kept,) = await links(world, place)
    assert (kept["id"], kept["state"], kept["method"]) == (found["id"], "active", "user")
    assert len(await counting(world, place)) == 2


async def test_what_is_about_as_good_is_asked_about_and_an_answer_moves_the_link(
    world: World,
) -> None:
    place, _ = await both(
        world, statement(RENT, day="260303"), statement(RENT, number="999", day=ON_THE_DAY)
    )
    (found,) = await links(world, place)

    await world.take_in(place, statement(RENT, day="260301"))

    assert await links(world, place) == [found]
    (asked,) = await questions(world, place)
    evidence = json.loads(asked["evidence"])
    assert evidence["linked"]["day"] == "2026-03-03"
    assert {evidence[side]["day"] for side in ("transaction", "other")} == {
        "2026-03-01",
        "2026-03-02",
    }

    answer = await reviews.decide(
        context(world, place), ids=[asked["id"]], state=ReviewState.CONFIRMED
    )

    assert not isinstance(answer, Refused), answer
    assert len(await counting(world, place)) == 2
    states = {row["state"]: row["method"] for row in await links(world, place)}
    assert states == {"active": "user", "undone": "auto"}


async def _days(world: World, link: asyncpg.Record) -> list[date]:
    rows = await world.owner.fetch(
        "select sort_date from app.transactions where id = any($1) order by sort_date",
        [link["transaction_id"], link["other_id"]],
    )
    return [row["sort_date"] for row in rows]


async def _counted_days(world: World, place: Place) -> list[date]:
    rows = await world.owner.fetch(
        "select sort_date, amount from app.transactions where tenant_id = $1"
        " and duplicate_of is null and status = 'posted' order by sort_date",
        place.tenant_id,
    )
    assert {row["amount"] for row in rows} == {Decimal(-900)}
    return [row["sort_date"] for row in rows]
