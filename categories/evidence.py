"""A decision: what a transaction was for, on which evidence, how sure, and whether it is applied.

Evidence is asked in one order: the user's own decision, the tenant's rules, the provider's
category, the merchant category code, the list of brands, the statistical model, nothing. The first
that is sure enough decides. Where none is, the surest is a suggestion: it is not applied.

A decision makes two statements, each with its own evidence and its own bar. `category` is what the
payment was for, in the words of whoever keeps the books: a class of the model, or the tenant's own
name. `primary` is the merchant's trade in the taxonomy, as a card's acquirer would code it. A book
that a council orders of a marketplace is BOOKS in the one and general merchandise in the other; and
where the first is anybody's guess, the second can still be certain.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from itertools import islice
from typing import Final, Protocol

from categories import brands, mcc, taxonomy

BATCH_ROWS: Final = 4_096
BAR: Final = 0.9  # of evidence whose bar nothing else sets
BRAND_ALONE: Final = 0.85  # what a brand is worth where no model has measured it

# How sure a provider's category is by its own word. Without a word it says what it believes.
_PROVIDER_SURE: Final = {"VERY_HIGH": 0.98, "HIGH": 0.92, "MEDIUM": 0.7, "LOW": 0.4, "UNKNOWN": 0.4}
_PROVIDER_SILENT: Final = 0.9


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
class Trade:
    """What a merchant sells, in the taxonomy; `bar` as of an opinion."""

    primary: str
    detailed: str | None
    source: Source
    probability: float
    bar: float
    reason: str

    @property
    def applied(self) -> bool:
        """Whether it is sure enough to be applied without asking."""
        return self.probability >= self.bar


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One category with its evidence; `applied` is False for a suggestion."""

    category: str  # the finest name that the evidence gives: a class, a detailed or primary one
    source: Source
    confidence: int  # percent
    reason: str  # for people, one sentence
    applied: bool
    trade: Trade
    probability: float = 0.0  # `confidence` unrounded, between 0 and 1; for measuring

    @property
    def primary(self) -> str:
        """The primary category of the merchant's trade."""
        return self.trade.primary

    @property
    def detailed(self) -> str | None:
        """The detailed one; None where the evidence says no more than the primary category."""
        return self.trade.detailed


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What one kind of evidence says; `bar` is the probability from which on it is applied."""

    source: Source
    category: str
    trade: Trade | None  # None: the evidence says nothing of what the merchant sells
    probability: float
    bar: float
    reason: str

    @property
    def sure(self) -> bool:
        """Whether it is applied without asking."""
        return self.probability >= self.bar


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


def opinion(
    source: Source,
    name: str,
    *,
    probability: float,
    reason: str,
    bar: float = BAR,
    detailed: str | None = None,
) -> Opinion:
    """An opinion for a name of any level; one that the taxonomy has not is the tenant's own."""
    place = taxonomy.place(detailed or name)
    return Opinion(
        source=source,
        category=name,
        trade=Trade(
            primary=place.primary,
            detailed=place.detailed,
            source=source,
            probability=probability,
            bar=bar,
            reason=reason,
        )
        if place and place.primary != taxonomy.OTHER
        else None,
        probability=probability,
        bar=bar,
        reason=reason,
    )


def _decided(
    facts: Facts,
    *,
    corrections: Corrections | None,
    rules: Rules | None,
    guess: Opinion | None,
) -> Decision:
    """The first opinion that is sure, else the surest as a suggestion; of the trade likewise."""
    chosen: Opinion | None = None
    trade: Trade | None = None
    for said in _opinions(facts, corrections=corrections, rules=rules, guess=guess):
        if chosen is None or (not chosen.sure and _better(said.sure, said, chosen)):
            chosen = said
        if said.trade is not None and (
            trade is None or (not trade.applied and _better(said.trade.applied, said.trade, trade))
        ):
            trade = said.trade
        if chosen.sure and trade is not None and trade.applied:
            break
    return _decision(chosen, trade or NO_TRADE) if chosen else UNDECIDED


def _better(sure: bool, new: Opinion | Trade, old: Opinion | Trade) -> bool:
    return sure or new.probability > old.probability


def _opinions(
    facts: Facts,
    *,
    corrections: Corrections | None,
    rules: Rules | None,
    guess: Opinion | None,
) -> Iterator[Opinion]:
    """What each kind of evidence says, the strongest first."""
    if corrections is not None and (said := corrections.opinion(facts)):
        yield said
    if rules is not None and (said := rules.opinion(facts)):
        yield said
    if facts.provider_category and (said := _provider(facts)):
        yield said
    if facts.mcc and (said := _mcc(facts.mcc)):
        yield said
    if guess is not None:
        yield guess
    elif said := _brand(facts.merchant or facts.description):
        yield said


def _provider(facts: Facts) -> Opinion | None:
    name = taxonomy.current((facts.provider_category or "").strip())
    if taxonomy.place(name) is None or name.startswith(taxonomy.OTHER):
        return None
    level = (facts.provider_confidence or "").upper()
    return opinion(
        Source.PROVIDER,
        name,
        probability=_PROVIDER_SURE.get(level, _PROVIDER_SILENT),
        reason=f"The provider says {name}" + (f", confidence {level}." if level else "."),
    )


@lru_cache(maxsize=4096)
def _mcc(code: str) -> Opinion | None:
    trade = mcc.find(code)
    if trade is None:
        return None
    primary = taxonomy.categories()[trade.detailed].primary
    return opinion(
        Source.MCC,
        primary,
        detailed=trade.detailed,
        probability=trade.percent / 100,
        reason=f"Merchant category code {code.strip()}: {trade.description}.",
    )


def _brand(merchant: str) -> Opinion | None:
    brand = brands.find(merchant)
    if brand is None:
        return None
    return opinion(
        Source.BRAND,
        brand.class_name or brand.detailed,
        detailed=brand.detailed,
        probability=BRAND_ALONE,
        reason=brand_reason(brand),
    )


def brand_reason(brand: brands.Brand) -> str:
    """Why a merchant is taken for that of a list."""
    return f"The merchant's name says {brand.words}."


def _decision(said: Opinion, trade: Trade) -> Decision:
    return Decision(
        category=said.category,
        source=said.source,
        confidence=round(said.probability * 100),
        reason=said.reason,
        applied=said.sure,
        trade=trade,
        probability=said.probability,
    )


NO_TRADE: Final = Trade(
    primary=taxonomy.OTHER,
    detailed=None,
    source=Source.NONE,
    probability=0.0,
    bar=BAR,
    reason="Nothing tells what this merchant sells.",
)
UNDECIDED: Final = Decision(
    category=taxonomy.OTHER,
    source=Source.NONE,
    confidence=0,
    reason="Nothing is known of this merchant.",
    applied=False,
    trade=NO_TRADE,
)
