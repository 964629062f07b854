"""Whom the sandbox's people pay and are paid by, with Plaid's categories in both versions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A personal finance category of version 2, and what version 1 calls it where it differs."""

    primary: str
    detailed: str
    primary_v1: str | None = None
    detailed_v1: str | None = None

    def named(self, version: str) -> tuple[str, str]:
        """Primary and detailed name in the version "v1" or "v2"."""
        if version == "v1" and self.primary_v1 and self.detailed_v1:
            return self.primary_v1, self.detailed_v1
        return self.primary, self.detailed


@dataclass(frozen=True, slots=True, kw_only=True)
class Merchant:
    """One counterparty; amounts are in cents, negative where it pays."""

    name: str | None
    raw: str
    category: Category
    channel: str
    cents: tuple[int, int]
    website: str | None = None
    tips: bool = False  # the posted amount may exceed the pending one
    kind: str = "merchant"
    confidence: str = "VERY_HIGH"


def _category(primary: str, detail: str, v1: tuple[str, str] | None = None) -> Category:
    primary_v1, detail_v1 = v1 or (None, None)
    return Category(
        primary=primary,
        detailed=f"{primary}_{detail}",
        primary_v1=primary_v1,
        detailed_v1=f"{primary_v1}_{detail_v1}" if primary_v1 else None,
    )


_OTHER: Final = _category("OTHER", "OTHER", ("TRANSFER_OUT", "OTHER_TRANSFER_OUT"))

SPENDING: Final = (
    Merchant(
        name="Walmart",
        raw="PURCHASE WM SUPERCENTER #1700",
        category=_category("GENERAL_MERCHANDISE", "SUPERSTORES"),
        channel="in store",
        cents=(1250, 18999),
        website="walmart.com",
    ),
    Merchant(
        name="Starbucks",
        raw="STARBUCKS STORE 05614",
        category=_category("FOOD_AND_DRINK", "COFFEE"),
        channel="in store",
        cents=(325, 1480),
        website="starbucks.com",
    ),
    Merchant(
        name="Burger King",
        raw="DD DOORDASH BURGERKIN",
        category=_category("FOOD_AND_DRINK", "FAST_FOOD"),
        channel="online",
        cents=(899, 4210),
        website="burgerking.com",
        confidence="HIGH",
    ),
    Merchant(
        name="The Corner Table",
        raw="SQ *THE CORNER TABLE",
        category=_category("FOOD_AND_DRINK", "RESTAURANT"),
        channel="in store",
        cents=(1875, 14250),
        tips=True,
        confidence="MEDIUM",
    ),
    Merchant(
        name="Uber",
        raw="UBER 072515 SF**POOL**",
        category=_category("TRANSPORTATION", "TAXIS_AND_RIDE_SHARES"),
        channel="online",
        cents=(633, 5120),
        website="uber.com",
    ),
    Merchant(
        name="Shell",
        raw="SHELL OIL 57442",
        category=_category("TRANSPORTATION", "GAS"),
        channel="in store",
        cents=(2210, 8999),
        website="shell.us",
    ),
    Merchant(
        name="Netflix",
        raw="NETFLIX.COM",
        category=_category("ENTERTAINMENT", "TV_AND_MOVIES"),
        channel="online",
        cents=(1549, 1549),
        website="netflix.com",
    ),
    Merchant(
        name="Pacific Gas & Electric",
        raw="PGANDE WEB ONLINE",
        category=_category("RENT_AND_UTILITIES", "GAS_AND_ELECTRICITY"),
        channel="online",
        cents=(4500, 21000),
        website="pge.com",
    ),
    Merchant(
        name="CVS",
        raw="CVS/PHARMACY #08722",
        category=_category("MEDICAL", "PHARMACIES_AND_SUPPLEMENTS"),
        channel="in store",
        cents=(499, 6200),
        website="cvs.com",
    ),
    Merchant(
        name=None,
        raw="WIRE OUT 00291 O'BRIEN & SÖHNE",
        category=_category("TRANSFER_OUT", "WIRE", ("TRANSFER_OUT", "OTHER_TRANSFER_OUT")),
        channel="other",
        cents=(10000, 250000),
        confidence="LOW",
    ),
    Merchant(
        name=None,
        raw="CHECK 1042",
        category=_OTHER,
        channel="other",
        cents=(2000, 90000),
        confidence="UNKNOWN",
    ),
)

INCOME: Final = (
    Merchant(
        name=None,
        raw="ACH ELECTRONIC CREDIT GUSTO PAY 123456",
        category=_category("INCOME", "SALARY", ("INCOME", "WAGES")),
        channel="other",
        cents=(-310000, -180000),
        kind="income_source",
    ),
    Merchant(
        name=None,
        raw="INTRST PYMNT",
        category=_category("INCOME", "INTEREST_EARNED"),
        channel="other",
        cents=(-422, -1),
        kind="income_source",
    ),
)

CARD_PAYMENT: Final = Merchant(
    name=None,
    raw="AUTOMATIC PAYMENT - THANK YOU",
    category=_category("LOAN_PAYMENTS", "CREDIT_CARD_PAYMENT"),
    channel="other",
    cents=(-90000, -2500),
    kind="financial_institution",
)

UNKNOWN: Final = Merchant(
    name=None, raw="", category=_OTHER, channel="other", cents=(0, 0), confidence="UNKNOWN"
)
