"""Candidates: accounts that an external one may be, with what is known of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from core.models import Account, MappingPolicy
from core.spellings import NumberKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """How a source shows an account."""

    name: str | None = None
    masked_number: str | None = None
    type: str | None = None  # the source's own word
    institution: str | None = None
    institution_name: str | None = None
    mapping_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """An external account that feeds none yet."""

    looks: Looks
    currency: str
    policy: MappingPolicy = MappingPolicy.CREATE
    fed: bool = False  # it had an account once, which a person took away
    ignored: bool = False  # a person wants nothing of another mapping of the same number

    @property
    def asks(self) -> bool:
        """Whether only a person can say which account it is."""
        return self.fed or self.ignored


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An account that an external one may be, and how those who feed it show it."""

    account: Account
    institution: str | None = None
    institution_name: str | None = None
    feeds: Sequence[Looks] = ()
    same_numbers: frozenset[NumberKind] = frozenset()  # in which spellings a feed's is the same
    verified: bool = False  # a person decided that a feed of the same number is this account
    doubted: bool = False  # a person took this account away from another of the same number
    named: bool = False  # the same document names it, too, as another account


@dataclass(frozen=True, slots=True, kw_only=True)
class Considered:
    """An external account with the accounts that it may be, likeliest first, 50 at most."""

    subject: Subject
    candidates: Sequence[Candidate]
