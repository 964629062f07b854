"""Rejected: what people have said does not belong together, which is final."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from core.links import LinkKind, pair_key
from matching.assignment import Pair
from matching.rows import Row


class Rejected:
    """Pairs by their keys (`core.links.pair_key`)."""

    def __init__(self, keys: Collection[str] = ()) -> None:
        self._keys = frozenset(keys)
        self._ids = frozenset(UUID(part) for key in keys for part in key.split(":")[1:])

    def says(self, kind: LinkKind, one: Row, other: Row) -> bool:
        """Whether the two do not belong together."""
        return bool(self._keys) and pair_key(kind, one.id, other.id) in self._keys

    def names(self, row: Row) -> bool:
        """Whether something was said of a row: then it is no twin of any other."""
        return row.id in self._ids

    def is_silent(self, pair: Pair) -> bool:
        """Whether nothing was said of either: who has said that a row is not one of two twins
        would not expect it to be the other."""
        return not (self.names(pair.left) or self.names(pair.right))
