"""Reconciliation of an account: what its days should come to, and what they do."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Final

import strawberry

from core import continuity
from resolvers import reviews, transactions
from resolvers.account_proofs import AccountProof
from schema.accounts import Account
from schema.context import Info
from schema.fields import resolved
from schema.money import Money
from schema.related import maybe, several
from schema.scalars import CurrencyCode

if TYPE_CHECKING:
    from schema.review_items import ReviewItem
    from schema.transactions import Transaction

SHOWN_MAX: Final = 20  # transactions of an explanation


@strawberry.input(description="Days, both of them included.")
class Period:
    from_: date = strawberry.field(name="from", description="The first day.")
    to: date = strawberry.field(description="The last day.")


@strawberry.type(description="A day of an account: what was, what was booked, what is stated.")
class BalanceDay:
    day: date = strawberry.field(description="The day.")
    opening: Money | None = strawberry.field(
        description="What there was before it; null where nothing says."
    )
    entries: Money = strawberry.field(
        description="What its booked transactions come to; duplicates and pending ones left out."
    )
    entry_count: int = strawberry.field(description="How many these are.")
    computed: Money | None = strawberry.field(
        description="Opening and entries together; null where nothing says what there was before."
    )
    stated: Money | None = strawberry.field(
        description="The balance at its end as the source states it; null where it states none."
    )
    difference: Money | None = strawberry.field(
        description="The stated balance less the computed one; null where one is missing."
    )
    gap: Money | None = strawberry.field(
        description="The stated opening less the balance of the day before; null where one is "
        "missing."
    )
    state: continuity.DayState = strawberry.field(description="Whether it adds up.")

    @staticmethod
    def of(day: continuity.DayProof, currency: CurrencyCode) -> BalanceDay:
        """A day's proof."""
        return BalanceDay(
            day=day.day,
            opening=_money(day.opening, currency),
            entries=Money(amount=day.entries, currency=currency),
            entry_count=day.rows,
            computed=_money(day.computed, currency),
            stated=_money(day.stated, currency),
            difference=_money(day.difference, currency),
            gap=_money(day.gap, currency),
            state=day.state,
        )


@strawberry.type(description="What would account for a difference.")
class BalanceExplanation:
    cause: continuity.Cause = strawberry.field(description="What it may be.")
    text: str = strawberry.field(description="The same for a person.")
    amount: Money = strawberry.field(description="What it accounts for.")
    model: strawberry.Private[continuity.Explanation]

    @staticmethod
    def of(explanation: continuity.Explanation, currency: CurrencyCode) -> BalanceExplanation:
        """An explanation."""
        return BalanceExplanation(
            cause=explanation.cause,
            text=explanation.text,
            amount=Money(amount=explanation.amount, currency=currency),
            model=explanation,
        )

    @resolved(description="The transactions that it is about; 20 at most.")
    async def transactions(
        self, info: Info
    ) -> list[Annotated[Transaction, strawberry.lazy("schema.transactions")]]:
        """The transactions."""
        from schema.transactions import Transaction

        return await several(
            info.context,
            transactions.by_ids,
            self.model.transaction_ids[:SHOWN_MAX],
            Transaction.of,
        )

    @resolved(
        description="The open question whose answer may settle it; null where none is asked. What "
        "a source says against a transaction has both versions in the transaction's conflict."
    )
    async def review_item(
        self, info: Info
    ) -> Annotated[ReviewItem, strawberry.lazy("schema.review_items")] | None:
        """The question."""
        from schema.review_items import ReviewItem

        return await maybe(info.context, reviews.by_ids, self.model.review_item_id, ReviewItem.of)


@strawberry.type(description="A difference of balances, of as few days as these allow.")
class BalanceDifference:
    since: date = strawberry.field(description="The first day that it may be of.")
    day: date = strawberry.field(description="The last one.")
    expected: Money = strawberry.field(description="The balance as it is stated.")
    found: Money = strawberry.field(description="The balance as it comes out.")
    amount: Money = strawberry.field(
        description="By how much the stated balance is more; negative: less."
    )
    explanations: list[BalanceExplanation] = strawberry.field(
        description="What would account for it, likeliest first; empty but for the newest 20."
    )

    @staticmethod
    def of(found: continuity.Difference, currency: CurrencyCode) -> BalanceDifference:
        """A difference."""
        return BalanceDifference(
            since=found.since,
            day=found.day,
            expected=Money(amount=found.expected, currency=currency),
            found=Money(amount=found.found, currency=currency),
            amount=Money(amount=found.amount, currency=currency),
            explanations=[BalanceExplanation.of(one, currency) for one in found.explanations],
        )


@strawberry.type(description="An account held against the balances that its sources state.")
class AccountReconciliation:
    account: Account = strawberry.field(description="The account.")
    from_: date = strawberry.field(name="from", description="The first day.")
    to: date = strawberry.field(description="The last day.")
    state: continuity.DayState = strawberry.field(
        description="Of all days together: DIFFERS where one does."
    )
    days: list[BalanceDay] = strawberry.field(
        description="The days that have transactions or balances."
    )
    differences: list[BalanceDifference] = strawberry.field(
        description="Where it does not add up, in the order of days."
    )

    @staticmethod
    def of(proof: AccountProof) -> AccountReconciliation:
        """A proof."""
        currency = CurrencyCode(proof.account.currency)
        return AccountReconciliation(
            account=Account.of(proof.account),
            from_=proof.first,
            to=proof.last,
            state=proof.state,
            days=[BalanceDay.of(day, currency) for day in proof.days],
            differences=[BalanceDifference.of(one, currency) for one in proof.differences],
        )


def _money(amount: Decimal | None, currency: CurrencyCode) -> Money | None:
    return None if amount is None else Money(amount=amount, currency=currency)
