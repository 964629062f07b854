"""Assets: what personas own, and in which shares."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import strawberry

from core import assets as models
from db import asset_owners as stored_owners
from db.accounts import LISTING as ACCOUNTS
from db.assets import VALUE, VALUED_AT
from db.assets import AssetFilter as Wanted
from db.connections import LISTING as CONNECTIONS
from db.persona_groups import LISTING as GROUPS
from db.personas import LISTING as PERSONAS
from db.select import Asked
from resolvers import accounts, asset_owners, connections, persona_groups, personas
from schema.accounts import Account
from schema.columns import column, money, shown
from schema.connections import Connection
from schema.context import Info
from schema.fields import resolved
from schema.ids import encode, optional_key_of
from schema.money import Money
from schema.node import Node
from schema.page import DEFAULT, After, First, Listed
from schema.persona_groups import PersonaGroup
from schema.personas import Persona
from schema.reads import Many, One
from schema.related import children, maybe, one
from schema.scalars import CurrencyCode


@strawberry.type(description="A persona's part in an asset.")
class AssetOwner:
    ownership_type: models.OwnershipType = column(
        "o.ownership_type", description="What the persona is to the asset."
    )
    percentage: Decimal | None = column(
        "o.percentage",
        description="How much of 100; of all owners of an asset together 100 at most. Null for a "
        "beneficiary or a trustee of whom nobody said.",
    )
    model: strawberry.Private[models.AssetOwner]

    @staticmethod
    def of(owner: models.AssetOwner) -> AssetOwner:
        """A part in an asset."""
        return shown(AssetOwner, owner, model=owner)

    @resolved(description="Whose it is.", reads=One(listing=PERSONAS, key="o.persona_id"))
    async def persona(self, info: Info) -> Persona:
        """Whose it is."""
        return await one(info.context, personas.by_ids, self.model.persona_id, Persona.of)


@strawberry.type(description="Something that personas own: an account, a house, a car.")
class Asset(Node):
    category: models.AssetCategory = column("s.category", description="What it is.")
    name: str = column("s.name", description="What users call it.")
    description: str | None = column(
        "s.description", description="What else there is to say; null where nobody did."
    )
    institution_name: str | None = column(
        "s.institution_name", description="Who keeps it; null where nobody said."
    )
    status: models.AssetStatus = column("s.status", description="Whether it is in use.")
    currency: CurrencyCode = column("s.currency", description="The currency of its value.")
    value: Money | None = money(
        VALUE,
        currency="s.currency",
        description="What it is worth: the newest balance of its account where it is one, else "
        "what somebody said; null where nobody did.",
    )
    valued_at: date | None = column(
        VALUED_AT, description="The day that the value is of; null where there is none."
    )
    source: models.AssetSource = column("s.source", description="Who made it.")
    created_at: datetime = column("s.created_at", description="When it was made.")
    updated_at: datetime = column(
        "s.updated_at", description="When it or its owners were last changed."
    )
    model: strawberry.Private[models.Asset]

    @staticmethod
    def of(asset: models.Asset) -> Asset:
        """An asset of the tenant's."""
        return shown(Asset, asset, id=encode("Asset", asset.id), key=asset.id, model=asset)

    @resolved(
        description="The account that it is; null where it is none that is known here.",
        reads=One(listing=ACCOUNTS, key="s.account_id"),
    )
    async def account(self, info: Info) -> Account | None:
        """The account that it is."""
        return await maybe(info.context, accounts.by_ids, self.model.account_id, Account.of)

    @resolved(
        description="The connection that last brought its account; null where none did.",
        reads=One(listing=CONNECTIONS, key="s.connection_id"),
    )
    async def connection(self, info: Info) -> Connection | None:
        """The connection."""
        return await maybe(
            info.context, connections.by_ids, self.model.connection_id, Connection.of
        )

    @resolved(
        description="The group that it belongs to; null where it belongs to none.",
        reads=One(listing=GROUPS, key="s.group_id"),
    )
    async def group(self, info: Info) -> PersonaGroup | None:
        """The group that it belongs to."""
        return await maybe(
            info.context, persona_groups.by_ids, self.model.group_id, PersonaGroup.of
        )

    @resolved(
        description="Its owners, beneficiaries and trustees, the largest share first.",
        reads=Many(
            listing=stored_owners.LISTING,
            parent="o.asset_id",
            asked=Asked(order=stored_owners.LARGEST),
        ),
    )
    async def owners(
        self, info: Info, first: First = DEFAULT, after: After = None
    ) -> Listed[AssetOwner]:
        """Its owners, beneficiaries and trustees."""
        return await children(
            info.context, asset_owners.of_assets, self.key, AssetOwner.of, first=first, after=after
        )


@strawberry.input(description="Which assets; what is left out or null asks nothing.")
class AssetFilter:
    persona_id: strawberry.ID | None = strawberry.field(
        default=None, description="In which this persona has a part."
    )
    group_id: strawberry.ID | None = strawberry.field(
        default=None, description="That belong to this group."
    )
    account_id: strawberry.ID | None = strawberry.field(
        default=None, description="The one that is this account."
    )
    connection_id: strawberry.ID | None = strawberry.field(
        default=None, description="Whose account this connection brought last."
    )
    category: list[models.AssetCategory] | None = strawberry.field(
        default=None, description="Of one of these categories."
    )
    status: list[models.AssetStatus] | None = strawberry.field(
        default=None, description="In one of these states."
    )

    def wanted(self) -> Wanted:
        """The filter as reads take it."""
        return Wanted(
            persona_id=optional_key_of("Persona", self.persona_id),
            group_id=optional_key_of("PersonaGroup", self.group_id),
            account_id=optional_key_of("Account", self.account_id),
            connection_id=optional_key_of("Connection", self.connection_id),
            category=None if self.category is None else tuple(self.category),
            status=None if self.status is None else tuple(self.status),
        )
