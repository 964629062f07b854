"""A link that the system made stands, or gives way to a pair that is clearly better."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from uuid import UUID, uuid4

from core.links import (
    Delivered,
    Found,
    LinkKind,
    LinkMethod,
    MatchRow,
    Source,
    Standing,
    pair_key,
)
from db.matching import Surroundings
from matching.rates import TOLERANCE_PERCENT
from pipeline.match_doubles import Doubled, doubled
from pipeline.match_material import Doubles
from tests.matching.making import ACCOUNT, BANK, FILE, asked, row, stated, sure

FIRST = datetime(2026, 3, 2, tzinfo=UTC)


def link(
    hidden: MatchRow,
    kept: MatchRow,
    *,
    method: LinkMethod = LinkMethod.AUTO,
    kind: LinkKind = LinkKind.DUPLICATE,
) -> Standing:
    return Standing(
        id=uuid4(),
        kind=kind,
        method=method,
        transaction_id=hidden.id,
        other_id=kept.id,
        score=90,
    )


def weighed(
    links: Iterable[Standing],
    *rows: MatchRow,
    new: Iterable[MatchRow],
    rejected: Iterable[str] = (),
    ids: dict[UUID, str] | None = None,
) -> Doubled:
    """What becomes of links as new rows come; documents came in the order of their numbers."""
    links, new = [*links], [*new]
    up = {one.transaction_id: one.other_id for one in links}
    every = {one.id: one for one in (*rows, *new)}

    def root(one: UUID) -> UUID:
        return root(up[one]) if one in up else one

    taken: dict[UUID, tuple[Source, ...]] = {}
    for hidden in up:
        taken[root(hidden)] = (*taken.get(root(hidden), ()), every[hidden].source)
    delivered = {
        one.id: Delivered(
            received_at=FIRST + timedelta(hours=one.raw_id.int), external_id=(ids or {}).get(one.id)
        )
        for one in every.values()
    }
    return doubled(
        Doubles(
            around=Surroundings(
                ranks={(ACCOUNT, BANK): 1, (ACCOUNT, FILE): 2},
                accounts={},
                currencies=1,
                rate_tolerance_percent=TOLERANCE_PERCENT,
            ),
            new={one.id for one in new},
            rows={
                one.id: replace(one, taken=taken.get(one.id, ()))
                for one in every.values()
                if one.id not in up
            },
            twice=every.keys(),
            awaited=[one.id for one in every.values() if one.id not in up],
            delivered=delivered,
            links=links,
            below={one: every[one] for one in up},
            rejected=[*rejected],
        )
    )


def given_up(done: Doubled) -> set[frozenset[UUID]]:
    return {one.link.pair for one in done.replaced}


def test_a_better_row_of_the_first_source_takes_what_was_linked() -> None:
    kept, hidden, better = row("-9.00", day=3), stated("-9.00"), row("-9.00")

    done = weighed([link(hidden, kept)], kept, hidden, new=[better])

    assert given_up(done) == {frozenset((kept.id, hidden.id))}
    assert sure(done.found) == {(hidden.id, better.id)}


def test_a_better_row_of_the_other_source_takes_the_place() -> None:
    kept, hidden, better = row("-9.00"), stated("-9.00", day=3), stated("-9.00")

    done = weighed([link(hidden, kept)], kept, hidden, new=[better])

    assert given_up(done) == {frozenset((kept.id, hidden.id))}
    assert sure(done.found) == {(better.id, kept.id)}


def test_a_twin_and_what_is_worse_change_nothing() -> None:
    kept, hidden = row("-9.00"), stated("-9.00")

    for late in (row("-9.00"), stated("-9.00"), row("-9.00", day=3), row("-9.00", "Cinema")):
        done = weighed([link(hidden, kept)], kept, hidden, new=[late])
        assert not done.replaced
        assert not [one for one in done.found if one.pair & {kept.id, hidden.id}]


def test_twins_that_are_linked_stay_together_as_one_of_them_finds_a_better_row() -> None:
    kept = [row("-9.00", day=3) for _ in range(3)]
    hidden = [stated("-9.00") for _ in range(3)]
    stand = [link(a, b) for a, b in zip(hidden, reversed(kept), strict=True)]
    better = row("-9.00")

    done = weighed(stand, *kept, *hidden, new=[better])

    assert len(done.replaced) == 1
    assert [one.other_id for one in done.found] == [better.id]
    assert {one.transaction_id for one in done.found} <= given_up(done).pop()


def test_what_is_about_as_good_is_asked_about_with_what_is_linked() -> None:
    kept, hidden, other = row("-9.00", day=3), stated("-9.00", day=2), row("-9.00", day=1)

    done = weighed([link(hidden, kept)], kept, hidden, new=[other])

    assert not done.replaced
    assert asked(done.found) == {(hidden.id, other.id)}
    assert [one.against for one in done.found] == [kept.id]


def test_what_a_person_linked_or_rejected_is_not_weighed_anew() -> None:
    kept, hidden, better = row("-9.00", day=3), stated("-9.00"), row("-9.00")
    below = stated("-9.00", mapping=UUID(int=12))
    rejected = pair_key(LinkKind.DUPLICATE, hidden.id, better.id)

    for stand, said in (
        ([link(hidden, kept, method=LinkMethod.USER)], ()),
        ([link(hidden, kept), link(below, hidden, method=LinkMethod.USER)], ()),
        ([link(hidden, kept)], (rejected,)),
    ):
        done = weighed(stand, kept, hidden, below, new=[better], rejected=said)
        assert not done.replaced
        assert not [one for one in done.found if hidden.id in one.pair]


def test_what_is_below_a_row_moves_along_with_it() -> None:
    third = UUID(int=12)
    kept, hidden, better = row("-9.00", day=3), stated("-9.00"), row("-9.00")
    below = stated("-9.00", mapping=third)

    done = weighed([link(hidden, kept), link(below, hidden)], kept, hidden, below, new=[better])

    assert given_up(done) == {frozenset((kept.id, hidden.id))}
    assert sure(done.found) == {(hidden.id, better.id)}


def test_one_id_takes_a_pending_row_from_what_looked_like_its_booking() -> None:
    waits = stated("-9.00", raw_id=UUID(int=1), pending=True)
    looked = stated("-9.00", day=3, raw_id=UUID(int=2))
    true = stated("-9.00", "PARKING", day=1, raw_id=UUID(int=3))
    stand = link(waits, looked, kind=LinkKind.PENDING_POSTED)

    done = weighed([stand], waits, looked, new=[true], ids={waits.id: "A1", true.id: "A1"})

    assert given_up(done) == {stand.pair}
    assert sure(done.found) == {(waits.id, true.id)}


def test_the_booking_of_a_pending_row_counts_once_beside_another_source_s() -> None:
    waits = stated("-9.00", raw_id=UUID(int=1), pending=True)
    feed = row("-9.00")
    stand = link(waits, feed, kind=LinkKind.PENDING_POSTED)
    done = weighed([stand], waits, feed, new=[stated("-9.00", raw_id=UUID(int=2))])

    assert not done.replaced
    assert [one.other_id for one in done.found if one.sure] == [feed.id]


def test_whichever_row_comes_last_the_same_two_are_linked() -> None:
    """A clear pair and a looser one: every order of arrival ends with the clear one."""
    rows = (row("-9.00"), stated("-9.00"), row("-9.00", day=3))
    clear = frozenset((rows[0].id, rows[1].id))

    for order in permutations(rows):
        linked: dict[frozenset[UUID], Found] = {}
        for number, late in enumerate(order):
            before = order[:number]
            stand = [
                link(*(next(one for one in before if one.id == side) for side in sides))
                for sides in ((one.transaction_id, one.other_id) for one in linked.values())
            ]
            done = weighed(stand, *before, new=[late])
            for pair in given_up(done):
                del linked[pair]
            linked |= {one.pair: one for one in done.found if one.sure}
        assert set(linked) == {clear}


def test_a_booking_that_is_kept_beside_another_source_s_takes_its_pending_row_as_well() -> None:
    waits = stated("-9.00", rank=0, raw_id=UUID(int=1), pending=True)
    booked, feed = stated("-9.00", rank=0, raw_id=UUID(int=2)), row("-9.00")

    done = weighed([], new=[waits, booked, feed])

    assert sure(done.found) == {(feed.id, booked.id), (waits.id, booked.id)}
