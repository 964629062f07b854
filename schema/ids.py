"""Global ids: opaque to clients, `Type:uuid` inside."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from uuid import UUID

import strawberry

from core.global_id import global_id

NOTHING: Final = UUID(int=0)  # what an id that is none of ours stands for: no row has it
_KNOWN_MAX: Final = 4_096  # that are remembered: the ids of an answer come back in later requests
_CHARACTERS_MAX: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class GlobalId:
    """A type's name and a key."""

    type: str
    key: UUID


def encode(type_name: str, key: UUID) -> strawberry.ID:
    """The id that clients see."""
    return strawberry.ID(global_id(type_name, key))


def decode(text: str) -> GlobalId | None:
    """What an id stands for; None where it is none of ours."""
    return None if len(text) > _CHARACTERS_MAX else _decoded(text)


@lru_cache(maxsize=_KNOWN_MAX)
def _decoded(text: str) -> GlobalId | None:
    try:
        type_name, _, key = base64.urlsafe_b64decode(text.encode("ascii")).decode().partition(":")
        return GlobalId(type=type_name, key=UUID(key))
    except (binascii.Error, ValueError):
        return None


def key_of(type_name: str, text: str) -> UUID:
    """The key of a thing of that type.

    A malformed id, or one of another type, is the id of nothing: it is answered exactly as the id
    of a thing that is missing or another tenant's.
    """
    found = decode(text)
    return found.key if found is not None and found.type == type_name else NOTHING


def any_key_of(text: str) -> UUID:
    """The key of a thing of any type."""
    found = decode(text)
    return NOTHING if found is None else found.key


def optional_key_of(type_name: str, text: str | None) -> UUID | None:
    """`key_of`, or None for None."""
    return None if text is None else key_of(type_name, text)
