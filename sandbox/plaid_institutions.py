"""The institutions of Plaid's sandbox, and what the API tells of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sandbox.plaid_errors import PlaidError

PRODUCTS: Final = (
    "assets",
    "auth",
    "identity",
    "investments",
    "liabilities",
    "recurring_transactions",
    "transactions",
    "transactions_refresh",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Institution:
    """One bank."""

    institution_id: str
    name: str
    country_codes: tuple[str, ...] = ("US",)
    oauth: bool = False
    routing_numbers: tuple[str, ...] = ()
    products: tuple[str, ...] = PRODUCTS
    persistent_ids: bool = False  # tokenizes account numbers, so Plaid keeps an id over relinks
    min_last_updated: bool = False  # balances of cards need options.min_last_updated_datetime
    consent_days: int | None = None  # consent does not end


_KNOWN: Final = (
    Institution(
        institution_id="ins_109508", name="First Platypus Bank", routing_numbers=("011000015",)
    ),
    Institution(institution_id="ins_109509", name="First Gingham Credit Union"),
    Institution(institution_id="ins_109510", name="Tattersall Federal Credit Union"),
    Institution(
        institution_id="ins_109511", name="Tartan Bank", country_codes=("US", "CA"), oauth=False
    ),
    Institution(institution_id="ins_127287", name="Platypus OAuth Bank", oauth=True),
    Institution(
        institution_id="ins_117650",
        name="Royal Bank of Plaid",
        country_codes=("GB",),
        oauth=True,
        consent_days=180,
    ),
    Institution(institution_id="ins_56", name="Chase", oauth=True, persistent_ids=True),
    Institution(institution_id="ins_128026", name="Capital One", oauth=True, min_last_updated=True),
    Institution(
        institution_id="ins_133402",
        name="Houndstooth Savings",
        products=("auth", "identity", "assets"),
    ),
)
INSTITUTIONS: Final = {known.institution_id: known for known in _KNOWN}


def institution(institution_id: str) -> Institution:
    """The bank of this id; raises PlaidError where there is none."""
    known = INSTITUTIONS.get(institution_id)
    if known is None:
        raise PlaidError("INVALID_INSTITUTION")
    return known


def shown(known: Institution, *, metadata: bool, health_at: datetime | None) -> dict[str, Any]:
    """The institution in an answer, with its status where that was asked for."""
    told: dict[str, Any] = {
        "connection_availability": "SUPPORTED",
        "country_codes": list(known.country_codes),
        "dtc_numbers": [],
        "institution_id": known.institution_id,
        "name": known.name,
        "oauth": known.oauth,
        "products": list(known.products),
        "routing_numbers": list(known.routing_numbers),
        "status": None if health_at is None else _health(health_at),
    }
    if metadata:
        told |= {"logo": None, "primary_color": "#1f1f1f", "url": "https://www.plaid.com"}
    return told


def _health(at: datetime) -> dict[str, Any]:
    working = {
        "breakdown": {
            "error_institution": Decimal("0.08"),
            "error_plaid": Decimal("0.01"),
            "refresh_interval": "NORMAL",
            "success": Decimal("0.91"),
        },
        "last_status_change": at,
        "status": "HEALTHY",
    }
    return {
        "auth": working,
        "health_incidents": None,
        "identity": working,
        "investments": working,
        "investments_updates": working,
        "item_logins": working,
        "liabilities": working,
        "liabilities_updates": working,
        "transactions_updates": working,
    }
