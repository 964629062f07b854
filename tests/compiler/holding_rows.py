"""Holdings of a tenant, with what two writers of JSON could write differently."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from tests.compiler.odd_values import AMOUNTS, CURRENCIES, DATES, INSTANTS

if TYPE_CHECKING:
    from tests.compiler.rows import Tenant


def holdings(tenant: Tenant) -> Iterator[Mapping[str, Any]]:
    """Of three accounts; every fifth is held no more."""
    for number in range(40):
        gone, amount = number % 5 == 4, AMOUNTS[number % len(AMOUNTS)]
        yield {
            "id": tenant.key("holding", number),
            "mapping_id": tenant.key("mapping", number % 3 * 2),
            "account_id": tenant.key("account", number % 3 * 2),
            "job_id": tenant.key("job", number % 5),
            "raw_id": tenant.key("document", number % 5),
            "raw_line": number,
            "security": f"{tenant.text(number)} {number}",
            "name": None if number % 3 == 0 else tenant.text(number),
            "ticker": None if number % 3 == 1 else tenant.text(number + 1),
            "type": None if number % 3 == 2 else tenant.text(number + 2),
            "quantity": 0 if gone else abs(amount),
            "price": None if number % 4 == 0 else amount,
            "value": None if number % 4 == 1 else amount,
            "cost_basis": None if number % 4 == 2 else amount,
            "currency": CURRENCIES[number // 7 % len(CURRENCIES)],
            "as_of": DATES[number // 9 % len(DATES)],
            "removed_on": DATES[number % len(DATES)] if gone else None,
            "stated_at": INSTANTS[number % len(INSTANTS)],
            "created_at": INSTANTS[number // 5 % len(INSTANTS)],
            "updated_at": INSTANTS[number % len(INSTANTS)],
        }
