"""Account numbers: never kept in clear. How they are compared, and what of them is shown."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

_SHOWN_MAX: Final = 4
_HIDDEN: Final = "••••"
_PART: Final = re.compile(r"[^,;|\t\"'\n/:<>\[\]{}=]+")


def plain_number(number: str) -> str:
    """The number as it is compared: no blanks, no dashes, capital letters, leading zeros kept."""
    return "".join(character for character in number.upper() if character.isalnum())


def masked(number: str) -> str:
    """The number with all but its end hidden: at most four characters, never more than half."""
    plain = plain_number(number)
    shown = min(_SHOWN_MAX, len(plain) // 2)
    return _HIDDEN + plain[len(plain) - shown :] if shown else _HIDDEN


def masked_tail(tail: str) -> str:
    """The last characters of a number of which a source tells no more: four of them at most."""
    return _HIDDEN + plain_number(tail)[-_SHOWN_MAX:]


def without_numbers(text: str, numbers: Collection[str]) -> str:
    """A line of a file with each field that is one of these plain numbers masked."""
    return _PART.sub(
        lambda part: masked(part[0]) if plain_number(part[0]) in numbers else part[0], text
    )
