"""Banks linked anew at Plaid: whatever the accounts are called now, they are the same accounts."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from resolvers import mappings
from resolvers.refusal import Refused
from tests.fixtures.context import context
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


async def test_refusal_of_an_account_outlasts_a_new_id_of_the_bank(
    world: World, bank: PlaidBank
) -> None:
    feed = await connected(world, bank, await bank.link(LOGIN), mapping_policy="ask")
    await feed.sync()
    mapping_id, account_id = await _waiting_beside_an_account(world, feed)
    said = await mappings.refuse(
        context(world, feed.place), mapping_id=mapping_id, account_id=account_id
    )
    assert not isinstance(said, Refused)
    await world.owner.execute(
        "update app.account_mappings set external_account_id = 'before-' || external_account_id"
    )

    await feed.sync()

    known = await world.owner.fetch("select id, external_account_id from app.account_mappings")
    assert not any(row["external_account_id"].startswith("before-") for row in known)
    found = await mappings.suggestions(context(world, feed.place), [mapping_id])
    assert account_id not in {one.account.id for one in found[mapping_id]}


async def _waiting_beside_an_account(world: World, feed: Feed) -> tuple[UUID, UUID]:
    """A mapping that waits, and an account of its looks."""
    row = await world.owner.fetchrow(
        "insert into app.accounts (tenant_id, name, type, currency, masked_number)"
        " select m.tenant_id, m.external_name, 'checking', m.currency, m.masked_number"
        " from app.account_mappings m where m.connection_id = $1 and m.masked_number is not null"
        " order by m.masked_number limit 1 returning id, masked_number",
        feed.place.connection_id,
    )
    assert row is not None
    mapping_id = await world.owner.fetchval(
        "select id from app.account_mappings where masked_number = $1", row["masked_number"]
    )
    found = await mappings.suggestions(context(world, feed.place), [mapping_id])
    assert row["id"] in {one.account.id for one in found[mapping_id]}
    return mapping_id, row["id"]
