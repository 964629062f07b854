"""What rows of transactions say of their categories."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.compiler.odd_values import TEXTS
from tests.compiler.picking import pick, rarely


def evidence(number: int) -> Mapping[str, Any]:
    """What a row was for: chosen, derived, suggested, or none of it; of the taxonomy, or not."""
    names = ("Own words", "TRAVEL_FLIGHTS", "TRAVEL", "", *TEXTS)
    return {
        "user_category": pick(names[:3], number // 2) if number % 5 == 0 else None,
        "derived_category": pick(names, number // 3) if number % 4 == 0 else None,
        "suggested_category": pick(names, number // 5) if number % 4 == 1 else None,
        "category_code": rarely(pick(("TRAVEL_FLIGHTS", "TRAVEL", "OTHER", "odd"), number), number),
        "category_origin": rarely(pick(("user", "rule", "provider", "model"), number), number + 1),
        "category_confidence": rarely(number % 101, number),
        "category_reason": rarely(pick(TEXTS, number), number + 1),
        "merchant": rarely(
            pick(("Merchant", "MERCHANT"), number // 9) + f" {number % 9}", number + 2
        ),
        "merchant_key": rarely(f"merchant {number % 9}", number + 2),
    }
