"""What members do with personas, and admins with groups of them."""

from __future__ import annotations

from typing import Annotated, TypeVar

import strawberry

from core import personas as models
from resolvers import persona_groups, personas
from resolvers.personas import NewPersona, PersonaChange
from resolvers.refusal import Refused
from schema.connection_changes import given
from schema.context import Info
from schema.fields import mutation
from schema.ids import key_of, optional_key_of
from schema.payload import Payload, user_errors
from schema.persona_groups import PersonaGroup
from schema.personas import Persona

PersonaId = Annotated[strawberry.ID, strawberry.argument(description="The persona.")]
GroupId = Annotated[strawberry.ID, strawberry.argument(description="The group.")]


@strawberry.input(description="A new persona.")
class PersonaCreateInput:
    kind: models.PersonaKind = strawberry.field(
        default=models.PersonaKind.PERSON, description="What it is, for good."
    )
    name: str | None = strawberry.field(
        default=None, description="What a business is called; not for a person."
    )
    given_name: str | None = strawberry.field(
        default=None, description="A person's given name; this, the family name, or both."
    )
    family_name: str | None = strawberry.field(default=None, description="A person's family name.")
    email: str | None = strawberry.field(default=None, description="Its address.")
    user_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="The member who it is, for good; another than the caller for admins alone. "
        "Null: nobody who signs in.",
    )

    def wanted(self) -> NewPersona:
        """The persona as use cases take it."""
        return NewPersona(
            kind=self.kind,
            name=self.name,
            given_name=self.given_name,
            family_name=self.family_name,
            email=self.email,
            user_id=optional_key_of("User", self.user_id),
        )


@strawberry.input(description="A change: what is left out stays; null clears what can be cleared.")
class PersonaUpdateInput:
    name: str | None = strawberry.field(
        default=strawberry.UNSET, description="What a business is called."
    )
    given_name: str | None = strawberry.field(
        default=strawberry.UNSET, description="A person's given name; null clears."
    )
    family_name: str | None = strawberry.field(
        default=strawberry.UNSET, description="A person's family name; null clears."
    )
    email: str | None = strawberry.field(
        default=strawberry.UNSET, description="Its address; null clears."
    )
    status: models.PersonaStatus | None = strawberry.field(
        default=None, description="Whether it is in use; a primary one always is."
    )
    user_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="The member who it is, for good, where it was nobody's who signs in; for "
        "admins. The first one of a user is their primary one.",
    )

    def change(self) -> PersonaChange:
        """The change as use cases take it."""
        return PersonaChange(
            name=given(self.name),
            given_name=given(self.given_name),
            family_name=given(self.family_name),
            email=given(self.email),
            status=self.status,
            user_id=optional_key_of("User", self.user_id),
        )


@strawberry.input(description="A new group.")
class PersonaGroupCreateInput:
    name: str = strawberry.field(description="What users will call it, 1 to 200 characters.")
    description: str | None = strawberry.field(
        default=None, description="What else there is to say, 2,000 characters at most."
    )


@strawberry.input(description="A change: what is left out stays; null clears what can be cleared.")
class PersonaGroupUpdateInput:
    name: str | None = strawberry.field(
        default=None, description="What users will call it, 1 to 200 characters."
    )
    description: str | None = strawberry.field(
        default=strawberry.UNSET, description="What else there is to say; null clears."
    )
    status: models.PersonaStatus | None = strawberry.field(
        default=None, description="Whether it is in use."
    )


@strawberry.input(description="A persona of a group.")
class PersonaGroupMemberInput:
    persona_id: strawberry.ID = strawberry.field(description="The persona.")


@strawberry.type(description="What a change of a persona answers.")
class PersonaPayload(Payload):
    persona: Persona | None = strawberry.field(
        description="The persona as it is now; null where it was refused."
    )


@strawberry.type(description="What personaCreate answers.")
class PersonaCreatePayload(PersonaPayload):
    pass


@strawberry.type(description="What personaUpdate answers.")
class PersonaUpdatePayload(PersonaPayload):
    pass


@strawberry.type(description="What personaMakePrimary answers.")
class PersonaMakePrimaryPayload(PersonaPayload):
    pass


@strawberry.type(description="What a change of a group answers.")
class PersonaGroupPayload(Payload):
    group: PersonaGroup | None = strawberry.field(
        description="The group as it is now; null where it was refused."
    )


@strawberry.type(description="What personaGroupCreate answers.")
class PersonaGroupCreatePayload(PersonaGroupPayload):
    pass


@strawberry.type(description="What personaGroupUpdate answers.")
class PersonaGroupUpdatePayload(PersonaGroupPayload):
    pass


@strawberry.type(description="What personaGroupAddMember answers.")
class PersonaGroupAddMemberPayload(PersonaGroupPayload):
    pass


@strawberry.type(description="What personaGroupRemoveMember answers.")
class PersonaGroupRemoveMemberPayload(PersonaGroupPayload):
    pass


PersonaAnswer = TypeVar("PersonaAnswer", bound=PersonaPayload)
GroupAnswer = TypeVar("GroupAnswer", bound=PersonaGroupPayload)


@strawberry.type(description="What members do with personas, and admins with groups of them.")
class PersonaMutations:
    @mutation(
        description="Enters a persona; for members. The first one of a user is their primary one."
    )
    async def persona_create(
        self,
        info: Info,
        input: Annotated[PersonaCreateInput, strawberry.argument(description="What to enter.")],
    ) -> PersonaCreatePayload | None:
        """Enters a persona."""
        answer = await personas.create(info.context, new=input.wanted())
        return _persona(PersonaCreatePayload, answer)

    @mutation(
        description="Changes a persona; for members their own and who they entered, for admins all."
    )
    async def persona_update(
        self,
        info: Info,
        id: PersonaId,
        input: Annotated[PersonaUpdateInput, strawberry.argument(description="What to change.")],
    ) -> PersonaUpdatePayload | None:
        """Changes a persona."""
        answer = await personas.update(
            info.context, persona_id=key_of("Persona", id), change=input.change()
        )
        return _persona(PersonaUpdatePayload, answer)

    @mutation(
        description="Makes a persona its user's primary one, to which later connections belong; "
        "for members their own, for admins all."
    )
    async def persona_make_primary(
        self, info: Info, id: PersonaId
    ) -> PersonaMakePrimaryPayload | None:
        """Makes a persona its user's primary one."""
        answer = await personas.make_primary(info.context, persona_id=key_of("Persona", id))
        return _persona(PersonaMakePrimaryPayload, answer)

    @mutation(description="Makes a group, to which nobody belongs yet; for admins.")
    async def persona_group_create(
        self,
        info: Info,
        input: Annotated[PersonaGroupCreateInput, strawberry.argument(description="What to make.")],
    ) -> PersonaGroupCreatePayload | None:
        """Makes a group."""
        answer = await persona_groups.create(
            info.context, name=input.name, description=input.description
        )
        return _group(PersonaGroupCreatePayload, answer)

    @mutation(description="Changes a group; for admins.")
    async def persona_group_update(
        self,
        info: Info,
        id: GroupId,
        input: Annotated[
            PersonaGroupUpdateInput, strawberry.argument(description="What to change.")
        ],
    ) -> PersonaGroupUpdatePayload | None:
        """Changes a group."""
        answer = await persona_groups.update(
            info.context,
            group_id=key_of("PersonaGroup", id),
            name=input.name,
            description=given(input.description),
            status=input.status,
        )
        return _group(PersonaGroupUpdatePayload, answer)

    @mutation(description="Adds a persona to a group; for admins.")
    async def persona_group_add_member(
        self,
        info: Info,
        id: GroupId,
        input: Annotated[PersonaGroupMemberInput, strawberry.argument(description="Whom to add.")],
    ) -> PersonaGroupAddMemberPayload | None:
        """Adds a persona to a group."""
        answer = await persona_groups.add_member(
            info.context,
            group_id=key_of("PersonaGroup", id),
            persona_id=key_of("Persona", input.persona_id),
        )
        return _group(PersonaGroupAddMemberPayload, answer)

    @mutation(
        description="Takes a persona out of a group; what it owns and the group's assets stay as "
        "they are; for admins."
    )
    async def persona_group_remove_member(
        self,
        info: Info,
        id: GroupId,
        input: Annotated[
            PersonaGroupMemberInput, strawberry.argument(description="Whom to take out.")
        ],
    ) -> PersonaGroupRemoveMemberPayload | None:
        """Takes a persona out of a group."""
        answer = await persona_groups.remove_member(
            info.context,
            group_id=key_of("PersonaGroup", id),
            persona_id=key_of("Persona", input.persona_id),
        )
        return _group(PersonaGroupRemoveMemberPayload, answer)


def _persona(kind: type[PersonaAnswer], answer: models.Persona | Refused) -> PersonaAnswer:
    return kind(
        persona=None if isinstance(answer, Refused) else Persona.of(answer),
        user_errors=user_errors(answer),
    )


def _group(kind: type[GroupAnswer], answer: models.PersonaGroup | Refused) -> GroupAnswer:
    return kind(
        group=None if isinstance(answer, Refused) else PersonaGroup.of(answer),
        user_errors=user_errors(answer),
    )
