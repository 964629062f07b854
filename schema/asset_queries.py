"""What can be asked of personas and of what they own."""

from __future__ import annotations

from typing import Annotated

import strawberry

from db import assets as stored_assets
from db import persona_groups as stored_groups
from db import personas as stored_personas
from db.assets import AssetFilter as WantedAssets
from db.personas import PersonaFilter as WantedPersonas
from db.select import Asked
from resolvers import assets, persona_groups, personas
from schema.assets import Asset, AssetFilter
from schema.context import Info
from schema.fields import resolved
from schema.ids import key_of
from schema.page import DEFAULT, After, First, Listed, bounded, listed
from schema.persona_groups import PersonaGroup
from schema.personas import Persona, PersonaFilter
from schema.reads import Many
from schema.related import maybe
from schema.roots import FILTER, Id, by_id, filtered


@strawberry.type(description="What can be asked of personas and of what they own.")
class AssetQueries:
    @resolved(
        description="A persona; null where the caller has none such.",
        reads=by_id("Persona", stored_personas.LISTING),
    )
    async def persona(self, info: Info, id: Id) -> Persona | None:
        """A persona."""
        return await maybe(info.context, personas.by_ids, key_of("Persona", id), Persona.of)

    @resolved(
        description="The tenant's personas, newest first.",
        reads=filtered(stored_personas.LISTING, stored_personas.asked, WantedPersonas()),
    )
    async def personas(
        self,
        info: Info,
        first: First = DEFAULT,
        after: After = None,
        filter: Annotated[PersonaFilter | None, FILTER] = None,
    ) -> Listed[Persona]:
        """The tenant's personas."""
        wanted = WantedPersonas() if filter is None else filter.wanted()
        page = await personas.page(info.context, wanted=wanted, first=bounded(first), after=after)
        return listed(page, Persona.of)

    @resolved(
        description="The tenant's groups of personas, newest first.",
        reads=Many(listing=stored_groups.LISTING, asked=Asked(order=stored_groups.NEWEST)),
    )
    async def persona_groups(
        self, info: Info, first: First = DEFAULT, after: After = None
    ) -> Listed[PersonaGroup]:
        """The tenant's groups of personas."""
        page = await persona_groups.page(info.context, first=bounded(first), after=after)
        return listed(page, PersonaGroup.of)

    @resolved(
        description="An asset; null where the caller has none such.",
        reads=by_id("Asset", stored_assets.LISTING),
    )
    async def asset(self, info: Info, id: Id) -> Asset | None:
        """An asset."""
        return await maybe(info.context, assets.by_ids, key_of("Asset", id), Asset.of)

    @resolved(
        description="The tenant's assets, newest first; archived ones too, unless `status` says "
        "otherwise.",
        reads=filtered(stored_assets.LISTING, stored_assets.asked, WantedAssets()),
    )
    async def assets(
        self,
        info: Info,
        first: First = DEFAULT,
        after: After = None,
        filter: Annotated[AssetFilter | None, FILTER] = None,
    ) -> Listed[Asset]:
        """The tenant's assets."""
        wanted = WantedAssets() if filter is None else filter.wanted()
        page = await assets.page(info.context, wanted=wanted, first=bounded(first), after=after)
        return listed(page, Asset.of)
