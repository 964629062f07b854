"""Accounts: the tenant's own, with their balances and transactions."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from core import models, records
from db import balances as stored_balances
from db import holdings as stored_holdings
from db import mappings as stored_mappings
from db import statements as stored_statements
from db.accounts import AccountFilter as Wanted
from db.institutions import LISTING as INSTITUTIONS
from db.reports import DOCUMENTS
from db.select import Asked
from db.transaction_filter import TransactionFilter as WantedTransactions
from db.transactions import LISTING as TRANSACTIONS
from db.transactions import TransactionOrder
from resolvers import (
    account_statements,
    accounts,
    connections,
    holdings,
    jobs,
    mappings,
    text,
    transactions,
)
from schema.columns import column, derived, money, shown
from schema.context import Info
from schema.documents import RawDocument
from schema.fields import resolved
from schema.holdings import Holding
from schema.ids import encode, optional_key_of
from schema.institutions import Institution
from schema.json_sql import whole_id
from schema.money import Money
from schema.node import Node
from schema.page import DEFAULT, After, First, Listed
from schema.reads import Many, One
from schema.related import children, maybe, one
from schema.scalars import CurrencyCode
from schema.statements import Statement
from schema.transaction_filter import TransactionFilter, asked_transactions

if TYPE_CHECKING:
    from schema.mappings import AccountMapping
    from schema.transactions import Transaction


@strawberry.type(description="A balance as a source stated it.")
class Balance:
    id: strawberry.ID = derived(whole_id("Balance", "b.id"), description="Opaque and lasting.")
    kind: records.BalanceKind = column("b.kind", description="What it measures.")
    code: str = column("b.code", description='The source\'s own code, such as BAI2 "015"; or "".')
    amount: Money = money("b.amount", currency="b.currency", description="How much.")
    as_of: date = column("b.as_of", description="The day that it is of.")
    as_of_time: str | None = column(
        "b.as_of_time", description="The bank's local time as HH:MM; null where it names none."
    )
    interim: bool = column(
        "b.interim", description="Whether it is an intraday figure that a final one follows."
    )
    created_at: datetime = column("b.created_at", description="When it was imported.")
    line: int = derived("b.raw_line", description="The line of its document, counted from 1.")
    model: strawberry.Private[models.Balance]

    @staticmethod
    def of(balance: models.Balance) -> Balance:
        """A balance of an account."""
        return shown(
            Balance,
            balance,
            id=encode("Balance", balance.id),
            line=balance.raw_line,
            model=balance,
        )

    @resolved(
        description="The document that states it.", reads=One(listing=DOCUMENTS, key="b.raw_id")
    )
    async def raw_document(self, info: Info) -> RawDocument:
        """The document."""
        return await one(info.context, jobs.documents, self.model.raw_id, RawDocument.of)


@strawberry.type(description="What an account held at the end of a day.")
class DailyBalance:
    day: date = strawberry.field(description="The day.")
    amount: Money = strawberry.field(description="How much.")
    kind: records.BalanceKind = strawberry.field(description="What the source measured.")
    as_of: date = strawberry.field(
        description="The day that the source stated it of: earlier than `day` where it stated "
        "none since."
    )

    @staticmethod
    def of(balance: stored_balances.DailyBalance) -> DailyBalance:
        """A balance at the end of a day."""
        return DailyBalance(
            day=balance.day,
            amount=Money(amount=balance.amount, currency=CurrencyCode(balance.currency)),
            kind=balance.kind,
            as_of=balance.as_of,
        )


@strawberry.type(description="One of the tenant's own accounts, whatever sources feed it.")
class Account(Node):
    name: str = column("a.name", description="What users call it.")
    type: models.AccountType = column("a.type", description="What it is.")
    currency: CurrencyCode = column("a.currency", description="Its currency.")
    masked_number: str | None = column(
        "a.masked_number", description="The end of its number; null where none is known."
    )
    status: models.AccountStatus = column("a.status", description="Whether it is in use.")
    created_at: datetime = column("a.created_at", description="When it was made.")
    updated_at: datetime = column("a.updated_at", description="When it was last changed.")
    model: strawberry.Private[models.Account]

    @staticmethod
    def of(account: models.Account) -> Account:
        """An account of the tenant's."""
        return shown(
            Account, account, id=encode("Account", account.id), key=account.id, model=account
        )

    @resolved(
        description="The institution that keeps it; null where nobody named one.",
        reads=One(listing=INSTITUTIONS, key="a.institution_id"),
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
        description="The source that is believed first where several feed it; null: none is.",
        reads=One(listing=stored_mappings.LISTING, key="a.primary_mapping_id"),
    )
    async def primary_source(
        self, info: Info
    ) -> Annotated[AccountMapping, strawberry.lazy("schema.mappings")] | None:
        """The source that is believed first."""
        from schema.mappings import AccountMapping

        return await maybe(
            info.context, mappings.by_ids, self.model.primary_mapping_id, AccountMapping.of
        )

    @resolved(
        description="The latest balance of each kind and code, 100 at most; those of the primary "
        "source before others."
    )
    async def balances(self, info: Info) -> list[Balance]:
        """The latest balances."""
        found = await info.context.loaders.load(info.context, accounts.latest_balances, self.key)
        return [Balance.of(balance) for balance in found or ()]

    @resolved(
        description="Its balance at the end of each day, in its currency; 366 days at most. Days "
        "before the first statement are left out, and days without one repeat the last. Once the "
        "primary source has stated one, its statements alone count."
    )
    async def balances_by_day(
        self,
        info: Info,
        from_: Annotated[date, strawberry.argument(name="from", description="The first day.")],
        to: Annotated[date, strawberry.argument(description="The last day.")],
        kind: Annotated[
            records.BalanceKind | None,
            strawberry.argument(
                description="Only this kind; null: of each day CLOSING_LEDGER, else "
                "CURRENT_LEDGER, else RUNNING."
            ),
        ] = None,
    ) -> list[DailyBalance]:
        """Its balance at the end of each day."""
        found = await info.context.loaders.load(
            info.context,
            accounts.balances_by_day,
            self.key,
            first_day=from_,
            last_day=to,
            kind=kind,
        )
        return [DailyBalance.of(balance) for balance in found or ()]

    @resolved(
        description="All balances that sources stated, newest first.",
        reads=Many(
            listing=stored_balances.LISTING,
            parent="b.account_id",
            asked=Asked(order=stored_balances.NEWEST),
        ),
    )
    async def balance_history(
        self, info: Info, first: First = DEFAULT, after: After = None
    ) -> Listed[Balance]:
        """All balances."""
        return await children(
            info.context, accounts.balance_history, self.key, Balance.of, first=first, after=after
        )

    @resolved(
        description="What it holds of each security, and held: the newest position first.",
        reads=Many(
            listing=stored_holdings.LISTING,
            parent="h.account_id",
            asked=Asked(order=stored_holdings.NEWEST),
        ),
    )
    async def holdings(
        self, info: Info, first: First = DEFAULT, after: After = None
    ) -> Listed[Holding]:
        """What it holds."""
        return await children(
            info.context, holdings.of_accounts, self.key, Holding.of, first=first, after=after
        )

    @resolved(
        description="What sources stated of it, with its proofs; newest first.",
        reads=Many(
            listing=stored_statements.LISTING,
            parent="s.account_id",
            asked=Asked(order=stored_statements.NEWEST),
        ),
    )
    async def statements(
        self, info: Info, first: First = DEFAULT, after: After = None
    ) -> Listed[Statement]:
        """Statements of it."""
        return await children(
            info.context,
            account_statements.of_accounts,
            self.key,
            Statement.of,
            first=first,
            after=after,
        )

    @resolved(
        description="Its transactions.",
        reads=Many(listing=TRANSACTIONS, parent="t.account_id", asked=asked_transactions),
    )
    async def transactions(
        self,
        info: Info,
        first: First = DEFAULT,
        after: After = None,
        filter: Annotated[
            TransactionFilter | None, strawberry.argument(description="Which of them.")
        ] = None,
        order_by: Annotated[
            TransactionOrder, strawberry.argument(description="In which order.")
        ] = TransactionOrder.POSTED_DATE_DESC,
    ) -> Listed[Annotated[Transaction, strawberry.lazy("schema.transactions")]]:
        """Its transactions."""
        from schema.transactions import Transaction

        return await children(
            info.context,
            transactions.of_accounts,
            self.key,
            Transaction.of,
            first=first,
            after=after,
            wanted=WantedTransactions() if filter is None else filter.wanted(),
            order=order_by,
        )

    @resolved(
        description="What feeds it, newest first.",
        reads=Many(
            listing=stored_mappings.LISTING,
            parent="m.account_id",
            asked=Asked(order=stored_mappings.NEWEST),
        ),
    )
    async def mappings(
        self, info: Info, first: First = DEFAULT, after: After = None
    ) -> Listed[Annotated[AccountMapping, strawberry.lazy("schema.mappings")]]:
        """What feeds it."""
        from schema.mappings import AccountMapping

        return await children(
            info.context,
            mappings.of_accounts,
            self.key,
            AccountMapping.of,
            first=first,
            after=after,
        )


@strawberry.input(description="Which accounts; what is left out or null asks nothing.")
class AccountFilter:
    connection_id: strawberry.ID | None = strawberry.field(
        default=None, description="Fed by this connection."
    )
    status: list[models.AccountStatus] | None = strawberry.field(
        default=None, description="In one of these states."
    )
    type: list[models.AccountType] | None = strawberry.field(
        default=None, description="Of one of these types."
    )
    currency: CurrencyCode | None = strawberry.field(default=None, description="In this currency.")
    text: str | None = strawberry.field(
        default=None,
        description="With this in the name, whatever the case; 1 to 200 characters.",
    )

    def wanted(self) -> Wanted:
        """The filter as reads take it. Raises BadInput."""
        return Wanted(
            connection_id=optional_key_of("Connection", self.connection_id),
            status=None if self.status is None else tuple(self.status),
            type=None if self.type is None else tuple(self.type),
            currency=self.currency,
            text=text.sought(self.text),
        )
