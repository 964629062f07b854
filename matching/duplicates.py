"""Duplicates: one booking that two sources deliver, and a pending row that another source booked.

Sources are gone through in their order, each against what is kept of those before it. Rows of one
source, and rows of one document, are never compared with each other. A source is a mapping, with
the format of its files: another format tells the same booking in other words.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Final
from uuid import UUID

from core.links import Found, LinkKind, Source
from matching import scoring
from matching.assignment import Pair, assigned
from matching.candidates import bundled, edges, near
from matching.rejected import Rejected
from matching.rounds import in_rounds, one_to_one
from matching.rows import Row, gap
from matching.scoring import SURE, Reasons, score_of

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


def is_booked_after(posted: Row, pending: Row) -> bool:
    """Whether the days of both allow that the one is the other, booked."""
    latest, soonest = max(posted.days) - min(pending.days), min(posted.days) - max(pending.days)
    return latest >= -BOOKED_BEFORE and soonest <= BOOKED_WITHIN


def weighed(one: Row, other: Row) -> Reasons | None:
    """What speaks for rows of two sources being one booking; None where they cannot be."""
    if one.of.raw_id == other.of.raw_id:
        return None
    if one.is_pending == other.is_pending:
        return scoring.same_booking(one, other) if _near(one, other) else None
    posted, pending = (other, one) if one.is_pending else (one, other)
    return scoring.booked_later(pending, posted) if is_booked_after(posted, pending) else None


_SAME: Final = _Kind(kind=LinkKind.DUPLICATE, weigh=scoring.same_booking, may=_near)
_BOOKED: Final = _Kind(
    kind=LinkKind.PENDING_POSTED,
    weigh=lambda posted, pending: scoring.booked_later(pending, posted),
    may=is_booked_after,
)


def find(rows: Iterable[Row], *, rejected: Rejected) -> list[Found]:
    """What is delivered twice among rows of any accounts, and what may be."""
    found: list[Found] = []
    hidden: set[UUID] = set()
    groups: dict[object, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.of.account_id, row.of.currency, row.of.amount].append(row)
    for group in groups.values():
        if len({row.of.source for row in group}) > 1:
            _of_one_amount(group, rejected, found, hidden)
    found += _tips([row for group in groups.values() for row in group], rejected, found)
    return found


def _of_one_amount(
    group: Sequence[Row], rejected: Rejected, found: list[Found], hidden: set[UUID]
) -> None:
    posted = [row for row in group if not row.is_pending]
    pending = [row for row in group if row.is_pending]
    for rows in (posted, pending):
        if len(rows) < 2:
            continue
        kept: list[Row] = []
        for source in _sources(rows):
            pairs = _pairs(_SAME, kept, source, rejected)
            _take(_SAME, pairs, rejected, found, hidden)
            kept = [row for row in (*kept, *source) if row.id not in hidden]
    if not posted or not pending:
        return
    for source in _sources([row for row in pending if row.id not in hidden]):
        kept = [row for row in posted if row.id not in hidden]
        _take(_BOOKED, _pairs(_BOOKED, kept, source, rejected), rejected, found, hidden)


def _sources(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Rows by what they came from, the one that is believed first at the start."""

    def source(row: Row) -> tuple[int, Source]:
        return (row.of.rank, row.of.source)

    for _, same in groupby(sorted(rows, key=lambda row: (source(row), row.order)), key=source):
        yield list(same)


def _pairs(
    kind: _Kind, kept: Sequence[Row], source: Sequence[Row], rejected: Rejected
) -> list[Pair]:
    if not kept or not source:
        return []
    origin = source[0].of.source
    free = [row for row in kept if row.of.source != origin and origin not in row.of.taken]
    weighed = [
        (left, right, reasons)
        for left, right in near(
            bundled(free, rejected), bundled(source, rejected), within=SORTED_WITHIN
        )
        if kind.may(left.first, right.first)
        and left.first.of.raw_id != right.first.of.raw_id
        and not rejected.says(kind.kind, left.first, right.first)
        and score_of(reasons := kind.weigh(left.first, right.first)) > 0
    ]
    return in_rounds(
        weighed,
        once=lambda left: assigned(edges(kind.kind, left)),
        is_sure=lambda pair: _is_sure(kind, pair, rejected),
        without=one_to_one,
    )


def _is_sure(kind: _Kind, pair: Pair, rejected: Rejected) -> bool:
    return pair.alone and pair.edge.score >= SURE[kind.kind] and rejected.is_silent(pair)


def _take(
    kind: _Kind,
    pairs: Iterable[Pair],
    rejected: Rejected,
    found: list[Found],
    hidden: set[UUID],
) -> None:
    for pair in pairs:
        kept, other = pair.left, pair.right
        if kind is _SAME:
            kept, other = sorted((kept, other), key=precedence)
        sure = _is_sure(kind, pair, rejected)
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
                later=pair.later,
            )
        )


def precedence(row: Row) -> tuple[bool, bool, int, Source, UUID]:
    """The row that is kept comes first: of the source believed first, else one that a person set
    something on, else of the richer or older source, as their ranks say."""
    return (row.of.rank > 0, not row.of.vouched, row.of.rank, row.of.source, row.id)


def _tips(rows: Sequence[Row], rejected: Rejected, found: Sequence[Found]) -> Iterator[Found]:
    """Pending rows that were booked with a little more: only ever asked about."""
    used = {one for pair in found for one in (pair.transaction_id, pair.other_id)}
    sides: dict[object, tuple[list[Row], list[Row]]] = defaultdict(lambda: ([], []))
    for row in rows:
        if row.id not in used:
            key = (row.of.account_id, row.of.currency, row.of.amount > 0)
            sides[key][row.is_pending].append(row)
    kind = LinkKind.PENDING_POSTED
    for posted, pending in sides.values():
        if not posted or not pending:
            continue
        weighed = [
            (left, right, scoring.with_tip(left.first, right.first))
            for left, right in near(
                bundled(pending, rejected), bundled(posted, rejected), within=SORTED_WITHIN
            )
            if _may_have_tip(left.first, right.first)
            and not rejected.says(kind, left.first, right.first)
        ]
        for pair in assigned(edges(kind, weighed)):
            if pair.alone:
                yield Found(
                    kind=kind,
                    transaction_id=pair.left.id,
                    other_id=pair.right.id,
                    account_id=pair.left.of.account_id,
                    score=min(pair.edge.score, SURE[kind] - 1),
                    reasons=pair.edge.reasons,
                    sure=False,
                )


def _may_have_tip(pending: Row, posted: Row) -> bool:
    held, booked = abs(pending.of.amount), abs(posted.of.amount)
    return (
        held < booked <= held * TIP_MOST
        and pending.of.source != posted.of.source
        and pending.of.raw_id != posted.of.raw_id
        and pending.of.source not in posted.of.taken
        and is_booked_after(posted, pending)
    )
