"""Indexes the texts of rows that imports have written, some at a time, after the imports."""

from __future__ import annotations

import logging
import time
from typing import Final

from core.errors import BankfeedsError
from core.scope import WorkerScope
from db import texts
from db.session import Database

log = logging.getLogger(__name__)

TENANTS_MOST: Final = 20  # in one round: each gets its turn
PASS_S: Final = 2.0  # then the next pass goes on, so that none holds a worker's slot for long


async def index_texts(database: Database) -> int:
    """Indexes what waits, for two seconds or until nothing does; returns how many rows.

    A part that is cut short is as if it had not begun, and waits on.
    """
    end = time.monotonic() + PASS_S
    rows = 0
    try:
        while part := await _round(database):
            rows += part
            if time.monotonic() > end:
                break
        if rows:
            async with database.as_(WorkerScope(tenant_id=None)) as tx:
                await texts.settle(tx)
    except BankfeedsError as error:
        log.warning("texts.not_indexed", extra={"error": type(error).__name__})
    return rows


async def _round(database: Database) -> int:
    """One part of each tenant that waits; how many rows."""
    async with database.as_(WorkerScope(tenant_id=None), read_only=True) as tx:
        tenants = await texts.unindexed_tenants(tx, most=TENANTS_MOST)
    rows = 0
    for tenant_id in tenants:
        async with database.as_(WorkerScope(tenant_id=tenant_id)) as tx:
            rows += await texts.index_part(tx, tenant_id=tenant_id)
    return rows
