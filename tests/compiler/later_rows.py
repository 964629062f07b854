"""Rows of expenses, of webhook events and their endpoints, of files that were picked up; and which
source an account's rows are believed of first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

import asyncpg

from core.models import ConnectionStatus
from core.pickups import PickupState
from tests.compiler.odd_values import CURRENCIES, DATES, INSTANTS
from tests.compiler.picking import pick, rarely
from tests.compiler.rows import Tenant, insert

_ROWS: Final = 9


async def fill(owner: asyncpg.Connection, tenant: Tenant) -> None:
    """Writes them."""
    for table, rows in (
        ("expenses", _expenses(tenant)),
        ("webhook_events", _events(tenant)),
        ("pickup_items", _pickups(tenant)),
    ):
        for row in rows:
            await insert(owner, tenant, table, row)
    for row in _endpoints(tenant):
        await insert(owner, tenant, "webhook_endpoints", row, schema="private")
    await owner.execute(
        "update app.accounts as a set primary_mapping_id = m.id from app.account_mappings as m"
        " where a.tenant_id = $1 and a.id = $2 and m.tenant_id = a.tenant_id"
        " and m.account_id = a.id",
        tenant.id,
        tenant.key("account", 0),
    )


def _expenses(tenant: Tenant) -> Iterator[Mapping[str, Any]]:
    for number in range(_ROWS):
        yield {
            "id": tenant.key("expense", number),
            "transaction_id": tenant.key("transaction", number),
            "amount": Decimal(number + 1) / 8,
            "currency": pick(CURRENCIES, number),
            "spent_on": pick(DATES, number),
            "description": tenant.text(number),
            "merchant_name": rarely(tenant.text(number + 1), number),
            "category": rarely(tenant.text(number + 2), number + 1),
            "status": ("active", "reversed")[number % 2],
            "created_at": pick(INSTANTS, number),
            "updated_at": pick(INSTANTS, number + 1),
        }


def _pickups(tenant: Tenant) -> Iterator[Mapping[str, Any]]:
    for number, state in enumerate(PickupState):
        for connection in range(2):
            yield {
                "id": tenant.key("pickup", 2 * number + connection),
                "connection_id": tenant.key("connection", connection),
                "name": tenant.text(number),
                "version": f"{number}:1",
                "size_bytes": number,
                "modified_at": rarely(pick(INSTANTS, number), number),
                "state": state,
                "reason": rarely("a-reason", number + 1),
                "archived_as": rarely(tenant.text(number + 2), number),
                "seen_at": pick(INSTANTS, number + 1),
                "looked_at": pick(INSTANTS, number + 2),
                "fetched_at": rarely(pick(INSTANTS, number + 3), number + 1),
                "created_at": pick(INSTANTS, number),
            }


def _events(tenant: Tenant) -> Iterator[Mapping[str, Any]]:
    for number in range(_ROWS):
        yield {
            "id": tenant.key("event", number),
            "connection_id": tenant.key("connection", number % len(ConnectionStatus)),
            "provider": "plaid",
            "type": tenant.text(number),
            "dedupe_key": f"event {number}",
            "sealed": bytes(40),
            "state": ("received", "done", "ignored", "failed", "dead")[number % 5],
            "attempts": number % 3,
            "error_code": rarely("a-code", number),
            "event_at": rarely(pick(INSTANTS, number), number + 1),
            "received_at": pick(INSTANTS, number + 2),
            "processed_at": rarely(pick(INSTANTS, number + 3), number),
        }


def _endpoints(tenant: Tenant) -> Iterator[Mapping[str, Any]]:
    for number in range(len(ConnectionStatus)):
        yield {
            "id": tenant.key("endpoint", number),
            "connection_id": tenant.key("connection", number),
            "provider": "plaid",
            "kind": "connection",
            "token_hash": sha256(f"{tenant.name} {number}".encode()).digest(),
            "created_at": pick(INSTANTS, number),
            "disabled_at": rarely(pick(INSTANTS, number + 1), number),
        }
