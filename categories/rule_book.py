"""A tenant's rules, compiled: the first whose conditions hold decides.

Texts are tested once for each distinct pair of merchant and description, and first for a piece that
each rule cannot do without; so a thousand rules cost little more than ten. Patterns have two
wildcards and no repetition, so the time of a test is bounded by the lengths of both texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from categories.conditions import Conditions, Direction, TextCondition
from categories.evidence import Facts, Opinion, Source, opinion
from categories.merchant import clean

TEXT_MAX: Final = 1_000  # characters of a text that are looked at
REMEMBERED_MAX: Final = 20_000  # pairs of texts
_WILDCARD: Final = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule as the book takes it."""

    id: UUID
    name: str
    category: str
    conditions: Conditions


class RuleBook:
    """Rules in their order. Satisfies `categories.evidence.Rules`."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = [_Compiled(rule) for rule in rules]
        self._needles = [(one.needle, number) for number, one in enumerate(self._rules)]
        self._remembered: dict[tuple[str, str], tuple[int, ...]] = {}

    def find(self, facts: Facts) -> Rule | None:
        """The first rule that fits."""
        if not self._rules:
            return None
        for number in self._by_texts(facts):
            if self._rules[number].fits_numbers(facts):
                return self._rules[number].rule
        return None

    def opinion(self, facts: Facts) -> Opinion | None:
        """What the first rule that fits says."""
        rule = self.find(facts)
        if rule is None:
            return None
        return opinion(
            Source.RULE, rule.category, probability=1.0, reason=f"Your rule: {rule.name}."
        )

    def _by_texts(self, facts: Facts) -> tuple[int, ...]:
        """Numbers of the rules whose conditions on texts hold, in their order."""
        key = (facts.merchant, facts.description)
        found = self._remembered.get(key)
        if found is None:
            merchant, text = _folded(facts.merchant), _folded(facts.description)
            cleaned = _folded(clean(facts.merchant))
            merchants = (merchant,) if cleaned == merchant else (merchant, cleaned)
            everything = "\n".join((*merchants, text))
            found = tuple(
                number
                for needle, number in self._needles
                if needle in everything and self._rules[number].fits_texts(merchants, text)
            )
            if len(self._remembered) >= REMEMBERED_MAX:
                self._remembered.clear()
            self._remembered[key] = found
        return found


class _Compiled:
    """One rule, ready to be asked."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        asked = rule.conditions
        self._merchant = None if asked.merchant is None else _Text(asked.merchant)
        self._text = None if asked.text is None else _Text(asked.text)
        tests = [one for one in (self._merchant, self._text) if one is not None]
        self.needle = max((one.needle for one in tests), key=len, default="")
        self._account_ids = frozenset(str(one) for one in asked.account_ids or ())
        self._provider_categories = frozenset(asked.provider_categories or ())

    def fits_texts(self, merchants: Iterable[str], text: str) -> bool:
        """Whether the conditions on texts hold."""
        if self._merchant is not None and not any(map(self._merchant.fits, merchants)):
            return False
        return self._text is None or self._text.fits(text)

    def fits_numbers(self, facts: Facts) -> bool:
        """Whether all other conditions hold."""
        asked = self.rule.conditions
        size = abs(facts.amount)
        if asked.amount_from is not None and size < asked.amount_from:
            return False
        if asked.amount_to is not None and size > asked.amount_to:
            return False
        if asked.direction is not None and (
            facts.amount == 0 or (facts.amount > 0) is not (asked.direction is Direction.IN)
        ):
            return False
        if asked.currency is not None and facts.currency != asked.currency:
            return False
        if self._account_ids and facts.account_id not in self._account_ids:
            return False
        return not self._provider_categories or facts.provider_category in self._provider_categories


class _Text:
    """One test of a folded text; `needle` is in every text that passes."""

    def __init__(self, asked: TextCondition) -> None:
        self._contains = None if asked.contains is None else _folded(asked.contains)
        self._equals = None if asked.equals is None else _folded(asked.equals)
        self._pattern = None if asked.matches is None else _Pattern(_folded(asked.matches))
        self.needle = self._contains or self._equals or ""
        if self._pattern is not None:
            self.needle = self._pattern.needle

    def fits(self, text: str) -> bool:
        """Whether the text passes."""
        if self._contains is not None:
            return self._contains in text
        if self._equals is not None:
            return self._equals == text
        return self._pattern is not None and self._pattern.fits(text)


class _Pattern:
    """A pattern of the whole text: `*` is any text, `?` any one character.

    Each piece between asterisks is sought once, from left to right: the earliest place is always as
    good as a later one, so nothing is ever tried twice.
    """

    def __init__(self, pattern: str) -> None:
        pieces = pattern.split(_WILDCARD)
        self._pieces = [re.compile(re.escape(one).replace(r"\?", "."), re.DOTALL) for one in pieces]
        self._last_size = len(pieces[-1])
        self.needle = max(re.split(r"[*?]", pattern), key=len)

    def fits(self, text: str) -> bool:
        """Whether the whole text is of the pattern."""
        first, *rest = self._pieces
        if not rest:
            return first.fullmatch(text) is not None
        found = first.match(text)
        if found is None:
            return False
        place = found.end()
        for piece in rest[:-1]:
            found = piece.search(text, place)
            if found is None:
                return False
            place = found.end()
        start = len(text) - self._last_size
        return start >= place and rest[-1].match(text, start) is not None


def _folded(text: str) -> str:
    return " ".join(text[:TEXT_MAX].casefold().split())
