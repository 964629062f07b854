"""A decision: what a transaction was for, on which evidence, how sure, and whether it is applied.

Evidence is asked in one order: the user's own decision, the tenant's rules, the provider's
category, the merchant category code, the list of brands, the statistical model, nothing. The first
that is sure enough decides. Where none is, the surest is a suggestion: it is not applied.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import islice
from typing import Final, Protocol

from categories import taxonomy

BATCH_ROWS: Final = 4_096
APPLY_PERCENT: Final = 90  # of evidence whose bar nothing else sets


class Source(StrEnum):
    """What a decision rests on, the strongest first."""

    USER = "user"
    RULE = "rule"
    PROVIDER = "provider"
    MCC = "mcc"
    BRAND = "brand"
    MODEL = "model"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of one transaction; money in is positive, except in `amount` of card lists."""

    merchant: str  # as the source prints it; the description where it names no merchant
    amount: Decimal
    currency: str
    description: str = ""
    mcc: str | None = None  # four digits
    provider_category: str | None = None  # the source's own name, as it came
    provider_confidence: str | None = None  # Plaid's confidence_level
    account_type: str | None = None
    account_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One category with its evidence; `applied` is False for a suggestion."""

    category: str  # the finest name that the evidence gives: a class, a detailed or primary one
    primary: str
    detailed: str | None  # None: the evidence says no more than the primary category
    source: Source
    confidence: int  # percent
    reason: str  # for people, one sentence
    applied: bool
    probability: float = 0.0  # `confidence` unrounded, between 0 and 1; for measuring


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What one kind of evidence says; `bar` is the probability from which on it is applied."""

    category: str
    probability: float
    reason: str
    bar: float
    primary: str | None = None  # where another than that of `category`
    detailed: str | None = None


class Corrections(Protocol):
    """What people of one tenant decided before, by merchant."""

    def opinion(self, facts: Facts) -> Opinion | None:
        """What they decided for this merchant."""
        ...


class Rules(Protocol):
    """The rules of one tenant."""

    def opinion(self, facts: Facts) -> Opinion | None:
        """What the first rule that fits says."""
        ...


class Model(Protocol):
    """A statistical model: one opinion a transaction, also where it is not sure."""

    def opinions(self, many: Sequence[Facts]) -> Sequence[Opinion | None]:
        """What the model says of each, in their order."""
        ...


def decide(
    facts: Facts,
    *,
    corrections: Corrections | None = None,
    rules: Rules | None = None,
    model: Model | None = None,
) -> Decision:
    """The decision on one transaction."""
    return next(decide_many((facts,), corrections=corrections, rules=rules, model=model))


def decide_many(
    many: Iterable[Facts],
    *,
    corrections: Corrections | None = None,
    rules: Rules | None = None,
    model: Model | None = None,
) -> Iterator[Decision]:
    """The decision on each transaction, in their order; holds one batch at a time."""
    rest = iter(many)
    while batch := list(islice(rest, BATCH_ROWS)):
        guesses = model.opinions(batch) if model else [None] * len(batch)
        for facts, guess in zip(batch, guesses, strict=True):
            yield _decided(facts, corrections=corrections, rules=rules, guess=guess)
