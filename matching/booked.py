"""Booked: rows that a file showed as pending, and that a later file of the same source books.

Files take nothing back: where the day, the text or the id has changed with the booking, the pending
row would stand beside the booked one for ever, and the money would count twice. What one document
says is never compared with itself, and a row that came before the pending one is another booking,
unless the source calls both the same, or the document of the pending row ends before the booking:
then files came in another order than they were made in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from uuid import UUID

from core.links import Delivered, Found, LinkKind
from matching import scoring
from matching.assignment import Bundle, Pair, assigned
from matching.candidates import bundled, edges, near
from matching.duplicates import SORTED_WITHIN, TIP_MOST, is_booked_after
from matching.rejected import Rejected
from matching.rows import Row
from matching.scoring import SURE, Reasons

_KIND = LinkKind.PENDING_POSTED

Deliveries = Mapping[UUID, Delivered]
May = Callable[[Row, Row], bool]
Weigh = Callable[[Row, Row], Reasons]


def find(rows: Iterable[Row], *, delivered: Deliveries, rejected: Rejected) -> list[Found]:
    """What was booked since of rows of any sources; `delivered` tells of each how it came.

    What a later document books comes first. What is left over is only asked about: rows that an
    earlier document has booked, as files may come in any order, and amounts that have grown.
    """
    found: list[Found] = []
    used: set[UUID] = set()
    for pending, posted in _sources(rows):
        finding = _Finding(delivered, rejected, pending, posted)
        for may, weigh, sure in (
            (finding.is_later, finding.weighed, True),
            (finding.may_be_earlier, finding.weighed, False),
            (finding.may_have_tip, scoring.with_tip, False),
        ):
            for pair in finding.pairs(may, weigh, used):
                used |= {pair.left.id, pair.right.id}
                found.append(_found(pair, sure=sure and pair.alone, rejected=rejected))
    return found


class _Finding:
    """What one source has pending, and what it has booked."""

    def __init__(
        self,
        delivered: Deliveries,
        rejected: Rejected,
        pending: Sequence[Row],
        posted: Sequence[Row],
    ) -> None:
        self._delivered = delivered
        self._rejected = rejected
        self._pending = pending
        self._posted = posted

    def pairs(self, may: May, weigh: Weigh, used: set[UUID]) -> list[Pair]:
        """Pending rows with the booked ones, one to one."""
        pending = [row for row in self._pending if row.id not in used]
        posted = [row for row in self._posted if row.id not in used]
        weighed = [
            (left, right, weigh(left.first, right.first))
            for left, right in near(
                self._bundled(pending), self._bundled(posted), within=SORTED_WITHIN
            )
            if left.first.of.raw_id != right.first.of.raw_id
            and may(left.first, right.first)
            and is_booked_after(right.first, left.first)
            and not self._rejected.says(_KIND, left.first, right.first)
        ]
        return assigned(edges(_KIND, weighed))

    def is_later(self, pending: Row, posted: Row) -> bool:
        """Whether the booking is later than what last said that the row is pending."""
        return _is_later(pending, posted, self._delivered)

    def may_be_earlier(self, pending: Row, posted: Row) -> bool:
        """Whether it came before, for no earlier day."""
        return pending.of.amount == posted.of.amount and max(posted.days) >= min(pending.days)

    def may_have_tip(self, pending: Row, posted: Row) -> bool:
        """Whether it was booked later, with a little more."""
        held, booked = abs(pending.of.amount), abs(posted.of.amount)
        return held < booked <= held * TIP_MOST and self._came(posted) > self._came(pending)

    def weighed(self, pending: Row, posted: Row) -> Reasons:
        """What speaks for the two being one."""
        return _weighed(pending, posted, self._delivered)

    def _bundled(self, rows: Sequence[Row]) -> list[Bundle]:
        """Rows with their twins of the same document: others came at another time."""
        documents: dict[UUID, list[Row]] = defaultdict(list)
        for row in rows:
            documents[row.of.raw_id].append(row)
        bundles = (one for same in documents.values() for one in bundled(same, self._rejected))
        return sorted(bundles, key=lambda bundle: bundle.first.order)

    def _came(self, row: Row) -> float:
        return _came(row, self._delivered)


def weighed(one: Row, other: Row, *, delivered: Deliveries) -> Reasons | None:
    """What speaks for rows of one source being one booking; None where they cannot be."""
    posted, pending = (other, one) if one.is_pending else (one, other)
    if (
        not pending.is_pending
        or posted.is_pending
        or one.of.raw_id == other.of.raw_id
        or not {one.id, other.id} <= delivered.keys()
        or not _is_later(pending, posted, delivered)
        or not is_booked_after(posted, pending)
    ):
        return None
    return _weighed(pending, posted, delivered)


def _is_later(pending: Row, posted: Row, delivered: Deliveries) -> bool:
    return pending.of.amount == posted.of.amount and (
        _came(posted, delivered) > _came(pending, delivered)
        or _had_ended(pending, posted, delivered)
        or _one_id(pending, posted, delivered)
    )


def _had_ended(pending: Row, posted: Row, delivered: Deliveries) -> bool:
    """Whether the document that has a row as pending tells of no day as late as the booking's: it
    is the older one, whichever came first."""
    ends = delivered[pending.id].ends
    return ends is not None and ends < (posted.of.posted_date or posted.of.day)


def _weighed(pending: Row, posted: Row, delivered: Deliveries) -> Reasons:
    reasons = scoring.booked_later(pending, posted)
    if _one_id(pending, posted, delivered):
        reasons.append(scoring.reason("id", 60, "Their source gives both the same id."))
    return reasons


def _came(row: Row, delivered: Deliveries) -> float:
    return delivered[row.id].received_at.timestamp()


def _one_id(one: Row, other: Row, delivered: Deliveries) -> bool:
    called = delivered[one.id].external_id
    return called is not None and called == delivered[other.id].external_id


def _sources(rows: Iterable[Row]) -> Iterator[tuple[list[Row], list[Row]]]:
    """Pending and booked rows of each source, currency and direction that has both."""
    sides: dict[object, tuple[list[Row], list[Row]]] = defaultdict(lambda: ([], []))
    for row in rows:
        key = (row.of.source, row.of.account_id, row.of.currency, row.of.amount > 0)
        pending, posted = sides[key]
        if row.is_pending:
            pending.append(row)
        elif row.of.source not in row.of.taken:  # else a pending row was booked as this one
            posted.append(row)
    return (both for both in sides.values() if all(both))


def _found(pair: Pair, *, sure: bool, rejected: Rejected) -> Found:
    is_sure = sure and pair.edge.score >= SURE[_KIND] and rejected.is_silent(pair)
    return Found(
        kind=_KIND,
        transaction_id=pair.left.id,
        other_id=pair.right.id,
        account_id=pair.right.of.account_id,
        score=pair.edge.score if is_sure else min(pair.edge.score, SURE[_KIND] - 1),
        reasons=pair.edge.reasons,
        sure=is_sure,
    )
