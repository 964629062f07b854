"""Banks linked anew at Plaid: whatever the accounts are called now, they are the same accounts."""

from __future__ import annotations

from dataclasses import replace

from tests.fixtures.mapped import account_count, beside
from tests.fixtures.plaid_feed import Feed, PlaidBank, accounts_of, connected, keep
from tests.fixtures.world import World

LOGIN = "user_no_investments_901"


async def _linked_anew(world: World, feed: Feed) -> Feed:
    """A second Item of the login at the same bank, over a connection of its own."""
    credentials = await feed.bank.link(LOGIN)
    place = await beside(
        world, feed.place, provider="plaid", status="active", external_id=credentials.item_id
    )
    other = replace(feed, place=place, credentials=credentials)
    await keep(other, credentials)
    return other


async def test_bank_that_is_linked_anew_lands_on_its_accounts(
    world: World, bank: PlaidBank
) -> None:
    feed = await connected(world, bank, await bank.link(LOGIN))
    await feed.sync()
    before = await accounts_of(feed)

    again = await _linked_anew(world, feed)
    job = await again.sync()

    after = await accounts_of(again)
    assert job["state"] == "completed"
    assert len(after) == 2 * len(before) > 0
    assert set(after.values()) == set(before.values())
    assert await account_count(world) == len(before)
    decided = await world.owner.fetch(
        "select distinct decided_by from app.account_mappings where connection_id = $1",
        again.place.connection_id,
    )
    assert [row["decided_by"] for row in decided] == ["matched"]


async def test_accounts_whose_numbers_end_differently_are_others(
    world: World, bank: PlaidBank
) -> None:
    feed = await connected(world, bank, await bank.link(LOGIN))
    await feed.sync()
    before = await account_count(world)
    for table in ("accounts", "account_mappings"):
        await world.owner.execute(f"update app.{table} set masked_number = '••••9999'")

    again = await _linked_anew(world, feed)
    await again.sync()

    assert await account_count(world) == 2 * before


async def test_account_that_got_another_name_too_is_asked_about(
    world: World, bank: PlaidBank
) -> None:
    feed = await connected(world, bank, await bank.link(LOGIN))
    await feed.sync()
    before = await account_count(world)
    await world.owner.execute("update app.account_mappings set external_name = 'Before'")
    await world.owner.execute("update app.accounts set name = 'Mine'")

    again = await _linked_anew(world, feed)
    await again.sync()

    waiting = await world.owner.fetchval(
        "select count(*) from app.account_mappings where state = 'pending' and match_score >= 60"
    )
    assert (waiting, await account_count(world)) == (before, before)
