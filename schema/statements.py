"""Statements: what a source states of an account around its rows, and whether that adds up."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from core import statements
from db.accounts import LISTING as ACCOUNTS
from db.jobs import LISTING as JOBS
from db.reports import DOCUMENTS
from db.statements import StatementFilter as Wanted
from resolvers import accounts, jobs
from schema.columns import column, derived, money, shown
from schema.context import Info
from schema.documents import RawDocument
from schema.fields import resolved
from schema.ids import encode, optional_key_of
from schema.money import Money
from schema.node import Node
from schema.reads import One
from schema.related import one

if TYPE_CHECKING:
    from schema.accounts import Account
    from schema.jobs import IngestionJob


@strawberry.type(description="A source's statement of an account, and what its balances prove.")
class Statement(Node):
    number: str | None = derived(
        "s.statement_number",
        description="The source's own number or id of it; null where it has none.",
    )
    from_date: date | None = column(
        "s.from_date",
        description="The first day that it is of, or the day of its opening balance; null where "
        "neither is stated.",
    )
    to_date: date | None = column(
        "s.to_date",
        description="The last day that it is of, or the day of its closing balance; null where "
        "neither is stated.",
    )
    opening_balance: Money | None = money(
        "s.opening_balance",
        currency="s.currency",
        description="The booked balance before its rows; null where it states none.",
    )
    closing_balance: Money | None = money(
        "s.closing_balance",
        currency="s.currency",
        description="The booked balance after its rows; null where it states none.",
    )
    entries_sum: Money | None = money(
        "s.entries_sum",
        currency="s.currency",
        description="What its booked rows come to; null where they are of several currencies.",
    )
    entries_count: int = column("s.entries_count", description="How many booked rows it has.")
    proof: statements.Proof = column(
        "s.proof", description="Whether opening balance and rows make the closing balance."
    )
    difference: Money | None = money(
        "s.difference",
        currency="s.currency",
        description="The closing balance less the opening one and the rows: 0 where the proof "
        "holds; null where nothing was proven.",
    )
    line: int = derived("s.raw_line", description="Its first line in the document.")
    line_end: int = derived("s.raw_line_end", description="Its last line in the document.")
    created_at: datetime = column("s.created_at", description="When its document came.")
    model: strawberry.Private[statements.Statement]

    @staticmethod
    def of(statement: statements.Statement) -> Statement:
        """A statement of the tenant's."""
        return shown(
            Statement,
            statement,
            id=encode("Statement", statement.id),
            key=statement.id,
            number=statement.statement_number,
            line=statement.raw_line,
            line_end=statement.raw_line_end,
            model=statement,
        )

    @resolved(
        description="The account that it is of.", reads=One(listing=ACCOUNTS, key="s.account_id")
    )
    async def account(self, info: Info) -> Annotated[Account, strawberry.lazy("schema.accounts")]:
        """The account."""
        from schema.accounts import Account

        return await one(info.context, accounts.by_ids, self.model.account_id, Account.of)

    @resolved(description="The job that brought it.", reads=One(listing=JOBS, key="s.job_id"))
    async def job(self, info: Info) -> Annotated[IngestionJob, strawberry.lazy("schema.jobs")]:
        """The job."""
        from schema.jobs import IngestionJob

        return await one(info.context, jobs.by_ids, self.model.job_id, IngestionJob.of)

    @resolved(
        description="The document that holds it.", reads=One(listing=DOCUMENTS, key="s.raw_id")
    )
    async def raw_document(self, info: Info) -> RawDocument:
        """The document."""
        return await one(info.context, jobs.documents, self.model.raw_id, RawDocument.of)


@strawberry.input(description="Which statements; what is left out or null asks nothing.")
class StatementFilter:
    account_id: strawberry.ID | None = strawberry.field(
        default=None, description="Of this account."
    )
    connection_id: strawberry.ID | None = strawberry.field(
        default=None, description="That came over this connection."
    )
    job_id: strawberry.ID | None = strawberry.field(
        default=None, description="That this job brought."
    )
    proof: list[statements.Proof] | None = strawberry.field(
        default=None, description="With one of these outcomes of the proof."
    )
    ends_from: date | None = strawberry.field(
        default=None, description="Whose last day is this one or later."
    )
    ends_to: date | None = strawberry.field(
        default=None, description="Whose last day is this one or earlier."
    )

    def wanted(self) -> Wanted:
        """The filter as reads take it."""
        return Wanted(
            account_id=optional_key_of("Account", self.account_id),
            connection_id=optional_key_of("Connection", self.connection_id),
            job_id=optional_key_of("IngestionJob", self.job_id),
            proof=None if self.proof is None else tuple(self.proof),
            ends_from=self.ends_from,
            ends_to=self.ends_to,
        )
