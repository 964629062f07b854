"""Reconciliations: rows that vouch for each other, and what contradicts rows."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from core import reconciliation
from core.reviews import ReviewReason
from db.accounts import LISTING as ACCOUNTS
from db.reconciliations import ReconciliationFilter as Wanted
from resolvers import accounts, reconciliations, transactions
from schema.accounts import Account
from schema.columns import column, money, shown
from schema.context import Info
from schema.fields import resolved
from schema.ids import encode, optional_key_of
from schema.money import Money
from schema.node import Node
from schema.reads import One
from schema.related import maybe, one
from schema.scalars import CurrencyCode
from schema.tenants import User
from schema.users import user

if TYPE_CHECKING:
    from schema.transactions import Transaction


@strawberry.type(description="Why a score is what it is.")
class ReconciliationReason:
    code: str = strawberry.field(description="Stable, for programs.")
    text: str = strawberry.field(description="For a person.")
    points: int = strawberry.field(description="What it adds to the score.")

    @staticmethod
    def of(reason: dict[str, Any] | ReviewReason) -> ReconciliationReason:
        """A reason, as it was stored or as it was found."""
        if isinstance(reason, ReviewReason):
            return ReconciliationReason(code=reason.code, text=reason.text, points=reason.points)
        return ReconciliationReason(
            code=reason["code"], text=reason["text"], points=reason["points"]
        )


@strawberry.type(description="A transaction of a reconciliation.")
class ReconciliationMember:
    side: reconciliation.ReconciliationSide = strawberry.field(description="Which side it is on.")
    amount: Money = strawberry.field(description="The amount that it had then.")
    model: strawberry.Private[reconciliation.ReconciliationMember]

    @staticmethod
    def of(member: reconciliation.ReconciliationMember) -> ReconciliationMember:
        """A row of a group."""
        return ReconciliationMember(
            side=member.side,
            amount=Money(amount=member.amount, currency=CurrencyCode(member.currency)),
            model=member,
        )

    @resolved(description="The transaction.")
    async def transaction(
        self, info: Info
    ) -> Annotated[Transaction, strawberry.lazy("schema.transactions")]:
        """The transaction."""
        from schema.transactions import Transaction

        return await one(
            info.context, transactions.by_ids, self.model.transaction_id, Transaction.of
        )


@strawberry.type(description="Transactions that vouch for each other, or a statement for them.")
class Reconciliation(Node):
    method: reconciliation.ReconciliationMethod = column(
        "r.method", description="Who or what reconciled."
    )
    rule: str | None = column(
        "r.rule", description="The rule that found it, with its version; null where none did."
    )
    score: int | None = column(
        "r.score", description="How sure the rule was, in percent; null where none found it."
    )
    difference: Money = money(
        "r.difference",
        currency="r.currency",
        description="The left side less the right one; not zero within a tolerance or by a note.",
    )
    statement_to: date | None = column(
        "r.statement_to", description="The last day of the statement; null where it is of none."
    )
    note: str | None = column("r.note", description="What a member noted; null: nothing.")
    created_at: datetime = column("r.created_at", description="When it was reconciled.")
    undone_at: datetime | None = column(
        "r.undone_at", description="When it was undone; null: it stands."
    )
    model: strawberry.Private[reconciliation.Reconciliation]

    @staticmethod
    def of(found: reconciliation.Reconciliation) -> Reconciliation:
        """A group of the tenant's."""
        return shown(
            Reconciliation,
            found,
            id=encode("Reconciliation", found.id),
            key=found.id,
            model=found,
        )

    @resolved(description="Why the score is what it is.")
    def reasons(self) -> list[ReconciliationReason]:
        """Why."""
        return [ReconciliationReason.of(reason) for reason in self.model.reasons]

    @resolved(
        description="The account of the statement; null where it is of none.",
        reads=One(listing=ACCOUNTS, key="r.account_id"),
    )
    async def account(self, info: Info) -> Account | None:
        """The account."""
        return await maybe(info.context, accounts.by_ids, self.model.account_id, Account.of)

    @resolved(description="Who reconciled; null: a rule.")
    async def created_by(self, info: Info) -> User | None:
        """Who reconciled."""
        return await user(info.context, self.model.created_by)

    @resolved(description="Who undid it; null: nobody, or a source whose word counted.")
    async def undone_by(self, info: Info) -> User | None:
        """Who undid it."""
        return await user(info.context, self.model.undone_by)

    @resolved(description="Its transactions, the left side first; 100 at most.")
    async def members(self, info: Info) -> list[ReconciliationMember]:
        """Its transactions."""
        found = await info.context.loaders.load(info.context, reconciliations.members, self.key)
        return [ReconciliationMember.of(member) for member in found or ()]

    @resolved(description="How many transactions it has.")
    async def member_count(self, info: Info) -> int:
        """How many."""
        found = await info.context.loaders.load(info.context, reconciliations.counts, self.key)
        return found or 0


@strawberry.input(description="Which reconciliations; what is left out or null asks nothing.")
class ReconciliationFilter:
    method: list[reconciliation.ReconciliationMethod] | None = strawberry.field(
        default=None, description="Made in one of these ways."
    )
    undone: bool | None = strawberry.field(default=None, description="Undone, or not.")
    account_id: strawberry.ID | None = strawberry.field(
        default=None, description="With a transaction of this account."
    )
    transaction_id: strawberry.ID | None = strawberry.field(
        default=None, description="With this transaction."
    )
    created_from: datetime | None = strawberry.field(
        default=None, description="Made at this instant or later."
    )
    created_to: datetime | None = strawberry.field(
        default=None, description="Made at this instant or earlier."
    )

    def wanted(self) -> Wanted:
        """The filter as reads take it."""
        return Wanted(
            methods=None if self.method is None else tuple(self.method),
            undone=self.undone,
            account_id=optional_key_of("Account", self.account_id),
            transaction_id=optional_key_of("Transaction", self.transaction_id),
            created_from=self.created_from,
            created_to=self.created_to,
        )


@strawberry.type(description="What one side says of a transaction that another one contradicts.")
class ConflictVersion:
    amount: Money | None = strawberry.field(description="How much; null where it is no more.")
    day: date | None = strawberry.field(description="The day; null where it is no more.")
    description: str | None = strawberry.field(description="The text; null where it is no more.")

    @staticmethod
    def of(version: dict[str, Any]) -> ConflictVersion:
        """A version, as it was stored."""
        if "amount" not in version:
            return ConflictVersion(amount=None, day=None, description=None)
        return ConflictVersion(
            amount=Money(
                amount=Decimal(version["amount"]), currency=CurrencyCode(version["currency"])
            ),
            day=date.fromisoformat(version["sort_date"]),
            description=version["description"],
        )


@strawberry.type(description="What a source says against a transaction: both versions.")
class TransactionConflict:
    kind: reconciliation.ConflictKind = strawberry.field(description="What it says.")
    state: reconciliation.ConflictState = strawberry.field(description="How far it is settled.")
    stored: ConflictVersion = strawberry.field(description="What was stored.")
    incoming: ConflictVersion = strawberry.field(description="What came.")
    noted_at: datetime = strawberry.field(description="When it came.")

    @staticmethod
    def of(found: reconciliation.TransactionConflict) -> TransactionConflict:
        """What contradicts a row."""
        return TransactionConflict(
            kind=found.kind,
            state=found.state,
            stored=ConflictVersion.of(found.stored),
            incoming=ConflictVersion.of(found.incoming),
            noted_at=found.noted_at,
        )
