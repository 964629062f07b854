"""Transactions, each with its way back to the document that it came from."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum
from typing import Final

import strawberry

from core import models, records
from db.accounts import LISTING as ACCOUNTS
from db.connections import LISTING as CONNECTIONS
from db.jobs import LISTING as JOBS
from db.reconciliations import LISTING as RECONCILIATIONS
from db.reports import DOCUMENTS
from db.shown_corrections import LISTING as CORRECTIONS
from db.transactions import CATEGORY, CODE_OF_MERCHANT
from db.transactions import LISTING as TRANSACTIONS
from resolvers import (
    accounts,
    conflicts,
    connections,
    corrections,
    jobs,
    mappings,
    reconciliations,
    source_lines,
    splits,
    transaction_links,
    transactions,
)
from resolvers.source_lines import Place
from schema.accounts import Account
from schema.category import PARTS, SUGGESTED_NULL, Category, SuggestedCategory, TransactionPart
from schema.columns import Column, column, derived, money, shown
from schema.connections import Connection
from schema.context import Info
from schema.corrections import TransactionCorrection
from schema.documents import RawDocument, SourceLine
from schema.fields import resolved
from schema.ids import encode
from schema.jobs import IngestionJob
from schema.money import Money
from schema.node import Node
from schema.reads import One, Same, same
from schema.reconciliations import Reconciliation, TransactionConflict
from schema.related import maybe, one
from schema.transaction_links import TransactionLink

_CONNECTION_ID: Final = (
    "(select m.connection_id from app.account_mappings as m"
    " where m.tenant_id = t.tenant_id and m.id = t.mapping_id)"
)
_PROVIDER: Final = (
    "(select c.provider from app.account_mappings as m join app.connections as c"
    " on c.tenant_id = m.tenant_id and c.id = m.connection_id"
    " where m.tenant_id = t.tenant_id and m.id = t.mapping_id)"
)
_RECONCILED_IN: Final = (
    "(select g.reconciliation_id from app.reconciliation_members as g"
    " where g.tenant_id = t.tenant_id and g.transaction_id = t.id and g.active)"
)
_RECEIVED_AT: Final = (
    "(select r.received_at from app.raw_ingestion_data as r"
    " where r.tenant_id = t.tenant_id and r.id = t.raw_id)"
)

_CORRECTION: Final = (
    "(select x.id from app.corrections as x where x.tenant_id = t.tenant_id"
    " and x.mapping_id = t.mapping_id and x.{0}_print = t.fingerprint"
    " and x.{0}_occurrence = t.occurrence and {1}"
    " order by x.created_at desc, x.id desc limit 1)"
)
_CORRECTS: Final = _CORRECTION.format("new", "x.state <> 'closed'")
_CORRECTED_BY: Final = _CORRECTION.format("old", "x.state = 'applied'")


@strawberry.enum(description="Whether somebody has vouched for a transaction.")
class ReconciliationState(Enum):
    UNRECONCILED = strawberry.enum_value("unreconciled", description="Nobody has.")
    RECONCILED = strawberry.enum_value("reconciled", description="Somebody has.")


@strawberry.type(description="Where a transaction comes from, down to the lines of the file.")
class TransactionSource:
    external_id: str | None = derived(
        "t.external_id", description="The source's id; null where its format has none."
    )
    line: int = derived("t.raw_line", description="The first physical line, counted from 1.")
    line_end: int = derived("t.raw_line_end", description="The last physical line.")
    model: strawberry.Private[models.Transaction]

    @resolved(description="The document.", reads=One(listing=DOCUMENTS, key="t.raw_id"))
    async def raw_document(self, info: Info) -> RawDocument:
        """The document."""
        return await one(info.context, jobs.documents, self.model.raw_id, RawDocument.of)

    @resolved(description="When the document came.", column=Column(sql=_RECEIVED_AT))
    async def received_at(self, info: Info) -> datetime:
        """When it came."""
        return await one(
            info.context, jobs.documents, self.model.raw_id, lambda found: found.received_at
        )

    @resolved(
        description="The job that last wrote the transaction.",
        reads=One(listing=JOBS, key="t.job_id"),
    )
    async def job(self, info: Info) -> IngestionJob:
        """The job."""
        return await one(info.context, jobs.by_ids, self.model.job_id, IngestionJob.of)

    @resolved(description="The slug of the provider.", column=Column(sql=_PROVIDER))
    async def provider(self, info: Info) -> str:
        """The provider."""
        connection = await _connection(info, self.model)
        return connection.provider

    @resolved(
        description="The lines themselves, account numbers masked, 200 at most; reading them is "
        "audited. Null where the document cannot be opened."
    )
    async def lines(self, info: Info) -> list[SourceLine] | None:
        """The lines."""
        place = Place(document_id=self.model.raw_id, first=self.line, last=self.line_end)
        found = await info.context.loaders.load(info.context, source_lines.lines, place)
        return None if found is None else [SourceLine.of(line) for line in found]


@strawberry.type(description="A booking on an account.")
class Transaction(Node):
    external_id: str | None = column(
        "t.external_id", description="The source's id; null where its format has none."
    )
    amount: Money = money(
        "t.amount", currency="t.currency", description="How much; money in is positive."
    )
    status: records.TransactionStatus = column(
        "t.status", description="Where it stands at its source."
    )
    posted_date: date | None = column(
        "t.posted_date", description="When it was booked; null where the source gave no such day."
    )
    transaction_date: date | None = column(
        "t.transaction_date", description="When it was made; null where the source does not say."
    )
    value_date: date | None = column(
        "t.value_date", description="From when it counts; null where the source does not say."
    )
    description: str = column("t.description", description="One line, white space folded.")
    description_raw: str = column("t.description_raw", description="As it was delivered.")
    merchant_name: str | None = column(
        "t.merchant_name", description="The other party; null where the source names none."
    )
    reference: str | None = column(
        "t.reference", description="The bank's reference; null where there is none."
    )
    customer_reference: str | None = column(
        "t.customer_reference", description="The customer's reference; null where there is none."
    )
    type_code: str | None = column(
        "t.type_code", description='The source\'s own kind, such as BAI2 "165"; or null.'
    )
    running_balance: Money | None = money(
        "t.running_balance",
        currency="t.currency",
        description="The balance after it; null where the source does not say.",
    )
    created_at: datetime = column("t.created_at", description="When it was first written.")
    updated_at: datetime = column("t.updated_at", description="When it was last changed.")
    category: Category | None = same(
        null_if=f"{CATEGORY} is null",
        description="What it was for; null where nobody said.",
    )
    suggested_category: SuggestedCategory | None = same(
        null_if=SUGGESTED_NULL,
        description="What it may have been for, where nothing is sure enough; else null.",
    )
    merchant: str | None = column(
        "t.merchant",
        description="The other party's name without processors, numbers and places; null where "
        "nothing names one, and until it is looked at.",
    )
    merchant_category_code: str | None = column(
        CODE_OF_MERCHANT,
        description="What a card's acquirer says the merchant sells: four digits of ISO 18245; "
        "null where the source gives none.",
    )
    reconciliation: ReconciliationState = derived(
        "case when t.reconciled then 'reconciled' else 'unreconciled' end",
        description="Whether somebody has vouched for it.",
    )
    model: strawberry.Private[models.Transaction]

    @staticmethod
    def of(transaction: models.Transaction) -> Transaction:
        """A transaction of the tenant's."""
        return shown(
            Transaction,
            transaction,
            id=encode("Transaction", transaction.id),
            key=transaction.id,
            category=Category.of(transaction),
            suggested_category=SuggestedCategory.of(transaction),
            reconciliation=ReconciliationState.RECONCILED
            if transaction.reconciled
            else ReconciliationState.UNRECONCILED,
            model=transaction,
        )

    @resolved(
        description="The account that it is on.", reads=One(listing=ACCOUNTS, key="t.account_id")
    )
    async def account(self, info: Info) -> Account:
        """The account."""
        return await one(info.context, accounts.by_ids, self.model.account_id, Account.of)

    @resolved(
        description="The connection that it came over.",
        reads=One(listing=CONNECTIONS, key=_CONNECTION_ID),
    )
    async def connection(self, info: Info) -> Connection | None:
        """The connection."""
        return Connection.of(await _connection(info, self.model))

    @resolved(
        description="The transaction that counts instead, as it is the same booking; null: this "
        "one counts.",
        reads=One(listing=TRANSACTIONS, key="t.duplicate_of"),
    )
    async def duplicate_of(self, info: Info) -> Transaction | None:
        """The transaction that counts instead."""
        key = self.model.duplicate_of
        return await maybe(info.context, transactions.by_ids, key, Transaction.of)

    @resolved(description="Transactions that do not count, as they are the same booking as this.")
    async def duplicates(self, info: Info) -> list[Transaction]:
        """What does not count beside it."""
        found = await info.context.loaders.load(
            info.context, transaction_links.duplicates, self.key
        )
        return [Transaction.of(transaction) for transaction in found or ()]

    @resolved(description="What it is linked with, the oldest link first.")
    async def links(self, info: Info) -> list[TransactionLink]:
        """What it is linked with."""
        found = await info.context.loaders.load(
            info.context, transaction_links.of_transactions, self.key
        )
        return [TransactionLink.of(link) for link in found or ()]

    @resolved(
        description="What it was linked with before, the oldest link first: undone by a person, "
        "given up for a better pair, or gone with a side that changed."
    )
    async def past_links(self, info: Info) -> list[TransactionLink]:
        """What it was linked with."""
        found = await info.context.loaders.load(
            info.context, transaction_links.past_of_transactions, self.key
        )
        return [TransactionLink.of(link) for link in found or ()]

    @resolved(
        description="What vouches for it: when, by whom or by which rule, with which other "
        "transactions; null while nothing does.",
        reads=One(listing=RECONCILIATIONS, key=_RECONCILED_IN),
    )
    async def reconciled_in(self, info: Info) -> Reconciliation | None:
        """What vouches for it."""
        found = await info.context.loaders.load(
            info.context, reconciliations.of_transactions, self.key
        )
        return None if found is None else Reconciliation.of(found)

    @resolved(description="What its source says against it: both versions; null: nothing.")
    async def conflict(self, info: Info) -> TransactionConflict | None:
        """What its source says against it."""
        found = await info.context.loaders.load(info.context, conflicts.of_transactions, self.key)
        return None if found is None else TransactionConflict.of(found)

    @resolved(
        description="Its parts of different categories, in their order; none where it is whole.",
        reads=PARTS,
    )
    async def parts(self, info: Info) -> list[TransactionPart]:
        """Its parts."""
        found = await info.context.loaders.load(info.context, splits.of_transactions, self.key)
        return [TransactionPart.of(part) for part in found or ()]

    @resolved(
        description="By which correction of its source it is what it is; null: by none.",
        reads=One(listing=CORRECTIONS, key=_CORRECTS),
    )
    async def corrects(self, info: Info) -> TransactionCorrection | None:
        """What made it so."""
        found = await info.context.loaders.load(info.context, corrections.of_transactions, self.key)
        made = None if found is None else found.corrects
        return None if made is None else TransactionCorrection.of(made)

    @resolved(
        description="By which correction of its source it is past, as something takes its place or "
        "it was deleted; null: by none.",
        reads=One(listing=CORRECTIONS, key=_CORRECTED_BY),
    )
    async def corrected_by(self, info: Info) -> TransactionCorrection | None:
        """What ended it."""
        found = await info.context.loaders.load(info.context, corrections.of_transactions, self.key)
        ended = None if found is None else found.corrected_by
        return None if ended is None else TransactionCorrection.of(ended)

    @resolved(description="Where it comes from.", reads=Same())
    def source(self) -> TransactionSource:
        """Where it comes from."""
        return TransactionSource(
            external_id=self.model.external_id,
            line=self.model.raw_line,
            line_end=self.model.raw_line_end,
            model=self.model,
        )


async def _connection(info: Info, transaction: models.Transaction) -> models.Connection:
    mapping = await one(
        info.context, mappings.by_ids, transaction.mapping_id, lambda found: found.connection_id
    )
    return await one(info.context, connections.by_ids, mapping, lambda found: found)
