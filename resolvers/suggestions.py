"""Suggestions: which of the tenant's accounts an unmapped external account may be, and why."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from core.models import Account, AccountMapping

SUGGESTIONS_MAX: Final = 5
SCORE_MIN: Final = 30
TAIL: Final = 4
TAIL_SCORE: Final = 70
NAME_SCORE: Final = 30
CANDIDATES_MAX: Final = 50
NAME_MAX: Final = 100  # characters of a name that count
_WORD: Final = re.compile(r"\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """An account, how likely it is (0 to 100), and the reason in words."""

    account: Account
    score: int
    reason: str


def suggest(mapping: AccountMapping, accounts: Iterable[Account]) -> Sequence[Suggestion]:
    """The likeliest of the accounts, best first; only those of the same currency count.

    Looks at the first `CANDIDATES_MAX` of these, and at each name's words once: a page of 100
    mappings costs 5,000 comparisons of small sets.
    """
    same = (one for one in accounts if one.currency == mapping.currency)
    words = _words(mapping.external_name)
    rated = (_rate(mapping, words, one) for one in islice(same, CANDIDATES_MAX))
    likely = [one for one in rated if one.score >= SCORE_MIN]
    likely.sort(key=lambda one: (-one.score, one.account.name, str(one.account.id)))
    return likely[:SUGGESTIONS_MAX]


def _rate(mapping: AccountMapping, words: frozenset[str], account: Account) -> Suggestion:
    score = 0
    reasons = []
    if _tail(mapping.masked_number) is not None and (
        _tail(mapping.masked_number) == _tail(account.masked_number)
    ):
        score += TAIL_SCORE
        reasons.append(f"both numbers end in {_tail(account.masked_number)}")
    alike = _likeness(words, _words(account.name))
    if alike:
        score += NAME_SCORE * alike // 100
        reasons.append(f"the names are {alike} % alike")
    reason = ", ".join([f"Both are in {account.currency}", *reasons]) + "."
    return Suggestion(account=account, score=score, reason=reason)


def _tail(masked: str | None) -> str | None:
    """What a masked number still shows; None where that is too little to tell numbers apart."""
    shown = "" if masked is None else "".join(one for one in masked if one.isalnum())
    return shown[-TAIL:] if len(shown) >= TAIL - 1 else None


def _words(name: str | None) -> frozenset[str]:
    """The words of a name; neither their order nor what stands between them matters."""
    return frozenset() if name is None else frozenset(_WORD.findall(name.casefold()[:NAME_MAX]))


def _likeness(left: frozenset[str], right: frozenset[str]) -> int:
    """Which share of the words both have, in percent (the Dice coefficient)."""
    return 200 * len(left & right) // (len(left) + len(right)) if left and right else 0
