"""Shares of personas in assets. The database holds those of an asset's owners at 100 together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final
from uuid import UUID

from core.assets import AssetOwner, OwnershipType
from core.page import Page
from db import select
from db.queries import load
from db.rows import read
from db.select import Key, Listing, Order
from db.session import Tx

_SQL = load("asset_owners")

LISTING: Final = Listing(source="app.asset_personas as o", alias="o")
LARGEST: Final = Order(
    name="asset_owners",
    keys=(
        select.by_number("coalesce(o.percentage * 100, 0)::bigint"),
        Key(sql="o.ownership_type", type="text", parse=OwnershipType),
        Key(sql="o.persona_id", type="uuid", parse=UUID),
    ),
)


async def of_assets(
    tx: Tx, *, tenant_id: UUID, asset_ids: Sequence[UUID], first: int, after: str | None
) -> Mapping[UUID, Page[AssetOwner]]:
    """The shares in each asset, the largest first."""
    return await select.pages(
        tx,
        AssetOwner,
        listing=LISTING,
        tenant_id=tenant_id,
        parent="o.asset_id",
        parent_ids=asset_ids,
        where=(),
        order=LARGEST,
        first=first,
        after=after,
    )


async def of_asset(tx: Tx, *, tenant_id: UUID, asset_id: UUID) -> Sequence[AssetOwner]:
    """All shares in an asset; 1,000 at most."""
    return [read(AssetOwner, row) for row in await tx.rows(_SQL["of_asset"], tenant_id, asset_id)]


async def replace(tx: Tx, *, tenant_id: UUID, asset_id: UUID, owners: Sequence[AssetOwner]) -> None:
    """Sets all shares of an asset that the caller has locked.

    Raises Forbidden for a persona that is not the tenant's, Invalid for owners of more than 100.
    """
    await tx.run(_SQL["clear"], tenant_id, asset_id)
    await add(tx, tenant_id=tenant_id, asset_id=asset_id, owners=owners)


async def add(tx: Tx, *, tenant_id: UUID, asset_id: UUID, owners: Sequence[AssetOwner]) -> None:
    """Adds shares to an asset. Raises as `replace` does."""
    personas: list[UUID] = [one.persona_id for one in owners]
    types: list[str] = [one.ownership_type for one in owners]
    percentages: list[Decimal | None] = [one.percentage for one in owners]
    await tx.run(_SQL["add"], tenant_id, asset_id, personas, types, percentages)
