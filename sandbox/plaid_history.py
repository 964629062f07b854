"""What people did with their money: the same person did the same on the same day, on every Item."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Final

from sandbox.plaid_ids import Ids
from sandbox.plaid_ledger import Account, Transaction
from sandbox.plaid_merchants import CARD_PAYMENT, INCOME, SPENDING, Merchant

PENDING_DAYS: Final = 2
TWINS_EVERY_DAYS: Final = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """How much a bank knows of a person: days back from today, transactions on each."""

    days: int = 730
    per_day: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """Writes transactions of one person on one Item."""

    ids: Ids
    login: str  # the person, at an institution
    item_id: str
    accounts: Sequence[Account]

    def days(self, first: date, last: date, per_day: int, *, today: date) -> Iterator[Transaction]:
        """What happened from the first day to the last; the newest of it is pending."""
        weighted = self._weighted()  # of no one it is empty
        for ordinal in range(first.toordinal(), last.toordinal() + 1):
            day = date.fromordinal(ordinal)
            chance = self.ids.chance(self.login, day)
            pending = (today - day).days < PENDING_DAYS
            before: Transaction | None = None
            for number in range(per_day):
                if before and number == 1 and ordinal % TWINS_EVERY_DAYS == 0:
                    written = replace(before, transaction_id=self._id(day, number))
                else:
                    account = chance.choice(weighted)
                    key = self._id(day, number)
                    written = self._written(chance, account, day, key=key, pending=pending)
                before = written
                yield written

    def later(self, day: date, number: int, *, pending: bool) -> Transaction | None:
        """The nth transaction since the Item was linked; None where no account has any."""
        weighted = self._weighted()
        if not weighted:
            return None
        chance = self.ids.chance(self.login, "later", number)
        key = self._id("later", number)
        return self._written(chance, chance.choice(weighted), day, key=key, pending=pending)

    def _weighted(self) -> list[Account]:
        return [account for account in self.accounts for _ in range(account.plan.share)]

    def _id(self, *parts: object) -> str:
        return self.ids.of("transaction", self.item_id, *parts)

    def _written(
        self, chance: random.Random, account: Account, day: date, *, key: str, pending: bool
    ) -> Transaction:
        plan = account.plan
        merchant = _merchant(chance, plan.type)
        # A pending transaction is dated when it happened, a posted one when it was posted.
        lag = 0 if pending else chance.randrange(3)
        happened = day - timedelta(days=lag)
        at = None
        if merchant.channel == "in store":
            second = chance.randrange(7 * 3600, 22 * 3600)
            at = datetime.combine(happened, time(), UTC) + timedelta(seconds=second)
        return Transaction(
            transaction_id=key,
            account_id=account.account_id,
            amount=Decimal(chance.randint(*merchant.cents)).scaleb(-plan.cents),
            iso_currency_code=plan.iso_currency_code,
            unofficial_currency_code=plan.unofficial_currency_code,
            day=day,
            authorized_day=happened,
            at=at,
            name=merchant.name or merchant.raw,
            original_description=merchant.raw,
            merchant=merchant,
            pending=pending,
            pending_transaction_id=None,
        )


def posted(pending: Transaction, key: str, day: date, *, linked: bool) -> Transaction:
    """What becomes of a pending transaction: a new id, and a tip where tips are usual."""
    amount = pending.amount
    if pending.merchant.tips:
        amount = (amount * Decimal("1.18")).quantize(amount)
    return replace(
        pending,
        transaction_id=key,
        amount=amount,
        day=max(day, pending.day),
        pending=False,
        pending_transaction_id=pending.transaction_id if linked else None,
    )


def _merchant(chance: random.Random, account_type: str) -> Merchant:
    if chance.randrange(10):
        return chance.choice(SPENDING)
    return CARD_PAYMENT if account_type == "credit" else chance.choice(INCOME)
