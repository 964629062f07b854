"""What members do with parts of transactions, and with payments that come again."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import strawberry

from resolvers import recurring, splits
from resolvers.refusal import Refused
from resolvers.splits import GivenPart
from schema.context import Info
from schema.fields import mutation
from schema.ids import key_of
from schema.payload import Payload, user_errors
from schema.recurring import RecurringTransaction
from schema.transactions import Transaction

Id = Annotated[strawberry.ID, strawberry.argument(description="The transaction.")]


@strawberry.input(description="A part of a transaction.")
class TransactionPartInput:
    amount: Decimal = strawberry.field(
        description="How much, in the transaction's currency and of its sign."
    )
    category: str = strawberry.field(description="What this part was for.")
    note: str | None = strawberry.field(
        default=None, description="What there is to say of it, 500 characters at most."
    )


@strawberry.input(description="A transaction in parts.")
class TransactionSplitInput:
    parts: list[TransactionPartInput] = strawberry.field(
        description="2 to 50 parts, which sum to the whole."
    )


@strawberry.type(description="What transactionSplit answers.")
class TransactionSplitPayload(Payload):
    transaction: Transaction | None = strawberry.field(
        description="The transaction in its parts; null where it was refused."
    )


@strawberry.type(description="What transactionUnsplit answers.")
class TransactionUnsplitPayload(Payload):
    transaction: Transaction | None = strawberry.field(
        description="The transaction, whole; null where it was refused."
    )


@strawberry.input(description="Whether a payment that was found to recur is one.")
class RecurringTransactionDismissInput:
    dismissed: bool = strawberry.field(
        default=True, description="True: it is none; false: it is one after all."
    )


@strawberry.type(description="What recurringTransactionDismiss answers.")
class RecurringTransactionDismissPayload(Payload):
    recurring_transaction: RecurringTransaction | None = strawberry.field(
        description="The payment as it is now; null where it was refused."
    )


@strawberry.type(description="What members do with parts and with payments that come again.")
class SplitMutations:
    @mutation(
        description="Splits a transaction in parts of different categories, in place of those "
        "before; for members."
    )
    async def transaction_split(
        self,
        info: Info,
        id: Id,
        input: Annotated[TransactionSplitInput, strawberry.argument(description="The parts.")],
    ) -> TransactionSplitPayload | None:
        """Splits a transaction."""
        answer = await splits.split(
            info.context,
            transaction_id=key_of("Transaction", id),
            parts=[
                GivenPart(amount=part.amount, category=part.category, note=part.note)
                for part in input.parts
            ],
        )
        return TransactionSplitPayload(
            transaction=None if isinstance(answer, Refused) else Transaction.of(answer),
            user_errors=user_errors(answer),
        )

    @mutation(description="Makes a transaction whole again; for members.")
    async def transaction_unsplit(self, info: Info, id: Id) -> TransactionUnsplitPayload | None:
        """Makes a transaction whole again."""
        answer = await splits.unsplit(info.context, transaction_id=key_of("Transaction", id))
        return TransactionUnsplitPayload(
            transaction=None if isinstance(answer, Refused) else Transaction.of(answer),
            user_errors=user_errors(answer),
        )

    @mutation(description="Says that a payment does not recur, or does after all; for members.")
    async def recurring_transaction_dismiss(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The recurring payment.")],
        input: Annotated[
            RecurringTransactionDismissInput, strawberry.argument(description="What it is.")
        ],
    ) -> RecurringTransactionDismissPayload | None:
        """Says that a payment does not recur."""
        answer = await recurring.dismiss(
            info.context,
            item_id=key_of("RecurringTransaction", id),
            dismissed=input.dismissed,
        )
        return RecurringTransactionDismissPayload(
            recurring_transaction=None
            if isinstance(answer, Refused)
            else RecurringTransaction.of(answer),
            user_errors=user_errors(answer),
        )
