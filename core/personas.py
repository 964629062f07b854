"""Personas: whoever can own something, and the groups that they belong to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class PersonaKind(StrEnum):
    """What a persona is."""

    PERSON = "person"
    BUSINESS = "business"


class PersonaStatus(StrEnum):
    """Whether a persona, or a group of them, is in use."""

    ACTIVE = "active"
    ARCHIVED = "archived"


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """A person has a given or a family name; a business has a name. `user_id`: who signs in."""

    id: UUID
    user_id: UUID | None
    kind: PersonaKind
    name: str | None
    given_name: str | None
    family_name: str | None
    email: str | None
    is_primary: bool
    status: PersonaStatus
    created_by: UUID | None
    created_at: datetime
    updated_at: datetime

    @property
    def full_name(self) -> str:
        """What it is called."""
        return self.name or " ".join(filter(None, (self.given_name, self.family_name)))


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonaGroup:
    """Such as a family circle."""

    id: UUID
    name: str
    description: str | None
    status: PersonaStatus
    created_at: datetime
    updated_at: datetime
