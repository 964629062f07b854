"""Investments over Plaid: what is held, what was traded, and what is held no more."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from tests.fixtures.plaid_feed import Feed, PlaidBank, accounts_of, connected
from tests.fixtures.world import World

BOTH = ("transactions", "investments")


@pytest.fixture
async def feed(world: World, bank: PlaidBank) -> Feed:
    """A connection with investments, synced until its history is whole."""
    feed = await connected(world, bank, await bank.link("user_good_51", products=BOTH))
    await feed.sync()
    await feed.sync()
    return feed


async def holdings(feed: Feed) -> list[asyncpg.Record]:
    return await feed.world.owner.fetch(
        "select * from app.holdings where tenant_id = $1 order by name", feed.place.tenant_id
    )


def held(row: asyncpg.Record) -> tuple[Any, ...]:
    return row["quantity"], row["price"], row["value"], row["cost_basis"]


async def assert_truth(feed: Feed) -> None:
    """Holdings and trades stand once each, as they are; money that leaves is positive there."""
    truth = feed.truth
    standing = [row for row in await holdings(feed) if row["removed_on"] is None]
    assert {row["security"]: held(row) for row in standing} == {
        one.security.security_id: (
            one.quantity,
            one.security.price,
            one.security.price * one.quantity,
            one.cost_basis,
        )
        for one in truth.holdings
    }
    trades = {key: row for key, row in (await feed.trades()).items() if row["status"] != "removed"}
    assert {key: (row["amount"], row["posted_date"]) for key, row in trades.items()} == {
        one.investment_transaction_id: (-one.amount, one.day) for one in truth.trades
    }


async def test_the_newest_days_come_first_and_the_whole_history_at_once_after(
    world: World, bank: PlaidBank
) -> None:
    feed = await connected(world, bank, await bank.link("user_good_52", products=BOTH))

    await feed.sync()
    first, early = await feed.connection(), await feed.trades()
    await feed.sync()
    second = await feed.connection()

    assert (first["sync_phase"], first["history_complete_at"]) == ("historical", None)
    assert first["next_sync_at"] <= first["last_sync_at"]
    assert 0 < len(early) < len(feed.truth.trades)
    assert second["sync_phase"] == "incremental"
    await assert_truth(feed)
    await feed.assert_truth()


async def test_trades_change_what_is_held_and_two_syncs_add_nothing(feed: Feed) -> None:
    await assert_truth(feed)
    ids = {row["security"]: row["id"] for row in await holdings(feed)}

    feed.bank.control.trade(feed.item, count=12)
    await feed.sync()
    await assert_truth(feed)
    again = await feed.sync()

    assert (again["imported"], again["changed"], again["withdrawn"]) == (0, 0, 0)
    assert {row["security"]: row["id"] for row in await holdings(feed)} == ids


async def test_what_is_held_no_more_is_nothing_of_it_and_may_come_back(feed: Feed) -> None:
    portfolio = feed.bank.sandbox._bank.items[feed.item].portfolio
    assert portfolio is not None
    sold = portfolio.holdings.pop(1)
    await feed.sync()
    gone = {row["security"]: row for row in await holdings(feed)}[sold.security.security_id]
    others = [row for row in await holdings(feed) if row["security"] != gone["security"]]
    portfolio.holdings.append(replace(sold, quantity=Decimal(3)))
    await feed.sync()
    back = {row["security"]: row for row in await holdings(feed)}[sold.security.security_id]

    assert (gone["quantity"], gone["value"], gone["cost_basis"]) == (0, 0, None)
    assert gone["removed_on"] == gone["as_of"] is not None
    assert all(row["removed_on"] is None and row["quantity"] > 0 for row in others)
    assert (back["id"], back["quantity"], back["removed_on"]) == (gone["id"], 3, None)
    await assert_truth(feed)


async def test_a_trade_that_is_taken_back_goes_when_it_is_missed_twice(feed: Feed) -> None:
    portfolio = feed.bank.sandbox._bank.items[feed.item].portfolio
    assert portfolio is not None
    newest = max(portfolio.trades, key=lambda one: one.day)
    portfolio.trades.remove(newest)
    key = newest.investment_transaction_id

    await feed.sync()
    once = (await feed.trades())[key]["status"]
    await feed.sync()
    twice = (await feed.trades())[key]["status"]

    assert (once, twice) == ("posted", "removed")
    await assert_truth(feed)


async def test_holdings_follow_their_mapping(feed: Feed) -> None:
    account = next(one["account_id"] for one in feed.truth.accounts if one["type"] == "investment")
    before = {row["security"]: held(row) for row in await holdings(feed)}
    owner, tenant_id = feed.world.owner, feed.place.tenant_id
    mapping_id = await owner.fetchval(
        "select id from app.account_mappings where external_account_id = $1", account
    )

    await decide(feed, mapping_id, None)
    without = await holdings(feed)
    other = await owner.fetchval(
        "insert into app.accounts (tenant_id, name, currency) values ($1, 'Other', 'USD')"
        " returning id",
        tenant_id,
    )
    await decide(feed, mapping_id, other)

    assert without == []
    assert (await accounts_of(feed))[account] == other
    assert {row["security"]: held(row) for row in await holdings(feed)} == before
    assert {row["account_id"] for row in await holdings(feed)} == {other}


async def decide(feed: Feed, mapping_id: Any, account_id: Any) -> None:
    """Somebody names an account, or none; the job that follows is run."""
    await feed.world.owner.execute(
        "update app.account_mappings set account_id = $2, state = $3 where id = $1",
        mapping_id,
        account_id,
        "pending" if account_id is None else "mapped",
    )
    job_id = await feed.world.owner.fetchval(
        "insert into app.ingestion_jobs (tenant_id, connection_id, mapping_id, kind)"
        " values ($1, $2, $3, 'derive') returning id",
        feed.place.tenant_id,
        feed.place.connection_id,
        mapping_id,
    )
    job = await feed.world.run(feed.place, job_id)
    assert job["state"] in ("completed", "awaiting_mapping", "partial"), dict(job)


@pytest.mark.parametrize(
    "code", ["PRODUCTS_NOT_SUPPORTED", "NO_INVESTMENT_ACCOUNTS", "INVALID_PRODUCT"]
)
async def test_who_has_no_investments_misses_nothing_else(
    world: World, bank: PlaidBank, code: str
) -> None:
    feed = await connected(world, bank, await bank.link("user_good_53"))
    bank.control.refuse(code, path="/investments")

    job = await feed.sync()

    assert (job["state"], await holdings(feed)) == ("completed", [])
    assert (await feed.connection())["sync_phase"] == "incremental"
    await feed.assert_truth()


async def test_investments_that_are_not_ready_are_asked_for_again_soon(
    world: World, bank: PlaidBank
) -> None:
    feed = await connected(world, bank, await bank.link("user_good_54", products=BOTH))
    bank.control.refuse("PRODUCT_NOT_READY", path="/investments")

    job = await feed.sync()
    connection = await feed.connection()
    await feed.sync()
    await feed.sync()

    assert job["state"] == "completed"
    wait = connection["next_sync_at"] - connection["last_sync_at"]
    assert 0 < wait.total_seconds() <= 60
    await assert_truth(feed)


@pytest.mark.parametrize(
    "setting", [{"sync_investments": False}, {"app": False}], ids=["connection", "operator"]
)
async def test_nobody_pays_for_investments_that_are_not_wanted(
    world: World, bank: PlaidBank, setting: dict[str, Any]
) -> None:
    if "app" in setting:
        bank.app = bank.app.model_copy(update={"investments": False})
    columns = {name: value for name, value in setting.items() if name != "app"}
    feed = await connected(world, bank, await bank.link("user_good_55", products=BOTH), **columns)

    await feed.sync()

    assert bank.sandbox.faults.requests("/investments") == []
    assert await holdings(feed) == []


async def test_a_long_history_is_read_page_by_page(world: World, bank: PlaidBank) -> None:
    feed = await connected(world, bank, await bank.link("user_good_56", products=BOTH))
    bank.control.trade(feed.item, count=1_100)

    await feed.sync()
    await feed.sync()

    assert len(bank.sandbox.faults.requests("/investments/transactions/get")) >= 6
    await assert_truth(feed)
