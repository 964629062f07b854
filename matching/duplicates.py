"""Duplicates: one booking that two sources deliver, and a pending row that another source booked.

Sources are gone through in their order, each against what is kept of those before it. Rows of one
source, and rows of one document, are never compared with each other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Final
from uuid import UUID

from core.links import Found, LinkKind, pair_key
from matching import scoring
from matching.assignment import Bundle, Edge, Pair, assigned, bundled
from matching.rows import Row, gap
from matching.scoring import SURE, WORTH_ASKING, Reasons, score_of

DAYS_MAX: Final = 7
BOOKED_WITHIN: Final = 8  # days after which a pending row is not booked any more
BOOKED_BEFORE: Final = 1  # sources count days in other time zones
SORTED_WITHIN: Final = 10  # days between the days by which lists go, at most
TIP_MOST: Final = Decimal("1.3")

Weigh = Callable[[Row, Row], Reasons]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """What is looked for, what speaks for it, and how far apart it may be."""

    kind: LinkKind
    weigh: Weigh
    may: Callable[[Row, Row], bool]


def _near(one: Row, other: Row) -> bool:
    return gap(one, other) <= DAYS_MAX


def _is_booked_after(posted: Row, pending: Row) -> bool:
    return -BOOKED_BEFORE <= max(posted.days) - min(pending.days) and (
        min(posted.days) - max(pending.days) <= BOOKED_WITHIN
    )


_SAME: Final = _Kind(kind=LinkKind.DUPLICATE, weigh=scoring.same_booking, may=_near)
_BOOKED: Final = _Kind(
    kind=LinkKind.PENDING_POSTED,
    weigh=lambda posted, pending: scoring.booked_later(pending, posted),
    may=_is_booked_after,
)


def find(rows: Iterable[Row], *, rejected: Collection[str]) -> list[Found]:
    """What is delivered twice among rows of any accounts, and what may be.

    `rejected`: keys of pairs that a person has said are different.
    """
    found: list[Found] = []
    hidden: set[UUID] = set()
    groups: dict[object, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.of.account_id, row.of.currency, row.of.amount].append(row)
    for group in groups.values():
        if len({row.of.mapping_id for row in group}) > 1:
            _of_one_amount(group, rejected, found, hidden)
    found += _tips([row for group in groups.values() for row in group], rejected, found)
    return found


def _of_one_amount(
    group: Sequence[Row], rejected: Collection[str], found: list[Found], hidden: set[UUID]
) -> None:
    posted = [row for row in group if not row.is_pending]
    pending = [row for row in group if row.is_pending]
    for rows in (posted, pending):
        kept: list[Row] = []
        for source in _sources(rows):
            pairs = _pairs(_SAME, kept, source, rejected)
            _take(_SAME, pairs, found, hidden)
            kept = [row for row in (*kept, *source) if row.id not in hidden]
    for source in _sources([row for row in pending if row.id not in hidden]):
        kept = [row for row in posted if row.id not in hidden]
        _take(_BOOKED, _pairs(_BOOKED, kept, source, rejected), found, hidden)


def _sources(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Rows by the mapping that they came over, the one that is believed first at the start."""

    def source(row: Row) -> tuple[int, UUID]:
        return (row.of.rank, row.of.mapping_id)

    for _, same in groupby(sorted(rows, key=lambda row: (source(row), row.order)), key=source):
        yield list(same)


def _pairs(
    kind: _Kind, kept: Sequence[Row], source: Sequence[Row], rejected: Collection[str]
) -> list[Pair]:
    if not kept or not source:
        return []
    mapping_id = source[0].of.mapping_id
    free = [
        row
        for row in kept
        if row.of.mapping_id != mapping_id and mapping_id not in row.of.taken
    ]
    weighed = [
        (left, right, reasons)
        for left, right in _candidates(bundled(free), bundled(source))
        if kind.may(left.first, right.first)
        and left.first.of.raw_id != right.first.of.raw_id
        and pair_key(kind.kind, left.first.id, right.first.id) not in rejected
        and score_of(reasons := kind.weigh(left.first, right.first)) > 0
    ]
    return assigned(edges(kind.kind, weighed))


def edges(kind: LinkKind, weighed: Sequence[tuple[Bundle, Bundle, Reasons]]) -> list[Edge]:
    """Edges that are worth asking about, with a word for those that have no other on either side."""
    worth = [
        one for one in weighed if score_of((*one[2], *scoring.unique(True))) >= WORTH_ASKING[kind]
    ]
    seen: dict[Bundle, int] = defaultdict(int)
    for left, right, _ in worth:
        seen[left] += 1
        seen[right] += 1
    found = []
    for left, right, reasons in worth:
        whole = (*reasons, *scoring.unique(seen[left] == seen[right] == 1))
        if (score := score_of(whole)) >= WORTH_ASKING[kind]:
            found.append(Edge(left=left, right=right, score=score, reasons=whole))
    return found


def _candidates(
    lefts: Sequence[Bundle], rights: Sequence[Bundle]
) -> Iterator[tuple[Bundle, Bundle]]:
    """Bundles whose days are near, both in the order of their days."""
    begin = 0
    for left in lefts:
        while begin < len(rights) and rights[begin].first.day < left.first.day - SORTED_WITHIN:
            begin += 1
        for right in rights[begin:]:
            if right.first.day > left.first.day + SORTED_WITHIN:
                break
            yield left, right


def _take(kind: _Kind, pairs: Iterable[Pair], found: list[Found], hidden: set[UUID]) -> None:
    for pair in pairs:
        kept, other = pair.left, pair.right
        if kind is _SAME:
            kept, other = sorted((kept, other), key=_precedence)
        sure = pair.alone and pair.edge.score >= SURE[kind.kind]
        if sure:
            hidden.add(other.id)
        found.append(
            Found(
                kind=kind.kind,
                transaction_id=other.id,
                other_id=kept.id,
                account_id=kept.of.account_id,
                score=pair.edge.score,
                reasons=pair.edge.reasons,
                sure=sure,
            )
        )


def _precedence(row: Row) -> tuple[bool, bool, int, UUID, UUID]:
    """The row that is kept comes first: of the source believed first, else one that a person set
    something on, else of the richer or older source, as their ranks say."""
    return (row.of.rank > 0, not row.of.vouched, row.of.rank, row.of.mapping_id, row.id)


def _tips(
    rows: Sequence[Row], rejected: Collection[str], found: Sequence[Found]
) -> Iterator[Found]:
    """Pending rows that were booked with a little more: only ever asked about."""
    used = {one for pair in found for one in (pair.transaction_id, pair.other_id)}
    pending: dict[object, list[Row]] = defaultdict(list)
    posted: dict[object, list[Row]] = defaultdict(list)
    for row in rows:
        if row.id not in used:
            key = (row.of.account_id, row.of.currency, row.of.amount > 0)
            (pending if row.is_pending else posted)[key].append(row)
    for key, waiting in sorted(pending.items(), key=str):
        weighed = []
        for left in bundled(waiting):
            for right in bundled(posted.get(key, ())):
                one, other = left.first, right.first
                if (
                    one.of.mapping_id != other.of.mapping_id
                    and one.of.raw_id != other.of.raw_id
                    and one.of.mapping_id not in other.of.taken
                    and _is_booked_after(other, one)
                    and abs(one.of.amount) < abs(other.of.amount) <= abs(one.of.amount) * TIP_MOST
                    and pair_key(LinkKind.PENDING_POSTED, one.id, other.id) not in rejected
                ):
                    weighed.append((left, right, scoring.with_tip(one, other)))
        for pair in assigned(edges(LinkKind.PENDING_POSTED, weighed)):
            if pair.alone:
                yield Found(
                    kind=LinkKind.PENDING_POSTED,
                    transaction_id=pair.left.id,
                    other_id=pair.right.id,
                    account_id=pair.left.of.account_id,
                    score=min(pair.edge.score, SURE[LinkKind.PENDING_POSTED] - 1),
                    reasons=pair.edge.reasons,
                    sure=False,
                )
