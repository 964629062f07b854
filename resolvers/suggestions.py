"""Suggestions: which of the tenant's accounts an unmapped external account may be, and why."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import islice
from typing import Final

from core.models import Account, AccountMapping
from db.mappings import Candidate

SUGGESTIONS_MAX: Final = 5
SCORE_MIN: Final = 30
SCORE_MAX: Final = 100
TAIL: Final = 4
NUMBER_SCORE: Final = 95
TAIL_SCORE: Final = 70
NAME_SCORE: Final = 30
INSTITUTION_SCORE: Final = 15
TYPE_SCORE: Final = 5
CANDIDATES_MAX: Final = 50
NAME_MAX: Final = 100  # characters of a name that count
_WORD: Final = re.compile(r"\w+")


class ReasonCode(Enum):
    """What speaks for an account."""

    SAME_NUMBER = "same_number"
    SAME_MASK = "same_mask"
    SAME_NAME = "same_name"
    SIMILAR_NAME = "similar_name"
    SAME_INSTITUTION = "same_institution"
    SAME_TYPE = "same_type"
    SAME_CURRENCY = "same_currency"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """What speaks for an account, for programs and in words, and what it adds to the score."""

    code: ReasonCode
    text: str
    score: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """An account, how likely it is (0 to 100), and why, the strongest reason first."""

    account: Account
    score: int
    reasons: Sequence[Reason]

    @property
    def reason(self) -> str:
        """The reasons as one sentence."""
        text = ", ".join(reason.text for reason in self.reasons)
        return f"{text[0].upper()}{text[1:]}."


def suggest(mapping: AccountMapping, candidates: Iterable[Candidate]) -> Sequence[Suggestion]:
    """The likeliest of the accounts, best first; only those of the same currency count.

    Looks at the first `CANDIDATES_MAX` of these, and at each name's words once: a page of 100
    mappings costs 5,000 comparisons of small sets.
    """
    same = (one for one in candidates if one.account.currency == mapping.currency)
    words = _words(mapping.external_name)
    rated = (_rate(mapping, words, one) for one in islice(same, CANDIDATES_MAX))
    likely = [one for one in rated if one.score >= SCORE_MIN]
    likely.sort(key=lambda one: (-one.score, one.account.name, str(one.account.id)))
    return likely[:SUGGESTIONS_MAX]


def _rate(mapping: AccountMapping, words: frozenset[str], candidate: Candidate) -> Suggestion:
    reasons = sorted(_reasons(mapping, words, candidate), key=lambda one: -one.score)
    score = min(sum(reason.score for reason in reasons), SCORE_MAX)
    return Suggestion(account=candidate.account, score=score, reasons=reasons)


def _reasons(
    mapping: AccountMapping, words: frozenset[str], candidate: Candidate
) -> Iterator[Reason]:
    account = candidate.account
    if candidate.same_number:
        yield Reason(
            code=ReasonCode.SAME_NUMBER,
            text="another source feeds it under the same number",
            score=NUMBER_SCORE,
        )
    tail = _tail(mapping.masked_number)
    if tail is not None and tail == _tail(account.masked_number):
        yield Reason(
            code=ReasonCode.SAME_MASK, text=f"both numbers end in {tail}", score=TAIL_SCORE
        )
    alike = _likeness(words, _words(account.name))
    if alike:
        yield Reason(
            code=ReasonCode.SAME_NAME if alike == 100 else ReasonCode.SIMILAR_NAME,
            text=f"the names are {alike} % alike",
            score=NAME_SCORE * alike // 100,
        )
    if candidate.same_institution:
        yield Reason(
            code=ReasonCode.SAME_INSTITUTION,
            text="both are kept by the same institution",
            score=INSTITUTION_SCORE,
        )
    if _kind(mapping.external_type) == account.type.value:
        yield Reason(code=ReasonCode.SAME_TYPE, text="both are of the same kind", score=TYPE_SCORE)
    yield Reason(code=ReasonCode.SAME_CURRENCY, text=f"both are in {account.currency}", score=0)


def _tail(masked: str | None) -> str | None:
    """What a masked number still shows; None where that is too little to tell numbers apart."""
    shown = "" if masked is None else "".join(one for one in masked if one.isalnum())
    return shown[-TAIL:] if len(shown) >= TAIL - 1 else None


def _kind(external_type: str | None) -> str | None:
    """A source's kind of account in our spelling: `Credit Card` is `credit_card`."""
    return None if external_type is None else "_".join(_WORD.findall(external_type.casefold()))


def _words(name: str | None) -> frozenset[str]:
    """The words of a name; neither their order nor what stands between them matters."""
    return frozenset() if name is None else frozenset(_WORD.findall(name.casefold()[:NAME_MAX]))


def _likeness(left: frozenset[str], right: frozenset[str]) -> int:
    """Which share of the words both have, in percent (the Dice coefficient)."""
    return 200 * len(left & right) // (len(left) + len(right)) if left and right else 0
