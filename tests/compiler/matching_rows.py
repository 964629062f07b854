"""Rows of questions and of links, and duplicates, beside a tenant's other rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import asyncpg

from core.links import LinkKind, UndoneReason
from core.models import Role
from core.reviews import ReviewKind, ReviewState, SupersededReason
from tests.compiler.odd_values import INSTANTS
from tests.compiler.picking import pick, rarely
from tests.compiler.rows import Tenant, insert

_ROWS: Final = 12


async def fill(owner: asyncpg.Connection, tenant: Tenant) -> None:
    """Writes them; of the transactions some do not count."""
    for table, rows in (("review_items", _items(tenant)), ("transaction_links", _links(tenant))):
        for row in rows:
            await insert(owner, tenant, table, row)
    for number in range(3):
        await owner.execute(
            "update app.transactions set duplicate_of = $3 where tenant_id = $1 and id = $2",
            tenant.id,
            tenant.key("transaction", 20 + number),
            tenant.key("transaction", number // 2),
        )


def _items(tenant: Tenant) -> Iterator[Mapping[str, Any]]:
    for number in range(_ROWS):
        state = pick(list(ReviewState), number)
        is_said = state in {ReviewState.CONFIRMED, ReviewState.REJECTED}
        yield {
            "id": tenant.key("review", number),
            "kind": pick(list(ReviewKind), number),
            "state": state,
            "key": f"item {number}",
            "transaction_id": tenant.key("transaction", number) if number % 3 else None,
            "other_id": tenant.key("transaction", number + 1) if number % 2 else None,
            "account_id": tenant.key("account", 0) if number % 4 else None,
            "score": number * 7,
            "rule_version": tenant.text(number)[:50],
            "created_at": pick(INSTANTS, number),
            "updated_at": pick(INSTANTS, number + 1),
            "decided_at": pick(INSTANTS, number + 2) if is_said else None,
            "decided_by": tenant.person(Role.OWNER) if is_said else None,
            "superseded_reason": (
                pick(list(SupersededReason), number) if state is ReviewState.SUPERSEDED else None
            ),
        }


def _links(tenant: Tenant) -> Iterator[Mapping[str, Any]]:
    for number in range(_ROWS):
        is_undone = number % 3 == 0
        yield {
            "id": tenant.key("link", number),
            "kind": pick(list(LinkKind), number),
            "transaction_id": tenant.key("transaction", 30 + number),
            "other_id": tenant.key("transaction", number),
            "method": ("user", "auto")[number % 2],
            "state": "undone" if is_undone else "active",
            "score": number,
            "rule_version": tenant.text(number)[:50],
            "created_at": pick(INSTANTS, number),
            "created_by": None if number % 2 else tenant.person(Role.OWNER),
            "undone_at": pick(INSTANTS, number) if is_undone else None,
            "undone_by": rarely(tenant.person(Role.OWNER), number) if is_undone else None,
            "undone_reason": pick(list(UndoneReason), number) if number % 6 == 3 else None,
            "undone_rule_version": tenant.text(number)[:50] if number % 6 == 3 else None,
        }
