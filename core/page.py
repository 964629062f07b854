"""A keyset page: what every list read returns, and the cursor that the next one starts from."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from core.errors import InvalidCursor

FIRST_DEFAULT: Final = 50
FIRST_MAX: Final = 100
_CURSOR_CHARACTERS_MAX: Final = 1_000

Item = TypeVar("Item")
Other = TypeVar("Other")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Item]):
    """Up to `first` items in order; each has the cursor that continues after it."""

    items: tuple[Item, ...]
    cursors: tuple[str, ...]
    has_next: bool
    has_previous: bool = False

    def map(self, convert: Callable[[Item], Other]) -> Page[Other]:
        """The same page of other things."""
        return Page(
            items=tuple(convert(item) for item in self.items),
            cursors=self.cursors,
            has_next=self.has_next,
            has_previous=self.has_previous,
        )


def encode_cursor(order: str, values: Sequence[str]) -> str:
    """An opaque cursor: the list's order and the key of the last row, as text."""
    body = json.dumps([order, *values], separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(body.encode()).decode().rstrip("=")


def decode_cursor(cursor: str, *, order: str, size: int) -> tuple[str, ...]:
    """The key behind a cursor. Raises InvalidCursor where it is not one of this list's."""
    if len(cursor) > _CURSOR_CHARACTERS_MAX:
        raise InvalidCursor("the cursor is not one of this list")
    try:
        body = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        values = json.loads(body)
    except (binascii.Error, ValueError, RecursionError) as error:
        raise InvalidCursor("the cursor is not one of this list") from error
    if (
        not isinstance(values, list)
        or len(values) != size + 1
        or values[0] != order
        or not all(isinstance(value, str) for value in values)
    ):
        raise InvalidCursor("the cursor is not one of this list")
    return tuple(values[1:])
