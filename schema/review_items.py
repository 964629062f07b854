"""Review items: what the system is not sure enough of, with both sides and the reasons."""

from __future__ import annotations

from datetime import datetime

import strawberry

from core import reviews
from db.accounts import LISTING as ACCOUNTS
from db.jobs import LISTING as JOBS
from db.review_items import ReviewFilter
from db.transactions import LISTING as TRANSACTIONS
from resolvers import accounts, jobs, transactions
from schema.accounts import Account
from schema.columns import column, shown
from schema.context import Info
from schema.fields import resolved
from schema.ids import encode, optional_key_of
from schema.jobs import IngestionJob
from schema.node import Node
from schema.reads import One
from schema.reasons import ScoreReason
from schema.related import maybe
from schema.scalars import JSON
from schema.tenants import User
from schema.transactions import Transaction
from schema.users import user


@strawberry.type(description="A question that the system puts to the tenant's members.")
class ReviewItem(Node):
    kind: reviews.ReviewKind = column("r.kind", description="What it is about.")
    state: reviews.ReviewState = column("r.state", description="Where it stands.")
    score: int = column(
        "r.score", description="How sure the rules are that yes is right, 0 to 100."
    )
    rule_version: str = column("r.rule_version", description="The version of the rules that ask.")
    created_at: datetime = column("r.created_at", description="When it was asked first.")
    updated_at: datetime = column("r.updated_at", description="When it was last changed.")
    decided_at: datetime | None = column(
        "r.decided_at", description="When it was answered; null where nobody has."
    )
    superseded_reason: reviews.SupersededReason | None = column(
        "r.superseded_reason",
        description="Why it was closed without an answer; null where it was not, or where what it "
        "asks about is gone.",
    )
    model: strawberry.Private[reviews.ReviewItem]

    @staticmethod
    def of(item: reviews.ReviewItem) -> ReviewItem:
        """An item of the tenant's."""
        return shown(ReviewItem, item, id=encode("ReviewItem", item.id), key=item.id, model=item)

    @resolved(
        description="The transaction that it is about; null where it is about none.",
        reads=One(listing=TRANSACTIONS, key="r.transaction_id"),
    )
    async def transaction(self, info: Info) -> Transaction | None:
        """The one side."""
        key = self.model.transaction_id
        return await maybe(info.context, transactions.by_ids, key, Transaction.of)

    @resolved(
        description="The other one; null where there is none.",
        reads=One(listing=TRANSACTIONS, key="r.other_id"),
    )
    async def other(self, info: Info) -> Transaction | None:
        """The other side."""
        return await maybe(info.context, transactions.by_ids, self.model.other_id, Transaction.of)

    @resolved(
        description="The account that it is about; null where it is about none.",
        reads=One(listing=ACCOUNTS, key="r.account_id"),
    )
    async def account(self, info: Info) -> Account | None:
        """The account."""
        return await maybe(info.context, accounts.by_ids, self.model.account_id, Account.of)

    @resolved(
        description="The job that asks; null where none does.",
        reads=One(listing=JOBS, key="r.job_id"),
    )
    async def job(self, info: Info) -> IngestionJob | None:
        """The job."""
        return await maybe(info.context, jobs.by_ids, self.model.job_id, IngestionJob.of)

    @resolved(description="Why the score is what it is.")
    def reasons(self) -> list[ScoreReason]:
        """Why."""
        return [ScoreReason.of(reason) for reason in self.model.reasons]

    @resolved(
        description="What was seen when it was asked: an object whose members depend on the kind. "
        "Of pairs: transaction and other, each with amount, currency, day, status, description; "
        "and linked, where one of the two is linked with that one, which may be right as well."
    )
    def evidence(self) -> JSON:
        """What was seen."""
        return JSON(self.model.evidence)

    @resolved(description="The member who answered; null where nobody has.")
    async def decided_by(self, info: Info) -> User | None:
        """Who answered."""
        return await user(info.context, self.model.decided_by)


@strawberry.input(description="Which questions; what is left out or null asks nothing.")
class ReviewItemFilter:
    kind: list[reviews.ReviewKind] | None = strawberry.field(
        default=None, description="About one of these."
    )
    state: list[reviews.ReviewState] | None = strawberry.field(
        default=None, description="In one of these states."
    )
    account_id: strawberry.ID | None = strawberry.field(
        default=None, description="About this account."
    )
    transaction_id: strawberry.ID | None = strawberry.field(
        default=None, description="About this transaction, on either side."
    )
    job_id: strawberry.ID | None = strawberry.field(
        default=None, description="That this job asked last."
    )
    score_from: int | None = strawberry.field(
        default=None, description="Of this score or a higher one."
    )

    def wanted(self) -> ReviewFilter:
        """The filter as reads take it."""
        return ReviewFilter(
            kinds=None if self.kind is None else tuple(self.kind),
            states=None if self.state is None else tuple(self.state),
            account_id=optional_key_of("Account", self.account_id),
            transaction_id=optional_key_of("Transaction", self.transaction_id),
            job_id=optional_key_of("IngestionJob", self.job_id),
            score_from=self.score_from,
        )
