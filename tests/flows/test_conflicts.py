"""What a source says against a reconciled row: both versions are kept, and policy or a person
decides; nothing is asked twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

import asyncpg
import pytest

from core.continuity import Cause
from core.reviews import ReviewKind, ReviewState
from resolvers import account_proofs, reconciliations
from resolvers.refusal import Refused
from tests.fixtures.bai2_file import COFFEE, RENT, SALARY, Account, Group, bai2
from tests.fixtures.context import context
from tests.fixtures.plaid_feed import Feed
from tests.fixtures.reconciling import Ledger
from tests.fixtures.world import World

CONFLICT = ReviewKind.CONFLICT
MONDAY = Group(accounts=[Account(details=[COFFEE, RENT])], day="260302")
CORRECTED = Group(accounts=[Account(details=[COFFEE, SALARY])], day="260302", status="3")
REPEATED = Group(accounts=[Account(details=[COFFEE, RENT])], day="260302", status="3")


async def _ledger(world: World) -> Ledger:
    place = await world.place()
    return Ledger(world=world, place=place, context=context(world, place))


async def _vouched(ledger: Ledger) -> None:
    """Reconciles both rows of Monday."""
    rows = await ledger.rows()
    made = await reconciliations.create(
        ledger.context, left_ids=[rows[0]["id"]], right_ids=[rows[1]["id"]], note="by hand"
    )
    assert not isinstance(made, Refused)


async def _monday(ledger: Ledger) -> None:
    await ledger.world.take_in(ledger.place, bai2(MONDAY))
    await _vouched(ledger)


def _texts(rows: list[asyncpg.Record]) -> list[str]:
    return sorted(row["description"] for row in rows)


async def test_what_is_taken_back_and_comes_again_is_no_conflict(world: World) -> None:
    ledger = await _ledger(world)
    await _monday(ledger)

    await world.take_in(ledger.place, bai2(REPEATED))

    assert _texts(await ledger.rows(reconciled=True)) == ["COFFEE", "RENT"]
    assert await ledger.questions(CONFLICT) == []
    assert await world.owner.fetchval("select count(*) from app.transaction_conflicts") == 0


async def test_a_reconciled_row_that_is_taken_back_stays_and_is_asked_about(world: World) -> None:
    ledger = await _ledger(world)
    await _monday(ledger)

    job = await world.take_in(ledger.place, bai2(CORRECTED))

    (item,) = await ledger.questions(CONFLICT)
    assert _texts(await ledger.rows()) == ["COFFEE", "RENT", "SALARY"]
    assert item.evidence["conflict"] == "removed"
    assert item.evidence["stored"]["amount"] == "-900.00"
    codes = [row["code"] for row in await world.findings(ledger.place, job["id"])]
    assert codes.count("conflict") == 1


async def test_a_balance_that_differs_for_an_open_conflict_names_it(world: World) -> None:
    world = world.altered(clock=lambda: datetime(2026, 3, 4, tzinfo=UTC))
    ledger = await _ledger(world)
    sunday = Group(accounts=[Account(closing=190_350)], day="260301")
    await world.take_in(ledger.place, bai2(sunday))
    await _monday(ledger)
    day = date(2026, 3, 2)

    account = replace(CORRECTED.accounts[0], closing=490_000)
    job = await world.take_in(ledger.place, bai2(replace(CORRECTED, accounts=[account])))
    proof = partial(
        account_proofs.of_account,
        ledger.context,
        account_id=await ledger.account("5678"),
        first=day,
        last=day,
    )
    before = await proof()
    (item,) = await ledger.questions(CONFLICT)
    assert not isinstance(await ledger.answer(item, ReviewState.REJECTED), Refused)
    kept = await proof()
    (item,) = await ledger.questions(CONFLICT, ReviewState.REJECTED)
    assert not isinstance(await ledger.answer(item, ReviewState.CONFIRMED), Refused)
    taken = await proof()

    assert before is not None and kept is not None and taken is not None
    (rent,) = [row["id"] for row in await _gone(ledger)]
    (found,) = before.differences
    told = found.explanations[0]
    assert (told.cause, told.amount, told.transaction_ids) == (
        Cause.CONFLICT,
        Decimal(900),
        (rent,),
    )
    assert told.review_item_id == item.id
    (finding,) = [
        row["message"]
        for row in await world.findings(ledger.place, job["id"])
        if row["code"] == "balance-discontinuity"
    ]
    assert "takes back a row of -900.00 EUR" in finding
    (found,) = kept.differences
    told = found.explanations[0]
    assert (told.cause, told.review_item_id) == (Cause.CONFLICT, None)
    assert taken.differences == []


async def _gone(ledger: Ledger) -> list[asyncpg.Record]:
    return await ledger.world.owner.fetch(
        "select id from app.transactions where status = 'removed'"
    )


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (ReviewState.REJECTED, ["COFFEE", "RENT", "SALARY"]),
        (ReviewState.CONFIRMED, ["COFFEE", "SALARY"]),
    ],
)
async def test_an_answer_outlasts_a_replay(
    world: World, answer: ReviewState, expected: list[str]
) -> None:
    ledger = await _ledger(world)
    await _monday(ledger)
    await world.take_in(ledger.place, bai2(CORRECTED))
    (item,) = await ledger.questions(CONFLICT)

    assert not isinstance(await ledger.answer(item, answer), Refused)
    answered = _texts(await ledger.rows())
    await world.take_in(ledger.place, bai2(CORRECTED))

    assert answered == _texts(await ledger.rows()) == expected
    assert await ledger.questions(CONFLICT) == []
    group = (await ledger.groups())[0]
    assert (group["undone_at"] is None) == (answer is ReviewState.REJECTED)


async def test_what_was_answered_is_not_asked_when_the_source_wavers(world: World) -> None:
    """It repeats the row, so that nothing contradicts, and takes it back once more."""
    ledger = await _ledger(world)
    await _monday(ledger)
    await world.take_in(ledger.place, bai2(CORRECTED))
    (item,) = await ledger.questions(CONFLICT)
    await ledger.answer(item, ReviewState.REJECTED)

    await world.take_in(ledger.place, bai2(REPEATED))
    again = await world.take_in(ledger.place, bai2(CORRECTED))

    assert "RENT" in _texts(await ledger.rows(reconciled=True))
    assert await ledger.questions(CONFLICT) == []
    states = await world.owner.fetch("select state from app.transaction_conflicts")
    assert [row["state"] for row in states] == ["kept"]
    codes = [row["code"] for row in await world.findings(ledger.place, again["id"])]
    assert "conflict" not in codes


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("provider_wins", ["COFFEE", "SALARY"]),
        ("user_wins", ["COFFEE", "RENT", "SALARY"]),
    ],
)
async def test_a_policy_decides_without_asking(
    world: World, policy: str, expected: list[str]
) -> None:
    ledger = await _ledger(world)
    await ledger.policy(policy)
    await _monday(ledger)

    await world.take_in(ledger.place, bai2(CORRECTED))

    assert _texts(await ledger.rows()) == expected
    assert await ledger.questions(CONFLICT) == []
    assert (await ledger.groups())[0]["undone_at"] is not None or policy == "user_wins"


async def test_the_policy_of_a_connection_wins_over_the_tenants(world: World) -> None:
    place = await world.place(conflict_policy="provider_wins")
    ledger = Ledger(world=world, place=place, context=context(world, place))
    await ledger.policy("user_wins")
    await _monday(ledger)

    await world.take_in(place, bai2(CORRECTED))

    assert _texts(await ledger.rows()) == ["COFFEE", "SALARY"]


async def _changed(feed: Feed) -> tuple[Ledger, list[asyncpg.Record]]:
    """Booked rows that are all reconciled, some of which the source then says otherwise."""
    await feed.sync()
    await feed.sync()
    await feed.world.reconcile(feed.place)
    before = {row["id"]: row for row in await feed.rows()}
    feed.bank.control.advance(feed.item, added=0, pending=0, modified=6)
    await feed.sync()
    ledger = Ledger(world=feed.world, place=feed.place, context=context(feed.world, feed.place))
    conflicts = await feed.world.owner.fetch(
        "select c.*, t.amount, t.description_raw from app.transaction_conflicts c"
        " join app.transactions t on t.id = c.transaction_id where c.kind = 'changed'"
    )
    assert conflicts
    for one in conflicts:
        row = before[one["transaction_id"]]
        assert (one["amount"], one["description_raw"]) == (row["amount"], row["description_raw"])
    return ledger, conflicts


async def test_a_reconciled_row_that_changes_stays_and_both_versions_are_shown(feed: Feed) -> None:
    ledger, conflicts = await _changed(feed)

    items = await ledger.questions(CONFLICT)

    assert {item.transaction_id for item in items} == {one["transaction_id"] for one in conflicts}
    for item in items:
        stored, incoming = item.evidence["stored"], item.evidence["incoming"]
        assert stored != incoming
        assert isinstance(stored["amount"], str)
    await feed.sync()
    assert len(await ledger.questions(CONFLICT)) == len(items)


async def test_the_sources_version_is_taken_whole_and_put_back_whole(feed: Feed) -> None:
    ledger, conflicts = await _changed(feed)
    items = await ledger.questions(CONFLICT)
    before = {row["id"]: row for row in await feed.rows()}

    for item in items:
        assert not isinstance(await ledger.answer(item, ReviewState.CONFIRMED), Refused)
    await feed.assert_truth()
    again = await ledger.questions(CONFLICT, ReviewState.CONFIRMED)
    for item in again:
        assert not isinstance(await ledger.answer(item, ReviewState.OPEN), Refused)

    for row in await feed.rows():
        assert _said(row) == _said(before[row["id"]])
    assert len(again) == len(conflicts)


def _said(row: asyncpg.Record) -> dict[str, Any]:
    own = {"reconciled", "reconciled_at", "updated_at", "created_at"}
    return {name: value for name, value in row.items() if name not in own}


async def test_what_the_source_says_again_as_we_have_it_is_asked_no_more(feed: Feed) -> None:
    ledger, conflicts = await _changed(feed)
    ids = [one["transaction_id"] for one in conflicts]

    # The row is as the source says by now: as if it had changed its mind.
    await feed.world.owner.execute(
        "update app.transactions t set amount = (c.incoming ->> 'amount')::numeric,"
        " description_raw = c.incoming ->> 'description_raw',"
        " sort_date = (c.incoming ->> 'sort_date')::date, content_key = 0"
        " from app.transaction_conflicts c where c.transaction_id = t.id and t.id = any($1)",
        ids,
    )
    await feed.world.owner.execute("update app.sync_cursors set cursor = null")
    await feed.sync()

    assert await ledger.questions(CONFLICT) == []


async def test_rows_that_nobody_protects_change_as_ever(feed: Feed) -> None:
    await feed.sync()
    await feed.sync()

    feed.bank.control.advance(feed.item, added=0, pending=0, modified=6)
    await feed.sync()

    await feed.assert_truth()
    assert await feed.world.owner.fetchval("select count(*) from app.transaction_conflicts") == 0
