"""The model of merchants' text: brands and the classifier together, one opinion a transaction.

The classifier was measured on months that it never saw, and a brand is one of its features; so a
brand is as sure as the classifier is of what the brand sells. Where both agree, the brand is the
reason; where they do not, the classifier speaks alone.

Of the trade, the lists speak first: they say how often an acquirer codes such a merchant alike, and
no ledger is needed for that. A class tells the trade where the lists do not, as far as payments of
that class are coded alike: fuel is bought of petrol stations, hospitality of anybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from importlib.resources import files
from itertools import islice
from typing import Final

import numpy as np

from categories import brands, taxonomy
from categories.brands import Brand
from categories.classifier import Classifier, Look
from categories.evidence import Facts, Opinion, Source, Trade, brand_reason
from categories.weights import unpack

FILE: Final = "model.bin"
SAMPLE_ROWS: Final = 20_000  # from which the share of OTHER is estimated
NAMES_MAX: Final = 32_768
NEVER: Final = 2.0  # above any probability
TRADE_BAR: Final = 0.95  # from which share of like codes on a trade is applied
LIKE_OTHERS: Final = "Merchants of such names and amounts were mostly of this class."


@lru_cache(maxsize=1)
def classifier() -> Classifier:
    """The classifier that ships."""
    return Classifier(unpack(files(__package__).joinpath(FILE).read_bytes()))


class TextModel:
    """What the text says, for rows of which `share` are of no class; by default as in training."""

    def __init__(self, classifier: Classifier, *, share: float | None = None) -> None:
        self.share = share
        self._classifier = classifier
        self._bar = classifier.bar(share)
        self._voices: dict[tuple[str, int], _Voice] = {}

    @classmethod
    def shipped(cls, *, share: float | None = None) -> TextModel:
        """The model of this release."""
        return cls(classifier(), share=share)

    def fitted(self, sample: Iterable[Facts]) -> TextModel:
        """The same model for the owner of these rows, after the share of OTHER among them.

        Nobody need have labelled them: see `Classifier.share_of_other`.
        """
        looks = [_look(facts) for facts in islice(sample, SAMPLE_ROWS)]
        return TextModel(self._classifier, share=self._classifier.share_of_other(looks))

    def opinions(self, many: Sequence[Facts]) -> Sequence[Opinion | None]:
        """What the model says of each, in their order."""
        looks = [_look(facts) for facts in many]
        likely = self._classifier.probabilities(looks, share=self.share)
        chosen = likely.argmax(axis=1)
        sure = likely[np.arange(len(looks)), chosen].astype(np.float64).tolist()
        return [
            self._opinion(look, number, probability)
            for look, number, probability in zip(looks, chosen.tolist(), sure, strict=True)
        ]

    def _opinion(self, look: Look, number: int, probability: float) -> Opinion:
        voice = self._voices.get((look.merchant, number))
        if voice is None:
            if len(self._voices) >= NAMES_MAX:
                self._voices.clear()
            voice = self._voices[look.merchant, number] = self._voice(look.merchant, number)
        return Opinion(
            source=voice.source,
            category=voice.category,
            trade=voice.trade or voice.trade_at(probability),
            probability=probability,
            bar=voice.bar,
            reason=voice.reason,
        )

    def _voice(self, merchant: str, number: int) -> _Voice:
        name = self._classifier.card.classes[number]
        brand = brands.find(merchant)
        bar = self._bar + self._classifier.card.raised.get(name, 0.0)
        if name == taxonomy.OTHER:
            bar = NEVER  # that it is of no class is nothing to apply, however sure
        return _Voice(name, brand, bar)


class _Voice:
    """What opinions of one merchant and class have in common."""

    __slots__ = ("_alike", "_doubted", "_place", "bar", "category", "reason", "source", "trade")

    def __init__(self, name: str, brand: Brand | None, bar: float) -> None:
        agreed = brand if brand and (brand.class_name or taxonomy.OTHER) == name else None
        self.category = name
        self.bar = bar
        self.source = Source.BRAND if agreed else Source.MODEL
        self.reason = brand_reason(agreed) if agreed else LIKE_OTHERS
        self._alike = taxonomy.coded_alike().get(name, 0) / 100
        self._place = taxonomy.place(name) if name != taxonomy.OTHER else None
        known = _trade_of(brand) if brand else None
        # Where a list is in doubt, a class that tells more of the trade may be sure.
        is_told = known is not None and (known.applied or self._alike < TRADE_BAR)
        self.trade = known if is_told or self._place is None else None
        self._doubted = known

    def trade_at(self, probability: float) -> Trade | None:
        """The trade as the class tells it, or as a list in doubt does."""
        if self._place is None:
            return None
        told = Trade(
            primary=self._place.primary,
            detailed=self._place.detailed,
            source=Source.MODEL,
            probability=probability * self._alike,
            bar=self.bar * self._alike if self._alike >= TRADE_BAR else NEVER,
            reason=self.reason,
        )
        return told if told.applied or self._doubted is None else self._doubted


def _trade_of(brand: Brand) -> Trade:
    place = taxonomy.categories()[brand.detailed]
    return Trade(
        primary=place.primary,
        detailed=place.detailed,
        source=Source.BRAND,
        probability=brand.percent / 100,
        bar=TRADE_BAR,
        reason=brand_reason(brand),
    )


def _look(facts: Facts) -> Look:
    return Look.at(facts.merchant or facts.description, facts.amount)
