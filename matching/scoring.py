"""Scoring: points for what speaks for a pair and against it, each with its reason.

Points are whole; a score is their sum, held between 0 and 100. `RULE_VERSION` names these rules:
links and questions keep it, so that what was decided by older ones can be told.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from core.links import LinkKind
from core.reviews import ReviewReason
from matching.rows import Row, gap, working_gap
from matching.text import agreement, covered, names_return, names_transfer

RULE_VERSION: Final = "2026-11-30.3"

# From here on a pair is linked unasked, where nothing else could be meant; or asked about.
SURE: Final = {
    LinkKind.DUPLICATE: 80,
    LinkKind.PENDING_POSTED: 80,
    LinkKind.TRANSFER: 80,
    LinkKind.REFUND: 80,
}
WORTH_ASKING: Final = {
    LinkKind.DUPLICATE: 55,
    LinkKind.PENDING_POSTED: 55,
    LinkKind.TRANSFER: 65,
    LinkKind.REFUND: 65,
}

TEXTS_MOST: Final = 30  # points that texts may give
REFERENCE: Final = 25  # points of a reference in common

# Debit and credit reversals, checks and deposited items returned, ACH returns.
_BAI2_RETURNS: Final = frozenset({"252", "255", "257", "552", "555", "557"})
# Sub-families of bank transaction codes: returns, reversals, and what was not paid.
_ISO_RETURNS: Final = ("RRTN", "RPCR", "UPDD", "UPCQ", "UPCT", "PRDD", "RVSL")

Reasons = list[ReviewReason]


def reason(code: str, points: int, text: str) -> ReviewReason:
    """A reason of a score."""
    return ReviewReason(code=code, text=text, points=points)


def score_of(reasons: Iterable[ReviewReason]) -> int:
    """The score that reasons come to."""
    return max(0, min(100, points_of(reasons)))


def points_of(reasons: Iterable[ReviewReason]) -> int:
    """Their points, however many."""
    return sum([one.points for one in reasons])


def own_points(reasons: Iterable[ReviewReason]) -> int:
    """Points of the two rows themselves, whatever others there are."""
    return points_of(one for one in reasons if one.code != "unique")


def same_amount(one: Row, points: int) -> ReviewReason:
    """That both are of one amount."""
    return reason("amount", points, f"Both are {abs(one.of.amount)} {one.of.currency}.")


def days_apart(one: Row, other: Row, points: tuple[int, ...], *, beyond: int = 0) -> ReviewReason:
    """How near they are: points for one day, for another one as good as it over a weekend or the
    next one, for two working days between them …"""
    days = gap(one, other)
    working = 0 if days == 0 else max(1, working_gap(one, other))
    given = points[working] if working < len(points) else beyond
    text = "They are of one day." if days == 0 else f"They are {_plural(days, 'day')} apart."
    return reason("days", given, text)


def texts(one: Row, other: Row, *, against: int) -> Reasons:
    """What their words say; `against`: points where they share none."""
    if one.text and one.text == other.text:
        return [reason("text", TEXTS_MOST, "Their texts are the same.")]
    percent = _agreement(one, other)
    if percent is None:
        return []
    if percent == 0:
        return [reason("text", against, "Their texts have no word in common.")]
    return [reason("text", _worth(percent), f"Their texts agree to {percent} percent.")]


def text_points(one: Row, other: Row, *, against: int) -> int:
    """The points of that."""
    if one.text and one.text == other.text:
        return TEXTS_MOST
    percent = _agreement(one, other)
    if percent is None:
        return 0
    return against if percent == 0 else _worth(percent)


def _agreement(one: Row, other: Row) -> int | None:
    """How much their texts agree, or how much of the text of one the bank printed of the other: a
    feed has "Walmart" for what a statement has as "WM SUPERCENTER", and tells that, too. It may
    print no more than "POS", so what counts is how much of the other text that explains."""
    percent = agreement(one.words, other.words)
    if percent == 100:
        return percent
    for row, against in ((one, other), (other, one)):
        explained = covered(against.words, row.printed) if row.printed else None
        if explained is not None:
            percent = max(explained, percent or 0)
    return percent


def _worth(percent: int) -> int:
    return 25 if percent >= 80 else 15 if percent >= 50 else 5 if percent >= 25 else 0


def references(one: Row, other: Row) -> Reasons:
    """That a reference of one is one of the other."""
    if one.references and one.references & other.references:
        return [reason("reference", REFERENCE, "They have a reference in common.")]
    return []


def checks(one: Row, other: Row) -> Reasons:
    """What their check numbers say: two different ones are two checks."""
    first, second = one.of.check_number, other.of.check_number
    if not first or not second:
        return []
    if first.lstrip("0") == second.lstrip("0"):
        return [reason("check", 30, "They are one check.")]
    return [reason("check", -100, "They are different checks.")]


def balances(one: Row, other: Row) -> Reasons:
    """That the account had the same balance after both."""
    first, second = one.of.running_balance, other.of.running_balance
    if first is None or first != second:
        return []
    return [reason("balance", 20, "The balance after them is the same.")]


def unique(is_unique: bool) -> Reasons:
    """That no other row comes into question."""
    return [reason("unique", 10, "No other transaction comes into question.")] if is_unique else []


def same_booking(one: Row, other: Row) -> Reasons:
    """What speaks for two rows of one account and one amount being one booking."""
    return [
        same_amount(one, 40),
        days_apart(one, other, (20, 15, 10, 6), beyond=-10),
        *texts(one, other, against=-15),
        *references(one, other),
        *checks(one, other),
        *balances(one, other),
    ]


def booked_later(pending: Row, posted: Row) -> Reasons:
    """What speaks for a pending row of one source being the posted one of another."""
    return [
        same_amount(posted, 40),
        days_apart(pending, posted, (20, 15, 13, 10, 8, 6)),
        *texts(pending, posted, against=-15),
        *references(pending, posted),
        *checks(pending, posted),
    ]


def with_tip(pending: Row, posted: Row) -> Reasons:
    """The same where the amount has grown, as with a tip: never enough to link them unasked."""
    more = abs(posted.of.amount) - abs(pending.of.amount)
    return [
        reason("tip", 15, f"It was booked with {more} {posted.of.currency} more, as with a tip."),
        days_apart(pending, posted, (20, 15, 10, 5)),
        *texts(pending, posted, against=-40),
        *references(pending, posted),
    ]


def says_transfer(row: Row) -> bool:
    """Whether a row calls itself a transfer between accounts, or its source does."""
    category = (row.of.source_category or "").upper()
    return names_transfer(row.of.description) or category.startswith(("TRANSFER", "LOAN_PAYMENTS"))


def says_reversal(row: Row) -> bool:
    """Whether the source of a row marks it as taking another one back."""
    code = row.of.type_code or ""
    return row.of.reversal or code in _BAI2_RETURNS or code.endswith(_ISO_RETURNS)


def says_return(row: Row) -> bool:
    """Whether a row calls itself a refund or a reversal, or its source does."""
    return says_reversal(row) or names_return(row.of.description)


def _plural(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
