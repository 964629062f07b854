"""Account numbers: never kept in clear. How they are compared, and what of them is shown."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

_SHOWN_MAX: Final = 4
_HIDDEN: Final = "••••"
_BETWEEN: Final = re.compile(r"[\s-]")
# As in "****2051", "XXXX2051", "DE02****2051" and "4111 11xx xxxx 1111".
_HIDDEN_BY_SOURCE: Final = re.compile(
    r"[A-Z]{0,2}[0-9]{0,8}(?:[*\u2022\u25cf\u00b7#.\u2026]{2,}|X{3,})([0-9]{3,6})", re.IGNORECASE
)
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


def shown_tail(number: str) -> str | None:
    """What a source that hides the beginning of a number still tells of it: three digits at its end
    or more. None where nothing is hidden, or too little is left to tell numbers apart."""
    found = _HIDDEN_BY_SOURCE.fullmatch(_BETWEEN.sub("", number))
    return None if found is None else found[1]


def without_numbers(text: str, numbers: Collection[str]) -> str:
    """A line of a file with each field that is one of these plain numbers masked."""
    return _PART.sub(
        lambda part: masked(part[0]) if plain_number(part[0]) in numbers else part[0], text
    )
