"""Brands: merchants whose trade is known from their name alone, by the longest name that fits.

Two lists: `merchants.tsv` is our own and goes before; `brands.tsv` is taken from
name-suggestion-index. What a place sells can go beyond its brand: "tesco pfs" sells fuel, so words
of a trade anywhere in the name go before brands at its beginning. Each has our judgement of how
many of its payments a card's acquirer codes alike: nearly all of a petrol station's, few of a
company's that prints, sells and teaches.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from categories.merchant import key
from categories.table import rows

ANYWHERE: Final = "*"
WORDS_MAX: Final = 6  # of a brand's name
LETTERS_MIN: Final = 5  # a shorter brand, such as "next" or "gap", must be the whole name
# A brand of one word is a word of other names, too: "hunters" sells houses, "hunters moon" beer.
DOUBTFUL: Final = 80
LETTERS_SURE: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """One name of a list and what it sells; `class_name` is None where no closed class fits."""

    name: str
    detailed: str
    class_name: str | None
    ours: bool
    percent: int  # of payments whose merchant category code has the same primary category

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
            is_sure = size > 1 or (size == len(words) and len(name) >= LETTERS_SURE)
            return theirs if is_sure else _doubtful(theirs)
    return None


def _doubtful(brand: Brand) -> Brand:
    return replace(brand, percent=min(brand.percent, DOUBTFUL))


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
        Brand(
            name=name,
            detailed=detailed,
            class_name=class_name or None,
            ours=True,
            percent=int(percent),
        )
        for name, detailed, class_name, percent in rows("merchants.tsv")
    )


@lru_cache(maxsize=1)
def _brands() -> Mapping[str, Brand]:
    kinds = {kind: said for kind, *said in rows("kinds.tsv")}
    found = {}
    for name, kind in rows("brands.tsv"):
        detailed, class_name, percent = kinds[kind]
        found[name] = Brand(
            name=name,
            detailed=detailed,
            class_name=class_name or None,
            ours=False,
            percent=int(percent),
        )
    return found
