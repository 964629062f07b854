"""What members do with account mappings."""

from __future__ import annotations

from typing import Annotated, TypeVar

import strawberry

from core import models
from resolvers import mappings
from resolvers.mappings import Mapped
from resolvers.refusal import Refused
from schema.account_changes import AccountCreateInput
from schema.context import Info
from schema.fields import mutation
from schema.ids import key_of
from schema.jobs import IngestionJob
from schema.mappings import AccountMapping
from schema.payload import Payload, user_errors

MappingId = Annotated[strawberry.ID, strawberry.argument(description="The mapping.")]


@strawberry.input(description="Which account an external one is.")
class AccountMappingSetInput:
    account_id: strawberry.ID = strawberry.field(description="The account, of equal currency.")


@strawberry.type(description="What a decision about a mapping answers.")
class AccountMappingPayload(Payload):
    mapping: AccountMapping | None = strawberry.field(
        description="The mapping as it is now; null where it was refused."
    )


@strawberry.type(description="What a decision answers that rows follow.")
class AccountMappingChangePayload(AccountMappingPayload):
    job: IngestionJob | None = strawberry.field(
        description="The job in which rows follow it; null where there are none."
    )


@strawberry.type(description="What accountMappingSet answers.")
class AccountMappingSetPayload(AccountMappingChangePayload):
    pass


@strawberry.type(description="What accountMappingCreateAccount answers.")
class AccountMappingCreateAccountPayload(AccountMappingChangePayload):
    pass


@strawberry.type(description="What accountMappingUnset answers.")
class AccountMappingUnsetPayload(AccountMappingChangePayload):
    pass


@strawberry.type(description="What accountMappingIgnore answers.")
class AccountMappingIgnorePayload(AccountMappingChangePayload):
    pass


@strawberry.type(description="What accountMappingVerify answers.")
class AccountMappingVerifyPayload(AccountMappingPayload):
    pass


@strawberry.input(description="Which account an external one is not.")
class AccountMappingRefuseInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")


@strawberry.type(description="What accountMappingRefuse answers.")
class AccountMappingRefusePayload(AccountMappingPayload):
    pass


@strawberry.type(description="What accountMappingRefusalUndo answers.")
class AccountMappingRefusalUndoPayload(AccountMappingPayload):
    pass


Decided = TypeVar("Decided", bound=AccountMappingPayload)
Change = TypeVar("Change", bound=AccountMappingChangePayload)


@strawberry.type(description="What members do with account mappings.")
class MappingMutations:
    @mutation(
        description="Says which account an external one is. In a job its rows move there, and "
        "those that waited are derived. For members."
    )
    async def account_mapping_set(
        self,
        info: Info,
        id: MappingId,
        input: Annotated[AccountMappingSetInput, strawberry.argument(description="The account.")],
    ) -> AccountMappingSetPayload | None:
        """Says which account an external one is."""
        answer = await mappings.set_account(
            info.context,
            mapping_id=key_of("AccountMapping", id),
            account_id=key_of("Account", input.account_id),
        )
        return _changed(AccountMappingSetPayload, answer)

    @mutation(
        description="Makes an account and says that an external one is it: both, or neither. "
        "The rest is as in accountMappingSet. For members."
    )
    async def account_mapping_create_account(
        self,
        info: Info,
        id: MappingId,
        input: Annotated[
            AccountCreateInput,
            strawberry.argument(description="The account to make, of equal currency."),
        ],
    ) -> AccountMappingCreateAccountPayload | None:
        """Makes an account for an external one."""
        answer = await mappings.create_account(
            info.context, mapping_id=key_of("AccountMapping", id), new=input.wanted()
        )
        return _changed(AccountMappingCreateAccountPayload, answer)

    @mutation(
        description="Takes the account of a mapping away: a job takes its rows out of the account, "
        "and they wait again. For members."
    )
    async def account_mapping_unset(
        self,
        info: Info,
        id: MappingId,
    ) -> AccountMappingUnsetPayload | None:
        """Takes the account of a mapping away."""
        key = key_of("AccountMapping", id)
        answer = await mappings.unset(info.context, mapping_id=key)
        return _changed(AccountMappingUnsetPayload, answer)

    @mutation(
        description="Says that rows of an external account are not wanted: a job takes out those "
        "there are. For members."
    )
    async def account_mapping_ignore(
        self,
        info: Info,
        id: MappingId,
    ) -> AccountMappingIgnorePayload | None:
        """Says that rows of an external account are not wanted."""
        key = key_of("AccountMapping", id)
        answer = await mappings.ignore(info.context, mapping_id=key)
        return _changed(AccountMappingIgnorePayload, answer)

    @mutation(description="Says that a mapping which the system made is right; for members.")
    async def account_mapping_verify(
        self,
        info: Info,
        id: MappingId,
    ) -> AccountMappingVerifyPayload | None:
        """Says that a mapping is right."""
        key = key_of("AccountMapping", id)
        answer = await mappings.verify(info.context, mapping_id=key)
        mapping = answer if isinstance(answer, Refused) else answer.mapping
        return _decided(AccountMappingVerifyPayload, mapping)

    @mutation(
        description="Says which account an external one is not: it is suggested no more and no "
        "import takes it, whatever the source calls itself after a new link. For members."
    )
    async def account_mapping_refuse(
        self,
        info: Info,
        id: MappingId,
        input: Annotated[
            AccountMappingRefuseInput, strawberry.argument(description="The account.")
        ],
    ) -> AccountMappingRefusePayload | None:
        """Says which account an external one is not."""
        answer = await mappings.refuse(
            info.context,
            mapping_id=key_of("AccountMapping", id),
            account_id=key_of("Account", input.account_id),
        )
        return _decided(AccountMappingRefusePayload, answer)

    @mutation(
        description="Takes back that an external account is not this one: it may be suggested "
        "again. For members."
    )
    async def account_mapping_refusal_undo(
        self,
        info: Info,
        id: MappingId,
        input: Annotated[
            AccountMappingRefuseInput, strawberry.argument(description="The account.")
        ],
    ) -> AccountMappingRefusalUndoPayload | None:
        """Takes back that an external account is not this one."""
        answer = await mappings.forgive(
            info.context,
            mapping_id=key_of("AccountMapping", id),
            account_id=key_of("Account", input.account_id),
        )
        return _decided(AccountMappingRefusalUndoPayload, answer)


def _decided(kind: type[Decided], answer: models.AccountMapping | Refused) -> Decided:
    return kind(
        mapping=None if isinstance(answer, Refused) else AccountMapping.of(answer),
        user_errors=user_errors(answer),
    )


def _changed(kind: type[Change], answer: Mapped | Refused) -> Change:
    job = None if isinstance(answer, Refused) else answer.job
    return kind(
        mapping=None if isinstance(answer, Refused) else AccountMapping.of(answer.mapping),
        job=None if job is None else IngestionJob.of(job),
        user_errors=user_errors(answer),
    )
