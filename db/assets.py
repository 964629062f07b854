"""Assets: what personas own, the tenant's accounts among it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

from core.assets import (
    PERCENT_MAX,
    Asset,
    AssetCategory,
    AssetOwner,
    AssetStatus,
    OwnershipType,
)
from core.errors import Forbidden
from core.page import Page
from db import asset_owners, audit, select
from db.queries import load
from db.select import Asked, Condition, Listing, Order
from db.session import Tx

_SQL = load("assets")
_NAME_MAX: Final = 200

# What the account held when a source last said so; of several figures of a day the most final one,
# as in `balances.by_day`.
_NEWEST_BALANCE: Final = (
    "(select b.{} from app.account_balances as b"
    " where b.tenant_id = s.tenant_id and b.account_id = s.account_id and b.currency = s.currency"
    " and b.kind in ('closing_ledger', 'current_ledger', 'running')"
    " order by b.as_of desc,"
    " array_position(array['closing_ledger', 'current_ledger', 'running'], b.kind), b.interim,"
    " b.as_of_time desc nulls first, b.created_at desc, b.id desc limit 1)"
)
VALUE: Final = (
    f"case when s.account_id is null then s.value else {_NEWEST_BALANCE.format('amount')} end"
)
VALUED_AT: Final = (
    f"case when s.account_id is null then s.valued_at else {_NEWEST_BALANCE.format('as_of')} end"
)
_OVERRIDES: Final = {"value": VALUE, "valued_at": VALUED_AT}

LISTING: Final = Listing(source="app.assets as s", alias="s", overrides=_OVERRIDES)
OF_PERSONAS: Final = Listing(
    source="(select distinct tenant_id, persona_id, asset_id from app.asset_personas) as held "
    "join app.assets as s on s.tenant_id = held.tenant_id and s.id = held.asset_id",
    alias="s",
    overrides=_OVERRIDES,
)
NEWEST: Final = Order(name="assets", keys=(select.by_instant("s.created_at"), select.by_id("s")))


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetFilter:
    """Which assets; None asks nothing."""

    persona_id: UUID | None = None
    group_id: UUID | None = None
    account_id: UUID | None = None
    connection_id: UUID | None = None
    category: tuple[AssetCategory, ...] | None = None
    status: tuple[AssetStatus, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What a person says of an asset."""

    group_id: UUID | None
    category: AssetCategory
    name: str
    description: str | None
    institution_name: str | None
    currency: str
    value: Decimal | None
    valued_at: date | None


def asked(wanted: AssetFilter) -> Asked:
    """Assets, newest first."""
    return Asked(where=_where(wanted), order=NEWEST)


async def by_ids(tx: Tx, *, tenant_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, Asset]:
    """Assets by id."""
    return await select.by_ids(tx, Asset, listing=LISTING, tenant_id=tenant_id, ids=ids)


async def find(tx: Tx, *, tenant_id: UUID, asset_id: UUID) -> Asset | None:
    """One asset."""
    return (await by_ids(tx, tenant_id=tenant_id, ids=[asset_id])).get(asset_id)


async def page(
    tx: Tx, *, tenant_id: UUID, wanted: AssetFilter, first: int, after: str | None
) -> Page[Asset]:
    """Assets, newest first."""
    return await select.page(
        tx,
        Asset,
        listing=LISTING,
        tenant_id=tenant_id,
        where=_where(wanted),
        order=NEWEST,
        first=first,
        after=after,
    )


async def of_personas(
    tx: Tx, *, tenant_id: UUID, persona_ids: Sequence[UUID], first: int, after: str | None
) -> Mapping[UUID, Page[Asset]]:
    """The assets in which each persona has a part, newest first."""
    return await _children(
        tx, OF_PERSONAS, "held.persona_id", persona_ids, tenant_id, first=first, after=after
    )


async def of_groups(
    tx: Tx, *, tenant_id: UUID, group_ids: Sequence[UUID], first: int, after: str | None
) -> Mapping[UUID, Page[Asset]]:
    """The assets of each group, newest first."""
    return await _children(
        tx, LISTING, "s.group_id", group_ids, tenant_id, first=first, after=after
    )


async def create(tx: Tx, details: Details, *, tenant_id: UUID, created_by: UUID) -> UUID:
    """A new asset that a person enters. Raises Forbidden for a group that is not the tenant's."""
    asset_id = await tx.value(
        _SQL["create"],
        tenant_id,
        details.group_id,
        details.category,
        details.name,
        details.description,
        details.institution_name,
        details.currency,
        details.value,
        details.valued_at,
        created_by,
    )
    assert isinstance(asset_id, UUID)
    return asset_id


async def lock(tx: Tx, *, tenant_id: UUID, asset_id: UUID) -> Asset | None:
    """The asset, kept from other changes until this transaction ends."""
    if await tx.value(_SQL["lock"], tenant_id, asset_id) is None:
        return None
    return await find(tx, tenant_id=tenant_id, asset_id=asset_id)


async def update(
    tx: Tx,
    details: Details,
    *,
    tenant_id: UUID,
    asset_id: UUID,
    named: bool,
    institution_named: bool,
) -> None:
    """Writes what a person says; what they named, a connection changes no more."""
    await tx.run(
        _SQL["update"],
        tenant_id,
        asset_id,
        details.group_id,
        details.category,
        details.name,
        named,
        details.description,
        details.institution_name,
        institution_named,
        details.currency,
        details.value,
        details.valued_at,
    )


async def set_status(tx: Tx, *, tenant_id: UUID, asset_id: UUID, status: AssetStatus) -> None:
    """Archives an asset, or takes it back into use."""
    await tx.run(_SQL["set_status"], tenant_id, asset_id, status)


async def attach(tx: Tx, *, tenant_id: UUID, asset_id: UUID, account_id: UUID) -> UUID | None:
    """Says that an asset is an account. Answers with the asset that a connection had made of the
    account: it is archived without it. Raises Conflict where a person had entered that one."""
    given_way = await tx.value(_SQL["hand_over"], tenant_id, account_id)
    await tx.run(_SQL["attach"], tenant_id, asset_id, account_id)
    return given_way if isinstance(given_way, UUID) else None


async def ensure_for_account(
    tx: Tx,
    *,
    tenant_id: UUID,
    account_id: UUID,
    persona_id: UUID,
    connection_id: UUID,
    name: str,
    institution: str | None,
) -> UUID:
    """The asset that an account is; for a worker. The first call makes it, the persona's alone.

    Later ones, also of other workers at the same time and after a reconnect, find the same. They
    follow the source's names except where a person chose others, and leave shares as they are.
    Raises Forbidden for an account, a persona or a connection that is not the tenant's.
    """
    names = (_fitting(name), _fitting(institution or ""))
    made = await tx.value(
        _SQL["make_for_account"], tenant_id, account_id, connection_id, *names, persona_id
    )
    if isinstance(made, UUID):
        owner = AssetOwner(
            asset_id=made,
            persona_id=persona_id,
            ownership_type=OwnershipType.OWNER,
            percentage=PERCENT_MAX,
        )
        await asset_owners.add(tx, tenant_id=tenant_id, asset_id=made, owners=[owner])
        data = {"assetId": str(made), "accountId": str(account_id), "personaId": str(persona_id)}
        await audit.record(tx, "asset.created", connection_id=connection_id, data=data)
        return made
    await tx.run(_SQL["refresh_for_account"], tenant_id, account_id, connection_id, *names)
    found = await tx.value(_SQL["of_account"], tenant_id, account_id)
    if not isinstance(found, UUID):
        raise Forbidden("not found")
    return found


async def _children(
    tx: Tx,
    listing: Listing,
    parent: str,
    parent_ids: Sequence[UUID],
    tenant_id: UUID,
    *,
    first: int,
    after: str | None,
) -> Mapping[UUID, Page[Asset]]:
    return await select.pages(
        tx,
        Asset,
        listing=listing,
        tenant_id=tenant_id,
        parent=parent,
        parent_ids=parent_ids,
        where=(),
        order=NEWEST,
        first=first,
        after=after,
    )


def _fitting(name: str) -> str | None:
    """A source's name in the room that there is; None for an empty one."""
    return name.strip()[:_NAME_MAX].strip() or None


def _where(wanted: AssetFilter) -> list[Condition]:
    where = []
    if wanted.persona_id is not None:
        where.append(
            Condition(
                "exists (select from app.asset_personas as w where w.tenant_id = s.tenant_id "
                "and w.asset_id = s.id and w.persona_id = {})",
                (wanted.persona_id,),
            )
        )
    ids = (
        ("s.group_id", wanted.group_id),
        ("s.account_id", wanted.account_id),
        ("s.connection_id", wanted.connection_id),
    )
    where += [Condition(f"{column} = {{}}", (key,)) for column, key in ids if key is not None]
    if wanted.category is not None:
        where.append(Condition("s.category = any({}::text[])", (list(wanted.category),)))
    if wanted.status is not None:
        where.append(Condition("s.status = any({}::text[])", (list(wanted.status),)))
    return where
