"""All that the world's tenants have: rows of every file here, for every list of the schema."""

from __future__ import annotations

import asyncpg

from tests.compiler import later_rows, matching_rows, notification_rows, rows, rule_rows
from tests.compiler.rows import Tenant


async def fill(owner: asyncpg.Connection, tenant: Tenant) -> None:
    """Writes a tenant with all its rows into a migrated database."""
    for each in (rows, notification_rows, later_rows, matching_rows, rule_rows):
        await each.fill(owner, tenant)
