"""Ingestion jobs: how far they are, what they found, what they would do."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from core import jobs as states
from core import models, records
from core.provider_error import ErrorKind
from core.syncs import SyncPhase
from db import reports
from db import statements as stored_statements
from db.connections import LISTING as CONNECTIONS
from db.mappings import LISTING as MAPPINGS
from db.select import Asked
from db.transactions import LISTING as TRANSACTIONS
from resolvers import account_statements, connections, jobs, mappings, transactions
from schema.columns import column, derived, money, shown
from schema.connections import Connection
from schema.context import Info
from schema.fields import resolved
from schema.ids import encode
from schema.money import Money
from schema.node import Node
from schema.page import DEFAULT, After, First, Listed
from schema.reads import Many, One, same
from schema.related import children, maybe, one
from schema.statements import Statement
from schema.tenants import User
from schema.users import user

if TYPE_CHECKING:
    from schema.mappings import AccountMapping
    from schema.transactions import Transaction


@strawberry.type(description="What a job did, in rows.")
class IngestionCounts:
    fetched: int = column("j.fetched", description="Rows that the document was seen to have.")
    processed: int = column("j.processed", description="Rows that are dealt with.")
    imported: int = column("j.imported", description="Rows that were added.")
    duplicate: int = column("j.duplicate", description="Rows that were there already.")
    changed: int = column("j.changed", description="Rows that changed one that was there.")
    rejected: int = column("j.rejected", description="Rows that could not be read; see findings.")
    withdrawn: int = column("j.withdrawn", description="Rows that were taken back.")
    waiting: int = column("j.waiting", description="Rows that wait for a mapping.")


@strawberry.type(description="Why a job ended early, or stopped.")
class JobError:
    code: str = derived("j.error_code", description="Stable, for programs.")
    message: str = derived(
        "coalesce(j.error_message, '')", description="The reason and the remedy, for a person."
    )
    kind: ErrorKind | None = derived(
        "j.error_kind", description="What kind of error of a provider it is; null: of none."
    )
    next_step: str | None = derived(
        "j.next_step", description="What to do about it; null where the message says so."
    )


@strawberry.type(description="Something that a person should know about a document.")
class Finding:
    severity: records.Severity = column("f.severity", description="How much it matters.")
    code: str = column("f.code", description="Stable, for programs.")
    message: str = column("f.message", description="What it is and what to do, for a person.")
    line: int | None = column("f.line", description="Where; null for the document as a whole.")
    field: str | None = column("f.field", description="In which field; null where in none.")
    raw: str | None = column("f.raw", description="The text that could not be read; or null.")
    rejected: bool = column("f.rejected", description="Whether a row was left out for it.")

    @staticmethod
    def of(finding: models.JobFinding) -> Finding:
        """A finding of a job."""
        return shown(Finding, finding)


@strawberry.type(description="What a job under review would do with one row.")
class PreviewRow:
    outcome: models.Outcome = column("p.outcome", description="What it would do.")
    amount: Money = money("p.amount", currency="p.currency", description="The row's amount.")
    posted_date: date | None = column(
        "p.posted_date", description="When it was booked; null where the source gave no such day."
    )
    status: records.TransactionStatus = column("p.status", description="Where the row stands.")
    description: str = column("p.description", description="The row's description.")
    reference: str | None = column(
        "p.reference", description="The bank's reference; null where there is none."
    )
    line: int = column("p.line", description="The row's first line in the document.")
    corrects_external_id: str | None = column(
        "p.corrects_external_id",
        description="The source's id of the row that this one corrects; null: it corrects none.",
    )
    model: strawberry.Private[models.PreviewRow]

    @staticmethod
    def of(row: models.PreviewRow) -> PreviewRow:
        """A row of a preview."""
        return shown(PreviewRow, row, model=row)

    @resolved(
        description="The external account that the row is of.",
        reads=One(listing=MAPPINGS, key="p.mapping_id"),
    )
    async def mapping(
        self, info: Info
    ) -> Annotated[AccountMapping, strawberry.lazy("schema.mappings")]:
        """The mapping."""
        from schema.mappings import AccountMapping

        return await one(info.context, mappings.by_ids, self.model.mapping_id, AccountMapping.of)

    @resolved(
        description="The transaction that it would take the place of; null: none has that id yet.",
        reads=One(listing=TRANSACTIONS, key="p.corrects_id"),
    )
    async def corrects(
        self, info: Info
    ) -> Annotated[Transaction, strawberry.lazy("schema.transactions")] | None:
        """The transaction."""
        from schema.transactions import Transaction

        key = self.model.corrects_id
        return await maybe(info.context, transactions.by_ids, key, Transaction.of)


@strawberry.type(description="Work on a document, from its upload to its rows.")
class IngestionJob(Node):
    kind: states.JobKind = column("j.kind", description="What it is for.")
    state: states.JobState = column("j.state", description="Where it stands.")
    trigger: states.JobTrigger = column("j.trigger", description="What asked for it.")
    sync_phase: SyncPhase | None = derived(
        "j.sync_phase", description="Which part of the history a sync was for; null: it is none."
    )
    stage: str | None = column(
        "j.stage", description="What it is doing; null unless it runs or has failed."
    )
    format: str | None = column(
        "j.format", description="The document's format; null until it is recognised."
    )
    review: bool = column("j.review", description="Whether it stops for a review before it writes.")
    total: int | None = column(
        "j.total", description="Rows in the document; null until it is scanned."
    )
    rate: int | None = column("j.rate", description="Rows a second, lately; null before any.")
    attempts: int = column("j.attempts", description="Tries without progress so far.")
    approved_at: datetime | None = column(
        "j.approved_at", description="When its review was passed; null: not, or none was asked."
    )
    created_at: datetime = column("j.created_at", description="When it was asked for.")
    updated_at: datetime = column("j.updated_at", description="When it last changed.")
    started_at: datetime | None = column(
        "j.started_at", description="When a worker first took it; null: none has."
    )
    finished_at: datetime | None = column(
        "j.finished_at", description="When it ended; null: it has not."
    )
    counts: IngestionCounts = same(description="What it did, in rows.")
    error: JobError | None = same(
        null_if="j.error_code is null",
        description="Why it ended early or stopped; null where it did not.",
    )
    progress: float | None = derived(
        "case when j.total = 0 then 1"
        " when j.total is not null then least(j.processed::double precision / j.total, 1) end",
        description="How much is done, 0 to 1; null until the document is scanned.",
    )
    retryable: bool = strawberry.field(description="Whether ingestionJobRetry would be taken.")
    model: strawberry.Private[models.Job]

    @staticmethod
    def of(job: models.Job) -> IngestionJob:
        """A job of the tenant's."""
        error = None
        if job.error_code is not None:
            error = JobError(
                code=job.error_code,
                message=job.error_message or "",
                kind=None if job.error_kind is None else ErrorKind(job.error_kind),
                next_step=job.next_step,
            )
        return shown(
            IngestionJob,
            job,
            id=encode("IngestionJob", job.id),
            key=job.id,
            counts=shown(IngestionCounts, job),
            error=error,
            sync_phase=None if job.sync_phase is None else SyncPhase(job.sync_phase),
            progress=jobs.progress(job),
            retryable=jobs.retryable(job),
            model=job,
        )

    @resolved(
        description="The connection that it belongs to.",
        reads=One(listing=CONNECTIONS, key="j.connection_id"),
    )
    async def connection(self, info: Info) -> Connection | None:
        """The connection."""
        return await maybe(
            info.context, connections.by_ids, self.model.connection_id, Connection.of
        )

    @resolved(
        description="The mapping whose rows it derives; null unless the kind is DERIVE.",
        reads=One(listing=MAPPINGS, key="j.mapping_id"),
    )
    async def mapping(
        self, info: Info
    ) -> Annotated[AccountMapping, strawberry.lazy("schema.mappings")] | None:
        """The mapping."""
        from schema.mappings import AccountMapping

        return await maybe(info.context, mappings.by_ids, self.model.mapping_id, AccountMapping.of)

    @resolved(description="Who asked for it; null: the system.")
    async def created_by(self, info: Info) -> User | None:
        """Who asked for it."""
        return await user(info.context, self.model.created_by)

    @resolved(
        description="What a person should know, in the order of the document.",
        reads=Many(listing=reports.FINDINGS, parent="f.job_id", asked=reports.asked_findings),
    )
    async def findings(
        self,
        info: Info,
        first: First = DEFAULT,
        after: After = None,
        severity: Annotated[
            records.Severity | None, strawberry.argument(description="Only of this severity.")
        ] = None,
    ) -> Listed[Finding]:
        """What a person should know."""
        return await children(
            info.context,
            jobs.findings,
            self.key,
            Finding.of,
            first=first,
            after=after,
            severity=severity,
        )

    @resolved(
        description="Statements that it brought, with their proofs, in the order of its document.",
        reads=Many(
            listing=stored_statements.LISTING,
            parent="s.job_id",
            asked=Asked(order=stored_statements.WRITTEN),
        ),
    )
    async def statements(
        self, info: Info, first: First = DEFAULT, after: After = None
    ) -> Listed[Statement]:
        """Statements that it brought."""
        return await children(
            info.context,
            account_statements.of_jobs,
            self.key,
            Statement.of,
            first=first,
            after=after,
        )

    @resolved(
        description="What it would do, row by row, while it awaits its review; empty before.",
        reads=Many(listing=reports.PREVIEWS, parent="p.job_id", asked=reports.asked_previews),
    )
    async def preview(
        self,
        info: Info,
        first: First = DEFAULT,
        after: After = None,
        outcome: Annotated[
            models.Outcome | None, strawberry.argument(description="Only with this outcome.")
        ] = None,
    ) -> Listed[PreviewRow]:
        """What it would do."""
        return await children(
            info.context,
            jobs.previews,
            self.key,
            PreviewRow.of,
            first=first,
            after=after,
            outcome=outcome,
        )
