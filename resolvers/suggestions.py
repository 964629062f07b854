"""Suggestions: which of the tenant's accounts an unmapped external account may be, and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from core.models import Account, AccountMapping

SUGGESTIONS_MAX: Final = 5
SCORE_MIN: Final = 30
TAIL: Final = 4
TAIL_SCORE: Final = 70
NAME_SCORE: Final = 30
_NAME_MAX: Final = 100  # bounds what comparing two names may cost


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """An account, how likely it is (0 to 100), and the reason in words."""

    account: Account
    score: int
    reason: str


def suggest(mapping: AccountMapping, accounts: Iterable[Account]) -> Sequence[Suggestion]:
    """The likeliest of the accounts, best first; only those of the same currency count."""
    rated = (_rate(mapping, one) for one in accounts if one.currency == mapping.currency)
    likely = [one for one in rated if one.score >= SCORE_MIN]
    likely.sort(key=lambda one: (-one.score, one.account.name, str(one.account.id)))
    return likely[:SUGGESTIONS_MAX]


def _rate(mapping: AccountMapping, account: Account) -> Suggestion:
    score = 0
    reasons = []
    if _tail(mapping.masked_number) is not None and (
        _tail(mapping.masked_number) == _tail(account.masked_number)
    ):
        score += TAIL_SCORE
        reasons.append(f"both numbers end in {_tail(account.masked_number)}")
    alike = _likeness(mapping.external_name, account.name)
    if alike:
        score += NAME_SCORE * alike // 100
        reasons.append(f"the names are {alike} % alike")
    reason = ", ".join([f"Both are in {account.currency}", *reasons]) + "."
    return Suggestion(account=account, score=score, reason=reason)


def _tail(masked: str | None) -> str | None:
    """What a masked number still shows; None where that is too little to tell numbers apart."""
    shown = "" if masked is None else "".join(one for one in masked if one.isalnum())
    return shown[-TAIL:] if len(shown) >= TAIL - 1 else None


def _likeness(left: str | None, right: str) -> int:
    if left is None:
        return 0
    matcher = SequenceMatcher(
        None, left.casefold()[:_NAME_MAX], right.casefold()[:_NAME_MAX], autojunk=False
    )
    return round(100 * matcher.ratio())
