"""Refunds and reversals: money that comes back, linked with the payment that it was."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from core.links import Found, LinkKind
from matching import scoring
from matching.assignment import Bundle, Pair, assigned
from matching.candidates import bundled, counted_edges
from matching.rejected import Rejected
from matching.rows import Row
from matching.scoring import SURE, WORTH_ASKING, Reasons, points_of, reason

DAYS_MAX: Final = 180
CANDIDATES_MAX: Final = 30  # payments that one refund is held against, the nearest first
LOOKED_AT_MAX: Final = 60  # of those that share one word or the amount with it
WORDS_MAX: Final = 2  # words by which payments are looked for, the rarest ones
KIND: Final = LinkKind.REFUND


def find(rows: Iterable[Row], *, rejected: Rejected) -> list[Found]:
    """Refunds among rows that count, and what may be one."""
    sides: dict[object, list[Row]] = defaultdict(list)
    for row in rows:
        if not row.of.in_transfer and row.of.amount != 0:
            sides[row.of.account_id, row.of.currency].append(row)
    counted = [one for side in sides.values() for one in _counted(side, rejected)]
    found = counted_edges(KIND, counted, lambda back, payment: _reasons(back.first, payment.first))
    return [_found(pair, rejected) for pair in assigned(found)]


def _found(pair: Pair, rejected: Rejected) -> Found:
    return Found(
        kind=KIND,
        transaction_id=pair.left.id,
        other_id=pair.right.id,
        account_id=pair.left.of.account_id,
        score=pair.edge.score,
        reasons=pair.edge.reasons,
        sure=pair.alone and pair.edge.score >= SURE[KIND] and rejected.is_silent(pair),
    )


def _counted(rows: Sequence[Row], rejected: Rejected) -> Iterator[tuple[Bundle, Bundle, int]]:
    """Each row that may be money back, and payments before it that share something with it, with
    their points; where those may come to a question."""
    least = WORTH_ASKING[KIND] - points_of(scoring.unique(True))
    back = [row for row in rows if not row.of.is_refund and _may_come_back(row)]
    if not back:
        return
    shared: dict[object, list[Bundle]] = defaultdict(list)  # each in the order of its days
    for bundle in bundled(rows, rejected):
        is_in = bundle.first.of.amount > 0
        for key in _keys(bundle.first):
            shared[is_in, key].append(bundle)
    for left in bundled(back, rejected):
        row = left.first
        said = _said(row)
        of_itself, against = points_of(said), _against(said)
        for right in _payments(row, shared):
            points = of_itself + _points(row, right.first, against=against)
            if points >= least and not rejected.says(KIND, row, right.first):
                yield left, right, points


def _payments(back: Row, shared: Mapping[object, Sequence[Bundle]]) -> list[Bundle]:
    """Those of equal amount first, then the nearest; by what few others share."""
    is_in = back.of.amount < 0
    rare = sorted((len(shared.get((is_in, key), ())), str(key), key) for key in back.words)
    found: dict[Bundle, None] = {}
    for key in (*_sure_keys(back), *(key for _, _, key in rare[:WORDS_MAX])):
        same = shared.get((is_in, key), ())
        end = bisect_right(same, back.day, key=lambda one: one.first.day)
        for one in same[max(0, end - LOOKED_AT_MAX) : end]:
            if _may_be_of(back, one.rows[0]):
                found[one] = None

    def order(one: Bundle) -> tuple[bool, int, object]:
        payment = one.rows[0]
        return (payment.size != back.size, back.day - payment.day, payment.order)

    if len(found) <= CANDIDATES_MAX:
        return list(found)
    return sorted(found, key=order)[:CANDIDATES_MAX]


def _may_come_back(row: Row) -> bool:
    """Money in; money out only where the row says that something is taken back."""
    return row.of.amount > 0 or scoring.says_return(row)


def _keys(row: Row) -> Iterator[object]:
    """What a refund has in common with its payment: the amount, a reference, or a word."""
    yield from _sure_keys(row)
    yield from row.words


def _sure_keys(row: Row) -> Iterator[object]:
    yield ("amount", row.size)
    for one in row.references:
        yield ("reference", one)


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
    if back.references and payment.references:
        points += points_of(scoring.references(back, payment))
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
        *scoring.references(back, payment),
    ]


def _of_amounts(back: Row, payment: Row) -> int:
    return 35 if back.size == payment.size else 20


def _of_days(back: Row, payment: Row) -> int:
    days = back.day - payment.day
    return 10 if days <= 30 else 5 if days <= 90 else 0


def _against(said: Reasons) -> int:
    """Points of two texts without a word in common; a reversal needs none."""
    return 0 if said and said[0].code == "reversal" else -20
