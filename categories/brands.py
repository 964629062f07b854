"""Brands: merchants whose trade is known from their name alone, by the longest name that fits.

Two lists: `merchants.tsv` is our own and goes before; `brands.tsv` is taken from
name-suggestion-index. What a place sells can go beyond its brand: "tesco pfs" sells fuel, so words
of a trade anywhere in the name go before brands at its beginning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from categories.merchant import key
from categories.table import rows

ANYWHERE: Final = "*"
WORDS_MAX: Final = 6  # of a brand's name
LETTERS_MIN: Final = 5  # a shorter brand, such as "next" or "gap", must be the whole name


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """One name of a list and what it sells; `class_name` is None where no closed class fits."""

    name: str
    detailed: str
    class_name: str | None
    ours: bool

    @property
    def words(self) -> str:
        """The name as people read it."""
        return self.name.removeprefix(ANYWHERE)


def find(merchant: str) -> Brand | None:
    """The brand of a merchant's name, cleaned or not."""
    return _find(key(merchant))


@lru_cache(maxsize=65_536)
def _find(name: str) -> Brand | None:
    words = name.split()
    return _trade(words) or _brand(words)


def _trade(words: list[str]) -> Brand | None:
    """Words of a trade, the longest and then the last: "shell garage car wash" is a car wash."""
    for size in range(min(3, len(words)), 0, -1):
        for start in range(len(words) - size, -1, -1):
            found = _trades().get(" ".join(words[start : start + size]))
            if found is not None:
                return found
    return None


def _brand(words: list[str]) -> Brand | None:
    for size in range(min(WORDS_MAX, len(words)), 0, -1):
        name = " ".join(words[:size])
        ours = _merchants().get(name)
        if ours is not None:
            return ours
        theirs = _brands().get(name)
        if theirs is not None and (size == len(words) or size > 1 or len(name) >= LETTERS_MIN):
            return theirs
    return None


@lru_cache(maxsize=1)
def _merchants() -> Mapping[str, Brand]:
    return {brand.name: brand for brand in _ours() if not brand.name.startswith(ANYWHERE)}


@lru_cache(maxsize=1)
def _trades() -> Mapping[str, Brand]:
    return {
        brand.name.removeprefix(ANYWHERE): brand
        for brand in _ours()
        if brand.name.startswith(ANYWHERE)
    }


@lru_cache(maxsize=1)
def _ours() -> tuple[Brand, ...]:
    return tuple(
        Brand(name=name, detailed=detailed, class_name=class_name or None, ours=True)
        for name, detailed, class_name in rows("merchants.tsv")
    )


@lru_cache(maxsize=1)
def _brands() -> Mapping[str, Brand]:
    kinds = {
        kind: (detailed, class_name or None) for kind, detailed, class_name in rows("kinds.tsv")
    }
    return {
        name: Brand(name=name, detailed=kinds[kind][0], class_name=kinds[kind][1], ours=False)
        for name, kind in rows("brands.tsv")
    }
