"""Many answers in one call, and answers of several people at one instant: all hold together."""

from __future__ import annotations

import asyncio
from itertools import permutations
from uuid import UUID

import pytest

from core.links import LinkKind, pair_key
from core.models import Role
from core.reconciliation import Reconciliation
from core.reviews import ReviewState
from resolvers import reconciliations, reviews, splits, transaction_links
from resolvers.refusal import RefusalCode, Refused
from tests.fixtures.bai2_file import COFFEE, Detail, statement
from tests.fixtures.context import context
from tests.fixtures.two_sources import counting
from tests.fixtures.world import Place, World

TEA = Detail("475", 350, "TEA")
CAKE = Detail("475", 350, "CAKE")
ROUNDS = 3


@pytest.fixture
async def place(world: World) -> Place:
    """Three payments of one amount."""
    place = await world.place(role=Role.MEMBER)
    await world.take_in(place, statement(COFFEE, TEA, CAKE))
    return place


async def _ids(world: World, place: Place) -> list[UUID]:
    rows = await world.owner.fetch(
        "select id from app.transactions where tenant_id = $1 order by description", place.tenant_id
    )
    return [row["id"] for row in rows]


async def _asked(world: World, place: Place, *pairs: tuple[UUID, UUID]) -> list[UUID]:
    """Questions whether the first of each pair is the second."""
    return [
        await world.owner.fetchval(
            "insert into app.review_items"
            " (tenant_id, kind, key, transaction_id, other_id, score, rule_version)"
            " values ($1, 'duplicate', $2, $3, $4, 50, 'test') returning id",
            place.tenant_id,
            pair_key(LinkKind.DUPLICATE, one, other),
            one,
            other,
        )
        for one, other in pairs
    ]


async def test_yes_to_a_circle_hides_no_row_behind_itself(world: World, place: Place) -> None:
    one, two, three = await _ids(world, place)
    items = await _asked(world, place, (one, two), (two, three), (three, one))

    answer = await reviews.decide(context(world, place), ids=items, state=ReviewState.CONFIRMED)

    assert isinstance(answer, Refused)
    assert answer.code is RefusalCode.CONFLICT
    assert len(await counting(world, place)) == 3


async def test_yes_to_a_chain_leaves_one_row(world: World, place: Place) -> None:
    one, two, three = await _ids(world, place)
    items = await _asked(world, place, (one, two), (two, three))

    answer = await reviews.decide(context(world, place), ids=items, state=ReviewState.CONFIRMED)

    assert not isinstance(answer, Refused)
    assert len(await counting(world, place)) == 1


async def test_yes_and_no_at_one_instant_leave_what_the_last_one_says(
    world: World, place: Place
) -> None:
    one, two, _ = await _ids(world, place)
    (item,) = await _asked(world, place, (one, two))
    here = context(world, place)

    for _ in range(ROUNDS):
        answers = await asyncio.gather(
            *(
                reviews.decide(here, ids=[item], state=state)
                for state in (ReviewState.CONFIRMED, ReviewState.REJECTED, ReviewState.OPEN) * 2
            ),
            *(
                transaction_links.link(
                    here, kind=LinkKind.DUPLICATE, transaction_id=first, other_id=second
                )
                for first, second in ((one, two), (two, one))
            ),
        )

        assert {answer.code for answer in answers if isinstance(answer, Refused)} <= {
            RefusalCode.CONFLICT
        }
        state = await world.owner.fetchval("select state from app.review_items where id = $1", item)
        active = await world.owner.fetchval(
            "select count(*) from app.transaction_links where tenant_id = $1 and state = 'active'",
            place.tenant_id,
        )
        assert active == int(state == "confirmed")
        assert len(await counting(world, place)) == 3 - active


@pytest.mark.parametrize(
    ("many", "code"), [(0, RefusalCode.INVALID), (100, RefusalCode.NOT_FOUND), (101, "LIMIT")]
)
async def test_none_or_too_many_items_are_refused(
    world: World, place: Place, many: int, code: RefusalCode
) -> None:
    answer = await reviews.decide(
        context(world, place),
        ids=[UUID(int=number + 1) for number in range(many)],
        state=ReviewState.CONFIRMED,
    )

    assert isinstance(answer, Refused)
    assert answer.code.name == getattr(code, "name", code)


async def test_whoever_asks_for_the_same_rows_at_once_is_answered(
    world: World, place: Place
) -> None:
    rows, here = await _ids(world, place), context(world, place)

    for _ in range(ROUNDS):
        answers = await asyncio.gather(
            *(
                reconciliations.create(here, left_ids=list(pair), right_ids=[], note="on paper")
                for pair in permutations(rows, 2)
            ),
            *(
                transaction_links.link(
                    here, kind=LinkKind.DUPLICATE, transaction_id=one, other_id=other
                )
                for one, other in permutations(rows, 2)
            ),
            *(splits.unsplit(here, transaction_id=row) for row in rows),
        )
        made = [one for one in answers if isinstance(one, Reconciliation)]
        assert len(made) == 1
        await reconciliations.undo(here, reconciliation_id=made[0].id)
