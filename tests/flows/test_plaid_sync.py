"""Syncs with the simulated Plaid: whatever happens there, the tables say what is true."""

from __future__ import annotations

import random
from collections import Counter
from decimal import Decimal
from time import monotonic

import pytest

from core.models import AccountType
from resolvers import mappings
from resolvers.accounts import NewAccount
from resolvers.mappings import Mapped
from sandbox.faults import FaultRule
from tests.fixtures.context import context
from tests.fixtures.plaid_feed import (
    Feed,
    PlaidBank,
    accounts_of,
    connected,
    open_bank,
    rotate_token,
)
from tests.fixtures.world import World

QUICK_S = 10  # on a busy machine; it takes less than one
NEW_ACCOUNT = NewAccount(
    name="Own", type=AccountType.OTHER, currency="USD", masked_number=None, institution_id=None
)


async def test_nothing_then_thirty_days_then_the_history_then_changes(
    world: World, bank: PlaidBank
) -> None:
    bank.control.set_pace(initial_s=None, historical_s=None)
    feed = await connected(world, bank, await bank.link())

    early = await feed.sync()
    waiting = await feed.connection()
    bank.control.release(feed.item, historical=False)
    initial = await feed.sync()
    recent = await feed.connection()
    bank.control.release(feed.item)
    historical = await feed.sync()
    whole = await feed.connection()
    done = bank.control.advance(feed.item, added=3, pending=2, modified=2, removed=2)
    incremental = await feed.sync()

    assert (early["state"], early["imported"], waiting["sync_phase"]) == ("completed", 0, "initial")
    assert waiting["initial_complete_at"] is None
    assert initial["imported"] == 60
    assert (recent["sync_phase"], recent["history_complete_at"]) == ("historical", None)
    assert recent["initial_complete_at"] is not None
    assert historical["imported"] == 120
    assert (whole["sync_phase"], whole["sync_progress"]) == ("incremental", 100)
    assert incremental["imported"] + incremental["changed"] >= len(done.modified)
    await feed.assert_truth()


async def test_an_item_that_is_not_ready_is_asked_again_within_seconds(
    world: World, bank: PlaidBank
) -> None:
    bank.control.set_pace(initial_s=None, historical_s=None)
    feed = await connected(world, bank, await bank.link(), sync_frequency="manual")

    job = await feed.sync()
    connection = await feed.connection()

    assert job["state"] == "completed"
    assert await feed.cursor() is None
    wait = connection["next_sync_at"] - connection["last_sync_at"]
    assert 0 < wait.total_seconds() < 10


async def test_two_syncs_in_a_row_add_nothing(feed: Feed) -> None:
    first = await feed.sync()
    before = await feed.rows()
    balances = "select count(*) from app.account_balances"
    stated = await feed.world.owner.fetchval(balances)

    second = await feed.sync()

    assert first["imported"] == 180
    counts = ("imported", "changed", "duplicate", "rejected", "withdrawn", "waiting")
    assert [second[name] for name in counts] == [0] * 6
    assert await feed.rows() == before
    assert await feed.world.owner.fetchval(balances) == stated


@pytest.mark.parametrize("seed", range(6))
async def test_after_any_schedule_of_changes_the_tables_equal_the_truth(
    world: World, redis_url: str, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same schedule each time
    async with open_bank(redis_url, seed=seed) as bank:
        bank.control.set_pace(initial_s=None, historical_s=None)
        bank.control.set_behaviour(drop_pending_links=seed % 2 == 1)
        feed = await connected(world, bank, await bank.link())
        bank.control.release(feed.item, historical=False)
        for step in range(8):
            if step == 3:
                bank.control.release(feed.item)
            bank.control.advance(
                feed.item,
                post=chance.random() < 0.7,
                added=chance.randrange(4),
                pending=chance.randrange(3),
                twins=chance.randrange(2),
                modified=chance.randrange(4),
                removed=chance.randrange(4),
                repeated=chance.randrange(3),
                strangers=chance.randrange(2),
            )
            if chance.random() < 0.3:
                bank.control.mutate_during_pagination(feed.item, times=chance.randrange(1, 3))
            if chance.random() < 0.2:
                await rotate_token(feed)
            if chance.random() < 0.15:
                bank.control.change_account_ids(feed.item)
            if chance.random() < 0.15:
                bank.control.get_cursors_stuck(feed.item)
            if chance.random() < 0.7:
                await feed.sync()
                await feed.assert_truth()
        await feed.sync()
        await feed.assert_truth()


async def test_what_was_pending_keeps_its_row_when_it_is_booked(feed: Feed) -> None:
    bank = feed.bank
    bank.control.advance(feed.item, pending=3, added=0)
    await feed.sync()
    pending = {
        row["external_id"]: row["id"] for row in await feed.rows() if row["status"] == "pending"
    }

    bank.control.advance(feed.item, post=True, pending=0, added=0)
    await feed.sync()

    booked = {
        one.pending_transaction_id: one.transaction_id
        for one in feed.truth.transactions
        if one.pending_transaction_id in pending
    }
    rows = {row["external_id"]: row for row in await feed.rows()}
    assert len(booked) == len(pending) >= 3
    for old, new in booked.items():
        assert rows[new]["id"] == pending[old]
        assert rows[new]["status"] == "posted"
        assert old not in rows
    await feed.assert_truth()


async def test_a_booked_one_that_names_no_pending_one_does_not_stand_twice(
    world: World, bank: PlaidBank
) -> None:
    bank.control.set_behaviour(drop_pending_links=True)
    feed = await connected(world, bank, await bank.link())
    await feed.sync()
    known = {row["external_id"] for row in await feed.rows()}
    pending = {row["id"]: row for row in await feed.rows() if row["status"] == "pending"}

    bank.control.advance(feed.item, post=True, pending=0, added=0)
    await feed.sync()

    rows = {row["id"]: row for row in await feed.rows()}
    new = [row for row in rows.values() if row["external_id"] not in known]
    booked = {row["id"] for row in new if row["id"] in pending}
    # What is booked with another amount, such as with a tip, is not known to be the same.
    assert booked
    for row_id, before in pending.items():
        after = rows[row_id]
        same = [row for row in new if row["amount"] == before["amount"]]
        assert after["status"] == ("posted" if row_id in booked else "removed")
        assert (row_id in booked) == (len(same) == 1), (before, same)
    await feed.assert_truth()


async def test_real_twins_stay_two(feed: Feed) -> None:
    feed.bank.control.advance(feed.item, post=False, added=0, pending=0, twins=2)

    await feed.sync()

    alike = Counter(
        (row["account"], row["amount"], row["posted_date"], row["description_raw"])
        for row in await feed.rows()
    )
    assert max(alike.values()) >= 2
    await feed.assert_truth()


async def test_ids_that_come_again_and_removals_of_strangers_change_nothing(feed: Feed) -> None:
    await feed.sync()

    feed.bank.control.advance(feed.item, post=False, added=0, pending=0, repeated=5, strangers=3)
    job = await feed.sync()

    assert (job["imported"], job["withdrawn"]) == (0, 0)
    await feed.assert_truth()


async def test_data_that_changes_while_it_is_read_is_read_again(
    world: World, bank: PlaidBank
) -> None:
    bank.control.set_history(days=300, per_day=3)
    feed = await connected(world, bank, await bank.link())
    bank.control.mutate_during_pagination(feed.item, times=2)

    job = await feed.sync()

    assert job["state"] == "completed"
    assert job["imported"] == len(feed.truth.transactions) > 900
    kept = await world.owner.fetchval("select count(*) from app.raw_ingestion_data")
    applied = await world.owner.fetchval("select count(*) from app.applied_pages")
    assert kept > applied  # what was void is kept, and does not count
    await feed.assert_truth()


async def test_a_stored_cursor_that_fails_again_and_again_is_given_up(
    world: World, bank: PlaidBank
) -> None:
    feed = await connected(world, bank, await bank.link())
    await feed.sync()
    gone = bank.control.advance(feed.item, added=0, pending=0, removed=3, modified=2).removed
    for _ in range(12):
        bank.control.advance(feed.item, added=50, pending=0, webhooks=False)
    bank.control.get_cursors_stuck(feed.item)

    job = await feed.sync()

    rows = {row["external_id"]: row["status"] for row in await feed.rows()}
    assert job["state"] == "completed"
    assert {rows[key] for key in gone if key in rows} == {"removed"}
    await feed.assert_truth()


async def test_a_cursor_of_another_token_is_dropped_and_what_is_gone_is_found(feed: Feed) -> None:
    await feed.sync()
    done = feed.bank.control.advance(feed.item, added=2, pending=1, removed=4, modified=2)
    await rotate_token(feed)

    job = await feed.sync()

    rows = {row["external_id"]: row["status"] for row in await feed.rows()}
    assert job["state"] == "completed"
    assert {rows[key] for key in done.removed if key in rows} == {"removed"}
    await feed.assert_truth()
    again = await feed.sync()
    assert (again["imported"], again["withdrawn"]) == (0, 0)


async def test_accounts_under_other_ids_go_on_and_their_rows_stand_once(feed: Feed) -> None:
    await feed.sync()
    before = await accounts_of(feed)

    new = feed.bank.control.change_account_ids(feed.item)
    await feed.sync()

    after = await accounts_of(feed)
    assert {new[old]: account for old, account in before.items()} == after
    await feed.assert_truth()


async def test_who_must_sign_in_again_does_and_all_is_well(feed: Feed) -> None:
    await feed.sync()
    token = feed.credentials.access_token.get_secret_value()
    await feed.bank.post("/sandbox/item/reset_login", access_token=token)

    failed = await feed.sync()
    broken = await feed.connection()
    before = len(await feed.rows())
    feed.bank.control.advance(feed.item, added=2, pending=0)
    feed.bank.control.heal(feed.item)
    healed = await feed.sync()
    well = await feed.connection()

    assert (failed["state"], failed["error_code"]) == ("failed", "item-login-required")
    assert (broken["status"], broken["error_kind"]) == ("reauth", "authentication")
    assert broken["next_step"] == "Connect the account again."
    assert before == 180
    assert healed["state"] == "completed"
    assert (well["status"], well["error_code"], well["error_count"]) == ("active", None, 0)
    await feed.assert_truth()


async def test_balances_are_signed_from_the_holders_side(world: World, bank: PlaidBank) -> None:
    feed = await connected(world, bank, await bank.link("user_good_900"))

    await feed.sync()

    stated = await world.owner.fetch(
        "select a.type, b.kind, b.code, b.amount from app.account_balances b"
        " join app.accounts a on a.tenant_id = b.tenant_id and a.id = b.account_id"
    )
    found = {(row["type"], row["kind"], row["code"]): row["amount"] for row in stated}
    told = {account["type"]: account["balances"] for account in feed.truth.accounts}
    assert found["checking", "current_ledger", ""] > 0
    assert found["credit_card", "current_ledger", ""] == -told["credit"]["current"] < 0
    assert found["credit_card", "current_available", ""] == told["credit"]["available"]
    assert found["credit_card", "other", "limit"] == Decimal(2000)
    assert found["loan", "current_ledger", ""] == -told["loan"]["current"] < 0
    assert found["investment", "current_ledger", ""] == told["investment"]["current"] > 0


async def test_coins_are_kept_under_their_own_code(world: World, bank: PlaidBank) -> None:
    feed = await connected(world, bank, await bank.link("user_coins_1"))

    await feed.sync()

    assert {row["currency"] for row in await feed.rows()} == {"USD", "BTC"}
    await feed.assert_truth()


async def test_a_sync_goes_on_after_every_kind_of_failure(feed: Feed) -> None:
    rules = (
        FaultRule(path="/transactions/sync", kind="status", status=500),
        FaultRule(path="/accounts/get", kind="cut"),
        FaultRule(path="/transactions/sync", kind="garbage"),
        FaultRule(path="/transactions/sync", kind="status", status=503, times=4),
        FaultRule(path="/accounts/get", kind="status", status=429, retry_after="1"),
    )
    for rule in rules:
        feed.bank.control.advance(feed.item, added=2, pending=1, modified=1)
        feed.bank.sandbox.faults.add(rule)
        await feed.sync()
        feed.bank.sandbox.faults.clear()
        await feed.world.owner.execute("delete from private.provider_states")

        job = await feed.sync()

        assert job["state"] == "completed", rule
        await feed.assert_truth()


async def test_five_hundred_new_transactions_are_there_quickly(
    world: World, bank: PlaidBank
) -> None:
    bank.control.set_history(days=250, per_day=2)
    feed = await connected(world, bank, await bank.link())

    started = monotonic()
    job = await feed.sync()
    took_s = monotonic() - started

    assert job["imported"] == 500
    assert took_s < QUICK_S


async def test_rows_that_waited_come_when_their_account_is_named(
    world: World, bank: PlaidBank
) -> None:
    feed = await connected(world, bank, await bank.link(), mapping_policy="ask")
    job = await feed.sync()
    assert (job["imported"], job["waiting"], await feed.rows()) == (0, 180, [])
    feed.bank.control.advance(feed.item, added=2, pending=1, removed=2, modified=1)
    await feed.sync()

    for mapping in await world.owner.fetch("select id, currency from app.account_mappings"):
        decided = await mappings.create_account(
            context(feed.world, feed.place), mapping_id=mapping["id"], new=NEW_ACCOUNT
        )
        assert isinstance(decided, Mapped) and decided.job is not None
        await feed.world.run(feed.place, decided.job.id)

    await feed.assert_truth()
    left = await world.owner.fetchval("select coalesce(sum(waiting), 0) from app.mapping_waits")
    assert left == 0
