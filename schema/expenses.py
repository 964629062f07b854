"""Expenses: what was spent."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

import strawberry

from db import expenses as stored
from db.transactions import LISTING as TRANSACTIONS
from resolvers import choices, expenses, transactions
from resolvers.refusal import Refused
from schema.columns import column, money, shown
from schema.context import Info
from schema.fields import mutation, resolved
from schema.ids import encode, key_of, optional_key_of
from schema.money import Money
from schema.node import Node
from schema.payload import Payload, user_errors
from schema.reads import One
from schema.related import one
from schema.tenants import Tenant
from schema.transactions import Transaction


@strawberry.type(description="Money that was spent, as a transaction says.")
class Expense(Node):
    amount: Money = money(
        "e.amount", currency="e.currency", description="How much; a positive amount."
    )
    spent_on: date = column("e.spent_on", description="When, as lists of transactions go.")
    description: str = column("e.description", description="What the transaction says.")
    merchant_name: str | None = column(
        "e.merchant_name", description="The other party; null where nobody named one."
    )
    category: str | None = column(
        "e.category", description="What it was for; null where nobody said."
    )
    status: stored.ExpenseStatus = column(
        "e.status", description="Whether it counts: it is reversed with its transaction."
    )
    created_at: datetime = column("e.created_at", description="When it was made.")
    updated_at: datetime = column("e.updated_at", description="When it last followed.")
    model: strawberry.Private[stored.Expense]

    @staticmethod
    def of(expense: stored.Expense) -> Expense:
        """An expense of the tenant's."""
        return shown(
            Expense, expense, id=encode("Expense", expense.id), key=expense.id, model=expense
        )

    @resolved(
        description="The transaction that it follows.",
        reads=One(listing=TRANSACTIONS, key="e.transaction_id"),
    )
    async def transaction(self, info: Info) -> Transaction:
        """The transaction."""
        return await one(
            info.context, transactions.by_ids, self.model.transaction_id, Transaction.of
        )


@strawberry.input(description="Which expenses; what is left out or null asks nothing.")
class ExpenseFilter:
    status: stored.ExpenseStatus | None = strawberry.field(
        default=None, description="In this state."
    )
    spent_from: date | None = strawberry.field(default=None, description="On this day or later.")
    spent_to: date | None = strawberry.field(default=None, description="On this day or before.")
    account_id: strawberry.ID | None = strawberry.field(
        default=None, description="Spent from this account."
    )

    def wanted(self) -> stored.ExpenseFilter:
        """The filter as reads take it."""
        return stored.ExpenseFilter(
            status=self.status,
            spent_from=self.spent_from,
            spent_to=self.spent_to,
            account_id=optional_key_of("Account", self.account_id),
        )


@strawberry.input(description="What a transaction was for.")
class TransactionCategorizeInput:
    category: str | None = strawberry.field(
        description="The category; null: as the evidence says again."
    )
    apply_to_merchant: bool = strawberry.field(
        default=False,
        description="Whether all other transactions of its merchant get it, too, but those for "
        "which somebody has chosen. With null: whether the same choice is taken back for all.",
    )


@strawberry.input(description="What makes expenses.")
class TenantChooseExpensesInput:
    source: stored.ExpenseSource = strawberry.field(description="Which transactions.")


@strawberry.type(description="What transactionCategorize answers.")
class TransactionCategorizePayload(Payload):
    transaction: Transaction | None = strawberry.field(
        description="The transaction as it is now; null where it was refused."
    )
    changed_count: int = strawberry.field(
        description="How many other transactions of the merchant were changed with it."
    )


@strawberry.type(description="What tenantChooseExpenses answers.")
class TenantChooseExpensesPayload(Payload):
    tenant: Tenant | None = strawberry.field(description="The tenant; null where it was refused.")


@strawberry.type(description="What members say of what was spent.")
class ExpenseMutations:
    @mutation(description="Says what a transaction was for; for members.")
    async def transaction_categorize(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The transaction.")],
        input: Annotated[
            TransactionCategorizeInput, strawberry.argument(description="What it was for.")
        ],
    ) -> TransactionCategorizePayload | None:
        """Says what a transaction was for."""
        answer = await choices.categorize(
            info.context,
            transaction_id=key_of("Transaction", id),
            category=input.category,
            apply_to_merchant=input.apply_to_merchant,
        )
        if isinstance(answer, Refused):
            return TransactionCategorizePayload(
                transaction=None, changed_count=0, user_errors=user_errors(answer)
            )
        return TransactionCategorizePayload(
            transaction=Transaction.of(answer.transaction),
            changed_count=answer.others,
            user_errors=[],
        )

    @mutation(description="Says which transactions make expenses from now on; for admins.")
    async def tenant_choose_expenses(
        self,
        info: Info,
        input: Annotated[
            TenantChooseExpensesInput, strawberry.argument(description="What to choose.")
        ],
    ) -> TenantChooseExpensesPayload | None:
        """Says which transactions make expenses from now on."""
        answer = await expenses.choose_source(info.context, source=input.source)
        return TenantChooseExpensesPayload(
            tenant=None if isinstance(answer, Refused) else Tenant.of(answer),
            user_errors=user_errors(answer),
        )
