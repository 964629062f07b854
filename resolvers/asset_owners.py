"""Who owns an asset, in which share: all owners together at most 100 %."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from uuid import UUID

from core.assets import PERCENT_MAX, PERCENT_STEP, Asset, AssetOwner, OwnershipType
from core.models import Role
from core.page import Page
from db import asset_owners as stored
from db import assets, audit
from db.session import Tx
from resolvers import personas
from resolvers.context import Context
from resolvers.refusing import invalid, limit, missing, refusable, require

OWNERS_MAX: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A part in an asset that somebody names."""

    persona_id: UUID
    ownership_type: OwnershipType
    percentage: Decimal | None


async def of_assets(
    context: Context, ids: Sequence[UUID], *, first: int, after: str | None
) -> Mapping[UUID, Page[AssetOwner]]:
    """The shares in each asset, the largest first."""
    async with context.read() as tx:
        return await stored.of_assets(
            tx, tenant_id=context.tenant, asset_ids=ids, first=first, after=after
        )


@refusable
async def set_all(context: Context, *, asset_id: UUID, shares: Sequence[Share]) -> Asset:
    """The asset with these shares in place of those before. Of changes at the same time each is
    taken in turn, and the last holds."""
    shares = checked(shares)
    async with context.write() as tx:
        await require(tx, context, Role.MEMBER)
        asset = await assets.lock(tx, tenant_id=context.tenant, asset_id=asset_id)
        if asset is None:
            raise missing("asset", "assetId")
        before = await stored.of_asset(tx, tenant_id=context.tenant, asset_id=asset_id)
        await write(tx, context, asset_id, shares, known={one.persona_id for one in before})
        await audit.record(tx, "asset.owners_set", data=_told(asset_id, shares))
    return asset


def checked(shares: Sequence[Share]) -> list[Share]:
    """Shares as they may be written. Raises Refusal."""
    if len(shares) > OWNERS_MAX:
        raise limit(f"An asset has {OWNERS_MAX} owners, beneficiaries and trustees.", "owners")
    if len({(one.persona_id, one.ownership_type) for one in shares}) < len(shares):
        raise invalid("A persona is there twice as the same. Name it once.", "owners")
    exact = [_exact(one) for one in shares]
    owned = sum(
        one.percentage
        for one in exact
        if one.ownership_type is OwnershipType.OWNER and one.percentage is not None
    )
    if owned > PERCENT_MAX:
        raise invalid(f"The owners have {owned} % together; {PERCENT_MAX} % is the most.", "owners")
    return exact


async def write(
    tx: Tx, context: Context, asset_id: UUID, shares: Sequence[Share], *, known: set[UUID]
) -> None:
    """Writes shares of an asset that is new or locked. Who is `known` may be archived meanwhile.

    Raises Refusal for a persona that is missing, or new and archived.
    """
    named = {one.persona_id for one in shares}
    await personas.in_use(tx, context, sorted(named - known), "owners")
    owners = [
        AssetOwner(
            asset_id=asset_id,
            persona_id=one.persona_id,
            ownership_type=one.ownership_type,
            percentage=one.percentage,
        )
        for one in shares
    ]
    await stored.replace(tx, tenant_id=context.tenant, asset_id=asset_id, owners=owners)


def _exact(share: Share) -> Share:
    """The share with two decimals."""
    percentage = share.percentage
    if percentage is None:
        if share.ownership_type is OwnershipType.OWNER:
            raise invalid("Say how many per cent each owner has.", "owners")
        return share
    if not 0 < percentage <= PERCENT_MAX:
        raise invalid(
            f"Give more than 0 % and at most {PERCENT_MAX} %, not {percentage} %.", "owners"
        )
    exact = percentage.quantize(PERCENT_STEP)
    if exact != percentage:
        raise invalid(f"Give two decimals at most, not {percentage} %.", "owners")
    return Share(persona_id=share.persona_id, ownership_type=share.ownership_type, percentage=exact)


def _told(asset_id: UUID, shares: Sequence[Share]) -> dict[str, object]:
    personas_named = sorted({str(one.persona_id) for one in shares})
    return {"assetId": str(asset_id), "personaIds": personas_named}
