"""Categories as they are kept: decisions on rows, the tenant's own words, rules, parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, NamedTuple
from uuid import UUID


class CategoryOrigin(StrEnum):
    """Which evidence a category rests on, the strongest first; user: of the merchant."""

    USER = "user"
    RULE = "rule"
    PROVIDER = "provider"
    MCC = "mcc"
    BRAND = "brand"
    MODEL = "model"


class Verdict(NamedTuple):
    """What the evidence says of one row: a category, or a suggestion of one, or neither."""

    merchant: str | None
    merchant_key: str | None
    category: str | None
    suggested: str | None
    code: str | None  # of the taxonomy: a primary or a detailed category
    origin: CategoryOrigin | None
    confidence: int | None
    reason: str | None
    rule_id: UUID | None


UNDECIDED: Final = Verdict(None, None, None, None, None, None, None, None, None)


class Subject(NamedTuple):
    """What of a row the evidence is asked about."""

    merchant_name: str | None
    description: str
    amount: Decimal
    currency: str
    source_category: str | None
    extra: Mapping[str, str] | None
    account_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantCategory:
    """A category in a tenant's own words, below `code` of the taxonomy."""

    id: UUID
    name: str
    code: str
    description: str | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryMapping:
    """What a tenant calls a category of a source or of the taxonomy."""

    id: UUID
    provider_category: str
    category: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryRule:
    """A rule: the first whose conditions hold decides."""

    id: UUID
    position: int
    name: str
    enabled: bool
    conditions: dict[str, Any]
    category: str
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryRuleVersion:
    """What a rule said from an instant on."""

    rule_id: UUID
    version: int
    name: str
    enabled: bool
    conditions: dict[str, Any]
    category: str
    deleted: bool
    changed_by: UUID | None
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a transaction that was split; `current`: the whole is still what was split."""

    position: int
    amount: Decimal
    currency: str
    category: str
    note: str | None
    current: bool


class RecurringPeriod(StrEnum):
    """How often a payment comes."""

    WEEKLY = "weekly"
    FORTNIGHTLY = "fortnightly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    YEARLY = "yearly"


class RecurringState(StrEnum):
    """Whether it is expected to come again."""

    ACTIVE = "active"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecurringItem:
    """A payment that comes in a period, as the rows of an account show."""

    id: UUID
    account_id: UUID
    merchant: str
    currency: str
    is_income: bool
    period: RecurringPeriod
    state: RecurringState
    first_on: date
    last_on: date
    next_on: date | None
    amount_low: Decimal
    amount_high: Decimal
    occurrences: int
    missed: int
    confidence: int
    dismissed_at: datetime | None
    created_at: datetime
    updated_at: datetime
