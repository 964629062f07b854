"""Expenses follow transactions, and what a member says of one stays."""

from __future__ import annotations

from decimal import Decimal

import asyncpg

from core.models import Role
from db.expenses import ExpenseFilter, ExpenseSource
from resolvers import choices, expenses
from resolvers.choices import Chosen
from resolvers.refusal import RefusalCode, Refused
from tests.fixtures.context import context
from tests.fixtures.plaid_feed import Feed, PlaidBank, connected
from tests.fixtures.world import Place, World

STATEMENT = b"""\
01,BANK,ACME,260301,0600,1,,,2/
02,ACME,BANK,1,260301,,EUR,2/
03,12345678,EUR,015,99300,,/
16,475,350,Z,,,COFFEE
16,475,350,Z,,,COFFEE
16,195,1000,Z,,,WIRE
49,101000,5/
98,101000,1,7/
99,101000,1,9/
"""


async def _wanting(world: World, place: Place) -> None:
    answer = await expenses.choose_source(context(world, place), source=ExpenseSource.DEBITS)
    assert not isinstance(answer, Refused)


async def _expenses(world: World, place: Place) -> list[asyncpg.Record]:
    return await world.owner.fetch(
        "select e.*, t.status as row_status, t.amount as row_amount from app.expenses e"
        " join app.transactions t on t.tenant_id = e.tenant_id and t.id = e.transaction_id"
        " where e.tenant_id = $1",
        place.tenant_id,
    )


async def test_money_that_went_out_makes_an_expense_each(world: World) -> None:
    place = await world.place()
    await _wanting(world, place)

    await world.take_in(place, STATEMENT)
    await world.take_in(place, STATEMENT)

    made = await _expenses(world, place)
    assert [(one["amount"], one["currency"], one["status"]) for one in made] == [
        (Decimal("3.50"), "EUR", "active"),
        (Decimal("3.50"), "EUR", "active"),
    ]


async def test_a_tenant_that_wants_none_has_none(world: World) -> None:
    place = await world.place()

    await world.take_in(place, STATEMENT)

    assert await _expenses(world, place) == []


async def test_an_import_that_is_taken_back_takes_its_expenses_along(world: World) -> None:
    place = await world.place()
    await _wanting(world, place)
    job = await world.take_in(place, STATEMENT)

    await world.revert(place, job["id"])

    assert {one["status"] for one in await _expenses(world, place)} == {"reversed"}


async def test_expenses_of_a_feed_follow_whatever_happens_to_its_rows(
    world: World, bank: PlaidBank
) -> None:
    feed = await connected(world, bank, await bank.link())
    await _wanting(feed.world, feed.place)
    await feed.sync()
    for _ in range(3):
        bank.control.advance(feed.item, added=4, pending=3, modified=2, removed=8)
        await feed.sync()

    made = await _expenses(feed.world, feed.place)

    standing = [row for row in await feed.rows() if row["status"] == "posted" and row["amount"] < 0]
    active = {one["transaction_id"] for one in made if one["status"] == "active"}
    assert active == {row["id"] for row in standing}
    assert all(one["amount"] == -one["row_amount"] for one in made if one["status"] == "active")
    taken_back = {one["transaction_id"] for one in made if one["status"] == "reversed"}
    removed = {row["id"] for row in await feed.rows() if row["status"] == "removed"}
    assert taken_back, "nothing of what went out was taken back: this proves nothing"
    assert taken_back <= removed


async def test_a_chosen_category_stays_when_its_pending_row_is_booked(
    world: World, bank: PlaidBank
) -> None:
    feed = await connected(world, bank, await bank.link())
    await _wanting(feed.world, feed.place)
    bank.control.advance(feed.item, pending=6)
    await feed.sync()
    pending = next(
        row for row in await feed.rows() if row["status"] == "pending" and row["amount"] < 0
    )
    said = await _said(feed, pending, "Rent")
    assert isinstance(said, Chosen)

    for _ in range(8):
        bank.control.advance(feed.item, added=1)
        await feed.sync()
        row = next(one for one in await feed.rows() if one["id"] == pending["id"])
        if row["status"] == "posted":
            break

    assert (row["status"], row["user_category"]) == ("posted", "Rent")
    assert row["external_id"] != pending["external_id"]
    expense = [
        one
        for one in await _expenses(feed.world, feed.place)
        if one["transaction_id"] == pending["id"]
    ]
    assert [(one["category"], one["status"]) for one in expense] == [("Rent", "active")]


async def _said(feed: Feed, row: asyncpg.Record, category: str | None) -> Chosen | Refused:
    return await choices.categorize(
        context(feed.world, feed.place), transaction_id=row["id"], category=category
    )


async def test_a_viewer_says_nothing_and_a_stranger_finds_nothing(world: World) -> None:
    place, viewer = await world.place(), await world.place(role=Role.VIEWER)
    await world.take_in(place, STATEMENT)
    await world.take_in(viewer, STATEMENT)
    row = await world.owner.fetchrow(
        "select id from app.transactions where tenant_id = $1", place.tenant_id
    )
    own = await world.owner.fetchrow(
        "select id from app.transactions where tenant_id = $1", viewer.tenant_id
    )
    assert row is not None
    assert own is not None

    seen = await choices.categorize(
        context(world, viewer), transaction_id=own["id"], category="Rent"
    )
    stranger = await choices.categorize(
        context(world, await world.place()), transaction_id=row["id"], category="Rent"
    )

    assert isinstance(seen, Refused)
    assert seen.code is RefusalCode.NOT_ALLOWED
    assert isinstance(stranger, Refused)
    assert stranger.code is RefusalCode.NOT_FOUND


async def test_expenses_are_listed_newest_first_in_pages(world: World) -> None:
    place = await world.place()
    await _wanting(world, place)
    await world.take_in(place, STATEMENT)

    page = await expenses.page(context(world, place), wanted=ExpenseFilter(), first=1, after=None)
    rest = await expenses.page(
        context(world, place), wanted=ExpenseFilter(), first=5, after=page.cursors[-1]
    )

    assert (len(page.items), page.has_next, len(rest.items)) == (1, True, 1)
    assert page.items[0].id != rest.items[0].id
