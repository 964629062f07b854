"""Pending rows of a file and what a later file of the same source books."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from core.links import Delivered, Found, LinkKind, MatchRow, pair_key
from core.records import TransactionStatus
from matching import booked
from matching.rejected import Rejected
from matching.rows import prepared
from tests.matching.making import DAY, asked, stated, sure

FIRST = datetime(2026, 3, 2, tzinfo=UTC)


def of(document: int, amount: str = "-4.50", text: str = "COFFEE", **said: Any) -> MatchRow:
    """A row that this document has."""
    return stated(amount, text, raw_id=UUID(int=document), **said)


def found(
    *rows: MatchRow,
    ids: dict[UUID, str] | None = None,
    rejected: tuple[str, ...] = (),
    came: Sequence[int] = (),
    ends: dict[int, int] | None = None,
) -> list[Found]:
    """What is found, where documents came in the order of their numbers, or in another one;
    `ends`: the last day that they tell of, of some."""
    delivered = {
        row.id: Delivered(
            received_at=FIRST + timedelta(hours=_place(row.raw_id.int, came)),
            external_id=(ids or {}).get(row.id),
            ends=_day((ends or {}).get(row.raw_id.int)),
        )
        for row in rows
    }
    return booked.find(prepared(rows), delivered=delivered, rejected=Rejected(rejected))


def _place(document: int, came: Sequence[int]) -> int:
    return came.index(document) if document in came else document


def _day(number: int | None) -> date | None:
    return None if number is None else DAY + timedelta(days=number)


days = st.integers(0, 4)
texts = st.sampled_from(("COFFEE", "COFFEE CORNER", "PARKING"))


@given(
    waiting=st.lists(st.tuples(days, texts), min_size=1, max_size=4),
    done=st.lists(st.tuples(days, texts), min_size=1, max_size=4),
)
@settings(max_examples=60, deadline=None)
def test_documents_that_say_where_they_end_may_come_in_any_order(
    waiting: list[tuple[int, str]], done: list[tuple[int, str]]
) -> None:
    """Reports of the first days, and statements of the days after: what is linked is the same."""
    rows = [
        of(1 + place % 2, text=text, day=day, pending=True)
        for place, (day, text) in enumerate(waiting)
    ]
    rows += [of(3 + place % 2, text=text, day=5 + day) for place, (day, text) in enumerate(done)]
    ends = {1: 4, 2: 4, 3: 9, 4: 9}

    outcomes = [found(*rows, came=came, ends=ends) for came in permutations(range(1, 5))]

    first = outcomes[0]
    assert all((sure(one), asked(one)) == (sure(first), asked(first)) for one in outcomes)
    pending = {row.id for row in rows if row.status is TransactionStatus.PENDING}
    assert all(one.transaction_id in pending and one.other_id not in pending for one in first)


@given(waits=days, done=days, ends=st.none() | st.integers(-2, 8), text=texts)
@settings(max_examples=60, deadline=None)
def test_a_booking_that_came_first_is_linked_only_where_the_report_ends_before_it(
    waits: int, done: int, ends: int | None, text: str
) -> None:
    """What is found is of the same two rows in either order, and the booked one is what counts."""
    pending, booked = of(1, day=waits, pending=True), of(2, day=done, text=text)
    told = {} if ends is None else {1: ends}

    ahead, behind = (found(pending, booked, came=came, ends=told) for came in ((1, 2), (2, 1)))

    assert sure(behind) == (sure(ahead) if ends is not None and ends < done else set())
    assert sure(behind) | asked(behind) <= {(pending.id, booked.id)}


def test_twins_are_booked_one_to_one_and_the_rest_waits() -> None:
    waiting = [of(1, pending=True) for _ in range(3)]
    done = [of(2, day=1) for _ in range(2)]

    pairs = sure(found(*waiting, *done))

    assert len(pairs) == len({one for one, _ in pairs}) == len({other for _, other in pairs}) == 2


def test_a_twin_of_the_same_document_is_not_what_was_booked() -> None:
    waits, beside, later = of(1, pending=True), of(1), of(2)

    assert sure(found(waits, beside, later)) == {(waits.id, later.id)}


def test_texts_that_share_nothing_are_asked_about_at_most() -> None:
    waits, done = of(1, pending=True), of(2, text="PARKING", day=1)

    assert not sure(found(waits, done))


def test_a_tip_is_asked_about() -> None:
    waits, done = of(1, pending=True), of(2, "-5.00", day=1)

    assert asked(found(waits, done)) == {(waits.id, done.id)}


def test_one_id_stands_above_texts_and_the_order_of_files() -> None:
    waits, done = of(2, text="HOLD", pending=True), of(1, text="PARKING", day=1)

    assert sure(found(waits, done, ids={waits.id: "A1", done.id: "A1"})) == {(waits.id, done.id)}
    assert not sure(found(waits, done, ids={waits.id: "A1", done.id: "B2"}))


def test_a_booking_takes_one_pending_row_and_never_another() -> None:
    waits, done = of(1, pending=True), of(2)
    again = of(1, pending=True)
    taken = stated("-4.50", "COFFEE", raw_id=UUID(int=2), taken=(done.source,))

    assert len(sure(found(waits, again, done))) == 1
    assert not found(waits, taken)


def test_what_a_person_rejected_is_not_linked() -> None:
    waits, done = of(1, pending=True), of(2)
    key = pair_key(LinkKind.PENDING_POSTED, waits.id, done.id)

    assert not found(waits, done, rejected=(key,))
