"""Splits: parts make up the whole, count in its place, and stop counting when it changes."""

from __future__ import annotations

from decimal import Decimal

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.models import Transaction
from db.summaries import Group, TransactionGrouping
from db.transaction_filter import TransactionFilter
from db.transactions import TransactionOrder
from resolvers import splits, transactions
from resolvers.refusal import Refused
from resolvers.splits import GivenPart
from tests.fixtures.context import context
from tests.fixtures.world import Place, World

CSV = b"""\
Date,Amount,Currency,Text,Merchant,Category,Account
2026-03-01,-100.00,EUR,Big shop,Zyxo Vantrill,Household,ONE
2026-03-02,-20.00,EUR,Small shop,Zyxo Vantrill,Household,ONE
2026-03-03,50.00,EUR,Refund,Zyxo Vantrill,Refunds,ONE
"""


def _parts(*amounts: str, category: str = "Part") -> list[GivenPart]:
    return [
        GivenPart(amount=Decimal(amount), category=f"{category} {number}", note=None)
        for number, amount in enumerate(amounts)
    ]


async def _big(world: World, place: Place) -> asyncpg.Record:
    row = await world.owner.fetchrow(
        "select * from app.transactions where tenant_id = $1 and description = 'Big shop'",
        place.tenant_id,
    )
    assert row is not None
    return row


async def _by_category(
    world: World, place: Place, *categories: str
) -> dict[str | None, tuple[int, Decimal]]:
    wanted = TransactionFilter(categories=categories or None)
    groups: list[Group] = list(
        await transactions.summary(
            context(world, place), wanted=wanted, by={TransactionGrouping.CATEGORY}
        )
    )
    return {group.category: (group.count, group.net) for group in groups}


async def _listed(world: World, place: Place, category: str) -> set[str]:
    page = await transactions.page(
        context(world, place),
        wanted=TransactionFilter(categories=(category,)),
        order=TransactionOrder.POSTED_DATE_ASC,
        first=10,
        after=None,
    )
    return {one.description for one in page.items}


async def test_parts_count_in_place_of_the_whole(world: World) -> None:
    place = await world.place()
    await world.take_in(place, CSV)
    big = await _big(world, place)
    here = context(world, place)
    parts = [*_parts("-60.00", "-30.00"), *_parts("-10.00")]

    answer = await splits.split(here, transaction_id=big["id"], parts=parts)

    assert isinstance(answer, Transaction)
    assert await _by_category(world, place) == {
        "Household": (1, Decimal("-20.00")),
        "Part 0": (1, Decimal("-70.00")),
        "Part 1": (1, Decimal("-30.00")),
        "Refunds": (1, Decimal("50.00")),
    }
    assert await _by_category(world, place, "Part 1") == {"Part 1": (1, Decimal("-30.00"))}
    assert await _listed(world, place, "Part 1") == {"Big shop"}
    assert await _listed(world, place, "Household") == {"Small shop"}
    assert not isinstance(await splits.unsplit(here, transaction_id=big["id"]), Refused)
    assert (await _by_category(world, place))["Household"] == (2, Decimal("-120.00"))


async def test_parts_of_another_amount_are_shown_and_do_not_count(world: World) -> None:
    place = await world.place()
    await world.take_in(place, CSV)
    big = await _big(world, place)
    here = context(world, place)
    assert not isinstance(
        await splits.split(here, transaction_id=big["id"], parts=_parts("-60", "-40")), Refused
    )

    await world.owner.execute("update app.transactions set amount = -90 where id = $1", big["id"])

    shown = (await splits.of_transactions(here, [big["id"]]))[big["id"]]
    assert [part.current for part in shown] == [False, False]
    assert await _by_category(world, place) == {
        "Household": (2, Decimal("-110.00")),
        "Refunds": (1, Decimal("50.00")),
    }
    assert await _listed(world, place, "Part 1") == set()


async def test_a_split_stays_when_its_file_comes_again(world: World) -> None:
    place = await world.place()
    await world.take_in(place, CSV)
    big = await _big(world, place)
    await splits.split(context(world, place), transaction_id=big["id"], parts=_parts("-60", "-40"))

    await world.take_in(place, CSV.replace(b"Household", b"Home"))

    assert set(await _by_category(world, place)) == {"Home", "Part 0", "Part 1", "Refunds"}


@pytest.mark.parametrize(
    "amounts",
    [
        ["-100"],
        ["-60", "-39.99"],
        ["-60", "-40.01"],
        ["-110", "10"],
        ["-100", "0"],
        ["-2"] * 51,
        [],
    ],
)
async def test_parts_that_do_not_make_up_the_whole_are_refused(
    world: World, amounts: list[str]
) -> None:
    place = await world.place()
    await world.take_in(place, CSV)
    big = await _big(world, place)

    answer = await splits.split(
        context(world, place), transaction_id=big["id"], parts=_parts(*amounts)
    )

    assert isinstance(answer, Refused)
    assert await world.owner.fetchval("select count(*) from app.transaction_parts") == 0


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(shares=st.lists(st.integers(1, 500), min_size=2, max_size=50))
async def test_whatever_the_parts_are_they_sum_to_the_whole(
    world: World, shares: list[int]
) -> None:
    place = await world.place()
    whole = -Decimal(sum(shares)) / 100
    await world.take_in(place, CSV.replace(b"-100.00", str(whole).encode()))
    big = await _big(world, place)
    parts = _parts(*(str(-Decimal(share) / 100) for share in shares))

    answer = await splits.split(context(world, place), transaction_id=big["id"], parts=parts)

    assert isinstance(answer, Transaction), answer
    found = await _by_category(world, place)
    assert sum((found[part.category][1] for part in parts), Decimal(0)) == whole
