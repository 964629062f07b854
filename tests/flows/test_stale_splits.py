"""Parts of a transaction whose source says another amount: asked about, never of a wrong sum."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from core.models import Transaction
from core.reviews import ReviewItem, ReviewKind, ReviewState
from resolvers import splits
from resolvers.refusal import Refused
from resolvers.splits import GivenPart
from tests.fixtures.context import context
from tests.fixtures.plaid_feed import Feed
from tests.fixtures.reconciling import Ledger
from tests.fixtures.world import World

CONFIRMED, OPEN, REJECTED = ReviewState.CONFIRMED, ReviewState.OPEN, ReviewState.REJECTED
CSV = b"Date,Amount,Currency,Text,Account\n2026-03-01,-100.00,EUR,Big shop,ONE\n"


@pytest.fixture
async def ledger(world: World) -> Ledger:
    """One transaction of -100, in parts of -60 and -40."""
    place = await world.place()
    await world.take_in(place, CSV)
    made = Ledger(world=world, place=place, context=context(world, place))
    await _split(made, "-60", "-40")
    return made


async def _split(ledger: Ledger, *amounts: str) -> None:
    parts = [
        GivenPart(amount=Decimal(amount), category=f"Part {place}", note="as agreed")
        for place, amount in enumerate(amounts)
    ]
    done = await splits.split(ledger.context, transaction_id=await _id(ledger), parts=parts)
    assert isinstance(done, Transaction), done


async def _id(ledger: Ledger) -> UUID:
    (row,) = await ledger.rows()
    assert isinstance(row["id"], UUID)
    return row["id"]


async def _becomes(ledger: Ledger, amount: str) -> None:
    await ledger.world.owner.execute("update app.transactions set amount = $1", Decimal(amount))


async def _item(ledger: Ledger, state: ReviewState = OPEN) -> ReviewItem:
    (item,) = await ledger.questions(ReviewKind.SPLIT, state)
    assert isinstance(item, ReviewItem)
    return item


async def _parts(ledger: Ledger) -> list[tuple[str, str, bool]]:
    found = await splits.of_transactions(ledger.context, [await _id(ledger)])
    parts = found.get(await _id(ledger), ())
    assert all(part.note == "as agreed" for part in parts)
    return [(str(part.amount.normalize()), part.category, part.current) for part in parts]


STALE = [("-6E+1", "Part 0", False), ("-4E+1", "Part 1", False)]


async def test_parts_are_fitted_or_dropped_and_put_back(ledger: Ledger) -> None:
    await _becomes(ledger, "-90.01")
    assert await _parts(ledger) == STALE

    assert not isinstance(await ledger.answer(await _item(ledger), CONFIRMED), Refused)
    fitted = await _parts(ledger)
    assert not isinstance(await ledger.answer(await _item(ledger, CONFIRMED), REJECTED), Refused)
    whole = await _parts(ledger)
    assert not isinstance(await ledger.answer(await _item(ledger, REJECTED), OPEN), Refused)

    assert fitted == [("-54.01", "Part 0", True), ("-36", "Part 1", True)]
    assert whole == []
    assert await _parts(ledger) == STALE


async def test_an_amount_that_comes_back_answers_by_itself(ledger: Ledger) -> None:
    await _becomes(ledger, "-90")
    first = await _item(ledger)
    await _becomes(ledger, "-80")
    second = await _item(ledger)
    await _becomes(ledger, "-100")

    assert first.key != second.key
    assert await ledger.questions(ReviewKind.SPLIT) == []
    assert [part[2] for part in await _parts(ledger)] == [True, True]
    await _becomes(ledger, "-90")
    assert (await _item(ledger)).id == first.id


async def test_who_splits_anew_has_answered(ledger: Ledger) -> None:
    await _becomes(ledger, "-90")
    item = await _item(ledger)

    await _split(ledger, "-45", "-45")

    assert await ledger.questions(ReviewKind.SPLIT) == []
    assert isinstance(await ledger.answer(item, CONFIRMED), Refused)
    assert [part[0] for part in await _parts(ledger)] == ["-45", "-45"]


async def test_an_answer_that_came_too_late_is_refused(ledger: Ledger) -> None:
    await _becomes(ledger, "-90")
    await ledger.answer(await _item(ledger), REJECTED)
    await _split(ledger, "-45", "-45")

    refused = await ledger.answer(await _item(ledger, REJECTED), OPEN)

    assert isinstance(refused, Refused)
    assert "split anew" in refused.message
    assert [part[2] for part in await _parts(ledger)] == [True, True]


@pytest.mark.parametrize("amount", ["0", "90", "-0.01"])
async def test_what_cannot_be_fitted_is_said(ledger: Ledger, amount: str) -> None:
    await _becomes(ledger, amount)

    refused = await ledger.answer(await _item(ledger), CONFIRMED)
    dropped = await ledger.answer(await _item(ledger), REJECTED)

    assert isinstance(refused, Refused)
    assert "cannot be fitted" in refused.message
    assert not isinstance(dropped, Refused)
    assert await _parts(ledger) == []


async def test_words_that_are_too_many_to_be_noted_stop_no_import(ledger: Ledger) -> None:
    parts = [GivenPart(amount=Decimal(-2), category="é" * 200, note="é" * 500) for _ in range(50)]
    done = await splits.split(ledger.context, transaction_id=await _id(ledger), parts=parts)
    assert isinstance(done, Transaction), done

    await _becomes(ledger, "-150")

    item = await _item(ledger)
    assert "parts" not in item.evidence
    assert not isinstance(await ledger.answer(item, CONFIRMED), Refused)
    found = await splits.of_transactions(ledger.context, [await _id(ledger)])
    fitted = {(part.amount, part.current) for part in found[await _id(ledger)]}
    assert fitted == {(Decimal(-3), True)}


async def test_a_sync_that_changes_amounts_says_so_once(feed: Feed) -> None:
    await feed.sync()
    await feed.sync()
    ledger = Ledger(world=feed.world, place=feed.place, context=context(feed.world, feed.place))
    before = {row["id"]: row["amount"] for row in await feed.rows() if row["status"] == "posted"}
    for id, amount in before.items():
        parts = [GivenPart(amount=amount / 2, category=name, note=None) for name in ("A", "B")]
        done = await splits.split(ledger.context, transaction_id=id, parts=parts)
        assert isinstance(done, Transaction), done

    feed.bank.control.advance(feed.item, added=0, pending=0, modified=12)
    job = await feed.sync()
    again = await feed.sync()

    changed = {row["id"] for row in await feed.rows() if before.get(row["id"]) != row["amount"]}
    changed &= before.keys()
    assert changed
    items = await ledger.questions(ReviewKind.SPLIT)
    assert {item.transaction_id for item in items} == changed
    told = await _told(feed, job), await _told(feed, again)
    assert [len(one) for one in told] == [1, 0]
    assert f"{len(changed)} transactions" in told[0][0]["message"]


async def _told(feed: Feed, job: asyncpg.Record) -> list[Any]:
    findings = await feed.world.findings(feed.place, job["id"])
    return [row for row in findings if row["code"] == "stale-split"]
