"""Two rows of one response under one stable id that say different things: one counts, both show."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from providers.plaid import reading
from sandbox import plaid_transactions, quiltt_nodes
from sandbox.quiltt_search import matching_transactions
from tests.fixtures.plaid_feed import Feed, connected, open_bank
from tests.fixtures.quiltt_syncing_fixture import Link
from tests.fixtures.world import World

Told = dict[str, Any]


@pytest.fixture
async def feed(world: World, redis_url: str) -> AsyncIterator[Feed]:
    async with open_bank(redis_url) as bank:
        bank.control.set_history(days=3, per_day=1)
        yield await connected(world, bank, await bank.link())


class _Twice:
    """Plaid's first booked row, told again on the last page, as these fields have it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **fields: Any) -> None:
        self.first: Told = {}
        page = plaid_transactions._page

        def twice(*asked: Any) -> Told:
            told = page(*asked)
            booked = [row for row in told["added"] if not row["pending"]]
            self.first = self.first or next(iter(booked), {})
            if not told["has_more"]:
                told["added"].append({**self.first, **fields})
            return told

        monkeypatch.setattr(plaid_transactions, "_page", twice)


@pytest.mark.parametrize("page_size", [500, 1], ids=["one page", "several"])
@pytest.mark.parametrize(
    ("fields", "counts"),
    [({"amount": 77.25}, Decimal("-77.25")), ({"amount": 77.25, "pending": True}, None)],
    ids=["booked", "pending"],
)
async def test_what_is_told_twice_and_differs_counts_once_and_is_told(
    feed: Feed,
    monkeypatch: pytest.MonkeyPatch,
    page_size: int,
    fields: Told,
    counts: Decimal | None,
) -> None:
    monkeypatch.setattr(reading, "COUNT", page_size)
    twice = _Twice(monkeypatch, **fields)

    job = await feed.sync()

    key, before = twice.first["transaction_id"], -Decimal(str(twice.first["amount"]))
    (row,) = [row for row in await feed.rows() if row["external_id"] == key]
    assert (row["amount"], row["status"]) == (before if counts is None else counts, "posted")
    (finding,) = await _contradictions(feed, job["id"])
    assert finding["severity"] == "warning"
    amounts = re.findall(r"(\S+) USD of", finding["message"])
    assert [Decimal(amount) for amount in amounts] == [before, Decimal("-77.25")]
    for said in (key, "transactions/1)", "differ in amount"):
        assert said in finding["message"]
    pages = await feed.world.owner.fetchval(
        "select count(*) from app.raw_ingestion_data where job_id = $1 and name like $2",
        job["id"],
        "transactions/%",
    )
    assert pages >= (2 if page_size == 1 else 1)


@pytest.mark.parametrize("page_size", [500, 1], ids=["one page", "several"])
async def test_what_is_told_twice_alike_is_one_row_and_no_news(
    feed: Feed, monkeypatch: pytest.MonkeyPatch, page_size: int
) -> None:
    monkeypatch.setattr(reading, "COUNT", page_size)
    twice = _Twice(monkeypatch)

    job = await feed.sync()

    rows = [row["external_id"] for row in await feed.rows()]
    assert rows.count(twice.first["transaction_id"]) == 1
    assert not await _contradictions(feed, job["id"])


async def test_quiltt_that_tells_one_twice_and_differently_is_told_of(
    link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank = await link(institution="Sandbox Credit Union", accounts=["Share Draft"])

    def twice(*asked: Any) -> list[Any]:
        (account, newest), *others = matching_transactions(*asked)
        other = replace(newest, amount=newest.amount + 1, id=newest.id)
        return [(account, newest), (account, other), *others]

    monkeypatch.setattr(quiltt_nodes, "matching_transactions", twice)

    job = await bank.sync()

    (finding,) = [
        one
        for one in await bank.world.findings(bank.place, job["id"])
        if one["code"] == "external-id-contradicted"
    ]
    assert "differ in amount" in finding["message"]


async def _contradictions(feed: Feed, job_id: Any) -> list[Any]:
    found = await feed.world.findings(feed.place, job_id)
    return [one for one in found if one["code"] == "external-id-contradicted"]
