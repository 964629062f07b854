"""Incumbents: transfers and refunds that the system linked, and what may take their place.

They stand as links of duplicates do (`matching.reopening`): where something new is about as good,
both rows are weighed anew with it, and the link gives way to what is clearly better and alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from decimal import Decimal
from uuid import UUID

from core.links import Found, LinkKind, LinkMethod, Replaced, Standing
from matching import reopening, scoring
from matching.assignment import RIVAL_WITHIN, Bundle
from matching.reopening import AGAINST, RIVALS_MAX, Opened, Reopening
from matching.rows import Row
from matching.scoring import SURE, WORTH_ASKING, Reasons, own_points, score_of

Rows = Mapping[UUID, Row]
Candidates = Iterable[tuple[Bundle, Bundle, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rival:
    """What may take the place of a link, where one of others gives way as well."""

    found: Found
    instead_of: frozenset[UUID]


@dataclass(frozen=True, slots=True, kw_only=True)
class Incumbents:
    """Links of one kind between rows that count, and how pairs of that kind are found and weighed.

    `weigh` says what speaks for two rows, in the order of the link, and None where they cannot be;
    `candidates` gives at least the bundles of rows that may come to a question; `new` are the rows
    that are compared now.
    """

    kind: LinkKind
    links: Sequence[Standing]
    rows: Rows
    new: AbstractSet[UUID]
    weigh: Callable[[Row, Row], Reasons | None]
    candidates: Callable[[Iterable[Row]], Candidates]
    find: Callable[[Iterable[Row]], list[Found]]

    def found(self) -> tuple[list[Found], list[Replaced], Rows]:
        """What is found beside the links that stand after all, the links that give way, and the
        rows without those that were weighed anew."""
        own = [link for link in self.links if link.method is LinkMethod.AUTO]
        opened = self._opened(own) if own else ()
        free = self._without([one.link for one in opened])
        found = self.find({**self.rows, **free}.values())
        if not opened:  # mostly
            return found, [], {}
        again = Reopening(opened=opened, rows=free)
        left, replaced = reopening.settled(found, again, excludes=self.excludes)
        return left, replaced, free

    def excludes(self, pair: Found, link: Standing) -> bool:
        """Whether both cannot hold: a row is of one transfer, and the refund of one payment, of
        which no more comes back than was paid."""
        if pair.pair == link.pair:
            return False
        if self.kind is LinkKind.TRANSFER:
            return not pair.pair.isdisjoint(link.pair)
        if pair.transaction_id == link.transaction_id:
            return True
        return pair.other_id == link.other_id and not self._has_room(
            pair.other_id, pair.transaction_id
        )

    def _has_room(self, payment_id: UUID, back_id: UUID) -> bool:
        """Whether a refund fits beside all that stand."""
        payment = self.rows[payment_id]
        return self.rows[back_id].size <= payment.size - payment.of.paid_back

    def _opened(self, links: Sequence[Standing]) -> tuple[Opened, ...]:
        free = self._without(links)
        beside = self._candidates(links, {**self.rows, **free}.values())
        points = {link.id: self._points(link, free) for link in links}
        homes: dict[UUID, list[Standing]] = defaultdict(list)
        for link in links:
            for side in link.pair:
                homes[side].append(link)
        rivals: dict[UUID, list[_Rival]] = {}
        for link in links:
            for first_stays in (True, False):
                for found, own in self._beside(link, beside, first_stays=first_stays):
                    ways = self._in_the_way(found, link, homes)
                    worse = [one for one in ways or () if points[one.id] <= own]
                    if own > points[link.id] - RIVAL_WITHIN and (ways == [] or worse):
                        one = _Rival(found=found, instead_of=frozenset(way.id for way in worse))
                        rivals.setdefault(link.id, []).append(one)
        left = _weighed_together(rivals)
        return tuple(
            Opened(
                link=link,
                points=points[link.id],
                rivals=tuple(sorted((one.found for one in left[link.id]), key=_order)[:RIVALS_MAX]),
            )
            for link in links
            if link.id in left
        )

    def _in_the_way(
        self, rival: Found, link: Standing, homes: Mapping[UUID, Sequence[Standing]]
    ) -> list[Standing] | None:
        """Links of which one has to give way for a rival, beside the link itself; None where it
        leads to nothing: the other row has a place beside a twin of what it would go with."""
        (row_id,) = rival.pair - link.pair
        (stays_id,) = rival.pair & link.pair
        stays, ways = self.rows[stays_id], [*homes.get(row_id, ())]
        if self.kind is LinkKind.REFUND and row_id == rival.transaction_id:
            ways = [one for one in ways if one.transaction_id == row_id]
        elif self.kind is LinkKind.REFUND:
            if self.rows[row_id].of.is_refund and stays.of.amount > 0:
                return None  # what gives money back is no payment
            if self._has_room(row_id, stays_id):
                return []
            if not ways:
                return None
        if any(way.pair == rival.pair for way in homes.get(row_id, ())):
            return None
        partners = (side for way in ways for side in way.pair - {row_id})
        if any(self.rows[side].signature == stays.signature for side in partners):
            return None
        return ways

    def _points(self, link: Standing, free: Rows) -> int:
        said = self.weigh(free[link.transaction_id], free[link.other_id])
        return link.score if said is None else own_points(said)

    def _candidates(
        self, links: Sequence[Standing], rows: Iterable[Row]
    ) -> Mapping[UUID, Sequence[Bundle]]:
        """What may belong to the rows of links, on the other side of each."""
        sides = {side for link in links for side in link.pair}
        beside: dict[UUID, list[Bundle]] = defaultdict(list)
        for left, right, _ in self.candidates(rows):
            for one, other in ((left, right), (right, left)):
                for row in one.rows:
                    if row.id in sides:
                        beside[row.id].append(other)
        return beside

    def _beside(
        self, link: Standing, beside: Mapping[UUID, Sequence[Bundle]], *, first_stays: bool
    ) -> Iterable[tuple[Found, int]]:
        """What one side of a link may belong to instead of the other, with the points of both."""
        stays_id, goes_id = link.transaction_id, link.other_id
        if not first_stays:
            stays_id, goes_id = goes_id, stays_id
        stays = self.rows[stays_id]
        is_again = not self.new.isdisjoint(link.pair)
        for bundle in beside.get(stays_id, ()):
            if any(row.id == goes_id for row in bundle.rows):
                continue  # a twin of what it is linked with: which is meant makes no difference
            one = next((row for row in bundle.rows if is_again or row.id in self.new), None)
            if one is None:
                continue
            left, right = (stays, one) if first_stays else (one, stays)
            said = self.weigh(left, right)
            if said is None:
                continue
            rival = self._asked(left, right, said, against=goes_id)
            if rival.score >= WORTH_ASKING[self.kind] and self.excludes(rival, link):
                yield rival, own_points(said)

    def _asked(self, left: Row, right: Row, said: Reasons, *, against: UUID) -> Found:
        return Found(
            kind=self.kind,
            transaction_id=left.id,
            other_id=right.id,
            account_id=left.of.account_id,
            score=min(score_of(said), SURE[self.kind] - 1),
            reasons=(*said, scoring.reason("linked", 0, AGAINST)),
            sure=False,
            against=against,
        )

    def _without(self, links: Iterable[Standing]) -> dict[UUID, Row]:
        """The rows of links as if these did not hold."""
        free: dict[UUID, Row] = {}
        for link in links:
            first = free.get(link.transaction_id) or self.rows[link.transaction_id]
            second = free.get(link.other_id) or self.rows[link.other_id]
            if self.kind is LinkKind.TRANSFER:
                of_first = replace(first.of, in_transfer=False, linked=second.id)
                of_second = replace(second.of, in_transfer=False)
            else:
                of_first = replace(first.of, is_refund=False, linked=second.id)
                left = max(Decimal(0), second.of.paid_back - first.size)
                of_second = replace(second.of, paid_back=left)
            free[first.id] = replace(first, of=of_first)
            free[second.id] = replace(second, of=of_second)
        return free


def _weighed_together(rivals: Mapping[UUID, Sequence[_Rival]]) -> dict[UUID, list[_Rival]]:
    """The links that are weighed anew, with what they are weighed against: a row that another link
    has is free only where that one is weighed anew, too."""
    left = {link_id: [*some] for link_id, some in rivals.items()}
    while True:
        still = {
            link_id: [
                one for one in some if not one.instead_of or not one.instead_of.isdisjoint(left)
            ]
            for link_id, some in left.items()
        }
        still = {link_id: some for link_id, some in still.items() if some}
        if still.keys() == left.keys():
            return still
        left = still


def _order(rival: Found) -> tuple[int, UUID, UUID]:
    return (-rival.score, rival.transaction_id, rival.other_id)
