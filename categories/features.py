"""Features: what the model sees of a transaction, as places in its table of weights.

Three kinds: letters (runs of two to five characters, so that names never seen still look like
some), words (the merchant's name, its words, what its brand sells) and the amount, coarsely, alone
and together with the name. Amounts count by their size alone, as lists of card payments differ in
sign from statements.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Final
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from categories import brands
from categories.merchant import key

BITS: Final = 17
SIZE: Final = 1 << BITS
NOWHERE: Final = SIZE  # the place of a run that would reach into the next name
LETTERS_MAX: Final = 48  # of a name; more of them are references
RUNS: Final = (2, 3, 4, 5)

_MASK: Final = SIZE - 1
_SPACE: Final = re.compile(r"[^a-z0-9&.*/@]+")
# What each feature of a word or an amount is hashed after, so that kinds do not meet.
_NAME, _TEXT, _KIND, _BRAND, _WORD, _TWO, _FIRST, _LAST_WORD, _SIZE, _COARSE = (
    crc32(kind)
    for kind in (
        *(b"name=", b"text=", b"kind=", b"brand=", b"word=", b"two=", b"first=", b"last="),
        *(b"size=", b"coarse="),
    )
)
# Multipliers of a rolling hash and of its last step, which takes the upper bits.
_ROLL: Final = np.uint32(0x01000193)
_LAST: Final = np.uint32(0x9E3779B1)
_SHIFT: Final = np.uint32(32 - BITS)


@dataclass(frozen=True, slots=True, kw_only=True)
class NameFeatures:
    """A name's text for its letters, places of its words, and what goes with the amount."""

    text: bytes
    words: tuple[int, ...]
    paired: tuple[int, int, int]  # hashes of merchant, brand and kind, to go on with


@dataclass(frozen=True, slots=True, kw_only=True)
class Letters:
    """The runs of several names: places by length of run, and where each name begins."""

    places: tuple[NDArray[np.int64], ...]  # one array a length of run, one place a character
    starts: NDArray[np.int64]
    counts: NDArray[np.int64]  # of runs, by name


def of_name(merchant: str) -> NameFeatures:
    """The features of a merchant's name."""
    name, text = key(merchant), _SPACE.sub(" ", merchant.lower()).strip()[:LETTERS_MAX]
    words = [_bytes(word) for word in name.split()[:8]]
    brand = brands.find(merchant)
    sold = _bytes(f"{brand.detailed},{brand.class_name}") if brand else b""
    named = _bytes(brand.name) if brand else words[0] if words else b""
    whole, plain = _bytes(name), text.encode("ascii")
    places = [
        crc32(whole, _NAME),
        crc32(plain, _TEXT),
        crc32(sold, _KIND),
        crc32(named, _BRAND),
        crc32(sold + named[:1], _KIND),
        *[crc32(word, _WORD) for word in words],
        *[crc32(b"%b %b" % pair, _TWO) for pair in pairwise(words)],
    ]
    if words:
        places += [crc32(words[0], _FIRST), crc32(words[-1], _LAST_WORD)]
    return NameFeatures(
        text=b" %b " % plain,
        words=tuple([place & _MASK for place in dict.fromkeys(places)]),
        paired=(crc32(whole + b"|", _NAME), crc32(named + b"|", _BRAND), crc32(sold + b"|", _KIND)),
    )


def of_amount(name: NameFeatures, size: int, *, whole: bool) -> list[int]:
    """The features of an amount of that size, at a merchant of that name."""
    coarse, cents = b"%d" % (size // 2), b"whole" if whole else b"cents"
    merchant, brand, kind = name.paired
    return [
        crc32(b"%d" % size, _SIZE) & _MASK,
        crc32(cents, _SIZE) & _MASK,
        crc32(cents + coarse, _SIZE) & _MASK,
        crc32(coarse, _COARSE) & _MASK,
        crc32(coarse, merchant) & _MASK,
        crc32(coarse, brand) & _MASK,
        crc32(coarse, kind) & _MASK,
        crc32(cents, merchant) & _MASK,
        crc32(cents, brand) & _MASK,
    ]


def letters(names: Sequence[NameFeatures]) -> Letters:
    """The runs of letters of these names, all at once."""
    codes = np.frombuffer(b"".join([name.text for name in names]), dtype=np.uint8)
    sizes = np.array([len(name.text) for name in names], dtype=np.int64)
    ends = np.cumsum(sizes)
    left = np.repeat(ends, sizes) - np.arange(len(codes))  # characters to the end of the name
    hashed = codes.astype(np.uint32)
    places, counts = [], np.zeros(len(names), dtype=np.int64)
    for run in RUNS:
        # The hash of a run is that of the run before it and of one character more.
        hashed = hashed[:-1] * _ROLL + codes[run - 1 :]
        mixed = (hashed ^ (hashed >> np.uint32(15))) * _LAST >> _SHIFT
        found = np.full(len(codes), NOWHERE, dtype=np.int64)
        found[: len(mixed)] = mixed
        found[left < run] = NOWHERE
        places.append(found)
        counts += np.maximum(sizes - run + 1, 0)
    return Letters(places=tuple(places), starts=ends - sizes, counts=counts)


def size_of(amount: Decimal) -> int:
    """How large an amount is, in steps of about a half; the same for payments and refunds."""
    # Two steps for each doubling of the cents: exact, and without logarithms.
    squared = int(abs(amount) * 100) ** 2
    return squared.bit_length()


def is_whole(amount: Decimal) -> bool:
    """Whether the amount has no cents."""
    return amount == amount.to_integral_value()


def _bytes(token: str) -> bytes:
    return token.encode("utf-8", "surrogatepass")
