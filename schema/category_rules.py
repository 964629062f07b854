"""Rules that say what transactions were for, and what they would say."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Final

import strawberry

from categories.conditions import Direction
from core import categories as core
from db.category_rules import VERSIONS_MAX, RuleFilter
from resolvers import category_rules, text
from resolvers.category_dry_run import Change, DryRun
from schema.category import CategorySource
from schema.columns import column, shown
from schema.context import Info
from schema.fields import resolved
from schema.ids import encode, key_of
from schema.node import Node
from schema.reads import Each
from schema.related import maybe
from schema.scalars import JSON
from schema.tenants import User
from schema.transactions import Transaction
from schema.users import user


@strawberry.type(description="What a rule said from an instant on.")
class CategoryRuleVersion:
    version: int = column("v.version", description="Which one, from 1.")
    name: str = column("v.name", description="What the rule was called.")
    enabled: bool = column("v.enabled", description="Whether it was tried.")
    conditions: JSON = column("v.conditions", description="When it fitted.")
    category: str = column("v.category", description="What it said.")
    deleted: bool = column("v.deleted", description="Whether the rule was taken away.")
    changed_at: datetime = column("v.changed_at", description="From when on.")
    model: strawberry.Private[core.CategoryRuleVersion]

    @staticmethod
    def of(version: core.CategoryRuleVersion) -> CategoryRuleVersion:
        """A version of a rule."""
        return shown(CategoryRuleVersion, version, model=version)

    @resolved(description="Who said it; null: the system.")
    async def changed_by(self, info: Info) -> User | None:
        """Who said it."""
        return await user(info.context, self.model.changed_by)


_VERSIONS: Final = Each(
    rows="select s.version, s.name, s.enabled, s.conditions, s.category, s.deleted, s.changed_at"
    " from app.category_rule_versions as s where s.tenant_id = r.tenant_id and s.rule_id = r.id"
    " order by s.version desc",
    alias="v",
    order="v.version desc",
    most=VERSIONS_MAX,
)


@strawberry.type(description="A rule: the first whose conditions hold says what a row was for.")
class CategoryRule(Node):
    position: int = column("r.position", description="Its place in the order, from 0.")
    name: str = column("r.name", description="What members call it.")
    enabled: bool = column("r.enabled", description="Whether it is tried.")
    conditions: JSON = column(
        "r.conditions", description="When it fits: all of them hold; see docs/rules.md."
    )
    category: str = column("r.category", description="What it says.")
    version: int = column("r.version", description="How often it said something else, from 1.")
    created_at: datetime = column("r.created_at", description="When it was made.")
    updated_at: datetime = column("r.updated_at", description="When it was last changed.")

    @staticmethod
    def of(rule: core.CategoryRule) -> CategoryRule:
        """A rule of the tenant's."""
        return shown(CategoryRule, rule, id=encode("CategoryRule", rule.id), key=rule.id)

    @resolved(
        description="What it said before and says now, newest first, 50 at most.", reads=_VERSIONS
    )
    async def versions(self, info: Info) -> list[CategoryRuleVersion]:
        """What it said."""
        found = await info.context.loaders.load(info.context, category_rules.versions, self.key)
        return [CategoryRuleVersion.of(version) for version in found or ()]


@strawberry.type(description="A transaction that would have another category.")
class CategoryChange:
    before: str | None = strawberry.field(description="Its category now; null: none.")
    after: str | None = strawberry.field(description="Its category then; null: none.")
    suggested: str | None = strawberry.field(
        description="What would be suggested, where nothing would be sure enough; else null."
    )
    source: CategorySource | None = strawberry.field(
        description="What that would rest on; null: on nothing."
    )
    reason: str | None = strawberry.field(description="Why; null where there is no reason.")
    transaction: Transaction = strawberry.field(description="The transaction as it is.")
    model: strawberry.Private[Change]

    @staticmethod
    def of(change: Change) -> CategoryChange:
        """A change that a dry run found."""
        return CategoryChange(
            before=change.before,
            after=change.after,
            suggested=change.suggested,
            source=None if change.origin is None else CategorySource(change.origin.value),
            reason=change.reason,
            transaction=Transaction.of(change.transaction),
            model=change,
        )

    @resolved(description="The kept rule that would say it; null: the draft, or no rule.")
    async def rule(self, info: Info) -> CategoryRule | None:
        """The rule."""
        return await maybe(info.context, category_rules.by_ids, self.model.rule_id, CategoryRule.of)


@strawberry.type(description="What rules would change, and did not.")
class CategoryRulesDryRun:
    looked_at_count: int = strawberry.field(
        description="How many transactions were looked at, newest first; 20,000 at most a call."
    )
    fitting_count: int = strawberry.field(
        description="Of how many of them the draft would say what they were for."
    )
    changing_count: int = strawberry.field(
        description="How many of them would have another category."
    )
    chosen_count: int = strawberry.field(
        description="How many of them keep the category that a member chose, whatever rules say."
    )
    changes: list[CategoryChange] = strawberry.field(description="Those that would change.")
    end_cursor: str | None = strawberry.field(
        description="Give it as `after` to look at older ones; null where there are none."
    )

    @staticmethod
    def of(run: DryRun) -> CategoryRulesDryRun:
        """What a dry run found."""
        return CategoryRulesDryRun(
            looked_at_count=run.looked_at,
            fitting_count=run.fitting,
            changing_count=run.changing,
            chosen_count=run.chosen,
            changes=[CategoryChange.of(change) for change in run.changes],
            end_cursor=run.after,
        )


@strawberry.input(
    description="Which rules: all of these hold; what is left out or null asks nothing."
)
class CategoryRuleFilter:
    enabled: bool | None = strawberry.field(default=None, description="Tried, or not.")
    category: list[str] | None = strawberry.field(
        default=None, description="That say one of these, to the letter; 1,000 at most."
    )
    text: str | None = strawberry.field(
        default=None,
        description="With this in the name, whatever the case; 1 to 200 characters.",
    )

    def wanted(self) -> RuleFilter:
        """The filter as reads take it. Raises BadInput."""
        return RuleFilter(
            enabled=self.enabled,
            categories=text.one_of("category", self.category),
            text=text.sought(self.text),
        )


@strawberry.input(description="One test of a text; case and the width of blanks never count.")
class TextConditionInput:
    contains: str | None = strawberry.field(default=None, description="The text has this in it.")
    equals: str | None = strawberry.field(default=None, description="The text is this.")
    matches: str | None = strawberry.field(
        default=None,
        description="The text is of this pattern: `*` is any text, `?` any one character.",
    )

    def wanted(self) -> dict[str, str]:
        """The test as it is checked."""
        given = {"contains": self.contains, "equals": self.equals, "matches": self.matches}
        return {name: value for name, value in given.items() if value is not None}


@strawberry.input(
    description="When a rule fits: all of these hold; what is left out or null asks nothing."
)
class CategoryRuleConditionsInput:
    merchant: TextConditionInput | None = strawberry.field(
        default=None, description="Of the merchant's name, as it came or cleaned."
    )
    text: TextConditionInput | None = strawberry.field(
        default=None, description="Of the description."
    )
    amount_from: Decimal | None = strawberry.field(
        default=None, description="Of this size or more, whichever way the money goes."
    )
    amount_to: Decimal | None = strawberry.field(
        default=None, description="Of this size or less, whichever way the money goes."
    )
    direction: Direction | None = strawberry.field(
        default=None, description="Which way the money goes."
    )
    account_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="On one of these accounts, 100 at most."
    )
    provider_categories: list[str] | None = strawberry.field(
        default=None, description="Of one of these categories in the source's words, 100 at most."
    )
    currency: str | None = strawberry.field(default=None, description="In this currency.")

    def wanted(self) -> dict[str, object]:
        """The conditions as they are checked."""
        given: dict[str, object] = {
            "merchant": None if self.merchant is None else self.merchant.wanted(),
            "text": None if self.text is None else self.text.wanted(),
            "amount_from": self.amount_from,
            "amount_to": self.amount_to,
            "direction": self.direction,
            "account_ids": None
            if self.account_ids is None
            else [key_of("Account", one) for one in self.account_ids],
            "provider_categories": self.provider_categories,
            "currency": self.currency,
        }
        return {name: value for name, value in given.items() if value is not None}
