"""What can be asked of categories, rules and recurring payments."""

from __future__ import annotations

from typing import Annotated

import strawberry

from categories import taxonomy
from db import categories as stored
from db import category_rules as stored_rules
from db import recurring as stored_recurring
from db.categories import CategoryFilter
from db.category_rules import RuleFilter
from db.recurring import RecurringFilter
from resolvers import categories, category_dry_run, category_rules, recurring
from resolvers.refusal import Refused
from schema.category_changes import CategoryRulesDryRunInput, CategoryRulesDryRunPayload
from schema.category_rules import CategoryRule, CategoryRuleFilter, CategoryRulesDryRun
from schema.context import Info
from schema.fields import resolved
from schema.page import DEFAULT, After, First, Listed, bounded, listed
from schema.payload import user_errors
from schema.recurring import RecurringTransaction, RecurringTransactionFilter
from schema.roots import FILTER, filtered
from schema.tenant_categories import (
    CategoryMapping,
    CategoryMappingFilter,
    TaxonomyCategory,
    TenantCategory,
    TenantCategoryFilter,
)


@strawberry.type(description="What can be asked of categories.")
class CategoryQueries:
    @resolved(description="Every category of the taxonomy, the same for all.")
    def category_taxonomy(self) -> list[TaxonomyCategory]:
        """Every category of the taxonomy."""
        return [TaxonomyCategory.of(one) for one in taxonomy.categories().values()]

    @resolved(
        description="The tenant's own categories, newest first.",
        reads=filtered(stored.LISTING, stored.asked, CategoryFilter()),
    )
    async def categories(
        self,
        info: Info,
        first: First = DEFAULT,
        after: After = None,
        filter: Annotated[TenantCategoryFilter | None, FILTER] = None,
    ) -> Listed[TenantCategory]:
        """The tenant's own categories."""
        wanted = CategoryFilter() if filter is None else filter.wanted()
        page = await categories.page(info.context, wanted=wanted, first=bounded(first), after=after)
        return listed(page, TenantCategory.of)

    @resolved(
        description="What the tenant calls categories of others, newest first.",
        reads=filtered(stored.MAPPINGS, stored.asked_mappings, stored.CategoryMappingFilter()),
    )
    async def category_mappings(
        self,
        info: Info,
        first: First = DEFAULT,
        after: After = None,
        filter: Annotated[CategoryMappingFilter | None, FILTER] = None,
    ) -> Listed[CategoryMapping]:
        """What the tenant calls categories of others."""
        wanted = stored.CategoryMappingFilter() if filter is None else filter.wanted()
        page = await categories.mappings(
            info.context, wanted=wanted, first=bounded(first), after=after
        )
        return listed(page, CategoryMapping.of)

    @resolved(
        description="The tenant's rules, in the order in which they are tried.",
        reads=filtered(stored_rules.LISTING, stored_rules.asked, RuleFilter()),
    )
    async def category_rules(
        self,
        info: Info,
        first: First = DEFAULT,
        after: After = None,
        filter: Annotated[CategoryRuleFilter | None, FILTER] = None,
    ) -> Listed[CategoryRule]:
        """The tenant's rules."""
        wanted = RuleFilter() if filter is None else filter.wanted()
        page = await category_rules.page(
            info.context, wanted=wanted, first=bounded(first), after=after
        )
        return listed(page, CategoryRule.of)

    @resolved(
        description="What rules would change in what stands, without changing it; for members."
    )
    async def category_rules_dry_run(
        self,
        info: Info,
        input: Annotated[
            CategoryRulesDryRunInput | None,
            strawberry.argument(description="What to try; null: the rules as they are."),
        ] = None,
    ) -> CategoryRulesDryRunPayload:
        """What rules would change."""
        wanted = CategoryRulesDryRunInput() if input is None else input
        answer = await category_dry_run.dry_run(
            info.context, draft=wanted.draft(), first=wanted.first, after=wanted.after
        )
        return CategoryRulesDryRunPayload(
            result=None if isinstance(answer, Refused) else CategoryRulesDryRun.of(answer),
            user_errors=user_errors(answer),
        )

    @resolved(
        description="Payments that come again and again, newest first.",
        reads=filtered(stored_recurring.LISTING, stored_recurring.asked, RecurringFilter()),
    )
    async def recurring_transactions(
        self,
        info: Info,
        first: First = DEFAULT,
        after: After = None,
        filter: Annotated[RecurringTransactionFilter | None, FILTER] = None,
    ) -> Listed[RecurringTransaction]:
        """Payments that come again and again."""
        wanted = RecurringFilter() if filter is None else filter.wanted()
        page = await recurring.page(info.context, wanted=wanted, first=bounded(first), after=after)
        return listed(page, RecurringTransaction.of)
