"""What one source delivers in one response is never merged, on how many pages it may come."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import pytest

from providers.plaid import reading
from resolvers import mappings
from resolvers.mappings import Mapped
from sandbox import plaid_transactions
from sandbox.plaid_ledger import Transaction
from tests.fixtures.bai2_file import COFFEE, Account, Group, bai2, statement
from tests.fixtures.context import context
from tests.fixtures.faults import FaultyEvents
from tests.fixtures.plaid_feed import Feed, PlaidBank, accounts_of, connected, open_bank
from tests.fixtures.two_sources import links, questions, second_source
from tests.fixtures.world import World

DAY: Final = datetime.now(UTC).date() - timedelta(days=2)
ROWS_HAVE_MOVED: Final = 2  # what a derivation tells first after that
Meanwhile = Callable[[], Awaitable[None]]


@pytest.fixture
async def feed(world: World, redis_url: str) -> AsyncIterator[Feed]:
    async with open_bank(redis_url) as bank:
        bank.control.set_history(days=3, per_day=1)
        feed = await connected(world, bank, await bank.link())
        await feed.sync()
        yield feed


def _ledger(bank: PlaidBank, feed: Feed) -> Any:
    return bank.control._item(feed.item).ledger  # what no lever of the sandbox does


def _happened(feed: Feed, own_id: str, account_id: str) -> Transaction:
    """A coffee like any other of these tests."""
    row = next(one for one in feed.truth.transactions if not one.pending)
    return replace(
        row,
        transaction_id=own_id,
        account_id=account_id,
        amount=Decimal(COFFEE.minor) / 100,
        day=DAY,
        authorized_day=None,
        name="Coffee Corner",
        original_description="COFFEE CORNER 4711",
    )


async def _standing(feed: Feed) -> list[bool]:
    """Whether each coffee counts; all are of one account."""
    coffees = [
        row
        for row in await feed.rows()
        if row["description_raw"] == "COFFEE CORNER 4711" and row["status"] != "removed"
    ]
    assert len({row["account_id"] for row in coffees}) == 1
    return [row["duplicate_of"] is None for row in coffees]


async def _two(feed: Feed) -> tuple[str, str]:
    """Two accounts of the bank."""
    one, other, *_ = feed.bank.control._item(feed.item).ledger.accounts
    return one, other


async def _on_one_account(
    world: World, feed: Feed, one: str, other: str, *, meanwhile: Meanwhile | None = None
) -> None:
    """Two accounts of the bank feed one of the tenant; `meanwhile` as the rows have moved."""
    account_id = (await accounts_of(feed))[one]
    await _feeds(world, feed, other, account_id, meanwhile=meanwhile)


async def _feeds(
    world: World,
    feed: Feed,
    external_id: str,
    account_id: UUID,
    *,
    meanwhile: Meanwhile | None = None,
) -> None:
    mapping_id = await world.owner.fetchval(
        "select id from app.account_mappings where external_account_id = $1", external_id
    )
    mapped = await mappings.set_account(
        context(world, feed.place), mapping_id=mapping_id, account_id=account_id
    )
    assert isinstance(mapped, Mapped)
    if mapped.job is not None:
        events = FaultyEvents({} if meanwhile is None else {ROWS_HAVE_MOVED: meanwhile})
        await world.altered(events=events).finish(feed.place, mapped.job.id)
        assert meanwhile is None or events.told >= ROWS_HAVE_MOVED


@pytest.mark.parametrize("page_size", [500, 1])
@pytest.mark.parametrize("mapped", ["before", "after"])
async def test_rows_of_two_accounts_that_feed_one_stay_two(
    world: World, feed: Feed, monkeypatch: pytest.MonkeyPatch, page_size: int, mapped: str
) -> None:
    monkeypatch.setattr(reading, "COUNT", page_size)
    one, other = await _two(feed)
    if mapped == "before":
        await _on_one_account(world, feed, one, other)
    ledger = _ledger(feed.bank, feed)
    ledger.add(_happened(feed, "of-one", one))
    ledger.add(_happened(feed, "of-other", other))

    await feed.sync()
    if mapped == "after":
        await _on_one_account(world, feed, one, other)

    assert await _standing(feed) == [True, True]
    assert not await links(world, feed.place)
    assert not await questions(world, feed.place)


async def test_twins_on_two_pages_of_one_account_stay_two(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    account_id = next(iter(await accounts_of(feed)))
    monkeypatch.setattr(reading, "COUNT", 1)
    ledger = _ledger(feed.bank, feed)
    ledger.add(_happened(feed, "first", account_id))
    ledger.add(_happened(feed, "second", account_id))

    await feed.sync()

    assert await _standing(feed) == [True, True]


@pytest.mark.parametrize("first", [False, True], ids=["", "a file first"])
async def test_an_account_that_only_its_rows_name_is_no_other_source(
    world: World, redis_url: str, monkeypatch: pytest.MonkeyPatch, *, first: bool
) -> None:
    monkeypatch.setattr(reading, "COUNT", 1)
    monkeypatch.setattr(plaid_transactions, "_accounts", lambda _: [])
    async with open_bank(redis_url) as bank:
        bank.control.set_history(days=3, per_day=1)
        feed = await connected(world, bank, await bank.link())
        one, other = await _two(feed)
        ledger = _ledger(bank, feed)
        ledger.load([_happened(feed, "of-one", one), _happened(feed, "of-other", other)])
        del ledger.accounts[other]
        await feed.sync()
        if not first:
            await _on_one_account(world, feed, one, other)
            assert await _standing(feed) == [True, True]
            return

        # A file's row is one of both, and never the other, too.
        files = await second_source(world, feed.place)
        of_bank = Account(details=[COFFEE._replace(text="COFFEE CORNER 4711")], currency="USD")
        await world.take_in(files, bai2(Group(accounts=[of_bank], day=f"{DAY:%y%m%d}")))
        mapping = await world.owner.fetchrow(
            "select id, account_id from app.account_mappings where connection_id = $1",
            files.connection_id,
        )
        assert mapping is not None
        await world.owner.execute(
            "update app.accounts set primary_mapping_id = $1 where id = $2", *mapping
        )
        for external in (one, other):
            await _feeds(world, feed, external, mapping["account_id"])
        assert sorted(await _standing(feed)) == [False, True, True]


async def test_nor_while_another_job_compares_what_has_moved(
    world: World, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "COUNT", 1)
    one, other = await _two(feed)
    ledger = _ledger(feed.bank, feed)
    ledger.add(_happened(feed, "of-one", one))
    ledger.add(_happened(feed, "of-other", other))
    await feed.sync()
    files = await second_source(world, feed.place)

    async def import_a_file() -> None:
        assert (await world.take_in(files, statement(COFFEE)))["state"] == "completed"

    await _on_one_account(world, feed, one, other, meanwhile=import_a_file)

    assert await _standing(feed) == [True, True]
    assert not await links(world, feed.place)
