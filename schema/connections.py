"""Connections: where a tenant's data comes from."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from core import models, syncs
from core.provider_error import ErrorKind
from db import accounts as stored_accounts
from db import jobs as stored_jobs
from db import mappings as stored_mappings
from db import pickups as stored_pickups
from db.connections import ConnectionFilter as Wanted
from db.institutions import LISTING as INSTITUTIONS
from db.jobs import JobFilter
from db.profiles import LISTING as PROFILES
from db.select import Asked
from resolvers import accounts, connections, jobs, mappings, pickups, profiles, providers, text
from schema.columns import column, derived, shown
from schema.connection_error import ConnectionError
from schema.connection_health import ConnectionHealth
from schema.context import Info
from schema.fields import resolved
from schema.ids import encode
from schema.institutions import Institution
from schema.job_filter import IngestionJobFilter, asked_jobs
from schema.node import Node
from schema.page import DEFAULT, After, First, Listed
from schema.pickups import MailboxSettings, PickupFile, Processing, SftpSettings
from schema.profiles import StatementProfile
from schema.reads import Many, One, same
from schema.related import children, maybe, one
from schema.scalars import CurrencyCode

if TYPE_CHECKING:
    from schema.accounts import Account
    from schema.jobs import IngestionJob
    from schema.mappings import AccountMapping


@strawberry.type(description="How many decimals a bank implies for a currency.")
class CurrencyDecimals:
    currency: CurrencyCode = strawberry.field(description="The currency.")
    decimals: int = strawberry.field(description="The implied decimals, 0 to 8.")


@strawberry.type(description="One source of the tenant's data.")
class Connection(Node):
    name: str = column("c.name", description="What users call it.")
    provider: str = column("c.provider", description="The slug of the provider it is made of.")
    status: models.ConnectionStatus = column("c.status", description="Whether it delivers.")
    delivery: models.Delivery = column(
        "c.delivery", description="What an equal row in a later file is."
    )
    mapping_policy: models.MappingPolicy = column(
        "c.mapping_policy", description="What happens to an external account nobody mapped yet."
    )
    control_policy: models.ControlPolicy = column(
        "c.control_policy", description="What a control total that does not fit means."
    )
    currency: CurrencyCode | None = column(
        "c.currency",
        description="The currency of rows that name none; null: such rows are refused.",
    )
    external_id: str | None = column(
        "c.external_id", description="The provider's id of it; null for statement files."
    )
    sync_frequency: syncs.SyncFrequency = column(
        "c.sync_frequency", description="How often it is asked for news."
    )
    last_sync_at: datetime | None = column(
        "c.last_sync_at", description="When it last delivered; null: never."
    )
    next_sync_at: datetime | None = column(
        "c.next_sync_at", description="When it is asked next; null: when somebody asks."
    )
    sync_phase: syncs.SyncPhase = column(
        "c.sync_phase", description="How far its history is; of no meaning for statement files."
    )
    sync_progress: int | None = column(
        "c.sync_progress", description="Percent of the history; null until something tells."
    )
    sync_accounts: bool = column("c.sync_accounts", description="Whether accounts are fetched.")
    sync_transactions: bool = column(
        "c.sync_transactions", description="Whether transactions are fetched."
    )
    sync_investments: bool = column(
        "c.sync_investments", description="Whether holdings and trades are fetched."
    )
    lookback_days: int = column(
        "c.lookback_days", description="How many days of history are wanted."
    )
    initial_complete_at: datetime | None = column(
        "c.initial_complete_at", description="When the newest 30 days were there; null: not yet."
    )
    history_complete_at: datetime | None = column(
        "c.history_complete_at", description="When the whole history was there; null: not yet."
    )
    consent_expires_at: datetime | None = column(
        "c.consent_expires_at", description="When the consent ends; null: not by itself."
    )
    needs_attention: bool = derived(
        "c.attention", description="Whether nothing gets better by itself any more."
    )
    error: ConnectionError | None = same(
        null_if="c.error_code is null or c.error_kind is null",
        description="Why it does not deliver; null where it does.",
    )
    processing: Processing = same(description="How what it brings is processed.")
    created_at: datetime = column("c.created_at", description="When it was made.")
    updated_at: datetime = column("c.updated_at", description="When it was last changed.")
    model: strawberry.Private[models.Connection]

    @staticmethod
    def of(connection: models.Connection) -> Connection:
        """A connection of the tenant's."""
        return shown(
            Connection,
            connection,
            id=encode("Connection", connection.id),
            key=connection.id,
            needs_attention=connection.attention,
            error=_error(connection),
            processing=Processing.of(connection),
            model=connection,
        )

    @resolved(description="What can be done with it.")
    def capabilities(self) -> list[providers.Capability]:
        """What can be done with it."""
        return list(providers.capabilities_of(self.model.provider))

    @resolved(description="Where it fetches files by SFTP; null: not so.")
    def sftp(self) -> SftpSettings | None:
        """Where it fetches files by SFTP."""
        return SftpSettings.of(self.model)

    @resolved(description="Which mailbox it reads; null: none.")
    def mailbox(self) -> MailboxSettings | None:
        """Which mailbox it reads."""
        return MailboxSettings.of(self.model)

    @resolved(description="Implied decimals where the bank departs from ISO 4217.")
    def decimals(self) -> list[CurrencyDecimals]:
        """Implied decimals, by currency."""
        return [
            CurrencyDecimals(currency=CurrencyCode(code), decimals=places)
            for code, places in sorted(self.model.decimals.items())
        ]

    @resolved(
        description="The institution; null where nobody named one.",
        reads=One(listing=INSTITUTIONS, key="c.institution_id"),
    )
    async def institution(self, info: Info) -> Institution | None:
        """The institution."""
        return await maybe(
            info.context,
            connections.institutions_by_ids,
            self.model.institution_id,
            Institution.of,
        )

    @resolved(
        description="How its CSV files are read; null: as each file shows itself.",
        reads=One(listing=PROFILES, key="c.profile_id"),
    )
    async def profile(self, info: Info) -> StatementProfile | None:
        """The column mapping."""
        return await maybe(
            info.context, profiles.by_ids, self.model.profile_id, StatementProfile.of
        )

    @resolved(
        description="The accounts that it feeds, newest first.",
        reads=Many(
            listing=stored_accounts.OF_CONNECTIONS,
            parent="fed.connection_id",
            asked=Asked(order=stored_accounts.NEWEST),
        ),
    )
    async def accounts(
        self, info: Info, first: First = DEFAULT, after: After = None
    ) -> Listed[Annotated[Account, strawberry.lazy("schema.accounts")]]:
        """The accounts that it feeds."""
        from schema.accounts import Account

        return await children(
            info.context, accounts.of_connections, self.key, Account.of, first=first, after=after
        )

    @resolved(
        description="What its source calls accounts, newest first.",
        reads=Many(
            listing=stored_mappings.LISTING,
            parent="m.connection_id",
            asked=Asked(order=stored_mappings.NEWEST),
        ),
    )
    async def mappings(
        self, info: Info, first: First = DEFAULT, after: After = None
    ) -> Listed[Annotated[AccountMapping, strawberry.lazy("schema.mappings")]]:
        """What its source calls accounts."""
        from schema.mappings import AccountMapping

        return await children(
            info.context,
            mappings.of_connections,
            self.key,
            AccountMapping.of,
            first=first,
            after=after,
        )

    @resolved(
        description="What it saw where it fetches files, newest first; none of providers.",
        reads=Many(
            listing=stored_pickups.LISTING,
            parent="k.connection_id",
            asked=Asked(order=stored_pickups.NEWEST),
        ),
    )
    async def pickup_files(
        self, info: Info, first: First = DEFAULT, after: After = None
    ) -> Listed[PickupFile]:
        """What it saw where it fetches files."""
        return await children(
            info.context, pickups.of_connections, self.key, PickupFile.of, first=first, after=after
        )

    @resolved(description="How it does, as its jobs tell.")
    async def health(self, info: Info) -> ConnectionHealth:
        """How it does."""
        return await one(
            info.context,
            connections.health,
            self.key,
            lambda found: ConnectionHealth.of(self.model, found),
        )

    @resolved(
        description="Its jobs, newest first.",
        reads=Many(listing=stored_jobs.LISTING, parent="j.connection_id", asked=asked_jobs),
    )
    async def jobs(
        self,
        info: Info,
        first: First = DEFAULT,
        after: After = None,
        filter: Annotated[
            IngestionJobFilter | None, strawberry.argument(description="Which of them; null: all.")
        ] = None,
    ) -> Listed[Annotated[IngestionJob, strawberry.lazy("schema.jobs")]]:
        """Its jobs."""
        from schema.jobs import IngestionJob

        return await children(
            info.context,
            jobs.of_connections,
            self.key,
            IngestionJob.of,
            first=first,
            after=after,
            wanted=JobFilter() if filter is None else filter.wanted(),
        )


def _error(connection: models.Connection) -> ConnectionError | None:
    if connection.error_code is None or connection.error_kind is None:
        return None
    return ConnectionError(
        code=connection.error_code,
        kind=ErrorKind(connection.error_kind),
        message=connection.error_message or "",
        next_step=connection.next_step or "",
        retry_at=connection.retry_at,
    )


@strawberry.input(description="Which connections; what is left out or null asks nothing.")
class ConnectionFilter:
    status: list[models.ConnectionStatus] | None = strawberry.field(
        default=None, description="In one of these states."
    )
    provider: str | None = strawberry.field(default=None, description="Of this provider.")
    text: str | None = strawberry.field(
        default=None,
        description="With this in the name, whatever the case; 1 to 200 characters.",
    )

    def wanted(self) -> Wanted:
        """The filter as reads take it. Raises BadInput."""
        return Wanted(
            status=None if self.status is None else tuple(self.status),
            provider=self.provider,
            text=text.sought(self.text),
        )
