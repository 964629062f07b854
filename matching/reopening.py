"""Reopening: links that the system made, and that what has come since may take the place of.

A link stands while nothing new is about as good as what it links. Where something is, both rows are
weighed anew with it, and the link gives way to what is clearly better and alone. Else it stands,
and somebody is asked. What a person linked is not opened, and no link with such a one below it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from core.links import Found, LinkKind, LinkMethod, Replaced, Source, Standing
from matching import scoring
from matching.assignment import RIVAL_WITHIN
from matching.duplicates import SORTED_WITHIN, precedence
from matching.rejected import Rejected
from matching.rows import Row
from matching.scoring import SURE, WORTH_ASKING, Reasons, own_points, score_of

RIVALS_MAX: Final = 50  # new rows that a link is held against, the nearest first
AGAINST: Final = "One of them is linked with another transaction, which may be right as well."

Weigh = Callable[[Row, Row], Reasons | None]
Rows = Mapping[UUID, Row]
Excludes = Callable[[Found, Standing], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A link that is weighed anew, by the points of its own, and what is about as good: the best
    first."""

    link: Standing
    points: int
    rivals: tuple[Found, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopening:
    """What may give way, and how the rows of it are weighed."""

    opened: tuple[Opened, ...]
    rows: Rows  # those that count without these links


def reopened(
    rows: Rows,
    below: Rows,
    links: Sequence[Standing],
    *,
    new: Collection[UUID],
    weigh: Weigh,
    rejected: Rejected,
) -> Reopening:
    """Which of the links new rows may take the place of.

    `rows` count, `below` does not; `links` are all those that say so, the ones below the others
    too. `weigh`: what speaks for two rows being one booking.
    """
    trees = _Trees(links)
    fresh = _Fresh(rows[one] for one in new if one in rows)
    opened = []
    for link in links:
        if link.method is not LinkMethod.AUTO or trees.holds_a_word(link.transaction_id):
            continue
        hidden = below.get(link.transaction_id)
        kept = below.get(link.other_id) or rows.get(link.other_id)
        if hidden is None or kept is None:
            continue
        said = weigh(hidden, kept)
        points = link.score if said is None else own_points(said)
        rivals = tuple(
            rival
            for one in fresh.near(hidden, kept)
            for stays, goes in ((hidden, kept), (kept, hidden))
            if _may_replace(one, goes)
            and not rejected.says(link.kind, one, stays)
            and (said := weigh(one, stays)) is not None
            and own_points(said) > points - RIVAL_WITHIN
            and (rival := _asked(one, stays, said, against=goes.id)).score
            >= WORTH_ASKING[rival.kind]
        )
        if rivals:
            rivals = tuple(sorted(rivals, key=_order))
            opened.append(Opened(link=link, points=points, rivals=rivals))
    return Reopening(opened=tuple(opened), rows=trees.without(opened, rows, below))


def _order(rival: Found) -> tuple[int, UUID, UUID]:
    return (-rival.score, rival.transaction_id, rival.other_id)


def _may_replace(one: Row, goes: Row) -> bool:
    """Whether a row may be meant instead of another, or is what its source booked it as.

    Not where both say the same: which of the two is meant makes no difference then.
    """
    return one.of.source == goes.of.source and (
        goes.is_pending
        if one.is_pending != goes.is_pending
        else (one.days, one.text, one.references, one.of.check_number)
        != (goes.days, goes.text, goes.references, goes.of.check_number)
    )


def _asked(one: Row, stays: Row, said: Reasons, *, against: UUID) -> Found:
    """A question: what would not count comes first."""
    is_booking = one.is_pending != stays.is_pending
    second, first = (
        sorted((one, stays), key=lambda row: row.is_pending)
        if is_booking
        else sorted((one, stays), key=precedence)
    )
    kind = LinkKind.PENDING_POSTED if is_booking else LinkKind.DUPLICATE
    return Found(
        kind=kind,
        transaction_id=first.id,
        other_id=second.id,
        account_id=second.of.account_id,
        score=min(score_of(said), SURE[kind] - 1),
        reasons=(*said, scoring.reason("linked", 0, AGAINST)),
        sure=False,
        against=against,
    )


class _Fresh:
    """New rows by what a booking of two sources has in common, in the order of their days."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows: dict[object, list[Row]] = defaultdict(list)
        for row in sorted(rows, key=lambda row: row.order):
            self._rows[row.of.account_id, row.of.currency, row.of.amount].append(row)

    def near(self, hidden: Row, kept: Row) -> list[Row]:
        """Those near either, of twins the first."""
        same = self._rows.get((hidden.of.account_id, hidden.of.currency, hidden.of.amount), [])
        if not same:  # mostly
            return []
        low, high = min(hidden.day, kept.day) - SORTED_WITHIN, max(hidden.day, kept.day)
        begin = bisect_left(same, low, key=lambda row: row.day)
        end = bisect_right(same, high + SORTED_WITHIN, key=lambda row: row.day)
        twins: dict[object, Row] = {}
        for row in same[begin:end]:
            if row.id not in (hidden.id, kept.id):
                twins.setdefault((row.signature, row.of.raw_id), row)
        return sorted(twins.values(), key=lambda row: (abs(row.day - hidden.day), row.order))[
            :RIVALS_MAX
        ]


class _Trees:
    """What does not count, below what counts instead."""

    def __init__(self, links: Iterable[Standing]) -> None:
        self._up: dict[UUID, Standing] = {}
        self._down: dict[UUID, list[Standing]] = defaultdict(list)
        for link in links:
            self._up[link.transaction_id] = link
            self._down[link.other_id].append(link)

    def holds_a_word(self, row_id: UUID) -> bool:
        """Whether a person linked something below a row."""
        return any(link.method is LinkMethod.USER for link in self._below(row_id, ()))

    def without(self, opened: Sequence[Opened], rows: Rows, below: Rows) -> Rows:
        """The rows that count without these links: what of them is taken moves along."""
        free = {one.link.transaction_id for one in opened}
        taken: dict[UUID, list[Source]] = {}
        for row_id in free:
            left = [below[row_id].of.source]
            for link in self._below(row_id, free):
                if link.transaction_id in below:
                    left.append(below[link.transaction_id].of.source)
            root = self._root(row_id)
            if root not in rows:
                continue
            of_root = taken.setdefault(root, list(rows[root].of.taken))
            for source in left:
                if source in of_root:
                    of_root.remove(source)
            taken[row_id] = left[1:]
        counting = {}
        for row_id, sources in taken.items():
            row = rows.get(row_id) or below[row_id]
            of = replace(row.of, taken=tuple(sources))
            if row_id in free:
                of = replace(of, linked=self._up[row_id].other_id)
            counting[row_id] = replace(row, of=of)
        return counting

    def _below(self, row_id: UUID, stop: Collection[UUID]) -> Iterator[Standing]:
        for link in self._down.get(row_id, ()):
            if link.transaction_id not in stop:
                yield link
                yield from self._below(link.transaction_id, stop)

    def _root(self, row_id: UUID) -> UUID:
        while row_id in self._up:
            row_id = self._up[row_id].other_id
        return row_id


def settled(
    found: Sequence[Found], reopening: Reopening, *, excludes: Excludes
) -> tuple[list[Found], list[Replaced]]:
    """What is found beside the links that stand after all, and the links that give way.

    A link gives way to a pair that is sure, leaves no room for it and is better by a margin. Where
    it stands, and something new is about as good, that is asked about.
    """
    excluded = {
        one.link.id: [pair for pair in found if pair.sure and excludes(pair, one.link)]
        for one in reopening.opened
    }
    stand: dict[UUID, Opened] = {}
    out: set[str] = set()
    while True:
        more = [
            one
            for one in reopening.opened
            if one.link.id not in stand
            and not any(_beats(pair, one, out) for pair in excluded[one.link.id])
        ]
        if not more:
            break
        for one in more:
            stand[one.link.id] = one
            out.update(pair.key for pair in excluded[one.link.id])
    pairs = {one.link.pair for one in stand.values()}
    left = [
        _told(replace(one, sure=False) if out and one.later else one, stand.values(), excludes)
        for one in found
        if one.key not in out and one.pair not in pairs
    ]
    named = {row_id for one in left for row_id in one.pair}
    for one in stand.values():
        left += [rival for rival in one.rivals[:1] if not rival.pair - one.link.pair <= named]
    replaced = [
        Replaced(
            link=one.link,
            by=tuple(pair for pair in excluded[one.link.id] if pair.key not in out),
        )
        for one in reopening.opened
        if one.link.id not in stand
    ]
    return left, replaced


def _told(pair: Found, stand: Iterable[Opened], excludes: Excludes) -> Found:
    """A question names what one of the two is linked with."""
    if pair.sure:
        return pair
    for one in stand:
        if excludes(pair, one.link):
            (against, *_) = sorted(one.link.pair - pair.pair)
            return replace(pair, against=against)
    return pair


def excludes(pair: Found, link: Standing, *, rows: Rows) -> bool:
    """Whether both cannot hold: a row is one of each source, and behind one other."""
    if pair.pair == link.pair:
        return False
    if pair.transaction_id == link.transaction_id:
        return True
    ends = ((link.transaction_id, link.other_id), (link.other_id, link.transaction_id))
    for stays, goes in ends:
        if stays in pair.pair:
            (other,) = pair.pair - {stays}
            if goes in rows and other in rows and _is_like(rows[other], rows[goes]):
                return True
    return False


def _is_like(one: Row, other: Row) -> bool:
    return one.of.source == other.of.source and one.of.status is other.of.status


def _beats(pair: Found, one: Opened, out: Collection[str]) -> bool:
    return pair.key not in out and own_points(pair.reasons) >= one.points + RIVAL_WITHIN
