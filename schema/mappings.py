"""Account mappings: accounts as sources call them, and what they feed."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import strawberry

from core import models
from core.mapping_methods import MappingMethod
from db.accounts import LISTING as ACCOUNTS
from db.connections import LISTING as CONNECTIONS
from db.mappings import MappingFilter, Refusal
from matching.accounts import Doubt, DoubtCode, ReasonCode
from resolvers import accounts, connections, mappings
from resolvers.suggestions import Suggestion
from schema.accounts import Account
from schema.columns import column, derived, shown
from schema.connections import Connection
from schema.context import Info
from schema.fields import resolved
from schema.ids import encode, optional_key_of
from schema.node import Node
from schema.reads import Each, One, same
from schema.related import maybe, one
from schema.scalars import CurrencyCode
from schema.tenants import User
from schema.users import user


@strawberry.type(description="An account as a source calls it.")
class ExternalAccount:
    external_id: str = derived(
        "m.external_account_id",
        description="The source's id; a keyed hash where that is an account number.",
    )
    masked_number: str | None = derived(
        "m.masked_number", description="The end of its number; null where the source names none."
    )
    name: str | None = derived(
        "m.external_name", description="What the source calls it; null where it does not."
    )
    type: str | None = derived(
        "m.external_type", description="The source's own kind of account; null where it names none."
    )
    institution: str | None = derived(
        "m.institution", description="The source's id of the bank; null where it names none."
    )
    currency: CurrencyCode = derived("m.currency", description="Its currency.")

    @staticmethod
    def of(mapping: models.AccountMapping) -> ExternalAccount:
        """The source's side of a mapping."""
        return ExternalAccount(
            external_id=mapping.external_account_id,
            masked_number=mapping.masked_number,
            name=mapping.external_name,
            type=mapping.external_type,
            institution=mapping.institution,
            currency=CurrencyCode(mapping.currency),
        )


@strawberry.type(description="What speaks for an account.")
class MappingReason:
    code: ReasonCode = strawberry.field(description="For programs.")
    text: str = strawberry.field(description="In words.")
    score: int = strawberry.field(description="What it adds to the score.")


@strawberry.type(description="Why no machine may say that an account is the one.")
class MappingDoubt:
    code: DoubtCode = strawberry.field(description="For programs.")
    text: str = strawberry.field(description="In words.")

    @staticmethod
    def of(doubt: Doubt) -> MappingDoubt:
        """A doubt."""
        return MappingDoubt(code=doubt.code, text=doubt.text)


@strawberry.type(description="An account that an external one may be.")
class MappingSuggestion:
    account: Account = strawberry.field(description="The account.")
    score: int = strawberry.field(description="How likely it is, 0 to 100.")
    reason: str = strawberry.field(description="Why, in words: all reasons in one sentence.")
    reasons: list[MappingReason] = strawberry.field(description="Why, the strongest first.")
    doubts: list[MappingDoubt] = strawberry.field(
        description="Why a person must say; some stay beside a full score."
    )
    automatic: bool = strawberry.field(
        description="Whether the next import would say so by itself."
    )
    rule_version: int = strawberry.field(description="The version of the rule that scored.")

    @staticmethod
    def of(suggestion: Suggestion) -> MappingSuggestion:
        """A suggestion."""
        return MappingSuggestion(
            account=Account.of(suggestion.account),
            score=suggestion.score,
            reason=suggestion.reason,
            reasons=[
                MappingReason(code=one.code, text=one.text, score=one.score)
                for one in suggestion.reasons
            ],
            doubts=[MappingDoubt.of(one) for one in suggestion.doubts],
            automatic=suggestion.automatic,
            rule_version=suggestion.rule_version,
        )


@strawberry.type(description="How an external account came to what it is.")
class MappingDecision:
    method: MappingMethod = strawberry.field(description="By whom, or by what.")
    score: int | None = strawberry.field(
        description="How likely its account was, 0 to 100; null where nothing was scored."
    )
    reasons: list[MappingReason] = strawberry.field(
        description="What spoke for the account, the strongest first; none unless MATCHED."
    )
    rule_version: int | None = strawberry.field(
        description="The version of the rule that scored; null where nothing was scored."
    )

    @staticmethod
    def of(mapping: models.AccountMapping) -> MappingDecision | None:
        """How a mapping was decided; None: it waits."""
        if mapping.decided_by is None:
            return None
        return MappingDecision(
            method=MappingMethod(mapping.decided_by),
            score=mapping.match_score,
            reasons=[
                MappingReason(code=ReasonCode(one["code"]), text=one["text"], score=one["score"])
                for one in mapping.match_reasons or ()
            ],
            rule_version=mapping.match_rule,
        )


@strawberry.type(description="An account that an external one is not, as somebody said.")
class MappingRefusal:
    refused_at: datetime = derived("r.created_at", description="When it was said.")
    model: strawberry.Private[Refusal]

    @staticmethod
    def of(refusal: Refusal) -> MappingRefusal:
        """What somebody said."""
        return MappingRefusal(refused_at=refusal.created_at, model=refusal)

    @resolved(description="The account.", reads=One(listing=ACCOUNTS, key="r.account_id"))
    async def account(self, info: Info) -> Account:
        """The account."""
        return await one(info.context, accounts.by_ids, self.model.account_id, Account.of)

    @resolved(description="Who said it; null: nobody known.")
    async def refused_by(self, info: Info) -> User | None:
        """Who said it."""
        return await user(info.context, self.model.created_by)


_REFUSALS: Final = Each(
    rows="select s.account_id, s.created_at from app.mapping_refusals as s"
    " where s.tenant_id = m.tenant_id and s.mapping_id = m.id"
    " order by s.created_at desc, s.account_id",
    alias="r",
    order="r.created_at desc, r.account_id",
    most=100,
)


@strawberry.type(description="An external account and the tenant's account that it feeds.")
class AccountMapping(Node):
    external_account: ExternalAccount = same(description="The account as its source calls it.")
    state: models.MappingState = column("m.state", description="What was decided.")
    verified_at: datetime | None = column(
        "m.verified_at", description="When a person decided or confirmed it; null: never."
    )
    created_at: datetime = column("m.created_at", description="When the source first named it.")
    updated_at: datetime = column("m.updated_at", description="When it was last changed.")
    model: strawberry.Private[models.AccountMapping]

    @staticmethod
    def of(mapping: models.AccountMapping) -> AccountMapping:
        """A mapping of the tenant's."""
        return shown(
            AccountMapping,
            mapping,
            id=encode("AccountMapping", mapping.id),
            key=mapping.id,
            external_account=ExternalAccount.of(mapping),
            model=mapping,
        )

    @resolved(
        description="The connection whose source names it.",
        reads=One(listing=CONNECTIONS, key="m.connection_id"),
    )
    async def connection(self, info: Info) -> Connection:
        """The connection."""
        return await one(info.context, connections.by_ids, self.model.connection_id, Connection.of)

    @resolved(
        description="The account that it feeds; null unless it is MAPPED.",
        reads=One(listing=ACCOUNTS, key="m.account_id"),
    )
    async def account(self, info: Info) -> Account | None:
        """The account."""
        return await maybe(info.context, accounts.by_ids, self.model.account_id, Account.of)

    @resolved(description="How it was decided; null while it is PENDING.")
    async def decision(self) -> MappingDecision | None:
        """How it was decided."""
        return MappingDecision.of(self.model)

    @resolved(
        description="Accounts that it may be, likeliest first, five at most; none once decided."
    )
    async def suggestions(self, info: Info) -> list[MappingSuggestion]:
        """Accounts that it may be."""
        found = await info.context.loaders.load(info.context, mappings.suggestions, self.key)
        return [MappingSuggestion.of(suggestion) for suggestion in found or ()]

    @resolved(
        description="Accounts that it is not, as somebody said or took away from it, the last one "
        "first, a hundred at most. They are suggested no more.",
        reads=_REFUSALS,
    )
    async def refusals(self, info: Info) -> list[MappingRefusal]:
        """Accounts that it is not."""
        found = await info.context.loaders.load(info.context, mappings.refusals, self.key)
        return [MappingRefusal.of(refusal) for refusal in found or ()]

    @resolved(
        description="How many rows of documents wait for it, 0 unless it is PENDING; a row of two "
        "documents counts twice."
    )
    async def waiting_count(self, info: Info) -> int:
        """How many rows wait for it."""
        found = await info.context.loaders.load(info.context, mappings.waiting_counts, self.key)
        return found or 0

    @resolved(description="Who decided or confirmed it; null: nobody.")
    async def verified_by(self, info: Info) -> User | None:
        """Who decided it."""
        return await user(info.context, self.model.verified_by)


@strawberry.input(description="Which mappings; what is left out or null asks nothing.")
class AccountMappingFilter:
    connection_id: strawberry.ID | None = strawberry.field(
        default=None, description="Of this connection."
    )
    account_id: strawberry.ID | None = strawberry.field(
        default=None, description="That feed this account."
    )
    state: list[models.MappingState] | None = strawberry.field(
        default=None, description="In one of these states."
    )
    suggested: bool | None = strawberry.field(
        default=None,
        description="true: that wait, and looked like an account when a source named them last; "
        "false: all others.",
    )

    def wanted(self) -> MappingFilter:
        """The filter as reads take it."""
        return MappingFilter(
            connection_id=optional_key_of("Connection", self.connection_id),
            account_id=optional_key_of("Account", self.account_id),
            state=None if self.state is None else tuple(self.state),
            suggested=self.suggested,
        )
