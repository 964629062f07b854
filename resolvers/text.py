"""Text that people give: trimmed, bounded, and without characters that nobody can see."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from core.errors import BadInput
from core.money import is_currency
from resolvers.refusing import invalid

NAME_MAX: Final = 200
EMAIL_MAX: Final = 320
LIST_MAX: Final = 1_000

_CONTROLS: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})  # and what ends lines or paragraphs
_UNSEEN: Final = frozenset({"Cf", "Zs"})
# They turn round how what follows is shown, so that a name reads as another one.
_TURNING: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def name(text: str, *path: str, most: int = NAME_MAX) -> str:
    """The text without blanks around it. Raises Refusal where it is empty, long or has controls."""
    trimmed = text.strip()
    if not 1 <= len(trimmed) <= most:
        raise invalid(f"Give 1 to {most} characters.", *path)
    kinds = {unicodedata.category(character) for character in trimmed}
    if kinds & _CONTROLS or not _TURNING.isdisjoint(trimmed):
        raise invalid("Leave out control characters.", *path)
    if kinds <= _UNSEEN:
        raise invalid("Give characters that can be seen.", *path)
    return trimmed


def optional_name(text: str | None, *path: str, most: int = NAME_MAX) -> str | None:
    """`name`, or None for None."""
    return None if text is None else name(text, *path, most=most)


def sought(text: str | None) -> str | None:
    """What a filter looks for in names. Raises BadInput where it is blank, long or has a null."""
    if text is not None and (len(text) > NAME_MAX or not text.strip()):
        raise BadInput(f"filter.text: give 1 to {NAME_MAX} characters")
    if text is not None and "\x00" in text:
        raise BadInput("filter.text: leave out control characters")
    return text


def one_of(name: str, values: Sequence[str] | None) -> tuple[str, ...] | None:
    """Values of which a filter wants one. Raises BadInput where they are many or have a null."""
    if values is None:
        return None
    if len(values) > LIST_MAX:
        raise BadInput(f"filter.{name}: give {LIST_MAX} at most")
    if any("\x00" in value for value in values):
        raise BadInput(f"filter.{name}: leave out control characters")
    return tuple(values)


def email(text: str, *path: str) -> str:
    """An address in lower case. Raises Refusal where it is none."""
    address = name(text, *path, most=EMAIL_MAX).lower()
    if not _EMAIL.fullmatch(address):
        raise invalid("This is no e-mail address.", *path)
    return address


def currency(code: str, *path: str) -> str:
    """An ISO 4217 code. Raises Refusal for anything of another shape."""
    if not is_currency(code):
        raise invalid('Give three capital letters, such as "EUR".', *path)
    return code
