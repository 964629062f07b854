"""Assets: what personas own, and in which shares."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final
from uuid import UUID

PERCENT_MAX: Final = Decimal("100.00")
PERCENT_STEP: Final = Decimal("0.01")


class AssetCategory(StrEnum):
    """What an asset is."""

    FINANCIAL_ACCOUNT = "financial_account"
    REAL_ESTATE = "real_estate"
    VEHICLE = "vehicle"
    CRYPTO = "crypto"
    BUSINESS = "business"
    VALUABLES = "valuables"
    INSURANCE = "insurance"
    OTHER = "other"


class AssetStatus(StrEnum):
    """Whether an asset is in use."""

    ACTIVE = "active"
    ARCHIVED = "archived"


class AssetSource(StrEnum):
    """Who made an asset."""

    MANUAL = "manual"
    CONNECTION = "connection"


class OwnershipType(StrEnum):
    """What a persona is to an asset."""

    OWNER = "owner"
    BENEFICIARY = "beneficiary"
    TRUSTEE = "trustee"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """`value` and its day: of the account's newest balance where there is an account."""

    id: UUID
    group_id: UUID | None
    account_id: UUID | None
    connection_id: UUID | None
    category: AssetCategory
    name: str
    description: str | None
    institution_name: str | None
    status: AssetStatus
    currency: str
    value: Decimal | None
    valued_at: date | None
    source: AssetSource
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetOwner:
    """A persona's part in an asset; an owner's always says how much."""

    asset_id: UUID
    persona_id: UUID
    ownership_type: OwnershipType
    percentage: Decimal | None
