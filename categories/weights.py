"""The model's file: a line of JSON that says what it is, then its weights, compressed.

Weights are whole numbers of one byte and a scale for each class. No pickle: reading the file runs
nothing, and writing it twice gives the same bytes.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import asdict, dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

FORMAT: Final = "bankfeeds-categories-2"
STEPS: Final = 127
LEVEL: Final = 9  # of compression

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """From which probability on a class is applied, where rows of no class have that share."""

    share: float
    bar: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What the model is, in the file's first line."""

    classes: tuple[str, ...]
    bits: int  # of a feature's place
    letters: float  # what the features of each kind count
    words: float
    amount: float
    temperature: float
    share: float  # of rows of no class in training
    intercepts: tuple[float, ...]
    bars: tuple[Bar, ...]  # by ascending share
    raised: dict[str, float]  # class → what its bar is above that of the others
    trained_on: tuple[str, ...]  # the files, with the SHA-256 of each
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """A card and the table of weights, one row a place and one column a class."""

    card: Card
    table: Floats


def pack(card: Card, table: NDArray[np.float64]) -> bytes:
    """The bytes of a model's file."""
    scales = np.abs(table).max(axis=0) / STEPS
    scales[scales == 0] = 1
    whole = np.rint(table / scales).astype(np.int8)
    head = {"format": FORMAT, **asdict(card), "scales": [float(scale) for scale in scales]}
    line = json.dumps(head, sort_keys=True, separators=(",", ":")).encode("ascii")
    # By column: neighbours are of one class, which compresses better.
    return line + b"\n" + zlib.compress(np.ascontiguousarray(whole.T).tobytes(), LEVEL)


def unpack(data: bytes) -> Weights:
    """The model in a file's bytes."""
    line, _, body = data.partition(b"\n")
    head = json.loads(line)
    if head.pop("format", None) != FORMAT:
        raise ValueError("this is no model of categories, or one of another version")
    scales = np.array(head.pop("scales"), dtype=np.float32)
    classes, size = tuple(head.pop("classes")), 1 << int(head["bits"])
    whole = np.frombuffer(zlib.decompress(body), dtype=np.int8).reshape(len(classes), size)
    card = Card(
        classes=classes,
        intercepts=tuple(head.pop("intercepts")),
        bars=tuple(Bar(**bar) for bar in head.pop("bars")),
        trained_on=tuple(head.pop("trained_on")),
        **head,
    )
    table = np.ascontiguousarray(whole.T.astype(np.float32) * scales)
    return Weights(card=card, table=table)
