"""Refunds and reversals: money that comes back, linked with the payment that it was."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from core.links import Found, LinkKind
from core.reviews import ReviewReason
from matching import scoring
from matching.assignment import Bundle, Pair, assigned
from matching.candidates import bundled, edges
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
    weighed = [one for side in sides.values() for one in _weighed(side, rejected)]
    return [_found(pair, rejected) for pair in assigned(edges(KIND, weighed))]


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


def _weighed(rows: Sequence[Row], rejected: Rejected) -> Iterator[tuple[Bundle, Bundle, Reasons]]:
    """Each row that may be money back, and payments before it that share something with it."""
    back = [row for row in rows if not row.of.is_refund and _may_come_back(row)]
    if not back:
        return
    shared: dict[object, list[Bundle]] = defaultdict(list)  # each in the order of its days
    for bundle in bundled(rows, rejected):
        is_in = bundle.first.of.amount > 0
        for key in _keys(bundle.first):
            shared[is_in, key].append(bundle)
    for left in bundled(back, rejected):
        said = _said(left.first)
        for right in _payments(left.first, shared):
            reasons = _reasons(left.first, right.first, said)
            if reasons and not rejected.says(KIND, left.first, right.first):
                yield left, right, reasons


def _payments(back: Row, shared: Mapping[object, Sequence[Bundle]]) -> list[Bundle]:
    """Those of equal amount first, then the nearest; by what few others share."""
    is_in = back.of.amount < 0
    rare = sorted((len(shared.get((is_in, key), ())), str(key), key) for key in back.words)
    found: dict[Bundle, None] = {}
    for key in (*_sure_keys(back), *(key for _, _, key in rare[:WORDS_MAX])):
        same = shared.get((is_in, key), ())
        end = bisect_right(same, back.day, key=lambda one: one.first.day)
        for one in same[max(0, end - LOOKED_AT_MAX) : end]:
            if one not in found and _may_be_of(back, one.first):
                found[one] = None

    def order(one: Bundle) -> tuple[bool, int, object]:
        payment = one.first
        return (payment.of.amount != -back.of.amount, back.day - payment.day, payment.order)

    return sorted(found, key=order)[:CANDIDATES_MAX]


def _may_come_back(row: Row) -> bool:
    """Money in; money out only where the row says that something is taken back."""
    return row.of.amount > 0 or scoring.says_return(row)


def _keys(row: Row) -> Iterator[object]:
    """What a refund has in common with its payment: the amount, a reference, or a word."""
    yield from _sure_keys(row)
    yield from row.words


def _sure_keys(row: Row) -> Iterator[object]:
    yield ("amount", abs(row.of.amount))
    for one in row.references:
        yield ("reference", one)


def _may_be_of(back: Row, payment: Row) -> bool:
    return (
        back.id != payment.id
        and (back.of.amount > 0) != (payment.of.amount > 0)
        and abs(back.of.amount) <= abs(payment.of.amount)
        and 0 <= back.day - payment.day <= DAYS_MAX
        and not (back.of.amount > 0 and payment.of.is_refund)
    )


def _said(back: Row) -> Reasons:
    """What a row says of coming back."""
    if scoring.says_reversal(back):
        return [reason("reversal", 35, "Its source calls it a reversal.")]
    if scoring.says_return(back):
        return [reason("return", 20, "It calls itself a refund.")]
    return []


def _reasons(back: Row, payment: Row, said: Reasons) -> Reasons:
    """What speaks for the two; nothing where it cannot come to a question, as mostly."""
    is_whole = abs(back.of.amount) == abs(payment.of.amount)
    days = back.day - payment.day
    of_amount, of_days = 35 if is_whole else 20, 10 if days <= 30 else 5 if days <= 90 else 0
    references = scoring.references(back, payment)
    points = of_amount + of_days + points_of((*said, *references)) + points_of(scoring.unique(True))
    if points + scoring.TEXTS_MOST < WORTH_ASKING[KIND]:
        return []
    against = 0 if said and said[0].code == "reversal" else -20
    texts = scoring.texts(back, payment, against=against)
    if points + points_of(texts) < WORTH_ASKING[KIND]:
        return []
    return [
        _amounts(back, payment, of_amount, is_whole=is_whole),
        *said,
        reason("days", of_days, f"It came {days} days later."),
        *texts,
        *references,
    ]


def _amounts(back: Row, payment: Row, points: int, *, is_whole: bool) -> ReviewReason:
    if is_whole:
        return scoring.same_amount(back, points)
    text = f"{abs(back.of.amount)} of {abs(payment.of.amount)} {back.of.currency} came back."
    return reason("part", points, text)
