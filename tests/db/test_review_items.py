"""Questions are asked once, brought up to date while they are open, and stay answered."""

from __future__ import annotations

from core.reviews import NewReviewItem, ReviewKind, ReviewReason, ReviewState
from db import review_items
from db.review_items import ReviewFilter
from tests.fixtures.world import World

ALL = ReviewFilter()


def _question(key: str, *, score: int = 60) -> NewReviewItem:
    return NewReviewItem(
        kind=ReviewKind.TRANSFER,
        key=key,
        score=score,
        rule_version="test-1",
        reasons=(ReviewReason(code="same-amount", text="both are 10.00 EUR", points=60),),
        evidence={"left": {"amount": "10.00"}, "right": {"amount": "-10.00"}},
    )


async def test_a_question_is_asked_once_and_brought_up_to_date(world: World) -> None:
    place = await world.place()

    async with world.database.as_(place.worker) as tx:
        for score in (60, 70):
            await review_items.put(
                tx, tenant_id=place.tenant_id, job_id=None, items=[_question("a", score=score)]
            )
        page = await review_items.page(
            tx, tenant_id=place.tenant_id, wanted=ALL, first=10, after=None
        )

    item = page.items[0]
    assert len(page.items) == 1
    assert (item.key, item.score, item.state) == ("a", 70, ReviewState.OPEN)
    assert item.reasons == [{"code": "same-amount", "text": "both are 10.00 EUR", "points": 60}]
    assert item.evidence["right"] == {"amount": "-10.00"}


async def test_an_answer_outlasts_whoever_asks_again(world: World) -> None:
    place = await world.place()
    async with world.database.as_(place.worker) as tx:
        await review_items.put(
            tx, tenant_id=place.tenant_id, job_id=None, items=[_question("a"), _question("b")]
        )
    async with world.database.as_(place.user) as tx:
        page = await review_items.page(
            tx, tenant_id=place.tenant_id, wanted=ALL, first=10, after=None
        )
        answered = next(item for item in page.items if item.key == "a")
        locked = await review_items.lock(tx, tenant_id=place.tenant_id, ids=[answered.id])
        await review_items.decide(
            tx,
            tenant_id=place.tenant_id,
            ids=[item.id for item in locked],
            state=ReviewState.REJECTED,
            user_id=place.user_id,
        )

    async with world.database.as_(place.worker) as tx:
        asked = await review_items.put(
            tx, tenant_id=place.tenant_id, job_id=None, items=[_question("a", score=99)]
        )
        answers = await review_items.answers(tx, tenant_id=place.tenant_id, keys={"a", "b", "c"})
    async with world.database.as_(place.user) as tx:
        found = await review_items.by_ids(tx, tenant_id=place.tenant_id, ids=[answered.id])

    assert asked == 0
    assert answers == {"a": ReviewState.REJECTED}
    assert found[answered.id].score == 60
    assert found[answered.id].decided_by == place.user_id


async def test_a_question_about_nothing_closes_and_may_come_again(world: World) -> None:
    place = await world.place()
    opened = ReviewFilter(states=(ReviewState.OPEN,), kinds=(ReviewKind.TRANSFER,), score_from=60)

    async with world.database.as_(place.worker) as tx:
        tenant_id = place.tenant_id
        await review_items.put(tx, tenant_id=tenant_id, job_id=None, items=[_question("a")])
        closed = await review_items.supersede(tx, tenant_id=tenant_id, keys={"a", "b"})
        gone = await review_items.count(tx, tenant_id=tenant_id, wanted=opened)
        await review_items.put(tx, tenant_id=tenant_id, job_id=None, items=[_question("a")])
        back = await review_items.count(tx, tenant_id=tenant_id, wanted=opened)

    assert (closed, gone, back) == (1, 0, 1)
    async with world.database.as_(place.worker) as tx:
        assert await review_items.put(tx, tenant_id=tenant_id, job_id=None, items=[]) == 0
        assert await review_items.supersede(tx, tenant_id=tenant_id, keys=set()) == 0
        assert await review_items.answers(tx, tenant_id=tenant_id, keys=set()) == {}
