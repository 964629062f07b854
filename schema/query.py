"""What can be asked."""

from __future__ import annotations

from typing import Annotated

import strawberry

from db import accounts as stored_accounts
from db import connections as stored_connections
from db import jobs as stored_jobs
from db import mappings as stored_mappings
from db import profiles as stored_profiles
from db import transactions as stored_transactions
from db.accounts import AccountFilter as WantedAccounts
from db.audit import AuditFilter as WantedEvents
from db.connections import ConnectionFilter as WantedConnections
from db.jobs import JobFilter as WantedJobs
from db.mappings import MappingFilter as WantedMappings
from db.profiles import ProfileFilter as WantedProfiles
from db.summaries import TransactionGrouping
from db.transaction_filter import TransactionFilter as WantedTransactions
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
from resolvers.transactions import GROUPS_MAX
from schema.accounts import Account, AccountFilter
from schema.asset_queries import AssetQueries
from schema.audit import AuditEvent, AuditLogFilter
from schema.category_queries import CategoryQueries
from schema.connections import Connection, ConnectionFilter
from schema.context import Info
from schema.expense_queries import ExpenseQueries
from schema.fields import resolved
from schema.ids import key_of
from schema.job_filter import IngestionJobFilter
from schema.jobs import IngestionJob
from schema.mappings import AccountMapping, AccountMappingFilter
from schema.node import Node
from schema.nodes import LISTINGS, find
from schema.notification_queries import NotificationQueries
from schema.page import DEFAULT, After, First, Listed, bounded, listed
from schema.profiles import (
    StatementProfile,
    StatementProfileFilter,
    StatementProfileProposal,
)
from schema.providers import Provider
from schema.reads import AnyById, Count, Every, Many
from schema.reconciliation_queries import ReconciliationQueries
from schema.related import maybe
from schema.review_queries import ReviewQueries
from schema.roots import FILTER, Id, by_id, filtered
from schema.statement_formats import StatementFormat
from schema.statement_queries import StatementQueries
from schema.summary import TransactionGroup, summary_rows
from schema.tenants import Invitation, Member, Viewer
from schema.transaction_filter import TransactionFilter, asked_transactions
from schema.transactions import Transaction
from schema.webhook_queries import WebhookQueries
from statements import catalog


@strawberry.type(description="What can be asked.")
class Query(
    AssetQueries,
    CategoryQueries,
    ExpenseQueries,
    NotificationQueries,
    ReconciliationQueries,
    ReviewQueries,
    StatementQueries,
    WebhookQueries,
):
    @resolved(
        description="The thing of an id; null where the caller has none such.",
        reads=AnyById(listings=LISTINGS),
    )
    async def node(self, info: Info, id: Id) -> Node | None:
        """The thing of an id."""
        return await find(info.context, id)

    @resolved(description="The caller.")
    async def viewer(self, info: Info) -> Viewer:
        """The caller."""
        return await Viewer.of(info)

    @resolved(description="What connections can be made of.")
    async def providers(self, info: Info) -> list[Provider]:
        """What connections can be made of."""
        return [Provider.of(provider) for provider in await providers.every(info.context)]

    @resolved(
        description="A connection; null where the caller has none such.",
        reads=by_id("Connection", stored_connections.LISTING),
    )
    async def connection(self, info: Info, id: Id) -> Connection | None:
        """A connection."""
        key = key_of("Connection", id)
        return await maybe(info.context, connections.by_ids, key, Connection.of)

    @resolved(
        description="The tenant's connections, newest first.",
        reads=filtered(stored_connections.LISTING, stored_connections.asked, WantedConnections()),
    )
    async def connections(
        self,
        info: Info,
        first: First = DEFAULT,
        after: After = None,
        filter: Annotated[ConnectionFilter | None, FILTER] = None,
    ) -> Listed[Connection]:
        """The tenant's connections."""
        wanted = WantedConnections() if filter is None else filter.wanted()
        page = await connections.page(
            info.context, wanted=wanted, first=bounded(first), after=after
        )
        return listed(page, Connection.of)

    @resolved(
        description="An account; null where the caller has none such.",
        reads=by_id("Account", stored_accounts.LISTING),
    )
    async def account(self, info: Info, id: Id) -> Account | None:
        """An account."""
        return await maybe(info.context, accounts.by_ids, key_of("Account", id), Account.of)

    @resolved(
        description="The tenant's accounts, newest first.",
        reads=filtered(stored_accounts.LISTING, stored_accounts.asked, WantedAccounts()),
    )
    async def accounts(
        self,
        info: Info,
        first: First = DEFAULT,
        after: After = None,
        filter: Annotated[AccountFilter | None, FILTER] = None,
    ) -> Listed[Account]:
        """The tenant's accounts."""
        wanted = WantedAccounts() if filter is None else filter.wanted()
        page = await accounts.page(info.context, wanted=wanted, first=bounded(first), after=after)
        return listed(page, Account.of)

    @resolved(
        description="A transaction; null where the caller has none such.",
        reads=by_id("Transaction", stored_transactions.LISTING),
    )
    async def transaction(self, info: Info, id: Id) -> Transaction | None:
        """A transaction."""
        key = key_of("Transaction", id)
        return await maybe(info.context, transactions.by_ids, key, Transaction.of)

    @resolved(
        description="The tenant's transactions.",
        reads=Many(listing=stored_transactions.LISTING, asked=asked_transactions),
    )
    async def transactions(
        self,
        info: Info,
        first: First = DEFAULT,
        after: After = None,
        filter: Annotated[TransactionFilter | None, FILTER] = None,
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

    @resolved(
        description="How many transactions there are; dearer than a page of them.",
        reads=Count(listing=stored_transactions.LISTING, asked=asked_transactions),
    )
    async def transaction_count(
        self, info: Info, filter: Annotated[TransactionFilter | None, FILTER] = None
    ) -> int:
        """How many transactions there are."""
        wanted = WantedTransactions() if filter is None else filter.wanted()
        return await transactions.count(info.context, wanted=wanted)

    @resolved(
        description="Sums and counts of transactions, in 1,000 groups of one currency each at "
        "most; more are refused. By month, category, account, merchant and currency, nulls last.",
        reads=Every(rows=summary_rows, alias="g", most=GROUPS_MAX),
    )
    async def transaction_summary(
        self,
        info: Info,
        group_by: Annotated[
            list[TransactionGrouping],
            strawberry.argument(description="What to group by; empty: by currency alone."),
        ],
        filter: Annotated[TransactionFilter | None, FILTER] = None,
    ) -> list[TransactionGroup]:
        """Sums and counts of transactions."""
        wanted = WantedTransactions() if filter is None else filter.wanted()
        groups = await transactions.summary(info.context, wanted=wanted, by=frozenset(group_by))
        return [TransactionGroup.of(group) for group in groups]

    @resolved(
        description="What sources call accounts, newest first.",
        reads=filtered(stored_mappings.LISTING, stored_mappings.asked, WantedMappings()),
    )
    async def account_mappings(
        self,
        info: Info,
        first: First = DEFAULT,
        after: After = None,
        filter: Annotated[AccountMappingFilter | None, FILTER] = None,
    ) -> Listed[AccountMapping]:
        """What sources call accounts."""
        wanted = WantedMappings() if filter is None else filter.wanted()
        page = await mappings.page(info.context, wanted=wanted, first=bounded(first), after=after)
        return listed(page, AccountMapping.of)

    @resolved(
        description="A job; null where the caller has none such.",
        reads=by_id("IngestionJob", stored_jobs.LISTING),
    )
    async def ingestion_job(self, info: Info, id: Id) -> IngestionJob | None:
        """A job."""
        key = key_of("IngestionJob", id)
        return await maybe(info.context, jobs.by_ids, key, IngestionJob.of)

    @resolved(
        description="The tenant's jobs, newest first.",
        reads=filtered(stored_jobs.LISTING, stored_jobs.asked, WantedJobs()),
    )
    async def ingestion_jobs(
        self,
        info: Info,
        first: First = DEFAULT,
        after: After = None,
        filter: Annotated[IngestionJobFilter | None, FILTER] = None,
    ) -> Listed[IngestionJob]:
        """The tenant's jobs."""
        wanted = WantedJobs() if filter is None else filter.wanted()
        page = await jobs.page(info.context, wanted=wanted, first=bounded(first), after=after)
        return listed(page, IngestionJob.of)

    @resolved(description="The formats that statement files are read in, by name.")
    async def statement_formats(self, info: Info) -> list[StatementFormat]:
        """The formats that statement files are read in."""
        return [StatementFormat.of(facts) for facts in catalog.every()]

    @resolved(
        description="The tenant's saved profiles of statement formats, newest first.",
        reads=filtered(stored_profiles.LISTING, stored_profiles.asked, WantedProfiles()),
    )
    async def statement_profiles(
        self,
        info: Info,
        first: First = DEFAULT,
        after: After = None,
        filter: Annotated[StatementProfileFilter | None, FILTER] = None,
    ) -> Listed[StatementProfile]:
        """The tenant's saved profiles."""
        wanted = WantedProfiles() if filter is None else filter.wanted()
        page = await profiles.page(info.context, wanted=wanted, first=bounded(first), after=after)
        return listed(page, StatementProfile.of)

    @resolved(
        description="How an uploaded CSV or QIF file might be read, for members and up; null where "
        "the caller has no such upload."
    )
    async def statement_profile_proposal(
        self,
        info: Info,
        upload_id: Annotated[strawberry.ID, strawberry.argument(description="The upload.")],
    ) -> StatementProfileProposal | None:
        """How an uploaded file might be read."""
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
        filter: Annotated[AuditLogFilter | None, FILTER] = None,
    ) -> Listed[AuditEvent]:
        """Who did what."""
        wanted = WantedEvents() if filter is None else filter.wanted()
        page = await audit.page(info.context, wanted=wanted, first=bounded(first), after=after)
        return listed(page, AuditEvent.of)
