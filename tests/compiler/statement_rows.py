"""Statements of a tenant, with what two writers of JSON could write differently."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from tests.compiler.odd_values import AMOUNTS, CURRENCIES, DATES, INSTANTS

if TYPE_CHECKING:
    from tests.compiler.rows import Tenant


def statements(tenant: Tenant) -> Iterator[Mapping[str, Any]]:
    """Of three accounts, with each outcome of a proof."""
    for number in range(40):
        amount = AMOUNTS[number % len(AMOUNTS)]
        proof = ("holds", "fails", "unproven")[number // 3 % 3]
        difference = {"holds": 0, "fails": amount or 1, "unproven": None}[proof]
        yield {
            "id": tenant.key("statement", number),
            "mapping_id": tenant.key("mapping", number % 3 * 2),
            "account_id": tenant.key("account", number % 3 * 2),
            "job_id": tenant.key("job", number % 5),
            "raw_id": tenant.key("document", number % 5),
            "raw_line": number,
            "raw_line_end": number * 2,
            "ordinal": number,
            "statement_number": None if number % 4 == 0 else tenant.text(number),
            "from_date": None if number % 7 == 0 else DATES[number % len(DATES)],
            "to_date": None if number % 7 == 1 else DATES[(number + 1) % len(DATES)],
            "opening_balance": None if number % 4 == 1 else amount,
            "closing_balance": None if number % 4 == 2 else -amount,
            "entries_sum": None if number % 4 == 3 else amount,
            "entries_count": number,
            "currency": CURRENCIES[number // 7 % len(CURRENCIES)],
            "proof": proof,
            "difference": difference,
            "created_at": INSTANTS[number // 5 % len(INSTANTS)],
        }
