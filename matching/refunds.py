"""Refunds and reversals: money that comes back, linked with the payment that it was."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from core.links import Found, LinkKind, MatchRow
from matching import scoring
from matching.assignment import Bundle, Pair, assigned
from matching.candidates import bundled, counted_edges
from matching.rejected import Rejected
from matching.rounds import Rest, in_rounds
from matching.rows import Row
from matching.scoring import SURE, WORTH_ASKING, Reasons, points_of, reason
from matching.text import given_back_by, reference

DAYS_MAX: Final = 180
CANDIDATES_MAX: Final = 30  # payments that one refund is held against, the nearest first
LOOKED_AT_MAX: Final = 60  # of those that share one word or the amount with it
NAMED: Final = scoring.REFERENCE  # points of a refund that names its payment, either way
WORDS_MAX: Final = 2  # words by which payments are looked for, the rarest ones
KIND: Final = LinkKind.REFUND

Candidate = tuple[Bundle, Bundle, int]


def parties(row: MatchRow) -> set[str]:
    """What the other party of a row is called, in lower case: as it is, by the key of the merchant,
    and without a word that calls the row a refund."""
    party = (row.description if row.merchant_name is None else row.merchant_name).lower()
    keys = {party} if row.merchant_key is None else {party, row.merchant_key}
    keys.update([given_back_by(one) for one in keys])
    return keys


def naming(row: MatchRow) -> set[str]:
    """What names a row or what it gives back, in lower case."""
    names = (row.reference, row.customer_reference, row.external_id if row.amount < 0 else None)
    return {one.lower() for one in names if one is not None and reference(one) is not None}


def find(rows: Iterable[Row], *, rejected: Rejected) -> list[Found]:
    """Refunds among rows that count, and what may be one.

    What goes back first: money that gives other money back is no payment.
    """
    every = candidates(rows, rejected=rejected)
    out = [one for one in every if one[0].first.of.amount < 0]
    gone = _paired(out, rejected) if out else []
    given = [pair.left for pair in gone if _is_sure(pair, rejected)]
    rest = Rest(given)
    left = [
        (back, payment, points)
        for back, other, points in every
        if back.first.of.amount > 0 and (payment := rest.of(other)) is not None
    ]
    back = [replace(pair, later=pair.later or bool(given)) for pair in _paired(left, rejected)]
    return [_found(pair, rejected) for pair in (*gone, *back)]


def _paired(left: Sequence[Candidate], rejected: Rejected) -> list[Pair]:
    return in_rounds(
        left,
        once=lambda some: assigned(
            counted_edges(KIND, some, lambda back, payment: _reasons(back.first, payment.first))
        ),
        is_sure=lambda pair: _is_sure(pair, rejected),
        without=_left_over,
        several=True,
    )


def candidates(rows: Iterable[Row], *, rejected: Rejected) -> list[Candidate]:
    """Rows that may be money back with payments before them, and the points of what speaks for
    it."""
    sides: dict[object, list[Row]] = defaultdict(list)
    for row in rows:
        if not row.of.in_transfer and row.of.amount != 0:
            sides[row.of.account_id, row.of.currency].append(row)
    return [one for side in sides.values() for one in _counted(side, rejected)]


def weighed(back: Row, payment: Row) -> Reasons | None:
    """What speaks for a row giving back what another one paid; None where it cannot."""
    one, other = back.of, payment.of
    if (
        (one.account_id, one.currency) != (other.account_id, other.currency)
        or (one.amount > 0) == (other.amount > 0)
        or not 0 <= back.day - payment.day <= DAYS_MAX
        or back.size > payment.size
    ):
        return None
    return _reasons(back, payment)


def _is_sure(pair: Pair, rejected: Rejected) -> bool:
    """A part is linked unasked only where its source names the payment."""
    back, payment = pair.left, pair.right
    return (
        pair.alone
        and pair.edge.score >= SURE[KIND]
        and rejected.is_silent(pair)
        and (back.size == payment.size or _names(back, payment))
    )


def _found(pair: Pair, rejected: Rejected) -> Found:
    return Found(
        kind=KIND,
        transaction_id=pair.left.id,
        other_id=pair.right.id,
        account_id=pair.left.of.account_id,
        score=pair.edge.score,
        reasons=pair.edge.reasons,
        sure=_is_sure(pair, rejected),
        later=pair.later,
    )


def _left_over(left: Sequence[Candidate], sure: Sequence[Pair]) -> list[Candidate]:
    """Candidates without the refunds of sure pairs, and with what these leave of each payment."""
    backs = Rest(pair.left for pair in sure)
    others = Rest(pair.right for pair in sure)
    paid: dict[UUID, Bundle] = {}
    for pair in sure:
        back_so_far = pair.right.of.paid_back + pair.left.size
        of = replace(pair.right.of, paid_back=back_so_far)
        paid[pair.right.id] = Bundle(rows=(replace(pair.right, of=of),))
    found = []
    for one, other, points in left:
        back = backs.of(one)
        if back is None:
            continue
        rest = others.of(other)
        if rest is not None:
            found.append((back, rest, points))
        for payment in (paid[row.id] for row in other.rows if row.id in paid):
            if _may_be_of(back.first, payment.first):
                found.append((back, payment, points))
    return found


def _counted(rows: Sequence[Row], rejected: Rejected) -> Iterator[Candidate]:
    """The same of one account and currency; where it may come to a question."""
    least = WORTH_ASKING[KIND] - points_of(scoring.unique(True))
    back = [row for row in rows if not row.of.is_refund and _may_come_back(row)]
    if not back:
        return
    named = _named_by_id(back, rows)
    shared: dict[object, list[Bundle]] = defaultdict(list)  # each in the order of its days

    def apart(row: Row) -> Hashable:
        """Which of two payments is meant makes a difference where more came back of one."""
        return (row.of.paid_back or None, row.of.is_refund, named.get(row.id))

    for bundle in bundled(rows, rejected, apart=apart):
        first = bundle.first
        for key in _keys(first):
            shared[first.of.amount > 0, key].append(bundle)
        if first.id in named:
            shared[first.of.amount > 0, ("reference", named[first.id])].append(bundle)
    for left in bundled(back, rejected):
        row = left.first
        said = _said(row)
        of_itself, against = points_of(said), _against(said)
        for right in _payments(row, shared):
            points = of_itself + _points(row, right.first, against=against)
            if points >= least and not rejected.says(KIND, row, right.first):
                yield left, right, points


def _named_by_id(backs: Sequence[Row], rows: Sequence[Row]) -> dict[UUID, str]:
    """The ids of their source by which money back names rows, mostly none."""
    said = frozenset[str]().union(*(row.references for row in backs))
    if not said:
        return {}
    called = ((row.id, reference(row.of.external_id)) for row in rows)
    return {row_id: one for row_id, one in called if one is not None and one in said}


def _payments(back: Row, shared: Mapping[object, Sequence[Bundle]]) -> list[Bundle]:
    """Those of equal amount first, then the nearest; by what few others share."""
    is_in = back.of.amount < 0
    rare = sorted((len(shared.get((is_in, key), ())), str(key), key) for key in back.words)
    found: dict[Bundle, None] = {}
    for key in (
        ("amount", back.size),
        *_named(back.references),
        *(key for _, _, key in rare[:WORDS_MAX]),
    ):
        same = shared.get((is_in, key), ())
        end = bisect_right(same, back.day, key=_day)
        for one in same[max(0, end - LOOKED_AT_MAX) : end]:
            if _may_be_of(back, one.rows[0]):
                found[one] = None

    def order(one: Bundle) -> tuple[bool, int, object]:
        payment = one.rows[0]
        return (payment.size != back.size, back.day - payment.day, payment.order)

    if len(found) <= CANDIDATES_MAX:
        return list(found)
    return sorted(found, key=order)[:CANDIDATES_MAX]


def _day(one: Bundle) -> int:
    return one.rows[0].day


def _may_come_back(row: Row) -> bool:
    """Money in; money out only where the row says that something is taken back."""
    return row.of.amount > 0 or scoring.says_return(row)


def _keys(row: Row) -> Iterator[object]:
    """What a refund has in common with its payment: the amount, a reference, or a word."""
    yield ("amount", row.size)
    yield from _named(row.references)
    yield from row.words


def _named(references: Iterable[str]) -> Iterator[object]:
    for one in references:
        yield ("reference", one)


def _names(back: Row, payment: Row) -> bool:
    """Whether what comes back names the payment: by a reference, or by the id of its source."""
    return bool(back.references) and (
        not back.references.isdisjoint(payment.references)
        or reference(payment.of.external_id) in back.references
    )


def _naming(back: Row, payment: Row) -> Reasons:
    said = scoring.references(back, payment)
    if not said and _names(back, payment):
        said = [reason("reference", NAMED, "It names the payment.")]
    return said


def _may_be_of(back: Row, payment: Row) -> bool:
    """Whether a row of the other direction, not later, may be what comes back."""
    return (
        back.size <= payment.size - payment.of.paid_back
        and back.day - payment.day <= DAYS_MAX
        and not (payment.of.is_refund and back.of.amount > 0)
    )


def _said(back: Row) -> Reasons:
    """What a row says of coming back."""
    if scoring.says_reversal(back):
        return [reason("reversal", 35, "Its source calls it a reversal.")]
    if scoring.says_return(back):
        return [reason("return", 20, "It calls itself a refund.")]
    return []


def _points(back: Row, payment: Row, *, against: int) -> int:
    """What the reasons of the two come to, without what the one that comes back says of itself."""
    points = _of_amounts(back, payment) + _of_days(back, payment)
    if _names(back, payment):
        points += NAMED
    return points + scoring.text_points(back, payment, against=against)


def _reasons(back: Row, payment: Row) -> Reasons:
    """What speaks for the two."""
    said = _said(back)
    points = _of_amounts(back, payment)
    if back.size == payment.size:
        of_amounts = scoring.same_amount(back, points)
    else:
        text = f"{back.size} of {payment.size} {back.of.currency} came back."
        of_amounts = reason("part", points, text)
    days = back.day - payment.day
    return [
        of_amounts,
        *said,
        reason("days", _of_days(back, payment), f"It came {days} days later."),
        *scoring.texts(back, payment, against=_against(said)),
        *_naming(back, payment),
    ]


def _of_amounts(back: Row, payment: Row) -> int:
    return 35 if back.size == payment.size else 20


def _of_days(back: Row, payment: Row) -> int:
    days = back.day - payment.day
    return 10 if days <= 30 else 5 if days <= 90 else 0


def _against(said: Reasons) -> int:
    """Points of two texts without a word in common; a reversal needs none."""
    return 0 if said and said[0].code == "reversal" else -20
