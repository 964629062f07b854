"""Links between transactions, with both sides, the reasons, and the rules that found them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from core import links
from db.transactions import LISTING as TRANSACTIONS
from resolvers import transactions
from schema.columns import column, shown
from schema.context import Info
from schema.fields import resolved
from schema.ids import encode
from schema.node import Node
from schema.reads import One
from schema.reasons import ScoreReason
from schema.related import one
from schema.tenants import User
from schema.users import user

if TYPE_CHECKING:
    from schema.transactions import Transaction


@strawberry.type(description="Two transactions that are one booking, or that belong together.")
class TransactionLink(Node):
    kind: links.LinkKind = column("l.kind", description="How they belong together.")
    method: links.LinkMethod = column("l.method", description="Who says so.")
    state: links.LinkState = column("l.state", description="Whether it holds.")
    score: int = column("l.score", description="How sure the rules were, 0 to 100.")
    rule_version: str = column(
        "l.rule_version",
        description='The version of the rules that found it; "user" where nobody but a person did.',
    )
    created_at: datetime = column("l.created_at", description="When it was made, or made again.")
    undone_at: datetime | None = column(
        "l.undone_at", description="When it was undone; null where it holds."
    )
    undone_reason: links.UndoneReason | None = column(
        "l.undone_reason",
        description="Why the system undid a link of its own; null where it did not, or as a side "
        "changed.",
    )
    undone_rule_version: str | None = column(
        "l.undone_rule_version",
        description="The version of the rules that undid it; null where none did.",
    )
    model: strawberry.Private[links.TransactionLink]

    @staticmethod
    def of(link: links.TransactionLink) -> TransactionLink:
        """A link of the tenant's."""
        return shown(
            TransactionLink,
            link,
            id=encode("TransactionLink", link.id),
            key=link.id,
            model=link,
        )

    @resolved(
        description="The duplicate, which does not count; the pending one; what went out; the "
        "refund.",
        reads=One(listing=TRANSACTIONS, key="l.transaction_id"),
    )
    async def transaction(
        self, info: Info
    ) -> Annotated[Transaction, strawberry.lazy("schema.transactions")]:
        """The one side."""
        from schema.transactions import Transaction

        return await one(
            info.context, transactions.by_ids, self.model.transaction_id, Transaction.of
        )

    @resolved(
        description="What counts; the booked one; what came in; what was paid.",
        reads=One(listing=TRANSACTIONS, key="l.other_id"),
    )
    async def other(
        self, info: Info
    ) -> Annotated[Transaction, strawberry.lazy("schema.transactions")]:
        """The other side."""
        from schema.transactions import Transaction

        return await one(info.context, transactions.by_ids, self.model.other_id, Transaction.of)

    @resolved(description="Why, as the rules gave points; empty where nobody but a person says so.")
    def reasons(self) -> list[ScoreReason]:
        """Why."""
        return [ScoreReason.of(reason) for reason in self.model.reasons]

    @resolved(description="The member who made it; null: the system.")
    async def created_by(self, info: Info) -> User | None:
        """Who made it."""
        return await user(info.context, self.model.created_by)

    @resolved(
        description="The member who undid it, for good; null: it holds, or a side changed, and it "
        "may be found again."
    )
    async def undone_by(self, info: Info) -> User | None:
        """Who undid it."""
        return await user(info.context, self.model.undone_by)
