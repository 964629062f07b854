"""What rows were for: the order of evidence, choices that count at once, and what stays."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import asyncpg
import pytest

from core.reviews import ReviewKind, ReviewState
from db.review_items import ReviewFilter
from resolvers import category_dry_run, category_rules, choices, reviews
from resolvers.category_dry_run import Draft
from resolvers.category_rules import RuleChange
from resolvers.choices import Chosen
from resolvers.refusal import Refused
from tests.fixtures.context import an_account, context
from tests.fixtures.two_sources import feeds
from tests.fixtures.world import Place, World

HEAD = "Date,Amount,Currency,Text,Merchant,Category,Account\n"
QUESTIONS = ReviewFilter(kinds=(ReviewKind.CATEGORY,), states=(ReviewState.OPEN,))


def _csv(*rows: str) -> bytes:
    return (HEAD + "".join(f"{row}\n" for row in rows)).encode()


def _shop(number: int, merchant: str = "Zyxo Vantrill 0042", amount: str = "-12.30") -> str:
    return f"2026-03-{number:02},{amount},EUR,Card payment {number},{merchant},,ONE"


async def _rows(world: World, place: Place) -> list[asyncpg.Record]:
    return await world.owner.fetch(
        "select *, coalesce(user_category, derived_category, source_category) as category"
        " from app.transactions where tenant_id = $1 order by sort_date, id",
        place.tenant_id,
    )


async def _categories(world: World, place: Place) -> list[str | None]:
    return [row["category"] for row in await _rows(world, place)]


async def _choose(world: World, place: Place, row: asyncpg.Record, **said: Any) -> Chosen:
    answer = await choices.categorize(context(world, place), transaction_id=row["id"], **said)
    assert isinstance(answer, Chosen), answer
    return answer


async def _rule(world: World, place: Place, conditions: dict[str, Any], category: str) -> UUID:
    made = await category_rules.create(
        context(world, place), name=category, enabled=True, conditions=conditions, category=category
    )
    assert not isinstance(made, Refused), made
    return made.id


async def _apply(world: World, place: Place) -> asyncpg.Record:
    jobs = await category_rules.apply(context(world, place))
    assert not isinstance(jobs, Refused)
    (job,) = jobs
    return await world.run(place, job.id)


async def test_a_row_comes_with_its_evidence(world: World) -> None:
    place = await world.place()

    await world.take_in(
        place,
        _csv(
            "2026-03-01,-40.00,EUR,Card payment 1,TESCO STORES 2041 LONDON,,ONE",
            "2026-03-02,-9.00,EUR,Card payment 2,Somebody,Own Word,ONE",
            "2026-03-03,-9.00,EUR,Card payment 3,Somebody,FOOD_AND_DRINK_COFFEE,ONE",
        ),
    )

    shop, worded, coded = await _rows(world, place)
    assert shop["merchant"] != shop["merchant_name"]
    assert (shop["category_origin"] in ("brand", "model"), shop["category_reason"] != "") == (
        True,
        True,
    )
    assert (worded["category"], worded["category_origin"]) == ("Own Word", "provider")
    assert (coded["category"], coded["category_code"], coded["category_origin"]) == (
        "FOOD_AND_DRINK_COFFEE",
        "FOOD_AND_DRINK_COFFEE",
        "provider",
    )


async def test_evidence_goes_by_its_strength(world: World) -> None:
    place = await world.place()
    await _rule(world, place, {"merchant": {"contains": "vantrill"}}, "By Rule")
    given = "2026-03-{:02},-5.00,EUR,Card {},Zyxo Vantrill,Their Word,ONE"

    await world.take_in(place, _csv(given.format(1, 1)))
    by_rule = (await _rows(world, place))[-1]
    await _choose(world, place, by_rule, category="By Member")
    await world.take_in(place, _csv(given.format(1, 1), given.format(2, 2)))

    first, second = await _rows(world, place)
    assert (by_rule["category"], by_rule["category_origin"]) == ("By Rule", "rule")
    assert (first["category"], first["category_origin"]) == ("By Member", "rule")
    assert (second["category"], second["category_origin"]) == ("By Member", "user")


async def test_a_choice_counts_for_the_next_row_of_the_merchant_of_this_tenant_alone(
    world: World,
) -> None:
    place, other = await world.place(), await world.place()
    await world.take_in(place, _csv(_shop(1)))
    await world.take_in(other, _csv(_shop(1)))

    await _choose(world, place, (await _rows(world, place))[0], category="Art")
    await world.take_in(place, _csv(_shop(1), _shop(2, "ZYXO VANTRILL 0077")))
    await world.take_in(other, _csv(_shop(1), _shop(2)))

    assert await _categories(world, place) == ["Art", "Art"]
    assert "Art" not in await _categories(world, other)


async def test_choices_that_disagree_are_less_sure(world: World) -> None:
    place = await world.place()
    await world.take_in(place, _csv(_shop(1), _shop(2)))
    first, second = await _rows(world, place)

    await _choose(world, place, first, category="Art")
    await world.take_in(place, _csv(_shop(1), _shop(2), _shop(3)))
    await _choose(world, place, second, category="Books")
    await world.take_in(place, _csv(_shop(1), _shop(2), _shop(3), _shop(4)))

    third, fourth = (await _rows(world, place))[2:]
    assert (third["category"], third["category_confidence"] > 80) == ("Art", True)
    assert fourth["derived_category"] not in ("Art", "Books")


async def test_a_choice_for_the_merchant_changes_what_stands_and_can_be_taken_back(
    world: World,
) -> None:
    place = await world.place()
    await world.take_in(place, _csv(_shop(1), _shop(2), _shop(3), _shop(4, "Other Shop Kwerl")))
    first, second, *_ = await _rows(world, place)
    await _choose(world, place, second, category="Mine")

    said = await _choose(world, place, first, category="Art", apply_to_merchant=True)

    assert said.others == 1
    assert (await _categories(world, place))[:3] == ["Art", "Mine", "Art"]
    assert (await _categories(world, place))[3] != "Art"
    await _choose(world, place, first, category=None, apply_to_merchant=True)
    chosen = [row["user_category"] for row in await _rows(world, place)]
    assert chosen == [None, "Mine", None, None]


async def test_what_a_member_chose_stays_whatever_comes(world: World) -> None:
    place = await world.place()
    await world.take_in(place, _csv(_shop(1)))
    await _choose(world, place, (await _rows(world, place))[0], category="Mine")
    await _rule(world, place, {"direction": "out"}, "By Rule")

    await world.take_in(place, _csv(_shop(1).replace(",,ONE", ",Changed,ONE")))
    await _apply(world, place)

    (row,) = await _rows(world, place)
    assert (row["category"], row["source_category"]) == ("Mine", "Changed")
    assert row["derived_category"] == "Mine"  # for the merchant, too, a member goes before rules


async def test_rules_are_tried_in_their_order_and_switched_off(world: World) -> None:
    place = await world.place()
    one = await _rule(world, place, {"direction": "out"}, "One")
    two = await _rule(world, place, {"amount_from": "1"}, "Two")
    here = context(world, place)

    async def judged(number: int) -> str | None:
        rows = [_shop(n) for n in range(1, number + 1)]
        await world.take_in(place, _csv(*rows))
        return (await _categories(world, place))[-1]

    assert await judged(1) == "One"
    assert not isinstance(await category_rules.reorder(here, ids=[two, one]), Refused)
    assert await judged(2) == "Two"
    changed = await category_rules.update(here, rule_id=two, change=RuleChange(enabled=False))
    assert not isinstance(changed, Refused)
    assert changed.version == 2
    assert await judged(3) == "One"
    assert isinstance(await category_rules.reorder(here, ids=[one, one]), Refused)
    assert isinstance(await category_rules.reorder(here, ids=[one]), Refused)


async def test_a_dry_run_says_what_applying_does(world: World) -> None:
    place = await world.place()
    rows = [_shop(n, f"Kwerl {'abc'[n % 3] * 4} Vantrill", amount=f"-{n}.00") for n in range(1, 21)]
    await world.take_in(place, _csv(*rows))
    mine = (await _rows(world, place))[11]
    await _choose(world, place, mine, category="Mine")
    before = await _categories(world, place)
    conditions = {"amount_from": "10", "direction": "out"}
    draft = Draft(name="Large", conditions=conditions, category="Large")

    seen, after = [], None
    while True:
        run = await category_dry_run.dry_run(
            context(world, place), draft=draft, first=3, after=after
        )
        assert not isinstance(run, Refused), run
        seen += [(one.transaction.id, one.before, one.after) for one in run.changes]
        after = run.after
        if after is None:
            break
    untouched = await _categories(world, place)
    await _rule(world, place, conditions, "Large")
    job = await _apply(world, place)

    # The choice for the merchant goes before any rule, for its other rows.
    now = await _rows(world, place)
    changed = {
        (row["id"], old, row["category"])
        for row, old in zip(now, before, strict=True)
        if row["category"] != old
    }
    assert untouched == before
    assert set(seen) == changed
    assert {category for _, _, category in changed} == {"Large", "Mine"}
    assert (job["state"], job["total"], job["processed"]) == ("completed", 20, 20)


async def test_a_rule_of_an_account_holds_for_what_moves_there_and_no_more_for_what_leaves(
    world: World,
) -> None:
    place = await world.place()
    await world.take_in(place, _csv(_shop(1)))
    first, second = (
        await world.owner.fetchval("select account_id from app.account_mappings"),
        await an_account(world, place),
    )
    await _rule(world, place, {"account_ids": [str(first)]}, "First")
    await _rule(world, place, {"account_ids": [str(second)]}, "Second")
    await _apply(world, place)
    seen = await _categories(world, place)

    for account_id in (second, first):
        await feeds(world, place, account_id)
        seen += await _categories(world, place)

    assert seen == ["First", "Second", "First"]


async def test_a_merchant_is_asked_about_once_and_an_answer_decides_for_all(world: World) -> None:
    place = await world.place()
    rows = [_shop(n) for n in range(1, 6)]
    await world.take_in(place, _csv(*rows))
    suggested = {row["suggested_category"] for row in await _rows(world, place)}
    if suggested == {None}:
        pytest.skip("the model is sure of a merchant that it cannot know")

    here = context(world, place)
    (item,) = (await reviews.page(here, wanted=QUESTIONS, first=10, after=None)).items
    await world.take_in(place, _csv(*rows, _shop(6)))
    again = (await reviews.page(here, wanted=QUESTIONS, first=10, after=None)).items
    answered = await reviews.decide(here, ids=[item.id], state=ReviewState.CONFIRMED)

    assert [one.id for one in again] == [item.id]
    assert not isinstance(answered, Refused)
    assert set(await _categories(world, place)) == {item.evidence["category"]}
    await world.take_in(place, _csv(*rows, _shop(6), _shop(7)))
    own = (await _rows(world, place))[-1]
    await _choose(world, place, own, category=item.evidence["category"])
    reopened = await reviews.decide(here, ids=[item.id], state=ReviewState.OPEN)
    assert not isinstance(reopened, Refused)
    said = {row["id"]: row["user_category"] for row in await _rows(world, place)}
    assert said.pop(own["id"]) == item.evidence["category"]
    assert set(said.values()) == {None}
    rejected = await reviews.decide(here, ids=[item.id], state=ReviewState.REJECTED)
    assert not isinstance(rejected, Refused)
    await world.take_in(place, _csv(*rows, _shop(6), _shop(7), _shop(8)))
    assert (await reviews.page(here, wanted=QUESTIONS, first=10, after=None)).items == ()


async def test_a_choice_settles_what_was_asked(world: World) -> None:
    place = await world.place()
    await world.take_in(place, _csv(_shop(1)))

    await _choose(world, place, (await _rows(world, place))[0], category="Art")

    page = await reviews.page(context(world, place), wanted=QUESTIONS, first=10, after=None)
    assert page.items == ()


async def test_a_row_that_was_never_looked_at_teaches_its_merchant(world: World) -> None:
    place = await world.place()
    await world.take_in(place, _csv(_shop(1)))
    await world.owner.execute(
        "update app.transactions set merchant = null, merchant_key = null, derived_category = null"
    )

    await _choose(world, place, (await _rows(world, place))[0], category="Art")
    await world.take_in(place, _csv(_shop(1), _shop(2)))

    assert await _categories(world, place) == ["Art", "Art"]


async def test_a_month_of_rent_after_another_recurs(world: World) -> None:
    place = await world.place()
    names = ("Landlord Kwerl", "LANDLORD KWERL")  # one merchant, however it is spelled
    rows = [
        f"2026-{month:02}-0{1 + month % 2},-950.00,EUR,Rent {month},{names[month % 2]},,ONE"
        for month in range(3, 11)
    ]

    await world.take_in(place, _csv(*rows, *(_shop(n) for n in (3, 4, 9))))

    found = await world.owner.fetch("select * from app.recurring_items")
    assert [(one["merchant"], one["period"], one["is_income"]) for one in found] == [
        ("Landlord Kwerl", "monthly", False)
    ]
