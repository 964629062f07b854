"""Syncs with a simulated Quiltt: what stands here is what is there, whatever happened between."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from decimal import Decimal

import pytest

from db import syncs
from tests.fixtures.quiltt_service import NOW
from tests.fixtures.quiltt_syncing_fixture import Link

TODAY = NOW.date()
RECENT = TODAY - timedelta(days=30)


async def test_the_newest_days_come_first_and_then_the_past_month_by_month(link: Link) -> None:
    bank = await link()

    first = await bank.sync()
    after_first = await bank.connection()
    rows_first = await bank.rows()
    then = await bank.sync()
    at_last = await bank.connection()

    assert (first["state"], first["sync_phase"]) == ("completed", "initial")
    assert (after_first["sync_phase"], after_first["sync_progress"]) == ("historical", 0)
    assert after_first["initial_complete_at"] is not None
    assert after_first["next_sync_at"] == bank.time()
    assert rows_first
    assert all(
        row[0] >= TODAY - timedelta(days=30)
        for rows in rows_first.values()
        for row in rows.values()
    )
    assert (then["state"], then["sync_phase"]) == ("completed", "historical")
    assert (at_last["sync_phase"], at_last["sync_progress"]) == ("incremental", 100)
    assert await bank.rows() == bank.truth()


async def test_the_past_shows_its_progress_while_it_is_read(link: Link) -> None:
    bank = await link(columns={"lookback_days": 120})
    await bank.sync()
    # Accounts, newest days and October are answered, September is not.
    bank.quiltt.control.fail_graphql(code="BAD_USER_INPUT", after=3, times=1)

    job = await bank.sync()
    cursor = await bank.cursor()
    before = bank.quiltt.app.faults.requests("/v1/graphql")
    then = await bank.settle()

    assert (job["state"], job["error_code"]) == ("failed", "request-refused")
    assert {back_to for back_to, _ in cursor["accounts"].values()} == {"2026-10-01"}
    # What was read is not read again: accounts, newest days, September and August.
    assert len(bank.quiltt.app.faults.requests("/v1/graphql")) - len(before) == 4
    assert then["history_complete_at"] is not None
    assert await bank.rows() == bank.truth()


async def test_balances_are_those_of_the_bank_with_their_signs(link: Link) -> None:
    bank = await link()

    await bank.settle()

    told = bank.quiltt.control.truth(bank.external_id)["accounts"]
    expected = {
        account["id"]: {
            kind: account[name]
            for name, kind in (
                ("current", "current_ledger"),
                ("available", "current_available"),
                ("limit", "other"),
            )
            if account[name] is not None
        }
        for account in told
    }
    assert await bank.balances() == expected
    assert any(each["current_ledger"] < 0 for each in expected.values())


async def test_a_sync_that_finds_nothing_new_changes_nothing(link: Link) -> None:
    bank = await link()
    await bank.settle()
    before = await bank.rows()

    job = await bank.sync()

    assert (job["imported"], job["changed"], job["withdrawn"]) == (0, 0, 0)
    assert await bank.rows() == before


async def test_a_first_sync_that_comes_too_early_is_no_empty_history(link: Link) -> None:
    bank = await link()
    bank.quiltt.control.set(initial_after_s=60, historical_after_s=60)
    other = await link()

    early = await other.sync()
    waiting = await other.connection()
    other.pass_time(seconds=90)
    await other.sync()
    recent = await other.connection()
    other.pass_time(seconds=90)
    await other.settle()

    assert early["state"] == "completed"
    assert (waiting["sync_phase"], waiting["initial_complete_at"]) == ("initial", None)
    assert waiting["next_sync_at"] - waiting["last_sync_at"] == timedelta(seconds=20)
    assert recent["sync_phase"] == "historical"
    assert await other.rows() == other.truth()


async def test_history_that_quiltt_gets_late_is_read_when_it_is_there(link: Link) -> None:
    bank = await link()
    bank.quiltt.control.set(historical_after_s=3600)
    late = await link()

    await late.settle()
    before = await late.rows()
    late.pass_time(hours=2)
    job = await late.sync()

    assert (await late.connection())["sync_phase"] == "incremental"
    assert job["imported"] > 0
    assert sum(map(len, before.values())) < sum(map(len, late.truth().values()))
    assert await late.rows() == late.truth()
    assert bank.external_id != late.external_id


async def test_whatever_happens_at_the_bank_the_tables_equal_it(link: Link) -> None:
    bank = await link()
    await bank.settle()
    kinds = ("posted", "pending", "settled", "settled_higher", "vanished", "projected", "edited")
    for seed in range(6):
        chance = random.Random(seed)  # noqa: S311 - no secret
        for _ in range(chance.randint(1, 3)):
            changes = {kind: chance.randint(0, 3) for kind in kinds}
            bank.quiltt.control.change(bank.external_id, sync=chance.random() < 0.7, **changes)
        bank.pass_time(days=chance.randint(0, 9))
        bank.quiltt.control.sync(bank.external_id)

        job = await bank.sync()

        assert job["state"] == "completed", job["error_code"]
        assert await bank.rows() == bank.truth(), f"seed {seed}"


async def test_currencies_have_the_decimals_that_they_have(link: Link) -> None:
    bank = await link(institution="Sandbox World Bank")
    bank.quiltt.control.change(bank.external_id, posted=2)

    await bank.settle()

    assert await bank.rows() == bank.truth()
    scales = await bank.world.owner.fetch(
        "select currency, max(scale(amount)) as digits from app.transactions group by 1 order by 1"
    )
    assert [tuple(row) for row in scales] == [("JPY", 0), ("KWD", 3)]


async def test_amounts_without_signs_are_read_by_their_direction(link: Link) -> None:
    bank = await link()
    bank.quiltt.control.set(amounts="absolute")

    await bank.settle()

    assert await bank.rows() == bank.truth()


async def test_investments_are_read_with_what_is_held(link: Link) -> None:
    bank = await link(institution="Sandbox Brokerage")

    await bank.settle()

    [told] = bank.quiltt.control.truth(bank.external_id)["accounts"]
    held = await bank.world.owner.fetch(
        "select ticker, quantity, price from app.holdings where removed_on is null"
    )
    assert {tuple(row) for row in held} == {
        (one["ticker"], Decimal(one["quantity"]), one["price"]) for one in told["holdings"]
    }
    bought = await bank.world.owner.fetchval(
        "select extra from app.transactions where description like 'BUY %' limit 1"
    )
    assert {"quantity", "price", "fees", "tickerSymbol"} <= set(json.loads(bought))
    assert await bank.rows() == bank.truth()


@pytest.mark.parametrize(
    ("flag", "accounts", "transactions", "holdings"),
    [
        ("sync_accounts", 0, True, True),
        ("sync_transactions", 1, False, True),
        ("sync_investments", 1, False, False),
    ],
)
async def test_what_is_not_wanted_is_not_asked_for(
    link: Link, flag: str, accounts: int, transactions: bool, holdings: bool
) -> None:
    bank = await link(institution="Sandbox Brokerage", columns={flag: False})

    connection = await bank.settle()

    owner = bank.world.owner
    assert connection["sync_phase"] == "incremental"
    assert len(await bank.balances()) == accounts
    assert bool(await bank.rows()) == transactions
    assert bool(await owner.fetchval("select count(*) from app.holdings")) == holdings


async def test_days_that_a_webhook_names_are_read_though_they_are_old(link: Link) -> None:
    bank = await link()
    await bank.settle()
    world = bank.quiltt.app.control._world
    account = world.accounts_of(world.connection(bank.external_id))[0]
    old = min(account.transactions.values(), key=lambda each: each.date)
    old.description += " CORRECTED"

    await bank.sync()
    unread = await bank.rows()
    async with bank.world.database.as_(bank.place.worker) as tx:
        await syncs.note_changed(
            tx,
            tenant_id=bank.place.tenant_id,
            connection_id=bank.place.connection_id,
            since=old.date,
            at=bank.time(),
        )
    await bank.sync()
    noted = await bank.world.owner.fetchval("select changed_since from app.sync_cursors")

    assert unread != bank.truth()
    assert await bank.rows() == bank.truth()
    assert noted is None


async def test_a_new_account_of_the_connection_is_read_with_its_past(link: Link) -> None:
    bank = await link()
    await bank.settle()
    name = bank.quiltt.control.open_account(bank.external_id)

    await bank.sync()

    rows = await bank.rows()
    assert min(row[0] for row in rows[name].values()) < TODAY - timedelta(days=31)
    assert rows == bank.truth()


async def test_an_account_that_the_bank_has_closed_keeps_its_rows(link: Link) -> None:
    bank = await link()
    await bank.settle()
    [first, *_] = await bank.rows()
    bank.quiltt.control.close_account(first)

    await bank.sync()

    assert await bank.rows() == bank.truth()


async def test_the_longest_past_is_read_in_one_go(link: Link) -> None:
    bank = await link(columns={"lookback_days": 730})
    bank.quiltt.control.set(history_days=730, transactions_per_month=20)
    rich = await link(columns={"lookback_days": 730})

    await rich.settle()

    assert sum(map(len, (await rich.rows()).values())) > 1_000
    assert await rich.rows() == rich.truth()
    assert bank.place != rich.place


async def test_a_window_of_many_pages_is_read_completely(link: Link) -> None:
    bank = await link()
    bank.quiltt.control.change(bank.external_id, posted=230)

    await bank.settle()

    assert await bank.rows() == bank.truth()


async def test_data_that_changes_between_pages_is_read_again(link: Link) -> None:
    bank = await link()
    bank.quiltt.control.change(bank.external_id, posted=230, pending=3)
    uses: list[None] = []

    def meddle() -> None:
        """The first of the first page is taken back once that page was given."""
        uses.append(None)
        if len(uses) == 2:
            bank.quiltt.control.change(bank.external_id, unposted=1)

    bank.quiltt.app.control._world.clock.after_each_use(meddle)

    job = await bank.sync()
    pages = await bank.world.owner.fetchval("select count(*) from app.raw_ingestion_data")
    applied = await bank.world.owner.fetchval("select count(*) from app.applied_pages")
    await bank.settle()

    assert job["state"] == "completed"
    assert pages > applied
    assert await bank.rows() == bank.truth()
