"""Merchant category codes: what a card's acquirer says that a merchant sells.

The codes are those of ISO 18245 and of card schemes; the mapping onto categories is ours. A code
is the acquirer's word, and wrong at times: generic ones are less sure than others.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from categories.table import rows

DIGITS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """What one code or one range of codes stands for."""

    first: str
    last: str
    detailed: str
    percent: int  # how sure the code makes the primary category
    description: str


@lru_cache(maxsize=1)
def trades() -> tuple[Trade, ...]:
    """Every known code, in ascending order; ranges are airlines, car rentals and hotels."""
    found = (
        Trade(first=first, last=last, detailed=detailed, percent=int(percent), description=text)
        for first, last, detailed, percent, text in rows("mcc.tsv")
    )
    return tuple(sorted(found, key=lambda trade: trade.first))


@lru_cache(maxsize=4096)
def find(code: str) -> Trade | None:
    """What the code stands for; None where it is unknown or no code at all."""
    digits = code.strip().removesuffix(".0")  # a spreadsheet made a number of it
    if not (digits.isascii() and digits.isdigit() and len(digits) <= DIGITS):
        return None
    digits = digits.zfill(DIGITS)  # spreadsheets drop the zero of 0742
    number = bisect_right(trades(), digits, key=lambda trade: trade.first) - 1
    if number < 0 or digits > trades()[number].last:
        return None
    return trades()[number]
