"""A transaction as Plaid sends it: every key that may be null is there."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any, Final

from sandbox.plaid_ids import Ids
from sandbox.plaid_ledger import Transaction
from sandbox.plaid_merchants import Merchant

_NOWHERE: Final[dict[str, Any]] = {
    "address": None,
    "city": None,
    "country": None,
    "lat": None,
    "lon": None,
    "postal_code": None,
    "region": None,
    "store_number": None,
}
_PAYMENT_META: Final[dict[str, Any]] = {
    "by_order_of": None,
    "payee": None,
    "payer": None,
    "payment_method": None,
    "payment_processor": None,
    "ppd_id": None,
    "reason": None,
    "reference_number": None,
}
_KINDS: Final = {"online": "digital", "in store": "place", "other": "special"}
_MERCHANT_IDS: Final = Ids(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncOptions:
    """What a client wants of a transaction."""

    original_description: bool = False
    category_version: str = "v2"


def transaction_shown(row: Transaction, options: SyncOptions) -> dict[str, Any]:
    """The transaction in an answer."""
    merchant = row.merchant
    return {
        "account_id": row.account_id,
        "account_owner": None,
        "amount": row.amount,
        "authorized_date": row.authorized_day,
        "authorized_datetime": row.at,
        "business_finance_category": None,
        "category": None,
        "category_id": None,
        "check_number": "1042" if row.original_description == "CHECK 1042" else None,
        "client_customization": None,
        "date": row.day,
        "datetime": None if row.pending else row.at,
        "iso_currency_code": row.iso_currency_code,
        "name": row.name,
        "original_description": row.original_description if options.original_description else None,
        "payment_channel": merchant.channel,
        "pending": row.pending,
        "pending_transaction_id": row.pending_transaction_id,
        "transaction_code": None,
        "transaction_id": row.transaction_id,
        "unofficial_currency_code": row.unofficial_currency_code,
        **_of_merchant(merchant, options.category_version),
    }


@cache
def _of_merchant(merchant: Merchant, version: str) -> dict[str, Any]:
    """What all transactions with a merchant have in common."""
    primary, detailed = merchant.category.named(version)
    entity = None if merchant.name is None else _MERCHANT_IDS.of("merchant", merchant.name)
    logo = None
    if merchant.website is not None:
        number = hashlib.sha256(merchant.website.encode()).digest()[0]
        logo = f"https://plaid-merchant-logos.plaid.com/{merchant.website}_{number}.png"
    counterparty = {
        "account_numbers": None,
        "confidence_level": merchant.confidence,
        "entity_id": entity,
        "logo_url": logo,
        "name": merchant.name,
        "type": merchant.kind,
        "website": merchant.website,
    }
    return {
        "counterparties": [] if merchant.name is None else [counterparty],
        "location": _place() if merchant.channel == "in store" else _NOWHERE,
        "logo_url": logo,
        "merchant_entity_id": entity,
        "merchant_name": merchant.name,
        "payment_meta": _PAYMENT_META,
        "personal_finance_category": {
            "confidence_level": merchant.confidence,
            "detailed": detailed,
            "primary": primary,
            "version": version,
        },
        "personal_finance_category_icon_url": (
            f"https://plaid-category-icons.plaid.com/PFC_{primary}.png"
        ),
        "transaction_type": _KINDS[merchant.channel],
        "website": merchant.website,
    }


def _place() -> dict[str, Any]:
    return {
        **_NOWHERE,
        "address": "13425 Community Rd",
        "city": "Poway",
        "country": "US",
        "lat": Decimal("32.959068"),
        "lon": Decimal("-117.037666"),
        "postal_code": "92064",
        "region": "CA",
        "store_number": "1700",
    }
