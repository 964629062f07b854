"""Personas: whoever can own something, whether they sign in or not."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from core import personas as models
from db import assets as stored_assets
from db import persona_groups as stored_groups
from db.personas import PersonaFilter as Wanted
from db.select import Asked
from resolvers import assets, persona_groups
from schema.columns import column, derived, shown
from schema.context import Info
from schema.fields import resolved
from schema.ids import encode, optional_key_of
from schema.node import Node
from schema.page import DEFAULT, After, First, Listed
from schema.reads import Many
from schema.related import children
from schema.tenants import User
from schema.users import user

if TYPE_CHECKING:
    from schema.assets import Asset
    from schema.persona_groups import PersonaGroup


@strawberry.type(description="A person or a business that can own something.")
class Persona(Node):
    kind: models.PersonaKind = column("p.kind", description="What it is.")
    name: str = derived(
        "coalesce(p.name, concat_ws(' ', p.given_name, p.family_name))",
        description="What it is called: a person's names, or the name of a business.",
    )
    given_name: str | None = column(
        "p.given_name", description="A person's given name; null where nobody said."
    )
    family_name: str | None = column(
        "p.family_name", description="A person's family name; null where nobody said."
    )
    email: str | None = column("p.email", description="Its address; null where nobody said.")
    is_primary: bool = column(
        "p.is_primary",
        description="Whether it is the one of its user's personas that new connections belong to.",
    )
    status: models.PersonaStatus = column("p.status", description="Whether it is in use.")
    created_at: datetime = column("p.created_at", description="When it was entered.")
    updated_at: datetime = column("p.updated_at", description="When it was last changed.")
    model: strawberry.Private[models.Persona]

    @staticmethod
    def of(persona: models.Persona) -> Persona:
        """A persona of the tenant's."""
        return shown(
            Persona,
            persona,
            id=encode("Persona", persona.id),
            key=persona.id,
            name=persona.full_name,
            model=persona,
        )

    @resolved(description="The member who it is; null for who does not sign in, such as a child.")
    async def user(self, info: Info) -> User | None:
        """The member who it is."""
        return await user(info.context, self.model.user_id)

    @resolved(
        description="The groups that it belongs to, newest first.",
        reads=Many(
            listing=stored_groups.OF_PERSONAS,
            parent="l.persona_id",
            asked=Asked(order=stored_groups.NEWEST),
        ),
    )
    async def groups(
        self, info: Info, first: First = DEFAULT, after: After = None
    ) -> Listed[Annotated[PersonaGroup, strawberry.lazy("schema.persona_groups")]]:
        """The groups that it belongs to."""
        from schema.persona_groups import PersonaGroup

        return await children(
            info.context,
            persona_groups.of_personas,
            self.key,
            PersonaGroup.of,
            first=first,
            after=after,
        )

    @resolved(
        description="What it has a part in, as owner, beneficiary or trustee, newest first.",
        reads=Many(
            listing=stored_assets.OF_PERSONAS,
            parent="held.persona_id",
            asked=Asked(order=stored_assets.NEWEST),
        ),
    )
    async def assets(
        self, info: Info, first: First = DEFAULT, after: After = None
    ) -> Listed[Annotated[Asset, strawberry.lazy("schema.assets")]]:
        """What it has a part in."""
        from schema.assets import Asset

        return await children(
            info.context, assets.of_personas, self.key, Asset.of, first=first, after=after
        )


@strawberry.input(description="Which personas; what is left out or null asks nothing.")
class PersonaFilter:
    kind: list[models.PersonaKind] | None = strawberry.field(
        default=None, description="Of one of these kinds."
    )
    status: list[models.PersonaStatus] | None = strawberry.field(
        default=None, description="In one of these states."
    )
    user_id: strawberry.ID | None = strawberry.field(
        default=None, description="Those of this user."
    )
    group_id: strawberry.ID | None = strawberry.field(
        default=None, description="That belong to this group."
    )
    is_primary: bool | None = strawberry.field(
        default=None, description="Primary ones, or those that are not."
    )

    def wanted(self) -> Wanted:
        """The filter as reads take it."""
        return Wanted(
            kind=None if self.kind is None else tuple(self.kind),
            status=None if self.status is None else tuple(self.status),
            user_id=optional_key_of("User", self.user_id),
            group_id=optional_key_of("PersonaGroup", self.group_id),
            is_primary=self.is_primary,
        )
