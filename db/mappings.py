"""Account mappings: accounts as sources call them, and what users decided about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from core.models import AccountMapping, MappingState
from core.page import Page
from db import select
from db.queries import load
from db.rows import read
from db.select import Asked, Condition, Listing, Order
from db.session import Tx

_SQL = load("mappings")

LISTING: Final = Listing(source="app.account_mappings as m", alias="m")
NEWEST: Final = Order(name="mappings", keys=(select.by_instant("m.created_at"), select.by_id("m")))


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingFilter:
    """Which mappings; None asks nothing."""

    connection_id: UUID | None = None
    account_id: UUID | None = None
    state: tuple[MappingState, ...] | None = None
    suggested: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a user said about an external account."""

    account_id: UUID | None
    state: MappingState
    verified_at: datetime | None
    verified_by: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An account that an external one is not, as a person said."""

    mapping_id: UUID
    account_id: UUID
    created_at: datetime
    created_by: UUID | None


def asked(wanted: MappingFilter) -> Asked:
    """Mappings, newest first."""
    return Asked(where=_where(wanted), order=NEWEST)


async def by_ids(tx: Tx, *, tenant_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, AccountMapping]:
    """Mappings by id."""
    return await select.by_ids(tx, AccountMapping, listing=LISTING, tenant_id=tenant_id, ids=ids)


async def page(
    tx: Tx, *, tenant_id: UUID, wanted: MappingFilter, first: int, after: str | None
) -> Page[AccountMapping]:
    """Mappings, newest first."""
    return await select.page(
        tx,
        AccountMapping,
        listing=LISTING,
        tenant_id=tenant_id,
        where=_where(wanted),
        order=NEWEST,
        first=first,
        after=after,
    )


async def of_connections(
    tx: Tx, *, tenant_id: UUID, connection_ids: Sequence[UUID], first: int, after: str | None
) -> Mapping[UUID, Page[AccountMapping]]:
    """What each connection's source calls accounts, newest first."""
    return await select.pages(
        tx,
        AccountMapping,
        listing=LISTING,
        tenant_id=tenant_id,
        parent="m.connection_id",
        parent_ids=connection_ids,
        where=(),
        order=NEWEST,
        first=first,
        after=after,
    )


async def of_accounts(
    tx: Tx, *, tenant_id: UUID, account_ids: Sequence[UUID], first: int, after: str | None
) -> Mapping[UUID, Page[AccountMapping]]:
    """What feeds each account, newest first."""
    return await select.pages(
        tx,
        AccountMapping,
        listing=LISTING,
        tenant_id=tenant_id,
        parent="m.account_id",
        parent_ids=account_ids,
        where=(),
        order=NEWEST,
        first=first,
        after=after,
    )


async def lock(tx: Tx, *, tenant_id: UUID, mapping_id: UUID) -> AccountMapping | None:
    """The mapping, kept from other decisions until this transaction ends."""
    row = await tx.row(_SQL["lock"], tenant_id, mapping_id)
    return None if row is None else read(AccountMapping, row)


async def decide(
    tx: Tx, *, tenant_id: UUID, mapping_id: UUID, decision: Decision
) -> AccountMapping:
    """The mapping as decided. Rows that it has follow it in a job.

    Raises Forbidden for an account that is not the tenant's.
    """
    row = await tx.row(
        _SQL["decide"],
        tenant_id,
        mapping_id,
        decision.account_id,
        decision.state,
        decision.verified_at,
        decision.verified_by,
    )
    assert row is not None
    return read(AccountMapping, row)


async def leave(tx: Tx, *, tenant_id: UUID, account_id: UUID, mapping_id: UUID) -> None:
    """Says that an account has no source that is believed first, if it was this mapping."""
    await tx.run(_SQL["leave"], tenant_id, account_id, mapping_id)


async def refuse(
    tx: Tx, *, tenant_id: UUID, mapping_id: UUID, account_id: UUID, user_id: UUID
) -> bool:
    """Whether it is news that the mapping is not of this account."""
    return await tx.run(_SQL["refuse"], tenant_id, mapping_id, account_id, user_id) > 0


async def forgive(tx: Tx, *, tenant_id: UUID, mapping_id: UUID, account_id: UUID) -> bool:
    """Whether the account had been refused; it may be the mapping's again."""
    return await tx.run(_SQL["forgive"], tenant_id, mapping_id, account_id) > 0


async def rate(tx: Tx, *, mapping_id: UUID, score: int | None) -> None:
    """Keeps how likely the likeliest account of a mapping is that waits; None: there is none."""
    await tx.value(_SQL["rate"], mapping_id, score)


async def refusals(
    tx: Tx, *, tenant_id: UUID, ids: Sequence[UUID]
) -> Mapping[UUID, Sequence[Refusal]]:
    """The accounts that each mapping is not, the last ones said first; mappings without are left
    out."""
    found: dict[UUID, list[Refusal]] = {}
    for row in await tx.rows(_SQL["refusals"], tenant_id, list(ids)):
        found.setdefault(row["mapping_id"], []).append(read(Refusal, row))
    return found


async def has_rows(tx: Tx, *, tenant_id: UUID, mapping_id: UUID) -> bool:
    """Whether transactions, balances, holdings or statements came over the mapping."""
    return bool(await tx.value(_SQL["has_rows"], tenant_id, mapping_id))


async def waiting_counts(tx: Tx, *, tenant_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, int]:
    """How many rows of documents wait for each mapping; those for which none does are left out."""
    rows = await tx.rows(_SQL["waiting_counts"], tenant_id, list(ids))
    return {row["mapping_id"]: row["waiting"] for row in rows}


async def fed(tx: Tx, *, tenant_id: UUID, mapping_id: UUID) -> frozenset[UUID]:
    """The accounts that a mapping feeds or once fed."""
    rows = await tx.rows(_SQL["fed"], tenant_id, mapping_id)
    return frozenset(row["account_id"] for row in rows)


async def has_documents(tx: Tx, *, tenant_id: UUID, lineage_id: UUID) -> bool:
    """Whether documents were imported that may hold rows for a mapping of the lineage."""
    return bool(await tx.value(_SQL["has_documents"], tenant_id, lineage_id))


async def number_hashes(tx: Tx, *, tenant_id: UUID) -> frozenset[bytes]:
    """Keyed hashes of the tenant's account numbers, 100,000 at most; for a worker."""
    rows = await tx.rows(_SQL["number_hashes"], tenant_id)
    return frozenset(bytes(row["number_hash"]) for row in rows)


async def tails(tx: Tx, *, tenant_id: UUID) -> frozenset[str]:
    """The ends of the tenant's account numbers, as they are shown; for a worker."""
    rows = await tx.rows(_SQL["tails"], tenant_id)
    return frozenset(row["tail"] for row in rows)


def _where(wanted: MappingFilter) -> list[Condition]:
    where = []
    if wanted.connection_id is not None:
        where.append(Condition("m.connection_id = {}", (wanted.connection_id,)))
    if wanted.account_id is not None:
        where.append(Condition("m.account_id = {}", (wanted.account_id,)))
    if wanted.state is not None:
        where.append(Condition("m.state = any({}::text[])", (list(wanted.state),)))
    if wanted.suggested is not None:
        found = "m.state = 'pending' and coalesce(m.match_score, 0) > 0"
        where.append(Condition(f"({found}) = {{}}::boolean", (wanted.suggested,)))
    return where
