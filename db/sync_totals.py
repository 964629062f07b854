"""How syncs with each provider do: counts and durations of all tenants together, without ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from core.scope import WorkerScope
from db.queries import load
from db.rows import read
from db.session import Database

_SQL = load("sync_totals")


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncTotal:
    """Syncs with one provider that ended alike; `error_kind` is empty where none failed."""

    provider: str
    state: str
    error_kind: str
    syncs: int
    median_s: Decimal
    p95_s: Decimal


async def totals(
    database: Database, *, since: datetime
) -> tuple[Sequence[SyncTotal], Mapping[str, bool]]:
    """What ended since then, and whether each provider's circuit is open."""
    async with database.as_(WorkerScope(tenant_id=None), read_only=True) as tx:
        rows = await tx.rows(_SQL["totals"], since)
        circuits = await tx.rows(_SQL["circuits"])
    return (
        [read(SyncTotal, row) for row in rows],
        {row["provider"]: row["is_open"] for row in circuits},
    )
