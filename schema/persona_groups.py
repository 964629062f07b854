"""Groups of personas, such as a family circle."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from core import personas as models
from db import assets as stored_assets
from db import personas as stored_personas
from db.select import Asked
from resolvers import assets, personas
from schema.columns import column, shown
from schema.context import Info
from schema.fields import resolved
from schema.ids import encode
from schema.node import Node
from schema.page import DEFAULT, After, First, Listed
from schema.personas import Persona
from schema.reads import Many
from schema.related import children

if TYPE_CHECKING:
    from schema.assets import Asset


@strawberry.type(description="Personas that belong together, such as a family circle.")
class PersonaGroup(Node):
    name: str = column("g.name", description="What users call it.")
    description: str | None = column(
        "g.description", description="What else there is to say; null where nobody did."
    )
    status: models.PersonaStatus = column("g.status", description="Whether it is in use.")
    created_at: datetime = column("g.created_at", description="When it was made.")
    updated_at: datetime = column("g.updated_at", description="When it was last changed.")

    @staticmethod
    def of(group: models.PersonaGroup) -> PersonaGroup:
        """A group of the tenant's."""
        return shown(PersonaGroup, group, id=encode("PersonaGroup", group.id), key=group.id)

    @resolved(
        description="The personas that belong to it, newest first.",
        reads=Many(
            listing=stored_personas.OF_GROUPS,
            parent="l.group_id",
            asked=Asked(order=stored_personas.NEWEST),
        ),
    )
    async def members(
        self, info: Info, first: First = DEFAULT, after: After = None
    ) -> Listed[Persona]:
        """The personas that belong to it."""
        return await children(
            info.context, personas.of_groups, self.key, Persona.of, first=first, after=after
        )

    @resolved(
        description="The assets that belong to it, newest first.",
        reads=Many(
            listing=stored_assets.LISTING,
            parent="s.group_id",
            asked=Asked(order=stored_assets.NEWEST),
        ),
    )
    async def assets(
        self, info: Info, first: First = DEFAULT, after: After = None
    ) -> Listed[Annotated[Asset, strawberry.lazy("schema.assets")]]:
        """The assets that belong to it."""
        from schema.assets import Asset

        return await children(
            info.context, assets.of_groups, self.key, Asset.of, first=first, after=after
        )
