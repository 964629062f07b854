"""Corrections: what people of one tenant decided, learnt at once for the same merchant.

Kept by cleaned name, one object a tenant: nothing crosses from tenant to tenant. The newest answer
wins; answers that disagree with it make it less sure, old ones less so than new ones.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from categories.evidence import Facts, Opinion, Source, opinion
from categories.merchant import key

BAR: Final = 0.8  # one answer is enough: it is the person's own
BAR_TORN: Final = 0.9  # where the answers of one merchant differ

# One answer holds the next time in 83 % of cases, eight that agree in 96 % (measured on labels of
# the same merchant in order of their days).
AGREED_BEFORE: Final = 0.5
ANSWERS_BEFORE: Final = 0.8

REMEMBERED_MAX: Final = 8  # answers a merchant: what was said long ago fades
MERCHANTS_MAX: Final = 100_000  # a tenant


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """One answer of a person: this merchant's transaction is of that category."""

    merchant: str
    category: str


class Corrections:
    """The answers of one tenant by merchant, the newest last."""

    def __init__(self, answers: Iterable[Correction] = ()) -> None:
        self._answers: OrderedDict[str, tuple[str, ...]] = OrderedDict()
        for answer in answers:
            self.learn(answer)

    def learn(self, answer: Correction) -> None:
        """Takes in one answer; the oldest merchant is forgotten where there are too many."""
        name = key(answer.merchant)
        if not name:
            return
        before = self._answers.pop(name, ())
        self._answers[name] = (*before, answer.category)[-REMEMBERED_MAX:]
        if len(self._answers) > MERCHANTS_MAX:
            self._answers.popitem(last=False)

    def opinion(self, facts: Facts) -> Opinion | None:
        """The newest answer for this merchant, and how far the others agree."""
        answers = self._answers.get(key(facts.merchant or facts.description))
        if not answers:
            return None
        newest = answers[-1]
        agreed = answers.count(newest)
        return opinion(
            Source.USER,
            newest,
            probability=_sure(agreed, len(answers)),
            bar=BAR if agreed == len(answers) else BAR_TORN,
            reason=f"You chose {newest} for this merchant {agreed} of {len(answers)} times.",
        )

    def __len__(self) -> int:
        return len(self._answers)


def _sure(agreed: int, answers: int) -> float:
    """How often the newest answer holds the next time."""
    return (agreed + AGREED_BEFORE) / (answers + ANSWERS_BEFORE)
