"""Accounts that go on after a new link: under another connection, or under another id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from db.queries import load
from db.rows import read
from db.session import Tx

_SQL = load("relinks")


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """An external account that another lineage knows."""

    mapping_id: UUID
    external_account_id: str
    lineage_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingAccount:
    """An external account of which a complete list of accounts does not speak."""

    mapping_id: UUID
    external_account_id: str
    masked_number: str | None
    name: str | None
    type: str | None
    currency: str


async def lineage(tx: Tx, *, tenant_id: UUID, connection_id: UUID) -> UUID:
    """The connection's lineage."""
    found = await tx.value(_SQL["lineage"], tenant_id, connection_id)
    assert isinstance(found, UUID)
    return found


async def keep_lineage(tx: Tx, *, tenant_id: UUID, connection_id: UUID) -> UUID:
    """The connection's lineage, which stays until the transaction ends.

    Whoever is to change lineages in the same transaction asks for `lock` before.
    """
    found = await tx.value(_SQL["keep_lineage"], tenant_id, connection_id)
    assert isinstance(found, UUID)
    return found


async def lock(tx: Tx, *, tenant_id: UUID) -> None:
    """Waits until nobody else decides about lineages of the tenant."""
    await tx.run(_SQL["lock"], tenant_id)


async def known(tx: Tx, *, tenant_id: UUID, lineage_id: UUID, ids: Sequence[str]) -> set[str]:
    """Those of the ids that the lineage knows."""
    rows = await tx.rows(_SQL["known"], tenant_id, lineage_id, list(ids))
    return {row["external_account_id"] for row in rows}


async def elsewhere(
    tx: Tx, *, tenant_id: UUID, provider: str, lineage_id: UUID, ids: Sequence[str]
) -> list[Elsewhere]:
    """Accounts of these ids that other lineages of the provider know, lineage by lineage."""
    rows = await tx.rows(_SQL["elsewhere"], tenant_id, provider, lineage_id, list(ids))
    return [read(Elsewhere, row) for row in rows]


async def missing(
    tx: Tx, *, tenant_id: UUID, connection_id: UUID, ids: Sequence[str]
) -> list[MissingAccount]:
    """Accounts that come over the connection, and are none of these."""
    rows = await tx.rows(_SQL["missing"], tenant_id, connection_id, list(ids))
    return [read(MissingAccount, row) for row in rows]


async def join(tx: Tx, *, tenant_id: UUID, from_id: UUID, to_id: UUID) -> bool:
    """Whether one lineage went up in the other. Where both know an account of one id, none does:
    its rows stand twice already, and which of them are to go is for a person to say."""
    if await tx.value(_SQL["clash"], tenant_id, from_id, to_id):
        return False
    for statement in ("join_connections", "join_mappings", "join_aliases"):
        await tx.run(_SQL[statement], tenant_id, from_id, to_id)
    return True


async def move(
    tx: Tx, *, tenant_id: UUID, mapping_ids: Sequence[UUID], connection_id: UUID
) -> None:
    """Says over which connection accounts come from now on."""
    await tx.run(_SQL["move"], tenant_id, list(mapping_ids), connection_id)


async def rename(tx: Tx, *, tenant_id: UUID, mapping_id: UUID, external_id: str) -> bool:
    """Whether the account has another id from now on; what it was called before stays known."""
    return await tx.run(_SQL["rename"], tenant_id, mapping_id, external_id) > 0


async def of_connection(tx: Tx, *, tenant_id: UUID, beside: UUID, external_id: str) -> UUID | None:
    """The connection of an id, at the provider of another connection; None: there is none."""
    found = await tx.value(_SQL["of_connection"], tenant_id, beside, external_id)
    return found if isinstance(found, UUID) else None


async def of_account(tx: Tx, *, tenant_id: UUID, lineage_id: UUID, external_id: str) -> UUID | None:
    """The mapping of an account's id; None: the lineage has none."""
    found = await tx.value(_SQL["of_account"], tenant_id, lineage_id, external_id)
    return found if isinstance(found, UUID) else None


async def provider(tx: Tx, *, tenant_id: UUID, connection_id: UUID) -> str:
    """The connection's provider."""
    return str(await tx.value(_SQL["provider"], tenant_id, connection_id))
