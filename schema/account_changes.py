"""What members do with accounts."""

from __future__ import annotations

from typing import Annotated, TypeVar

import strawberry

from core import models
from resolvers import accounts, refreshing
from resolvers.accounts import NewAccount
from resolvers.refusal import Refused
from schema.accounts import Account
from schema.connection_changes import given
from schema.context import Info
from schema.fields import mutation
from schema.ids import key_of, optional_key_of
from schema.jobs import IngestionJob
from schema.payload import Payload, user_errors
from schema.scalars import CurrencyCode


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

    def wanted(self) -> NewAccount:
        """The account as use cases take it."""
        return NewAccount(
            name=self.name,
            type=self.type,
            currency=self.currency,
            masked_number=self.masked_number,
            institution_id=optional_key_of("Institution", self.institution_id),
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
    primary_mapping_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET,
        description="The mapping whose source is believed first; it must feed the account. null "
        "clears. A job has its rows count where the account has bookings of several sources.",
    )


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


@strawberry.type(description="What accountRefresh answers.")
class AccountRefreshPayload(Payload):
    job: IngestionJob | None = strawberry.field(
        description="The sync that brings what is found; null: one has begun meanwhile, or it was "
        "refused."
    )


AccountKind = TypeVar("AccountKind", bound=AccountPayload)


@strawberry.type(description="What members do with accounts.")
class AccountMutations:
    @mutation(description="Makes an account, which nothing feeds yet; for members.")
    async def account_create(
        self,
        info: Info,
        input: Annotated[AccountCreateInput, strawberry.argument(description="What to make.")],
    ) -> AccountCreatePayload | None:
        """Makes an account."""
        answer = await accounts.create(info.context, new=input.wanted())
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
        primary = given(input.primary_mapping_id)
        answer = await accounts.update(
            info.context,
            account_id=key_of("Account", id),
            name=input.name,
            type=input.type,
            status=input.status,
            institution_id=None
            if institution is None
            else (optional_key_of("Institution", institution[0]),),
            primary_mapping_id=None
            if primary is None
            else (optional_key_of("AccountMapping", primary[0]),),
        )
        return _account(AccountUpdatePayload, answer)

    @mutation(
        description="Has the provider look at an account's bank now, which some bill and limit, "
        "and syncs; what it finds later comes by webhook; for members."
    )
    async def account_refresh(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The account.")],
    ) -> AccountRefreshPayload | None:
        """Has the provider look at the bank now."""
        answer = await refreshing.refresh(info.context, account_id=key_of("Account", id))
        job = None if answer is None or isinstance(answer, Refused) else IngestionJob.of(answer)
        return AccountRefreshPayload(job=job, user_errors=user_errors(answer))


def _account(kind: type[AccountKind], answer: models.Account | Refused) -> AccountKind:
    return kind(
        account=None if isinstance(answer, Refused) else Account.of(answer),
        user_errors=user_errors(answer),
    )
