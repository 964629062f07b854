"""The truth about one Item: its accounts, its transactions, and every change in its order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from sandbox.plaid_merchants import Merchant
from sandbox.plaid_users import AccountPlan


@dataclass(slots=True, kw_only=True)
class Account:
    """An account of an Item; what is owed on a card or loan is positive, as at Plaid."""

    account_id: str
    persistent_account_id: str | None  # only some institutions have it
    plan: AccountPlan
    current: Decimal
    available: Decimal | None  # the bank does not say

    def move(self, amount: Decimal, *, pending: bool) -> None:
        """Money leaves the account, or enters it where the amount is negative."""
        if not pending:
            self.current += amount if self.plan.type in {"credit", "loan"} else -amount
        if self.available is not None:
            self.available -= amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """A transaction as it stands now; a positive amount left the account, as at Plaid."""

    transaction_id: str
    account_id: str
    amount: Decimal
    iso_currency_code: str | None
    unofficial_currency_code: str | None
    day: date  # posted, or happened while it is pending
    authorized_day: date | None
    at: datetime | None  # the bank gives no time
    name: str
    original_description: str
    merchant: Merchant
    pending: bool
    pending_transaction_id: str | None


@dataclass(slots=True, kw_only=True)
class Life:
    """A transaction and the numbers of the changes that it went through."""

    transaction: Transaction
    first: int
    added: int  # greater than first where it was told as added again
    changed: int
    removed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some changes after a position."""

    added: list[Transaction]
    modified: list[Transaction]
    removed: list[Transaction]
    position: int
    has_more: bool


@dataclass(slots=True)
class Ledger:
    """Accounts and transactions; the head is the number of the newest change."""

    accounts: dict[str, Account]
    _lives: dict[str, Life] = field(default_factory=dict)
    _log: list[str] = field(default_factory=list)

    @property
    def head(self) -> int:
        """How many changes there were."""
        return len(self._log)

    def live(self) -> list[Transaction]:
        """What a client has that applied every change, in the order of arrival."""
        return [life.transaction for life in self._lives.values() if not life.removed]

    def removed(self) -> list[str]:
        """The ids that no longer exist."""
        return [key for key, life in self._lives.items() if life.removed]

    def load(self, transactions: Iterable[Transaction]) -> None:
        """Transactions that the balances contain already."""
        for transaction in transactions:
            self._add(transaction)

    def add(self, transaction: Transaction) -> None:
        """A new transaction, which moves money."""
        self._add(transaction)
        self._move(transaction, 1)

    def modify(self, transaction: Transaction) -> None:
        """Another state of a transaction that exists."""
        life = self._lives[transaction.transaction_id]
        self._move(life.transaction, -1)
        self._move(transaction, 1)
        life.transaction = transaction
        life.changed = self._logged(transaction.transaction_id)

    def remove(self, transaction_id: str) -> None:
        """A transaction exists no longer, and moved no money."""
        life = self._lives[transaction_id]
        self._move(life.transaction, -1)
        self.forget(transaction_id)

    def forget(self, transaction_id: str) -> None:
        """A transaction exists no longer; the balances stay."""
        life = self._lives[transaction_id]
        life.removed = True
        life.changed = self._logged(transaction_id)

    def repeat(self, transaction_id: str) -> None:
        """The next page tells of the transaction as if it were new."""
        life = self._lives[transaction_id]
        life.added = life.changed = self._logged(transaction_id)

    def remove_stranger(self, transaction: Transaction) -> None:
        """The next page tells that something is removed which nobody was told of."""
        number = self._logged(transaction.transaction_id)
        self._lives[transaction.transaction_id] = Life(
            transaction=transaction, first=0, added=0, changed=number, removed=True
        )

    def page(self, *, start: int, position: int, count: int, account_id: str | None) -> Page:
        """The changes after a position, of a client that knows all before `start`.

        Only the newest change of a transaction is told, and no removal of what the client
        was never told of.
        """
        added: list[Transaction] = []
        modified: list[Transaction] = []
        removed: list[Transaction] = []
        for number in range(position + 1, self.head + 1):
            life = self._lives[self._log[number - 1]]
            if life.changed != number or (life.removed and life.first > start):
                continue
            if account_id not in {None, life.transaction.account_id}:
                continue
            if len(added) + len(modified) + len(removed) == count:
                return Page(
                    added=added,
                    modified=modified,
                    removed=removed,
                    position=number - 1,
                    has_more=True,
                )
            kind = removed if life.removed else added if life.added > start else modified
            kind.append(life.transaction)
        return Page(
            added=added, modified=modified, removed=removed, position=self.head, has_more=False
        )

    def _add(self, transaction: Transaction) -> None:
        key = transaction.transaction_id
        assert key not in self._lives, "ids are never used twice"
        number = self._logged(key)
        self._lives[key] = Life(transaction=transaction, first=number, added=number, changed=number)

    def _move(self, transaction: Transaction, sign: int) -> None:
        account = self.accounts[transaction.account_id]
        account.move(sign * transaction.amount, pending=transaction.pending)

    def _logged(self, transaction_id: str) -> int:
        self._log.append(transaction_id)
        return len(self._log)
