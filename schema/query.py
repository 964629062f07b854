"""What can be asked."""

from __future__ import annotations

from typing import Annotated

import strawberry

from db.accounts import AccountFilter as WantedAccounts
from db.audit import AuditFilter as WantedEvents
from db.connections import ConnectionFilter as WantedConnections
from db.jobs import JobFilter as WantedJobs
from db.mappings import MappingFilter as WantedMappings
from db.transactions import TransactionFilter as WantedTransactions
from db.transactions import TransactionOrder
from resolvers import (
    accounts,
    audit,
    connections,
    jobs,
    mappings,
    members,
    profiles,
    providers,
    transactions,
)
from schema.accounts import Account, AccountFilter
from schema.audit import AuditEvent, AuditLogFilter
from schema.connections import Connection, ConnectionFilter
from schema.context import Info
from schema.fields import resolved
from schema.ids import key_of
from schema.jobs import IngestionJob, IngestionJobFilter
from schema.mappings import AccountMapping, AccountMappingFilter
from schema.node import Node
from schema.nodes import find
from schema.page import DEFAULT, After, First, Listed, bounded, listed
from schema.profiles import StatementProfile, StatementProfileProposal
from schema.providers import Provider
from schema.related import maybe
from schema.tenants import Invitation, Member, Viewer
from schema.transaction_filter import TransactionFilter
from schema.transactions import Transaction

Id = Annotated[strawberry.ID, strawberry.argument(description="The thing's id.")]
_FILTER = strawberry.argument(description="Which of them; null: all.")


@strawberry.type(description="What can be asked.")
class Query:
    @resolved(description="The thing of an id; null where the caller has none such.")
    async def node(self, info: Info, id: Id) -> Node | None:
        """The thing of an id."""
        return await find(info.context, id)

    @resolved(description="The caller.")
    async def viewer(self, info: Info) -> Viewer:
        """The caller."""
        return await Viewer.of(info)

    @resolved(description="What connections can be made of.")
    def providers(self) -> list[Provider]:
        """What connections can be made of."""
        return [Provider.of(provider) for provider in providers.every()]

    @resolved(description="A connection; null where the caller has none such.")
    async def connection(self, info: Info, id: Id) -> Connection | None:
        """A connection."""
        key = key_of("Connection", id)
        return await maybe(info.context, connections.by_ids, key, Connection.of)

    @resolved(description="The tenant's connections, newest first.")
    async def connections(
        self,
        info: Info,
        first: First = DEFAULT,
        after: After = None,
        filter: Annotated[ConnectionFilter | None, _FILTER] = None,
    ) -> Listed[Connection]:
        """The tenant's connections."""
        wanted = WantedConnections() if filter is None else filter.wanted()
        page = await connections.page(
            info.context, wanted=wanted, first=bounded(first), after=after
        )
        return listed(page, Connection.of)

    @resolved(description="An account; null where the caller has none such.")
    async def account(self, info: Info, id: Id) -> Account | None:
        """An account."""
        return await maybe(info.context, accounts.by_ids, key_of("Account", id), Account.of)

    @resolved(description="The tenant's accounts, newest first.")
    async def accounts(
        self,
        info: Info,
        first: First = DEFAULT,
        after: After = None,
        filter: Annotated[AccountFilter | None, _FILTER] = None,
    ) -> Listed[Account]:
        """The tenant's accounts."""
        wanted = WantedAccounts() if filter is None else filter.wanted()
        page = await accounts.page(info.context, wanted=wanted, first=bounded(first), after=after)
        return listed(page, Account.of)

    @resolved(description="A transaction; null where the caller has none such.")
    async def transaction(self, info: Info, id: Id) -> Transaction | None:
        """A transaction."""
        key = key_of("Transaction", id)
        return await maybe(info.context, transactions.by_ids, key, Transaction.of)

    @resolved(description="The tenant's transactions.")
    async def transactions(
        self,
        info: Info,
        first: First = DEFAULT,
        after: After = None,
        filter: Annotated[TransactionFilter | None, _FILTER] = None,
        order_by: Annotated[
            TransactionOrder, strawberry.argument(description="In which order.")
        ] = TransactionOrder.POSTED_DATE_DESC,
    ) -> Listed[Transaction]:
        """The tenant's transactions."""
        wanted = WantedTransactions() if filter is None else filter.wanted()
        page = await transactions.page(
            info.context, wanted=wanted, order=order_by, first=bounded(first), after=after
        )
        return listed(page, Transaction.of)

    @resolved(description="How many transactions there are; dearer than a page of them.")
    async def transaction_count(
        self, info: Info, filter: Annotated[TransactionFilter | None, _FILTER] = None
    ) -> int:
        """How many transactions there are."""
        wanted = WantedTransactions() if filter is None else filter.wanted()
        return await transactions.count(info.context, wanted=wanted)

    @resolved(description="What sources call accounts, newest first.")
    async def account_mappings(
        self,
        info: Info,
        first: First = DEFAULT,
        after: After = None,
        filter: Annotated[AccountMappingFilter | None, _FILTER] = None,
    ) -> Listed[AccountMapping]:
        """What sources call accounts."""
        wanted = WantedMappings() if filter is None else filter.wanted()
        page = await mappings.page(info.context, wanted=wanted, first=bounded(first), after=after)
        return listed(page, AccountMapping.of)

    @resolved(description="A job; null where the caller has none such.")
    async def ingestion_job(self, info: Info, id: Id) -> IngestionJob | None:
        """A job."""
        key = key_of("IngestionJob", id)
        return await maybe(info.context, jobs.by_ids, key, IngestionJob.of)

    @resolved(description="The tenant's jobs, newest first.")
    async def ingestion_jobs(
        self,
        info: Info,
        first: First = DEFAULT,
        after: After = None,
        filter: Annotated[IngestionJobFilter | None, _FILTER] = None,
    ) -> Listed[IngestionJob]:
        """The tenant's jobs."""
        wanted = WantedJobs() if filter is None else filter.wanted()
        page = await jobs.page(info.context, wanted=wanted, first=bounded(first), after=after)
        return listed(page, IngestionJob.of)

    @resolved(description="The tenant's saved column mappings, newest first.")
    async def statement_profiles(
        self, info: Info, first: First = DEFAULT, after: After = None
    ) -> Listed[StatementProfile]:
        """The tenant's saved column mappings."""
        page = await profiles.page(info.context, first=bounded(first), after=after)
        return listed(page, StatementProfile.of)

    @resolved(
        description="How an uploaded CSV file might be read, for members and up; null where the "
        "caller has no such upload."
    )
    async def statement_profile_proposal(
        self,
        info: Info,
        upload_id: Annotated[strawberry.ID, strawberry.argument(description="The upload.")],
    ) -> StatementProfileProposal | None:
        """How an uploaded CSV file might be read."""
        found = await profiles.proposal(info.context, upload_id=key_of("Upload", upload_id))
        return None if found is None else StatementProfileProposal.of(found)

    @resolved(description="The tenant's members, oldest first.")
    async def members(
        self, info: Info, first: First = DEFAULT, after: After = None
    ) -> Listed[Member]:
        """The tenant's members."""
        page = await members.page(info.context, first=bounded(first), after=after)
        return listed(page, Member.of)

    @resolved(description="The tenant's open invitations, newest first; empty for all but owners.")
    async def invitations(
        self, info: Info, first: First = DEFAULT, after: After = None
    ) -> Listed[Invitation]:
        """The tenant's open invitations."""
        page = await members.invitations(info.context, first=bounded(first), after=after)
        return listed(page, Invitation.of)

    @resolved(description="Who did what, newest first; for admins and up.")
    async def audit_log(
        self,
        info: Info,
        first: First = DEFAULT,
        after: After = None,
        filter: Annotated[AuditLogFilter | None, _FILTER] = None,
    ) -> Listed[AuditEvent]:
        """Who did what."""
        wanted = WantedEvents() if filter is None else filter.wanted()
        page = await audit.page(info.context, wanted=wanted, first=bounded(first), after=after)
        return listed(page, AuditEvent.of)
