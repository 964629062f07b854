"""The model of merchants' text: brands and the classifier together, one opinion a transaction.

The classifier was measured on months that it never saw, and a brand is one of its features; so a
brand is as sure as the classifier is of what the brand sells. Where both agree, the brand is the
reason and gives the detailed category; where they do not, the classifier speaks alone.
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
from categories.evidence import Facts, Opinion, Source
from categories.weights import unpack

FILE: Final = "model.bin"
SAMPLE_ROWS: Final = 20_000  # from which the share of OTHER is estimated
NAMES_MAX: Final = 32_768
NEVER: Final = 2.0  # above any probability


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
            primary=voice.primary,
            detailed=voice.detailed,
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
        if brand is not None and (brand.class_name or taxonomy.OTHER) == name:
            return _Voice(Source.BRAND, name, brand, bar)
        return _Voice(Source.MODEL, name, None, bar)


class _Voice:
    """What opinions of one merchant and class have in common."""

    __slots__ = ("bar", "category", "detailed", "primary", "reason", "source")

    def __init__(self, source: Source, name: str, brand: Brand | None, bar: float) -> None:
        place = taxonomy.place(brand.detailed if brand else name)
        self.source = source
        self.category = name
        self.primary = place.primary if place else taxonomy.OTHER
        self.detailed = place.detailed if place else None
        self.bar = bar
        self.reason = (
            f"The merchant's name says {brand.words}."
            if brand
            else "Merchants of such names and amounts were mostly of this class."
        )


def _look(facts: Facts) -> Look:
    return Look.at(facts.merchant or facts.description, facts.amount)
