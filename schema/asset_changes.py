"""What members do with assets."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, TypeVar

import strawberry

from core import assets as models
from resolvers import asset_owners, assets
from resolvers.asset_owners import Share
from resolvers.assets import AssetChange, NewAsset
from resolvers.refusal import Refused
from schema.assets import Asset
from schema.connection_changes import given
from schema.context import Info
from schema.fields import mutation
from schema.ids import key_of, optional_key_of
from schema.payload import Payload, user_errors
from schema.scalars import CurrencyCode

AssetId = Annotated[strawberry.ID, strawberry.argument(description="The asset.")]


@strawberry.input(description="A persona's part in an asset.")
class AssetOwnerInput:
    persona_id: strawberry.ID = strawberry.field(description="Whose it is.")
    ownership_type: models.OwnershipType = strawberry.field(
        default=models.OwnershipType.OWNER, description="What the persona is to the asset."
    )
    percentage: Decimal | None = strawberry.field(
        default=None,
        description='How much of 100, with two decimals at most, such as "33.33"; of an owner '
        "needed, of all owners together 100 at most.",
    )

    def share(self) -> Share:
        """The part as use cases take it."""
        return Share(
            persona_id=key_of("Persona", self.persona_id),
            ownership_type=self.ownership_type,
            percentage=self.percentage,
        )


@strawberry.input(description="A new asset.")
class AssetCreateInput:
    category: models.AssetCategory = strawberry.field(description="What it is.")
    name: str = strawberry.field(description="What users will call it, 1 to 200 characters.")
    currency: CurrencyCode = strawberry.field(description="The currency of its value.")
    value: Decimal | None = strawberry.field(
        default=None, description="What it is worth; null where nobody knows."
    )
    valued_at: date | None = strawberry.field(
        default=None, description="The day that the value is of; null: today, in UTC."
    )
    description: str | None = strawberry.field(
        default=None, description="What else there is to say, 2,000 characters at most."
    )
    institution_name: str | None = strawberry.field(
        default=None, description="Who keeps it, 1 to 200 characters."
    )
    group_id: strawberry.ID | None = strawberry.field(
        default=None, description="The group that it belongs to."
    )
    owners: list[AssetOwnerInput] | None = strawberry.field(
        default=None,
        description="Its owners, beneficiaries and trustees, 100 at most; null: nobody yet.",
    )

    def wanted(self) -> NewAsset:
        """The asset as use cases take it."""
        return NewAsset(
            category=self.category,
            name=self.name,
            description=self.description,
            institution_name=self.institution_name,
            group_id=optional_key_of("PersonaGroup", self.group_id),
            currency=self.currency,
            value=self.value,
            valued_at=self.valued_at,
            owners=[one.share() for one in self.owners or ()],
        )


@strawberry.input(description="A change: what is left out stays; null clears what can be cleared.")
class AssetUpdateInput:
    category: models.AssetCategory | None = strawberry.field(
        default=None, description="What it is; an account's stays as it is."
    )
    name: str | None = strawberry.field(
        default=None, description="What users will call it, 1 to 200 characters."
    )
    currency: CurrencyCode | None = strawberry.field(
        default=None, description="The currency of its value, which is then given too."
    )
    value: Decimal | None = strawberry.field(
        default=strawberry.UNSET,
        description="What it is worth, not of an account; null clears.",
    )
    valued_at: date | None = strawberry.field(
        default=None, description="The day that the value is of; of a new value else today, in UTC."
    )
    description: str | None = strawberry.field(
        default=strawberry.UNSET, description="What else there is to say; null clears."
    )
    institution_name: str | None = strawberry.field(
        default=strawberry.UNSET, description="Who keeps it; null clears."
    )
    group_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="The group that it belongs to; null clears."
    )

    def change(self) -> AssetChange:
        """The change as use cases take it."""
        group = given(self.group_id)
        return AssetChange(
            category=self.category,
            name=self.name,
            description=given(self.description),
            institution_name=given(self.institution_name),
            group_id=None if group is None else (optional_key_of("PersonaGroup", group[0]),),
            currency=self.currency,
            value=given(self.value),
            valued_at=self.valued_at,
        )


@strawberry.input(description="Who owns an asset.")
class AssetOwnersSetInput:
    asset_id: strawberry.ID = strawberry.field(description="The asset.")
    owners: list[AssetOwnerInput] = strawberry.field(
        description="All its owners, beneficiaries and trustees, 100 at most, in place of those "
        "before; empty: nobody."
    )


@strawberry.input(description="Which account an asset is.")
class AssetAttachAccountInput:
    account_id: strawberry.ID = strawberry.field(description="The account, of equal currency.")


@strawberry.type(description="What a change of an asset answers.")
class AssetPayload(Payload):
    asset: Asset | None = strawberry.field(
        description="The asset as it is now; null where it was refused."
    )


@strawberry.type(description="What assetCreate answers.")
class AssetCreatePayload(AssetPayload):
    pass


@strawberry.type(description="What assetUpdate answers.")
class AssetUpdatePayload(AssetPayload):
    pass


@strawberry.type(description="What assetArchive answers.")
class AssetArchivePayload(AssetPayload):
    pass


@strawberry.type(description="What assetRestore answers.")
class AssetRestorePayload(AssetPayload):
    pass


@strawberry.type(description="What assetOwnersSet answers.")
class AssetOwnersSetPayload(AssetPayload):
    pass


@strawberry.type(description="What assetAttachAccount answers.")
class AssetAttachAccountPayload(AssetPayload):
    pass


AssetAnswer = TypeVar("AssetAnswer", bound=AssetPayload)


@strawberry.type(description="What members do with assets.")
class AssetMutations:
    @mutation(description="Enters an asset with its owners: all of it, or nothing; for members.")
    async def asset_create(
        self,
        info: Info,
        input: Annotated[AssetCreateInput, strawberry.argument(description="What to enter.")],
    ) -> AssetCreatePayload | None:
        """Enters an asset."""
        answer = await assets.create(info.context, new=input.wanted())
        return _asset(AssetCreatePayload, answer)

    @mutation(
        description="Changes an asset; for members. A name that somebody gives here, no connection "
        "changes again."
    )
    async def asset_update(
        self,
        info: Info,
        id: AssetId,
        input: Annotated[AssetUpdateInput, strawberry.argument(description="What to change.")],
    ) -> AssetUpdatePayload | None:
        """Changes an asset."""
        answer = await assets.update(
            info.context, asset_id=key_of("Asset", id), change=input.change()
        )
        return _asset(AssetUpdatePayload, answer)

    @mutation(description="Archives an asset: what is known of it stays; for members.")
    async def asset_archive(self, info: Info, id: AssetId) -> AssetArchivePayload | None:
        """Archives an asset."""
        answer = await assets.archive(info.context, asset_id=key_of("Asset", id))
        return _asset(AssetArchivePayload, answer)

    @mutation(description="Takes an archived asset back into use; for members.")
    async def asset_restore(self, info: Info, id: AssetId) -> AssetRestorePayload | None:
        """Takes an archived asset back into use."""
        answer = await assets.restore(info.context, asset_id=key_of("Asset", id))
        return _asset(AssetRestorePayload, answer)

    @mutation(
        description="Sets all owners, beneficiaries and trustees of an asset, in place of those "
        "before; for members."
    )
    async def asset_owners_set(
        self,
        info: Info,
        input: Annotated[AssetOwnersSetInput, strawberry.argument(description="Who owns it.")],
    ) -> AssetOwnersSetPayload | None:
        """Sets all owners of an asset."""
        answer = await asset_owners.set_all(
            info.context,
            asset_id=key_of("Asset", input.asset_id),
            shares=[one.share() for one in input.owners],
        )
        return _asset(AssetOwnersSetPayload, answer)

    @mutation(
        description="Says which account an asset is that somebody entered: its value is the "
        "account's from now on, and connections make no other asset of the account. One that a "
        "connection has made of it already is archived. For members."
    )
    async def asset_attach_account(
        self,
        info: Info,
        id: AssetId,
        input: Annotated[
            AssetAttachAccountInput, strawberry.argument(description="Which account it is.")
        ],
    ) -> AssetAttachAccountPayload | None:
        """Says which account an asset is."""
        answer = await assets.attach_account(
            info.context,
            asset_id=key_of("Asset", id),
            account_id=key_of("Account", input.account_id),
        )
        return _asset(AssetAttachAccountPayload, answer)


def _asset(kind: type[AssetAnswer], answer: models.Asset | Refused) -> AssetAnswer:
    return kind(
        asset=None if isinstance(answer, Refused) else Asset.of(answer),
        user_errors=user_errors(answer),
    )
