"""What members do with statement profiles."""

from __future__ import annotations

from typing import Annotated

import strawberry

from core import models
from resolvers import profiles
from resolvers.refusal import Refused
from schema.context import Info
from schema.fields import mutation
from schema.ids import encode, key_of
from schema.payload import Payload, user_errors
from schema.profiles import StatementProfile
from schema.scalars import JSON

Id = Annotated[strawberry.ID, strawberry.argument(description="The profile.")]


@strawberry.input(description="A new profile.")
class StatementProfileCreateInput:
    name: str = strawberry.field(description="What users will call it, 1 to 200 characters.")
    definition: JSON = strawberry.field(
        description="What it says; its `format` is csv where none stands there. See "
        "docs/statements.md."
    )


@strawberry.input(description="A change: what is left out or null stays.")
class StatementProfileUpdateInput:
    name: str | None = strawberry.field(
        default=None, description="What users will call it, 1 to 200 characters."
    )
    definition: JSON | None = strawberry.field(
        default=None, description="All that it says; its format stays."
    )


@strawberry.type(description="What statementProfileCreate answers.")
class StatementProfileCreatePayload(Payload):
    profile: StatementProfile | None = strawberry.field(
        description="The profile; null where it was refused."
    )


@strawberry.type(description="What statementProfileUpdate answers.")
class StatementProfileUpdatePayload(Payload):
    profile: StatementProfile | None = strawberry.field(
        description="The profile as it is now; null where it was refused."
    )


@strawberry.type(description="What statementProfileDelete answers.")
class StatementProfileDeletePayload(Payload):
    deleted_id: strawberry.ID | None = strawberry.field(
        description="The id that is gone; null where it was refused."
    )


@strawberry.type(description="What members do with statement profiles.")
class ProfileMutations:
    @mutation(description="Saves a column mapping; for members.")
    async def statement_profile_create(
        self,
        info: Info,
        input: Annotated[
            StatementProfileCreateInput, strawberry.argument(description="What to save.")
        ],
    ) -> StatementProfileCreatePayload | None:
        """Saves a column mapping."""
        answer = await profiles.create(info.context, name=input.name, definition=input.definition)
        return StatementProfileCreatePayload(
            profile=_shown(answer), user_errors=user_errors(answer)
        )

    @mutation(description="Changes a column mapping for later imports; for members.")
    async def statement_profile_update(
        self,
        info: Info,
        id: Id,
        input: Annotated[
            StatementProfileUpdateInput, strawberry.argument(description="What to change.")
        ],
    ) -> StatementProfileUpdatePayload | None:
        """Changes a column mapping."""
        answer = await profiles.update(
            info.context,
            profile_id=key_of("StatementProfile", id),
            name=input.name,
            definition=input.definition,
        )
        return StatementProfileUpdatePayload(
            profile=_shown(answer), user_errors=user_errors(answer)
        )

    @mutation(description="Deletes a column mapping that nothing uses; for members.")
    async def statement_profile_delete(
        self, info: Info, id: Id
    ) -> StatementProfileDeletePayload | None:
        """Deletes a column mapping."""
        answer = await profiles.delete(info.context, profile_id=key_of("StatementProfile", id))
        return StatementProfileDeletePayload(
            deleted_id=None if isinstance(answer, Refused) else encode("StatementProfile", answer),
            user_errors=user_errors(answer),
        )


def _shown(answer: models.StatementProfile | Refused) -> StatementProfile | None:
    return None if isinstance(answer, Refused) else StatementProfile.of(answer)
