"""Reconciliations of every kind, for the compiler's tests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tests.compiler.odd_values import AMOUNTS, CURRENCIES, DATES, INSTANTS
from tests.compiler.picking import pick, rarely

if TYPE_CHECKING:
    from tests.compiler.rows import Row, Tenant

_GROUPS = 12


def reconciliation_rows(tenant: Tenant) -> Iterator[tuple[str, Row]]:
    """Groups and their rows: some stand, some are undone, and one is a statement's in four."""
    for number in range(_GROUPS):
        is_statement = number % 4 == 3
        yield (
            "reconciliations",
            {
                "id": tenant.key("reconciliation", number),
                "method": "statement" if is_statement else ("rule", "user")[number % 2],
                "rule": tenant.text(number)[:200] if number % 2 == 0 else None,
                "score": rarely(number * 8, number),
                "reasons": json.dumps([{"code": "a", "text": tenant.text(number), "points": 5}]),
                "difference": pick(AMOUNTS, number),
                "currency": pick(CURRENCIES, number),
                "account_id": tenant.key("account", number % 3) if is_statement else None,
                "statement_to": pick(DATES, number) if is_statement else None,
                "note": rarely(tenant.text(number + 1), number),
                "created_at": pick(INSTANTS, number),
                "undone_at": pick(INSTANTS, number + 1) if number % 3 == 2 else None,
            },
        )
        for place, side in enumerate(("left", "right")):
            yield (
                "reconciliation_members",
                {
                    "reconciliation_id": tenant.key("reconciliation", number),
                    "transaction_id": tenant.key("transaction", number * 2 + place),
                    "side": side,
                    "amount": pick(AMOUNTS, number + place),
                    "active": number % 3 != 2,
                },
            )
