"""External accounts of one document that feed one account: no row of the one is the other's."""

from __future__ import annotations

from resolvers import mappings
from resolvers.mappings import Mapped
from tests.fixtures.context import context
from tests.fixtures.csv_file import csv, saved
from tests.fixtures.two_sources import counting, feeds, links, second_source
from tests.fixtures.world import Place, World

ONE, OTHER = "DE02120300000000202051", "DE02500105170137075030"


def _coffee(number: int, account: str, text: str = "COFFEE") -> str:
    return f"2026-03-01,-3.50,{text},{number},{account}"


async def _on_one_account(world: World) -> Place:
    place = await world.place()
    profile_id = await saved(world, place)
    await world.take_in(place, csv(_coffee(1, ONE), _coffee(2, OTHER)), profile_id=profile_id)
    first, second = await world.owner.fetch(
        "select id, account_id from app.account_mappings order by created_at, id"
    )
    mapped = await mappings.set_account(
        context(world, place), mapping_id=second["id"], account_id=first["account_id"]
    )
    assert isinstance(mapped, Mapped)
    assert mapped.job is not None
    await world.finish(place, mapped.job.id)
    return place


async def test_rows_of_one_document_stay_two_when_a_later_one_rewrites_one_of_them(
    world: World,
) -> None:
    place = await _on_one_account(world)

    await world.take_in(
        place,
        csv(_coffee(1, ONE, "COFFEE."), _coffee(2, OTHER)),
        profile_id=await saved(world, place),
    )

    assert len(await counting(world, place)) == 2
    assert not await links(world, place)


async def test_rows_of_one_document_are_not_both_the_one_row_of_another_source(
    world: World,
) -> None:
    place = await _on_one_account(world)
    feed = await second_source(world, place, mapping_policy="ask")
    await world.take_in(feed, csv(_coffee(9, "77778888")), profile_id=await saved(world, feed))
    await feeds(world, feed, await world.owner.fetchval("select account_id from app.transactions"))

    assert len(await counting(world, place)) == 2
    assert len(await links(world, place)) == 1
