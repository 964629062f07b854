"""Described: how a closed set of another package becomes an enumeration of GraphQL."""

from __future__ import annotations

from enum import EnumMeta
from typing import Any, Final

import strawberry

_DEFINITION: Final = "__strawberry_definition__"


def register(cls: EnumMeta, description: str, values: dict[Any, str], name: str = "") -> None:
    """Registers an enumeration of another package; the core knows nothing of GraphQL."""
    strawberry.enum(cls, name=name or cls.__name__, description=description)
    texts = {member.name: text for member, text in values.items()}
    for value in getattr(cls, _DEFINITION).values:
        value.description = texts.pop(value.name)
    assert not texts
