"""Rules of reconciliation, and what they would find."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

import strawberry

from core import models, reconciliation
from resolvers import accounts, transactions
from resolvers.reconciliation_rules import DryRun
from schema.accounts import Account
from schema.context import Info
from schema.fields import resolved
from schema.ids import encode, key_of
from schema.money import Money
from schema.node import Node
from schema.reconciliations import ReconciliationReason
from schema.related import several
from schema.scalars import CurrencyCode
from schema.tenants import User
from schema.users import user

if TYPE_CHECKING:
    from schema.transactions import Transaction

SHOWN_MAX: Final = 20  # transactions of a side


@strawberry.type(description="A rule that finds transactions that vouch for each other.")
class ReconciliationRule(Node):
    version: int = strawberry.field(description="Counts its changes, from 1.")
    position: int = strawberry.field(description="When it has its turn: the lowest first.")
    name: str = strawberry.field(description="What users call it.")
    enabled: bool = strawberry.field(description="Whether it is in use.")
    mode: reconciliation.RuleMode = strawberry.field(description="What becomes of its finds.")
    shape: reconciliation.RuleShape = strawberry.field(description="How many rows are a group.")
    signs: reconciliation.RuleSigns = strawberry.field(description="Which signs the sides have.")
    left_account_type: models.AccountType | None = strawberry.field(
        description="The type of accounts on the left; null: any."
    )
    right_account_type: models.AccountType | None = strawberry.field(
        description="The type of accounts on the right; null: any."
    )
    by_reference: bool = strawberry.field(description="Whether an id or reference must be equal.")
    amount_tolerance: Decimal = strawberry.field(
        description="How far the sides may differ, in their currency."
    )
    tolerance_percent: Decimal = strawberry.field(
        description="The same in percent of the larger side; the wider of both counts."
    )
    day_window: int = strawberry.field(description="How many days they may be apart.")
    text_needed: bool = strawberry.field(description="Whether their texts must agree.")
    group_max: int = strawberry.field(description="How many rows one side has at most, 2 to 8.")
    score_min: int = strawberry.field(
        description="The score in percent from which it reconciles without asking."
    )
    created_at: datetime = strawberry.field(description="When this version was made.")
    model: strawberry.Private[reconciliation.ReconciliationRule]

    @staticmethod
    def of(rule: reconciliation.ReconciliationRule) -> ReconciliationRule:
        """A rule of the tenant's."""
        return ReconciliationRule(
            id=encode("ReconciliationRule", rule.id),
            key=rule.id,
            version=rule.version,
            position=rule.position,
            name=rule.name,
            enabled=rule.enabled,
            mode=rule.mode,
            shape=rule.shape,
            signs=rule.signs,
            left_account_type=_type(rule.left_account_type),
            right_account_type=_type(rule.right_account_type),
            by_reference=rule.by_reference,
            amount_tolerance=rule.amount_tolerance,
            tolerance_percent=rule.tolerance_percent,
            day_window=rule.day_window,
            text_needed=rule.text_needed,
            group_max=rule.group_max,
            score_min=rule.score_min,
            created_at=rule.created_at,
            model=rule,
        )

    @resolved(description="The accounts on the left; null: by type, or all.")
    async def left_accounts(self, info: Info) -> list[Account] | None:
        """The accounts on the left."""
        return await _accounts(info, self.model.left_account_ids)

    @resolved(description="The accounts on the right; null: by type, or all.")
    async def right_accounts(self, info: Info) -> list[Account] | None:
        """The accounts on the right."""
        return await _accounts(info, self.model.right_account_ids)

    @resolved(description="Who made this version; null where they left.")
    async def created_by(self, info: Info) -> User | None:
        """Who made it."""
        return await user(info.context, self.model.created_by)


@strawberry.input(description="What a rule asks of transactions.")
class ReconciliationRuleInput:
    name: str = strawberry.field(
        default="Rule", description="What users will call it, 1 to 100 characters."
    )
    position: int = strawberry.field(default=0, description="When it has its turn, 0 to 1,000.")
    enabled: bool = strawberry.field(default=True, description="Whether it is in use.")
    mode: reconciliation.RuleMode = strawberry.field(
        default=reconciliation.RuleMode.SUGGEST, description="What becomes of its finds."
    )
    shape: reconciliation.RuleShape = strawberry.field(
        default=reconciliation.RuleShape.ONE_TO_ONE, description="How many rows are a group."
    )
    signs: reconciliation.RuleSigns = strawberry.field(
        default=reconciliation.RuleSigns.EQUAL, description="Which signs the sides have."
    )
    left_account_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="The accounts on the left, 50 at most; null: by type, or all."
    )
    left_account_type: models.AccountType | None = strawberry.field(
        default=None, description="Their type; null: any."
    )
    right_account_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="The accounts on the right, 50 at most; null: by type, or all."
    )
    right_account_type: models.AccountType | None = strawberry.field(
        default=None, description="Their type; null: any."
    )
    by_reference: bool = strawberry.field(
        default=False, description="Whether an id or reference must be equal."
    )
    amount_tolerance: Decimal = strawberry.field(
        default=Decimal(0), description="How far the sides may differ, in their currency."
    )
    tolerance_percent: Decimal = strawberry.field(
        default=Decimal(0), description="The same in percent of the larger side, 10 at most."
    )
    day_window: int = strawberry.field(
        default=3, description="How many days they may be apart, 90 at most."
    )
    text_needed: bool = strawberry.field(
        default=False, description="Whether their texts must agree."
    )
    group_max: int = strawberry.field(
        default=8, description="How many rows one side has at most, 2 to 8."
    )
    score_min: int = strawberry.field(
        default=85, description="The score in percent from which it reconciles without asking."
    )

    def terms(self) -> reconciliation.RuleTerms:
        """The terms as rules have them."""
        return reconciliation.RuleTerms(
            name=self.name,
            position=self.position,
            enabled=self.enabled,
            mode=self.mode,
            shape=self.shape,
            signs=self.signs,
            left_account_ids=_keys(self.left_account_ids),
            left_account_type=self.left_account_type,
            right_account_ids=_keys(self.right_account_ids),
            right_account_type=self.right_account_type,
            by_reference=self.by_reference,
            amount_tolerance=self.amount_tolerance,
            tolerance_percent=self.tolerance_percent,
            day_window=self.day_window,
            text_needed=self.text_needed,
            group_max=self.group_max,
            score_min=self.score_min,
        )


@strawberry.type(description="Transactions that a rule would reconcile, or ask about.")
class ReconciliationProposal:
    rule: str = strawberry.field(description="The rule that finds them.")
    score: int = strawberry.field(description="How sure it is, in percent.")
    automatic: bool = strawberry.field(description="Whether it would reconcile without asking.")
    difference: Money = strawberry.field(description="The left side less the right one.")
    reasons: list[ReconciliationReason] = strawberry.field(description="Why the score is so.")
    model: strawberry.Private[reconciliation.Proposal]

    @staticmethod
    def of(found: reconciliation.Proposal) -> ReconciliationProposal:
        """What a rule finds."""
        currency = CurrencyCode(found.left[0].currency)
        return ReconciliationProposal(
            rule=found.rule.label,
            score=found.score,
            automatic=found.automatic,
            difference=Money(amount=found.difference, currency=currency),
            reasons=[ReconciliationReason.of(reason) for reason in found.reasons],
            model=found,
        )

    @resolved(description="The left side; 20 at most.")
    async def left(
        self, info: Info
    ) -> list[Annotated[Transaction, strawberry.lazy("schema.transactions")]]:
        """The left side."""
        return await _transactions(info, self.model.left)

    @resolved(description="The right side; 20 at most.")
    async def right(
        self, info: Info
    ) -> list[Annotated[Transaction, strawberry.lazy("schema.transactions")]]:
        """The right side."""
        return await _transactions(info, self.model.right)


@strawberry.type(description="What rules would find; nothing was written.")
class ReconciliationDryRun:
    group_count: int = strawberry.field(description="How many groups they find.")
    automatic_count: int = strawberry.field(description="How many of these without asking.")
    transaction_count: int = strawberry.field(
        description="How many transactions were looked at: the newest 20,000 at most."
    )
    looked_at_since: date | None = strawberry.field(
        description="The first day that was looked at, where the period has more transactions than "
        "that; null: all of it was. Jobs look at all days, whatever number they have."
    )
    proposals: list[ReconciliationProposal] = strawberry.field(
        description="The surest groups; 100 at most."
    )

    @staticmethod
    def of(run: DryRun) -> ReconciliationDryRun:
        """What a dry run found."""
        return ReconciliationDryRun(
            group_count=run.groups,
            automatic_count=run.automatic,
            transaction_count=run.rows,
            looked_at_since=run.since,
            proposals=[ReconciliationProposal.of(found) for found in run.found],
        )


def _type(text: str | None) -> models.AccountType | None:
    return None if text is None else models.AccountType(text)


def _keys(ids: Sequence[strawberry.ID] | None) -> list[UUID] | None:
    return None if ids is None else [key_of("Account", one) for one in ids]


async def _accounts(info: Info, ids: Sequence[UUID] | None) -> list[Account] | None:
    if ids is None:
        return None
    return await several(info.context, accounts.by_ids, ids, Account.of)


async def _transactions(
    info: Info, rows: Sequence[reconciliation.Candidate]
) -> list[Annotated[Transaction, strawberry.lazy("schema.transactions")]]:
    from schema.transactions import Transaction

    ids = [row.id for row in rows[:SHOWN_MAX]]
    return await several(info.context, transactions.by_ids, ids, Transaction.of)
