"""Rules of a tenant: conditions on a transaction, in order; the first that fits decides.

Pure: whoever stores rules makes these of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from categories.evidence import Facts, Opinion, Source, opinion
from categories.merchant import key


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Every condition that is given must hold; text is compared without regard to case."""

    name: str
    category: str
    merchant: str | None = None  # equal to the cleaned name
    merchant_contains: str | None = None
    description_contains: str | None = None
    amount_min: Decimal | None = None  # signed, inclusive
    amount_max: Decimal | None = None
    currency: str | None = None
    account_id: str | None = None
    provider_category: str | None = None  # a name, or what stands before "*"

    def fits(self, facts: Facts) -> bool:
        """Whether the transaction is one of those that this rule means."""
        return self._text_fits(facts) and self._amount_fits(facts) and self._source_fits(facts)

    def _text_fits(self, facts: Facts) -> bool:
        return (
            (self.merchant is None or key(self.merchant) == key(facts.merchant))
            and _within(self.merchant_contains, facts.merchant)
            and _within(self.description_contains, facts.description)
        )

    def _amount_fits(self, facts: Facts) -> bool:
        return (
            (self.amount_min is None or facts.amount >= self.amount_min)
            and (self.amount_max is None or facts.amount <= self.amount_max)
            and (self.currency is None or facts.currency == self.currency)
        )

    def _source_fits(self, facts: Facts) -> bool:
        if self.account_id is not None and facts.account_id != self.account_id:
            return False
        if self.provider_category is None:
            return True
        said = facts.provider_category or ""
        if self.provider_category.endswith("*"):
            return said.startswith(self.provider_category[:-1])
        return said == self.provider_category


class Rules:
    """The rules of one tenant, in the order in which they are asked."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = tuple(rules)

    def first(self, facts: Facts) -> Rule | None:
        """The first rule that fits."""
        return next((rule for rule in self._rules if rule.fits(facts)), None)

    def opinion(self, facts: Facts) -> Opinion | None:
        """What the first rule that fits says; a rule is always sure."""
        rule = self.first(facts)
        if rule is None:
            return None
        return opinion(
            Source.RULE, rule.category, probability=1.0, reason=f"Your rule: {rule.name}."
        )


def _within(part: str | None, text: str) -> bool:
    return part is None or part.casefold() in text.casefold()
