"""Suggestions: which of the tenant's accounts a pending mapping may be, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from core.candidates import Considered
from core.models import Account
from matching.accounts import RULE_VERSION, Doubt, Match, Reason, automatic, ranked

SUGGESTIONS_MAX: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """An account, how likely it is (0 to 100), and why, the strongest reason first."""

    account: Account
    score: int
    reasons: Sequence[Reason]
    doubts: Sequence[Doubt]
    automatic: bool  # an import would say so by itself
    rule_version: int = RULE_VERSION

    @property
    def reason(self) -> str:
        """The reasons as one sentence."""
        text = ", ".join(reason.text for reason in self.reasons)
        return f"{text[0].upper()}{text[1:]}."


def suggest(considered: Considered) -> Sequence[Suggestion]:
    """The likeliest of the accounts, best first."""
    matches = ranked(considered)
    sure = automatic(considered.subject, matches)
    return [_suggestion(one, sure) for one in matches[:SUGGESTIONS_MAX]]


def _suggestion(match: Match, sure: Match | None) -> Suggestion:
    return Suggestion(
        account=match.account,
        score=match.score,
        reasons=match.reasons,
        doubts=match.doubts,
        automatic=match is sure,
    )
