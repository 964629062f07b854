"""Assets: members enter what personas own, and say which account an asset is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from core.assets import Asset, AssetCategory, AssetSource, AssetStatus
from core.models import Role
from core.page import Page
from db import accounts, audit
from db import assets as stored
from db.assets import AssetFilter, Details
from db.session import Tx
from resolvers import asset_owners, persona_groups, text
from resolvers.asset_owners import Share
from resolvers.context import Context
from resolvers.refusing import conflict, invalid, missing, refusable, require

DESCRIPTION_MAX = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAsset:
    """An asset that somebody wants entered; without a day its value is of today."""

    category: AssetCategory
    name: str
    description: str | None
    institution_name: str | None
    group_id: UUID | None
    currency: str
    value: Decimal | None
    valued_at: date | None
    owners: Sequence[Share]


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetChange:
    """None leaves a value as it is; a tuple holds the new one."""

    category: AssetCategory | None = None
    name: str | None = None
    description: tuple[str | None] | None = None
    institution_name: tuple[str | None] | None = None
    group_id: tuple[UUID | None] | None = None
    currency: str | None = None
    value: tuple[Decimal | None] | None = None
    valued_at: date | None = None

    @property
    def fields(self) -> list[str]:
        """What it changes, as the schema calls it."""
        given = {
            "category": self.category,
            "name": self.name,
            "description": self.description,
            "institutionName": self.institution_name,
            "groupId": self.group_id,
            "currency": self.currency,
            "value": self.value,
            "valuedAt": self.valued_at,
        }
        return [field for field, value in given.items() if value is not None]


async def by_ids(context: Context, ids: Sequence[UUID]) -> Mapping[UUID, Asset]:
    """Assets by id."""
    async with context.read() as tx:
        return await stored.by_ids(tx, tenant_id=context.tenant, ids=ids)


async def page(
    context: Context, *, wanted: AssetFilter, first: int, after: str | None
) -> Page[Asset]:
    """Assets, newest first."""
    async with context.read() as tx:
        return await stored.page(
            tx, tenant_id=context.tenant, wanted=wanted, first=first, after=after
        )


async def of_personas(
    context: Context, ids: Sequence[UUID], *, first: int, after: str | None
) -> Mapping[UUID, Page[Asset]]:
    """The assets in which each persona has a part, newest first."""
    async with context.read() as tx:
        return await stored.of_personas(
            tx, tenant_id=context.tenant, persona_ids=ids, first=first, after=after
        )


async def of_groups(
    context: Context, ids: Sequence[UUID], *, first: int, after: str | None
) -> Mapping[UUID, Page[Asset]]:
    """The assets of each group, newest first."""
    async with context.read() as tx:
        return await stored.of_groups(
            tx, tenant_id=context.tenant, group_ids=ids, first=first, after=after
        )


@refusable
async def create(context: Context, *, new: NewAsset) -> Asset:
    """A new asset with its owners: all of it, or nothing."""
    if new.value is None and new.valued_at is not None:
        raise invalid("Give the value that it had that day.", "value")
    details = Details(
        group_id=new.group_id,
        category=new.category,
        name=text.name(new.name, "name"),
        description=text.optional_name(new.description, "description", most=DESCRIPTION_MAX),
        institution_name=text.optional_name(new.institution_name, "institutionName"),
        currency=text.currency(new.currency, "currency"),
        value=new.value,
        valued_at=None if new.value is None else new.valued_at or _today(context),
    )
    shares = asset_owners.checked(new.owners)
    async with context.write() as tx:
        await require(tx, context, Role.MEMBER)
        if new.group_id is not None:
            await persona_groups.in_use(tx, context, new.group_id, "groupId")
        asset_id = await stored.create(
            tx, details, tenant_id=context.tenant, created_by=context.user_id
        )
        await asset_owners.write(tx, context, asset_id, shares, known=set())
        await audit.record(tx, "asset.created", data={"assetId": str(asset_id)})
        return await _found(tx, context, asset_id)


@refusable
async def update(context: Context, *, asset_id: UUID, change: AssetChange) -> Asset:
    """The changed asset."""
    async with context.write() as tx:
        before = await _locked(tx, context, asset_id)
        if change.group_id is not None and change.group_id[0] is not None:
            await persona_groups.in_use(tx, context, change.group_id[0], "groupId")
        await stored.update(
            tx,
            _changed(context, before, change),
            tenant_id=context.tenant,
            asset_id=asset_id,
            named=change.name is not None,
            institution_named=change.institution_name is not None,
        )
        data = {"assetId": str(asset_id), "fields": change.fields}
        await audit.record(tx, "asset.updated", data=data)
        return await _found(tx, context, asset_id)


@refusable
async def archive(context: Context, *, asset_id: UUID) -> Asset:
    """The asset, out of use; what is known of it stays."""
    return await _set_status(context, asset_id, AssetStatus.ARCHIVED, "asset.archived")


@refusable
async def restore(context: Context, *, asset_id: UUID) -> Asset:
    """The asset, back in use."""
    return await _set_status(context, asset_id, AssetStatus.ACTIVE, "asset.restored")


@refusable
async def attach_account(context: Context, *, asset_id: UUID, account_id: UUID) -> Asset:
    """Says which account an asset is that a person entered: its value is the account's from now on,
    and no connection makes another asset of the account. One that was made already is archived."""
    async with context.write() as tx:
        before = await _locked(tx, context, asset_id)
        account = await accounts.find(tx, tenant_id=context.tenant, account_id=account_id)
        if account is None:
            raise missing("account", "accountId")
        if before.account_id == account_id:
            return before
        if before.source is not AssetSource.MANUAL:
            raise conflict("A connection made it of its account.", "id")
        if before.category is not AssetCategory.FINANCIAL_ACCOUNT:
            raise conflict("Only an asset of the category FINANCIAL_ACCOUNT is an account.", "id")
        if account.currency != before.currency:
            raise invalid(
                f"The asset is in {before.currency}, the account in {account.currency}.",
                "accountId",
            )
        await _check_free(tx, context, account_id)
        archived = await stored.attach(
            tx, tenant_id=context.tenant, asset_id=asset_id, account_id=account_id
        )
        data = {"assetId": str(asset_id), "accountId": str(account_id)}
        if archived is not None:
            data["archivedAssetId"] = str(archived)
        await audit.record(tx, "asset.account_attached", data=data)
        return await _found(tx, context, asset_id)


def _changed(context: Context, before: Asset, change: AssetChange) -> Details:
    """What a person says of the asset now. Raises Refusal."""
    currency, value, valued_at = _valued(context, before, change)
    category = change.category or before.category
    if before.account_id is not None and category is not AssetCategory.FINANCIAL_ACCOUNT:
        raise conflict("It is an account, so it stays a FINANCIAL_ACCOUNT.", "category")
    description, institution_name = change.description, change.institution_name
    return Details(
        group_id=before.group_id if change.group_id is None else change.group_id[0],
        category=category,
        name=before.name if change.name is None else text.name(change.name, "name"),
        description=before.description
        if description is None
        else text.optional_name(description[0], "description", most=DESCRIPTION_MAX),
        institution_name=before.institution_name
        if institution_name is None
        else text.optional_name(institution_name[0], "institutionName"),
        currency=currency,
        value=value,
        valued_at=valued_at,
    )


def _valued(
    context: Context, before: Asset, change: AssetChange
) -> tuple[str, Decimal | None, date | None]:
    """Currency, value and day; a new value without a day is of today. Raises Refusal."""
    if (change.currency, change.value, change.valued_at) == (None, None, None):
        return before.currency, before.value, before.valued_at
    if before.account_id is not None:
        raise conflict("Its value and currency are those of its account.", "value")
    currency = before.currency
    if change.currency is not None:
        currency = text.currency(change.currency, "currency")
    value = before.value if change.value is None else change.value[0]
    if value is None:
        if change.valued_at is not None:
            raise invalid("Give the value that it had that day.", "value")
        return currency, None, None
    if change.value is None and currency != before.currency:
        raise invalid(f"Give the value in {currency} too.", "value")
    day = before.valued_at if change.value is None else _today(context)
    return currency, value, change.valued_at or day


async def _set_status(context: Context, asset_id: UUID, status: AssetStatus, event: str) -> Asset:
    async with context.write() as tx:
        before = await _locked(tx, context, asset_id)
        if before.status is status:
            return before
        await stored.set_status(tx, tenant_id=context.tenant, asset_id=asset_id, status=status)
        await audit.record(tx, event, data={"assetId": str(asset_id)})
        return await _found(tx, context, asset_id)


async def _check_free(tx: Tx, context: Context, account_id: UUID) -> None:
    wanted = AssetFilter(account_id=account_id)
    taken = await stored.page(tx, tenant_id=context.tenant, wanted=wanted, first=1, after=None)
    if any(one.source is AssetSource.MANUAL for one in taken.items):
        raise conflict("Another asset that somebody entered is this account.", "accountId")


async def _locked(tx: Tx, context: Context, asset_id: UUID) -> Asset:
    await require(tx, context, Role.MEMBER)
    asset = await stored.lock(tx, tenant_id=context.tenant, asset_id=asset_id)
    if asset is None:
        raise missing("asset", "id")
    return asset


async def _found(tx: Tx, context: Context, asset_id: UUID) -> Asset:
    asset = await stored.find(tx, tenant_id=context.tenant, asset_id=asset_id)
    assert asset is not None
    return asset


def _today(context: Context) -> date:
    return context.services.clock().date()
