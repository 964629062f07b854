"""Trains the model of categories from labelled rows: `make train-categories`.

    PYTHONPATH=. python bench/category_training/train.py [--data FOLDER] [--output FILE] [--check]

The weights that ship are of all rows. Temperature and bars are not: for them, each of five
stretches of months is predicted by weights of the four others. The same data give the same bytes;
--check writes nothing and says whether the file is what training gives.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bench.category_training import bars, fit
from bench.category_training.rows import CLASSES, DATA, Row, fingerprints, folds, read
from categories.classifier import Classifier
from categories.weights import Card, pack, unpack

FOLDS: Final = 5
TEMPERATURES: Final = np.arange(0.7, 2.01, 0.05)
OUTPUT: Final = Path(__file__).resolve().parents[2] / "categories/model.bin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """Weights of all rows, and each stretch of them as the others predict it."""

    card: Card
    table: NDArray[np.float64]
    heldout: tuple[bars.Heldout, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """A model's file, and the answers on which its bars rest."""

    data: bytes
    heldout: tuple[bars.Heldout, ...]


def train(rows: Sequence[Row], *, parts: int = FOLDS, trained_on: Sequence[str] = ()) -> Trained:
    """The model of all rows, with bars from each stretch as the others predict it."""
    return barred(fitted(rows, parts=parts), trained_on=trained_on)


def fitted(rows: Sequence[Row], *, parts: int = FOLDS) -> Fitted:
    """The weights, without temperature and bars."""
    heldout = []
    for stretch in folds(rows, parts):
        others = [*rows[: stretch.start], *rows[stretch.stop :]]
        heldout.append(_predicted(others, rows[stretch.start : stretch.stop]))
    card, table = fit.fit(rows)
    return Fitted(card=card, table=table, heldout=tuple(heldout))


def barred(found: Fitted, *, trained_on: Sequence[str] = ()) -> Trained:
    """The model's file, with the temperature and the bars that hold for what it never saw."""
    temperature = _temperature(found.heldout)
    heldout = [_cooled(each, temperature) for each in found.heldout]
    raised = bars.raised(heldout, found.card.share, CLASSES)
    card = replace(
        found.card,
        temperature=temperature,
        bars=bars.lowest(heldout, found.card.share, raised, CLASSES),
        raised=raised,
        trained_on=tuple(trained_on),
    )
    return Trained(data=pack(card, found.table), heldout=tuple(heldout))


def _predicted(rows: Sequence[Row], unseen: Sequence[Row]) -> bars.Heldout:
    card, table = fit.fit(rows)
    classifier = Classifier(unpack(pack(card, table)))
    likely = classifier.probabilities([row.look for row in unseen]).astype(np.float64)
    return bars.Heldout(
        likely=likely,
        labels=np.array([row.label for row in unseen]),
        other=classifier.other,
    )


def _temperature(heldout: Sequence[bars.Heldout]) -> float:
    """The one at which the labels are likeliest."""
    likely = np.concatenate([each.likely for each in heldout])
    labels = np.concatenate([each.labels for each in heldout])
    losses = [
        -np.log(_softened(likely, at)[np.arange(len(labels)), labels] + 1e-12).mean()
        for at in TEMPERATURES
    ]
    return round(float(TEMPERATURES[int(np.argmin(losses))]), 2)


def _cooled(each: bars.Heldout, temperature: float) -> bars.Heldout:
    return replace(each, likely=_softened(each.likely, temperature))


def _softened(likely: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    powers: NDArray[np.float64] = np.power(likely, 1 / temperature)
    softened: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return softened


def main() -> None:
    """Writes the model's file and says what is in it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    began = time.process_time()
    rows = read(given.data)
    trained = train(rows, trained_on=fingerprints(given.data))
    if not given.check:
        given.output.write_bytes(trained.data)
    elif given.output.read_bytes() != trained.data:
        raise SystemExit(f"{given.output} is not what training on {given.data} gives.")
    card = unpack(trained.data).card
    print(f"{given.output.name}: {len(trained.data):,} bytes of {len(rows):,} rows")
    print(f"temperature {card.temperature}, share of OTHER {card.share}")
    for bar in card.bars:
        print(f"where {bar.share:.0%} are OTHER, classes are applied from {bar.bar}")
    print(f"raised: {card.raised}")
    print(f"{time.process_time() - began:.0f} CPU seconds")


if __name__ == "__main__":
    main()
