"""Pending rows of a file and what a later file of the same source books."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from core.links import Delivered, Found, LinkKind, MatchRow, pair_key
from matching import booked
from matching.rejected import Rejected
from matching.rows import prepared
from tests.matching.making import asked, stated, sure

FIRST = datetime(2026, 3, 2, tzinfo=UTC)


def of(document: int, amount: str = "-4.50", text: str = "COFFEE", **said: Any) -> MatchRow:
    """A row that this document has."""
    return stated(amount, text, raw_id=UUID(int=document), **said)


def found(
    *rows: MatchRow, ids: dict[UUID, str] | None = None, rejected: tuple[str, ...] = ()
) -> list[Found]:
    """What is found, where documents came in the order of their numbers."""
    delivered = {
        row.id: Delivered(
            received_at=FIRST + timedelta(hours=row.raw_id.int),
            external_id=(ids or {}).get(row.id),
        )
        for row in rows
    }
    return booked.find(prepared(rows), delivered=delivered, rejected=Rejected(rejected))


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
