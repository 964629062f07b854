"""Features: what the model sees of a transaction, as places in its table of weights.

Three kinds: letters (runs of two to five characters, so that names never seen still look like
some), words (the merchant's name, its words, what its brand sells) and the amount, coarsely, alone
and together with the name. Amounts count by their size alone, as lists of card payments differ in
sign from statements.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from typing import Final
from zlib import crc32

from categories import brands
from categories.merchant import key

BITS: Final = 16
SIZE: Final = 1 << BITS
LETTERS_MAX: Final = 48  # of a name; more of them are references
RUNS: Final = (2, 3, 4, 5)

_MASK: Final = SIZE - 1
_SPACE: Final = re.compile(r"[^a-z0-9&.*/@]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class NameFeatures:
    """Places of a name, and the words that are combined with the amount."""

    letters: tuple[int, ...]
    words: tuple[int, ...]
    paired: tuple[str, ...]


@lru_cache(maxsize=16_384)
def of_name(merchant: str) -> NameFeatures:
    """The features of a merchant's name."""
    name, text = key(merchant), _SPACE.sub(" ", merchant.lower()).strip()[:LETTERS_MAX]
    words = name.split()[:8]
    brand = brands.find(merchant)
    kind = f"kind={brand.detailed},{brand.class_name}" if brand else "kind="
    named = brand.name if brand else words[0] if words else ""
    tokens = [f"name={name}", f"text={text}", kind, f"brand={named}", kind + named[:1]]
    tokens += [f"word={word}" for word in words]
    tokens += [f"two={one} {two}" for one, two in pairwise(words)]
    if words:
        tokens += [f"first={words[0]}", f"last={words[-1]}"]
    return NameFeatures(
        letters=_runs(f" {text} ".encode("ascii")) if text else (),
        words=tuple(_place(token) for token in dict.fromkeys(tokens)),
        paired=(f"name={name}", f"brand={named}", kind, ""),
    )


def of_amount(name: NameFeatures, size: int, *, whole: bool) -> tuple[int, ...]:
    """The features of an amount of that size, at a merchant of that name."""
    coarse = size // 2
    places = [_place(f"size={size}"), _place(f"whole={whole}"), _place(f"whole={whole},{coarse}")]
    places += [_place(f"{token}|{coarse}") for token in name.paired]
    places += [_place(f"{token}|whole={whole}") for token in name.paired[:2]]
    return tuple(places)


def size_of(amount: Decimal) -> int:
    """How large an amount is, in steps of about a half; the same for payments and refunds."""
    # Two steps for each doubling of the cents: exact, and without logarithms.
    squared = int(abs(amount) * 100) ** 2
    return squared.bit_length()


def is_whole(amount: Decimal) -> bool:
    """Whether the amount has no cents."""
    return amount == amount.to_integral_value()


def _runs(text: bytes) -> tuple[int, ...]:
    """The places of all runs of letters, each once."""
    size = len(text)
    runs = {
        crc32(text[start : start + run]) & _MASK for run in RUNS for start in range(size - run + 1)
    }
    return tuple(runs)


@lru_cache(maxsize=131_072)
def _place(token: str) -> int:
    return crc32(token.encode("utf-8", "surrogatepass")) & _MASK
