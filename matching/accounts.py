"""Account matching: how likely an external account is one of the tenant's, and when that is sure.

The points of all that speaks for an account add up to its score, a percentage. Some things forbid
that a machine decides, whatever the score: each is a doubt, told beside the reasons. A machine
decides only for an account that is alone above the bar, and far enough above all others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from core.account_types import account_type
from core.candidates import Candidate, Considered, Looks, Subject
from core.models import Account, AccountStatus, AccountType, MappingPolicy
from core.spellings import NumberKind, bank_code, comparable

RULE_VERSION: Final = 1  # raised with every change of points, bars or doubts

SCORE_MAX: Final = 100
SUGGESTED_MIN: Final = 30
NEAR_MIN: Final = 60  # nearer than that, and no account is opened without asking
AUTOMATIC_MIN: Final = 95
MARGIN: Final = 15  # by which the account that is taken leads all others

NUMBER_POINTS: Final = {NumberKind.IBAN: 90, NumberKind.ROUTED: 90, NumberKind.NUMBER: 75}
MASK_POINTS: Final = 40
NAME_POINTS: Final = 25
INSTITUTION_POINTS: Final = 20
TYPE_POINTS: Final = 10
CURRENCY_POINTS: Final = 5

UNKNOWN_CURRENCY: Final = "XXX"
NAMES_DIFFER_BELOW: Final = 34  # percent of the words that both have
NAME_MAX: Final = 100  # characters of a name that count
_TAIL: Final = 4
_WORD: Final = re.compile(r"\w+")
# What accounts are called without being told apart by it.
_GENERIC: Final = frozenset(
    {"account", "acct", "bank", "compte", "conto", "cuenta", "konto", "the"}
)


class ReasonCode(Enum):
    """What speaks for an account."""

    SAME_IBAN = "same_iban"
    SAME_ROUTED_NUMBER = "same_routed_number"
    SAME_NUMBER = "same_number"
    SAME_MASK = "same_mask"
    SAME_NAME = "same_name"
    SIMILAR_NAME = "similar_name"
    SAME_INSTITUTION = "same_institution"
    SAME_TYPE = "same_type"
    SAME_CURRENCY = "same_currency"


class DoubtCode(Enum):
    """Why no machine may say that it is the account."""

    OTHER_NUMBER = "other_number"
    OTHER_TYPE = "other_type"
    OTHER_INSTITUTION = "other_institution"
    OTHER_NAME = "other_name"
    SAME_DOCUMENT = "same_document"
    REFUSED_BEFORE = "refused_before"
    CLOSED = "closed"


# With one of these it is another account: it stands in nobody's way.
_EXCLUDING: Final = frozenset(
    {
        DoubtCode.OTHER_NUMBER,
        DoubtCode.OTHER_TYPE,
        DoubtCode.OTHER_INSTITUTION,
        DoubtCode.SAME_DOCUMENT,
    }
)
# What points at one account among many; the rest is said of many alike.
_POINTING: Final = frozenset(
    {
        ReasonCode.SAME_IBAN,
        ReasonCode.SAME_ROUTED_NUMBER,
        ReasonCode.SAME_NUMBER,
        ReasonCode.SAME_MASK,
        ReasonCode.SAME_NAME,
        ReasonCode.SIMILAR_NAME,
    }
)
_STRONG: Final = frozenset({NumberKind.IBAN, NumberKind.ROUTED})
_NUMBERS: Final = (
    (NumberKind.IBAN, ReasonCode.SAME_IBAN, "another source feeds it under the same IBAN"),
    (
        NumberKind.ROUTED,
        ReasonCode.SAME_ROUTED_NUMBER,
        "another source feeds it under the same number at the same bank",
    ),
    (NumberKind.NUMBER, ReasonCode.SAME_NUMBER, "another source feeds it under the same number"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """What speaks for an account, for programs and in words, and what it adds to the score."""

    code: ReasonCode
    text: str
    score: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """Why no machine may say that it is the account, for programs and in words."""

    code: DoubtCode
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """An account, how likely it is, and why: the strongest reason first."""

    candidate: Candidate
    score: int
    reasons: Sequence[Reason]
    doubts: Sequence[Doubt]
    says_no_more: bool = False  # than the end of its number, which is that of the account

    @property
    def account(self) -> Account:
        """The account."""
        return self.candidate.account

    @property
    def excluded(self) -> bool:
        """Whether something says that it is another account."""
        return any(doubt.code in _EXCLUDING for doubt in self.doubts)

    @property
    def near(self) -> bool:
        """Whether it may well be the account, so that a person is asked before one is opened."""
        if any(doubt.code is DoubtCode.SAME_DOCUMENT for doubt in self.doubts):
            return False
        if self.candidate.same_numbers & _STRONG:
            return True
        return (self.says_no_more or self.score >= NEAR_MIN) and not self.excluded


def ranked(considered: Considered) -> Sequence[Match]:
    """The accounts that it may be, likeliest first; those that hardly may be are left out."""
    rated = (_rate(considered.subject, one) for one in considered.candidates)
    likely = [one for one in rated if one is not None and _is_likely(one)]
    likely.sort(key=lambda one: (-one.score, one.account.name, str(one.account.id)))
    return likely


def automatic(subject: Subject, matches: Sequence[Match]) -> Match | None:
    """The one account that it surely is; None: a person must say.

    Where the connection asks, only what a person has said of the same number before is sure.
    """
    standing = [one for one in matches if not one.excluded]
    if subject.asks or not standing:
        return None
    first = max(standing, key=lambda one: one.score)
    rivals = [one for one in standing if one is not first and one.score > first.score - MARGIN]
    if first.score < AUTOMATIC_MIN or rivals or first.doubts:
        return None
    if subject.policy is MappingPolicy.ASK and not _answered(subject, first.candidate):
        return None
    return first


def _is_likely(match: Match) -> bool:
    return match.score >= SUGGESTED_MIN and any(one.code in _POINTING for one in match.reasons)


def _answered(subject: Subject, candidate: Candidate) -> bool:
    return (
        candidate.verified
        and bool(candidate.same_numbers & _STRONG)
        and subject.currency == candidate.account.currency
        and subject.currency != UNKNOWN_CURRENCY
    )


def _rate(subject: Subject, candidate: Candidate) -> Match | None:
    """None where the currencies differ: no account has two."""
    currencies = {subject.currency, candidate.account.currency}
    if len(currencies) > 1 and UNKNOWN_CURRENCY not in currencies:
        return None
    reasons = sorted(_reasons(subject, candidate), key=lambda one: -one.score)
    score = min(sum(reason.score for reason in reasons), SCORE_MAX)
    doubts = tuple(_doubts(subject, candidate))
    looks = subject.looks
    told = (looks.name, looks.type, looks.institution, looks.institution_name)
    return Match(
        candidate=candidate,
        score=score,
        reasons=reasons,
        doubts=doubts,
        says_no_more=not any(told)
        and any(reason.code is ReasonCode.SAME_MASK for reason in reasons),
    )


def _reasons(subject: Subject, candidate: Candidate) -> Iterator[Reason]:
    looks, account = subject.looks, candidate.account
    for kind, code, text in _NUMBERS:
        if kind in candidate.same_numbers:
            yield Reason(code=code, text=text, score=NUMBER_POINTS[kind])
            break  # the weaker spellings of the same number say nothing more
    tail = _tail(looks.masked_number)
    # The end of a number that is the same anyway says nothing more either.
    if tail is not None and not candidate.same_numbers and tail in _tails(candidate):
        yield Reason(
            code=ReasonCode.SAME_MASK, text=f"both numbers end in {tail}", score=MASK_POINTS
        )
    alike = _alike(looks, candidate)
    if alike:
        yield Reason(
            code=ReasonCode.SAME_NAME if alike == 100 else ReasonCode.SIMILAR_NAME,
            text=f"the names are {alike} % alike",
            score=NAME_POINTS * alike // 100,
        )
    if any(_same_institution(looks, one) for one in _institutions(candidate)):
        yield Reason(
            code=ReasonCode.SAME_INSTITUTION,
            text="both are kept by the same institution",
            score=INSTITUTION_POINTS,
        )
    if _known_type(looks.type) in _types(candidate):
        yield Reason(code=ReasonCode.SAME_TYPE, text="both are of the same kind", score=TYPE_POINTS)
    if subject.currency == account.currency != UNKNOWN_CURRENCY:
        yield Reason(
            code=ReasonCode.SAME_CURRENCY,
            text=f"both are in {account.currency}",
            score=CURRENCY_POINTS,
        )


def _doubts(subject: Subject, candidate: Candidate) -> Iterator[Doubt]:
    looks = subject.looks
    tails = _tails(candidate)
    tail = _tail(looks.masked_number)
    if not candidate.same_numbers and tail is not None and tails and tail not in tails:
        yield Doubt(code=DoubtCode.OTHER_NUMBER, text="the numbers end differently")
    kind, kinds = _known_type(looks.type), _types(candidate)
    if kind is not None and kinds and kind not in kinds:
        yield Doubt(code=DoubtCode.OTHER_TYPE, text="they are of different kinds")
    if not candidate.same_numbers & _STRONG and _other_institution(looks, candidate):
        yield Doubt(code=DoubtCode.OTHER_INSTITUTION, text="different institutions keep them")
    if candidate.same_numbers and _otherwise_named(looks, candidate):
        yield Doubt(code=DoubtCode.OTHER_NAME, text="the names have little in common")
    if candidate.named:
        yield Doubt(code=DoubtCode.SAME_DOCUMENT, text="the same document tells the two apart")
    if candidate.doubted:
        yield Doubt(
            code=DoubtCode.REFUSED_BEFORE, text="somebody took it from an account of this number"
        )
    if candidate.account.status is AccountStatus.CLOSED:
        yield Doubt(code=DoubtCode.CLOSED, text="it is closed")


def _tail(masked: str | None) -> str | None:
    """What a masked number still shows; None where that is too little to tell numbers apart."""
    shown = "" if masked is None else "".join(one for one in masked if one.isalnum())
    return shown[-_TAIL:] if len(shown) >= _TAIL - 1 else None


def _tails(candidate: Candidate) -> set[str]:
    shown = (candidate.account.masked_number, *(one.masked_number for one in candidate.feeds))
    return {tail for one in shown if (tail := _tail(one)) is not None}


def _known_type(external: str | None) -> AccountType | None:
    """A source's kind of account in our words; None where it says nothing."""
    found = account_type(external)
    return None if found is AccountType.OTHER else found


def _types(candidate: Candidate) -> set[AccountType]:
    """What it is, for whoever knows: a person who opened it, or those who feed it."""
    told = {kind for one in candidate.feeds if (kind := _known_type(one.type)) is not None}
    own = candidate.account.type
    return told if own is AccountType.OTHER else told | {own}


def _institutions(candidate: Candidate) -> Iterable[Looks]:
    own = Looks(institution=candidate.institution, institution_name=candidate.institution_name)
    return (own, *candidate.feeds)


def _same_institution(left: Looks, right: Looks) -> bool:
    codes = bank_code(left.institution), bank_code(right.institution)
    if None not in codes and codes[0] == codes[1]:
        return True
    names = _words(left.institution_name), _words(right.institution_name)
    return bool(names[0]) and names[0] == names[1]


def _other_institution(looks: Looks, candidate: Candidate) -> bool:
    """Whether banks are named by codes of one kind, and differ. Ids of different providers say
    nothing of each other, so they are no difference."""
    code = bank_code(looks.institution)
    others = {bank_code(one.institution) for one in _institutions(candidate)} - {None}
    return (
        code is not None
        and not any(_same_institution(looks, one) for one in _institutions(candidate))
        and any(one is not None and comparable(code, one) for one in others)
    )


def _alike(looks: Looks, candidate: Candidate) -> int:
    """How alike the likest of the names are, in percent: the user's, and those of sources."""
    words = _words(looks.name)
    names = (candidate.account.name, *(one.name for one in candidate.feeds))
    return max(_likeness(words, _words(name)) for name in names)


def _otherwise_named(looks: Looks, candidate: Candidate) -> bool:
    """Whether sources call them by names that differ; what a user calls it is no source's."""
    told = looks.name is not None and any(one.name is not None for one in candidate.feeds)
    return told and _alike(looks, candidate) < NAMES_DIFFER_BELOW


def _words(name: str | None) -> frozenset[str]:
    """The words of a name; neither their order nor what stands between them matters."""
    words = frozenset() if name is None else frozenset(_WORD.findall(name.casefold()[:NAME_MAX]))
    return words - _GENERIC or words


def _likeness(left: frozenset[str], right: frozenset[str]) -> int:
    """Which share of the words both have, in percent (the Dice coefficient)."""
    return 200 * len(left & right) // (len(left) + len(right)) if left and right else 0
