"""An answer to a conflict that is taken back: the row, its group and its links are as before."""

from __future__ import annotations

from uuid import UUID

import pytest

from core.reviews import ReviewItem, ReviewKind, ReviewState
from resolvers import reconciliations
from resolvers.refusal import Refused
from tests.fixtures.bai2_file import COFFEE, RENT, SALARY, statement
from tests.fixtures.context import context
from tests.fixtures.reconciling import Ledger
from tests.fixtures.two_sources import both, links
from tests.fixtures.world import World

CONFIRMED, OPEN, REJECTED = ReviewState.CONFIRMED, ReviewState.OPEN, ReviewState.REJECTED
FEED = "999"


@pytest.fixture
async def ledger(world: World) -> Ledger:
    """A statement and a feed of one account; of each rent and coffee, the statement's reconciled;
    and then the bank takes the rent back."""
    place, _ = await both(world, statement(COFFEE, RENT), statement(COFFEE, RENT, number=FEED))
    made = Ledger(world=world, place=place, context=context(world, place))
    ids = await _vouched(made)
    done = await reconciliations.create(
        made.context, left_ids=ids[:1], right_ids=ids[1:], note="by hand"
    )
    assert not isinstance(done, Refused), done
    await _corrected(made)
    return made


async def _vouched(ledger: Ledger) -> list[UUID]:
    rows = await ledger.world.owner.fetch(
        "select t.id from app.transactions t join app.account_mappings m on m.id = t.mapping_id"
        " where m.connection_id = $1 order by t.amount",
        ledger.place.connection_id,
    )
    return [row["id"] for row in rows]


async def _corrected(ledger: Ledger) -> None:
    await ledger.world.take_in(ledger.place, statement(COFFEE, SALARY, status="3"))


async def _item(ledger: Ledger, state: ReviewState) -> ReviewItem:
    (item,) = await ledger.questions(ReviewKind.CONFLICT, state)
    assert isinstance(item, ReviewItem)
    return item


async def _state(ledger: Ledger) -> tuple[object, ...]:
    """All that an answer changes."""
    rows = await ledger.world.owner.fetch(
        "select t.id, t.status, t.amount, t.reconciled, t.duplicate_of, t.raw_id, t.content_key"
        " from app.transactions t order by t.id"
    )
    groups = [(row["id"], row["rows"], row["undone_at"]) for row in await ledger.groups()]
    made = [(row["id"], row["state"]) for row in await links(ledger.world, ledger.place)]
    return [tuple(row) for row in rows], groups, sorted(made)


async def test_the_row_its_group_and_its_links_come_back(ledger: Ledger) -> None:
    before = await _state(ledger)

    assert not isinstance(await ledger.answer(await _item(ledger, OPEN), CONFIRMED), Refused)
    taken = await _state(ledger)
    assert not isinstance(await ledger.answer(await _item(ledger, CONFIRMED), OPEN), Refused)
    back = await _state(ledger)

    assert taken != before
    assert back == before
    events = await ledger.world.owner.fetch(
        "select event from app.ingestion_audit_log where event like 'reconciliation.%'"
        " order by created_at, id"
    )
    assert {row["event"].partition(".")[2] for row in events} == {"created", "undone", "restored"}


async def test_undo_of_undo_is_stable_and_a_replay_changes_nothing(ledger: Ledger) -> None:
    opened = await _state(ledger)
    await ledger.answer(await _item(ledger, OPEN), CONFIRMED)
    taken = (await _state(ledger))[0]
    await ledger.answer(await _item(ledger, CONFIRMED), OPEN)
    await ledger.answer(await _item(ledger, OPEN), CONFIRMED)
    assert (await _state(ledger))[0] == taken
    await ledger.answer(await _item(ledger, CONFIRMED), REJECTED)
    assert await _state(ledger) == opened

    await _corrected(ledger)

    assert await _standing(ledger) == ["COFFEE", "COFFEE", "RENT", "RENT", "SALARY"]
    assert len(await ledger.rows(reconciled=True)) == 2
    assert {row["state"] for row in await links(ledger.world, ledger.place)} == {"active"}
    assert await ledger.questions(ReviewKind.CONFLICT) == []


async def test_a_row_of_another_group_by_now_is_said(ledger: Ledger) -> None:
    rent, coffee = await _vouched_again(ledger)
    await ledger.answer(await _item(ledger, OPEN), CONFIRMED)
    made = await reconciliations.create(
        ledger.context, left_ids=[coffee], right_ids=[], note="without the rent"
    )
    assert not isinstance(made, Refused), made

    refused = await ledger.answer(await _item(ledger, CONFIRMED), OPEN)
    await reconciliations.undo(ledger.context, reconciliation_id=made.id)
    opened = await ledger.answer(await _item(ledger, CONFIRMED), OPEN)

    assert isinstance(refused, Refused)
    assert "Undo that first" in refused.message
    assert not isinstance(opened, Refused)
    assert {row["id"] for row in await ledger.rows(reconciled=True)} == {rent, coffee}


async def test_a_group_of_which_two_rows_went_waits_for_both(ledger: Ledger) -> None:
    await ledger.world.take_in(ledger.place, statement(SALARY, status="3"))
    items = await ledger.questions(ReviewKind.CONFLICT)
    assert len(items) == 2

    for item in items:
        await ledger.answer(item, CONFIRMED)
    assert await ledger.rows(reconciled=True) == []
    reconciled = []
    for item in await ledger.questions(ReviewKind.CONFLICT, CONFIRMED):
        await ledger.answer(item, OPEN)
        reconciled.append(len(await ledger.rows(reconciled=True)))

    assert reconciled == [0, 2]


async def _vouched_again(ledger: Ledger) -> list[UUID]:
    return [row["id"] for row in await ledger.rows(reconciled=True)]


async def _standing(ledger: Ledger) -> list[str]:
    return sorted(row["description"] for row in await ledger.rows())
