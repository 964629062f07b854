"""What members do with accounts and mappings."""

from __future__ import annotations

from typing import Annotated, TypeVar

import strawberry

from core import models
from resolvers import accounts, mappings
from resolvers.mappings import Mapped
from resolvers.refusal import Refused
from schema.accounts import Account
from schema.connection_changes import given
from schema.context import Info
from schema.fields import mutation
from schema.ids import key_of, optional_key_of
from schema.jobs import IngestionJob
from schema.mappings import AccountMapping
from schema.payload import Payload, user_errors
from schema.scalars import CurrencyCode

MappingId = Annotated[strawberry.ID, strawberry.argument(description="The mapping.")]


@strawberry.input(description="A new account.")
class AccountCreateInput:
    name: str = strawberry.field(description="What users will call it, 1 to 200 characters.")
    currency: CurrencyCode = strawberry.field(description="Its currency, for good.")
    type: models.AccountType = strawberry.field(
        default=models.AccountType.OTHER, description="What it is."
    )
    masked_number: str | None = strawberry.field(
        default=None, description="Its number; at most its last four characters are kept."
    )
    institution_id: strawberry.ID | None = strawberry.field(
        default=None, description="The institution that keeps it."
    )


@strawberry.input(description="A change: what is left out stays; null clears what can be cleared.")
class AccountUpdateInput:
    name: str | None = strawberry.field(
        default=None, description="What users will call it, 1 to 200 characters."
    )
    type: models.AccountType | None = strawberry.field(default=None, description="What it is.")
    status: models.AccountStatus | None = strawberry.field(
        default=None, description="Whether it is in use."
    )
    institution_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="The institution that keeps it; null clears."
    )


@strawberry.input(description="Which account an external one is.")
class AccountMappingSetInput:
    account_id: strawberry.ID = strawberry.field(description="The account, of equal currency.")


@strawberry.type(description="What a change of an account answers.")
class AccountPayload(Payload):
    account: Account | None = strawberry.field(
        description="The account as it is now; null where it was refused."
    )


@strawberry.type(description="What accountCreate answers.")
class AccountCreatePayload(AccountPayload):
    pass


@strawberry.type(description="What accountUpdate answers.")
class AccountUpdatePayload(AccountPayload):
    pass


@strawberry.type(description="What a decision about a mapping answers.")
class AccountMappingPayload(Payload):
    mapping: AccountMapping | None = strawberry.field(
        description="The mapping as it is now; null where it was refused."
    )


@strawberry.type(description="What accountMappingSet answers.")
class AccountMappingSetPayload(AccountMappingPayload):
    job: IngestionJob | None = strawberry.field(
        description="The job that derives rows that came before; null where there are none."
    )


@strawberry.type(description="What accountMappingUnset answers.")
class AccountMappingUnsetPayload(AccountMappingPayload):
    pass


@strawberry.type(description="What accountMappingIgnore answers.")
class AccountMappingIgnorePayload(AccountMappingPayload):
    pass


@strawberry.type(description="What accountMappingVerify answers.")
class AccountMappingVerifyPayload(AccountMappingPayload):
    pass


AccountKind = TypeVar("AccountKind", bound=AccountPayload)
MappingKind = TypeVar("MappingKind", bound=AccountMappingPayload)


@strawberry.type(description="What members do with accounts and mappings.")
class AccountMutations:
    @mutation(description="Makes an account, which nothing feeds yet; for members.")
    async def account_create(
        self,
        info: Info,
        input: Annotated[AccountCreateInput, strawberry.argument(description="What to make.")],
    ) -> AccountCreatePayload | None:
        """Makes an account."""
        answer = await accounts.create(
            info.context,
            name=input.name,
            type=input.type,
            currency=input.currency,
            masked_number=input.masked_number,
            institution_id=optional_key_of("Institution", input.institution_id),
        )
        return _account(AccountCreatePayload, answer)

    @mutation(description="Changes an account; for members.")
    async def account_update(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The account.")],
        input: Annotated[AccountUpdateInput, strawberry.argument(description="What to change.")],
    ) -> AccountUpdatePayload | None:
        """Changes an account."""
        institution = given(input.institution_id)
        answer = await accounts.update(
            info.context,
            account_id=key_of("Account", id),
            name=input.name,
            type=input.type,
            status=input.status,
            institution_id=None
            if institution is None
            else (optional_key_of("Institution", institution[0]),),
        )
        return _account(AccountUpdatePayload, answer)

    @mutation(
        description="Says which account an external one is. Its rows move there; rows that waited "
        "are derived by a job. For members."
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
        job = None if isinstance(answer, Refused) or answer.job is None else answer.job
        return AccountMappingSetPayload(
            mapping=None if isinstance(answer, Refused) else AccountMapping.of(answer.mapping),
            job=None if job is None else IngestionJob.of(job),
            user_errors=user_errors(answer),
        )

    @mutation(
        description="Takes the account of a mapping away, while nothing came over it; for members."
    )
    async def account_mapping_unset(
        self,
        info: Info,
        id: MappingId,
    ) -> AccountMappingUnsetPayload | None:
        """Takes the account of a mapping away."""
        key = key_of("AccountMapping", id)
        answer = await mappings.unset(info.context, mapping_id=key)
        return _mapping(AccountMappingUnsetPayload, answer)

    @mutation(description="Says that rows of an external account are not wanted; for members.")
    async def account_mapping_ignore(
        self,
        info: Info,
        id: MappingId,
    ) -> AccountMappingIgnorePayload | None:
        """Says that rows of an external account are not wanted."""
        key = key_of("AccountMapping", id)
        answer = await mappings.ignore(info.context, mapping_id=key)
        return _mapping(AccountMappingIgnorePayload, answer)

    @mutation(description="Says that a mapping which the system made is right; for members.")
    async def account_mapping_verify(
        self,
        info: Info,
        id: MappingId,
    ) -> AccountMappingVerifyPayload | None:
        """Says that a mapping is right."""
        key = key_of("AccountMapping", id)
        answer = await mappings.verify(info.context, mapping_id=key)
        return _mapping(AccountMappingVerifyPayload, answer)


def _account(kind: type[AccountKind], answer: models.Account | Refused) -> AccountKind:
    return kind(
        account=None if isinstance(answer, Refused) else Account.of(answer),
        user_errors=user_errors(answer),
    )


def _mapping(kind: type[MappingKind], answer: Mapped | Refused) -> MappingKind:
    return kind(
        mapping=None if isinstance(answer, Refused) else AccountMapping.of(answer.mapping),
        user_errors=user_errors(answer),
    )
