"""What members do with categories and with rules."""

from __future__ import annotations

from typing import Annotated

import strawberry

from resolvers import categories, category_rules
from resolvers.categories import CategoryChange
from resolvers.category_dry_run import Draft
from resolvers.category_rules import RuleChange
from resolvers.refusal import Refused
from schema.category_rules import CategoryRule, CategoryRuleConditionsInput, CategoryRulesDryRun
from schema.context import Info
from schema.fields import mutation
from schema.ids import encode, key_of, optional_key_of
from schema.jobs import IngestionJob
from schema.payload import Payload, user_errors
from schema.tenant_categories import CategoryMapping, TenantCategory

CategoryId = Annotated[strawberry.ID, strawberry.argument(description="The category.")]
RuleId = Annotated[strawberry.ID, strawberry.argument(description="The rule.")]


@strawberry.input(description="A new category.")
class CategoryCreateInput:
    name: str = strawberry.field(description="What members will call it, 1 to 200 characters.")
    code: str = strawberry.field(
        description="The primary or detailed category of the taxonomy above it."
    )
    description: str | None = strawberry.field(
        default=None, description="What belongs to it, 2,000 characters at most."
    )


@strawberry.input(description="A change: what is left out stays.")
class CategoryUpdateInput:
    name: str | None = strawberry.field(
        default=None, description="What members will call it; null stays."
    )
    code: str | None = strawberry.field(
        default=None, description="The category of the taxonomy above it; null stays."
    )
    description: str | None = strawberry.field(
        default=strawberry.UNSET, description="What belongs to it; null clears."
    )


@strawberry.input(description="What the tenant calls a category of a source or of the taxonomy.")
class CategoryMappingSetInput:
    provider_category: str = strawberry.field(
        description="The category in the source's words, to the letter, or one of the taxonomy."
    )
    category: str | None = strawberry.field(
        description="What the tenant calls it from now on; null: nothing of its own."
    )


@strawberry.input(description="A new rule.")
class CategoryRuleCreateInput:
    name: str = strawberry.field(description="What members will call it, 1 to 200 characters.")
    conditions: CategoryRuleConditionsInput = strawberry.field(description="When it fits.")
    category: str = strawberry.field(description="What it says, 1 to 200 characters.")
    enabled: bool = strawberry.field(default=True, description="Whether it is tried.")


@strawberry.input(description="A change of a rule: what is left out or null stays.")
class CategoryRuleUpdateInput:
    name: str | None = strawberry.field(default=None, description="What members will call it.")
    conditions: CategoryRuleConditionsInput | None = strawberry.field(
        default=None, description="When it fits: all conditions, in place of those before."
    )
    category: str | None = strawberry.field(default=None, description="What it says.")
    enabled: bool | None = strawberry.field(default=None, description="Whether it is tried.")


@strawberry.input(description="An order of rules.")
class CategoryRulesReorderInput:
    ids: list[strawberry.ID] = strawberry.field(
        description="All rules, each once, in the order in which they are to be tried."
    )


@strawberry.input(
    description="What to try: a rule that is not kept yet, of which conditions and a category are "
    "given, or neither: the rules as they are."
)
class CategoryRulesDryRunInput:
    rule_id: strawberry.ID | None = strawberry.field(
        default=None, description="The rule that it would be in place of; null: a new one."
    )
    name: str | None = strawberry.field(
        default=None, description="What members would call it; null: the same as its category."
    )
    conditions: CategoryRuleConditionsInput | None = strawberry.field(
        default=None, description="When it would fit; null: the rules are tried as they are."
    )
    category: str | None = strawberry.field(
        default=None, description="What it would say; null: the rules are tried as they are."
    )
    is_first: bool = strawberry.field(
        default=False, description="Whether a new one would be tried before all others."
    )
    first: int = strawberry.field(default=50, description="How many changes to show, 1 to 100.")
    after: str | None = strawberry.field(
        default=None, description="Where a call before stopped; null: at the newest transaction."
    )

    def draft(self) -> Draft | None:
        """The rule to try."""
        if self.conditions is None and self.category is None:
            return None
        return Draft(
            name=self.name,
            conditions=None if self.conditions is None else self.conditions.wanted(),
            category=self.category,
            rule_id=optional_key_of("CategoryRule", self.rule_id),
            first=self.is_first,
        )


@strawberry.type(description="What categoryRulesDryRun answers.")
class CategoryRulesDryRunPayload(Payload):
    result: CategoryRulesDryRun | None = strawberry.field(
        description="What rules would change; null where it was refused."
    )


@strawberry.type(description="What categoryCreate answers.")
class CategoryCreatePayload(Payload):
    category: TenantCategory | None = strawberry.field(
        description="The category; null where it was refused."
    )


@strawberry.type(description="What categoryUpdate answers.")
class CategoryUpdatePayload(Payload):
    category: TenantCategory | None = strawberry.field(
        description="The category as it is now; null where it was refused."
    )


@strawberry.type(description="What categoryDelete answers.")
class CategoryDeletePayload(Payload):
    deleted_id: strawberry.ID | None = strawberry.field(
        description="The id that is gone; null where it was refused."
    )


@strawberry.type(description="What categoryMappingSet answers.")
class CategoryMappingSetPayload(Payload):
    mapping: CategoryMapping | None = strawberry.field(
        description="The mapping; null where it was refused, or taken back."
    )


@strawberry.type(description="What categoryRuleCreate answers.")
class CategoryRuleCreatePayload(Payload):
    rule: CategoryRule | None = strawberry.field(description="The rule; null where it was refused.")


@strawberry.type(description="What categoryRuleUpdate answers.")
class CategoryRuleUpdatePayload(Payload):
    rule: CategoryRule | None = strawberry.field(
        description="The rule as it is now; null where it was refused."
    )


@strawberry.type(description="What categoryRuleDelete answers.")
class CategoryRuleDeletePayload(Payload):
    deleted_id: strawberry.ID | None = strawberry.field(
        description="The id that is gone; null where it was refused."
    )


@strawberry.type(description="What categoryRulesReorder answers.")
class CategoryRulesReorderPayload(Payload):
    rules: list[CategoryRule] = strawberry.field(
        description="The rules in their new order; empty where it was refused."
    )


@strawberry.type(description="What categoryRulesApply answers.")
class CategoryRulesApplyPayload(Payload):
    jobs: list[IngestionJob] = strawberry.field(
        description="The jobs that do it, one for each connection; empty where it was refused."
    )


@strawberry.type(description="What members do with categories.")
class CategoryMutations:
    @mutation(description="Makes a category in the tenant's own words; for members.")
    async def category_create(
        self,
        info: Info,
        input: Annotated[CategoryCreateInput, strawberry.argument(description="What to make.")],
    ) -> CategoryCreatePayload | None:
        """Makes a category."""
        answer = await categories.create(
            info.context, name=input.name, code=input.code, description=input.description
        )
        return CategoryCreatePayload(
            category=None if isinstance(answer, Refused) else TenantCategory.of(answer),
            user_errors=user_errors(answer),
        )

    @mutation(
        description="Changes a category; transactions keep the name that they have. For members."
    )
    async def category_update(
        self,
        info: Info,
        id: CategoryId,
        input: Annotated[CategoryUpdateInput, strawberry.argument(description="What to change.")],
    ) -> CategoryUpdatePayload | None:
        """Changes a category."""
        describes = input.description is not strawberry.UNSET
        change = CategoryChange(
            name=input.name,
            code=input.code,
            describes=describes,
            description=input.description if describes else None,
        )
        answer = await categories.update(
            info.context, category_id=key_of("TenantCategory", id), change=change
        )
        return CategoryUpdatePayload(
            category=None if isinstance(answer, Refused) else TenantCategory.of(answer),
            user_errors=user_errors(answer),
        )

    @mutation(description="Takes a category away; transactions keep its name. For members.")
    async def category_delete(self, info: Info, id: CategoryId) -> CategoryDeletePayload | None:
        """Takes a category away."""
        answer = await categories.delete(info.context, category_id=key_of("TenantCategory", id))
        return CategoryDeletePayload(
            deleted_id=None if isinstance(answer, Refused) else encode("TenantCategory", answer),
            user_errors=user_errors(answer),
        )

    @mutation(
        description="Says what the tenant calls a category of others, for what comes from now on; "
        "for members."
    )
    async def category_mapping_set(
        self,
        info: Info,
        input: Annotated[
            CategoryMappingSetInput, strawberry.argument(description="What it is called.")
        ],
    ) -> CategoryMappingSetPayload | None:
        """Says what the tenant calls a category of others."""
        answer = await categories.map_category(
            info.context, provider_category=input.provider_category, category=input.category
        )
        mapping = None if isinstance(answer, Refused) else answer
        return CategoryMappingSetPayload(
            mapping=None if mapping is None else CategoryMapping.of(mapping),
            user_errors=user_errors(answer),
        )


@strawberry.type(description="What members do with rules.")
class CategoryRuleMutations:
    @mutation(
        description="Makes a rule, tried after all others, for what comes from now on; for members."
    )
    async def category_rule_create(
        self,
        info: Info,
        input: Annotated[CategoryRuleCreateInput, strawberry.argument(description="The rule.")],
    ) -> CategoryRuleCreatePayload | None:
        """Makes a rule."""
        answer = await category_rules.create(
            info.context,
            name=input.name,
            enabled=input.enabled,
            conditions=input.conditions.wanted(),
            category=input.category,
        )
        return CategoryRuleCreatePayload(
            rule=None if isinstance(answer, Refused) else CategoryRule.of(answer),
            user_errors=user_errors(answer),
        )

    @mutation(description="Changes a rule for what comes from now on; for members.")
    async def category_rule_update(
        self,
        info: Info,
        id: RuleId,
        input: Annotated[
            CategoryRuleUpdateInput, strawberry.argument(description="What to change.")
        ],
    ) -> CategoryRuleUpdatePayload | None:
        """Changes a rule."""
        change = RuleChange(
            name=input.name,
            enabled=input.enabled,
            conditions=None if input.conditions is None else input.conditions.wanted(),
            category=input.category,
        )
        answer = await category_rules.update(
            info.context, rule_id=key_of("CategoryRule", id), change=change
        )
        return CategoryRuleUpdatePayload(
            rule=None if isinstance(answer, Refused) else CategoryRule.of(answer),
            user_errors=user_errors(answer),
        )

    @mutation(description="Takes a rule away; its versions are kept. For members.")
    async def category_rule_delete(
        self, info: Info, id: RuleId
    ) -> CategoryRuleDeletePayload | None:
        """Takes a rule away."""
        answer = await category_rules.delete(info.context, rule_id=key_of("CategoryRule", id))
        return CategoryRuleDeletePayload(
            deleted_id=None if isinstance(answer, Refused) else encode("CategoryRule", answer),
            user_errors=user_errors(answer),
        )

    @mutation(description="Says in which order rules are tried; for members.")
    async def category_rules_reorder(
        self,
        info: Info,
        input: Annotated[CategoryRulesReorderInput, strawberry.argument(description="The order.")],
    ) -> CategoryRulesReorderPayload | None:
        """Says in which order rules are tried."""
        answer = await category_rules.reorder(
            info.context, ids=[key_of("CategoryRule", one) for one in input.ids]
        )
        rules = [] if isinstance(answer, Refused) else answer
        return CategoryRulesReorderPayload(
            rules=[CategoryRule.of(rule) for rule in rules], user_errors=user_errors(answer)
        )

    @mutation(
        description="Asks rules and other evidence anew about all that stands, in jobs; what "
        "members chose stays. For members."
    )
    async def category_rules_apply(self, info: Info) -> CategoryRulesApplyPayload | None:
        """Asks rules and other evidence anew."""
        answer = await category_rules.apply(info.context)
        jobs = [] if isinstance(answer, Refused) else answer
        return CategoryRulesApplyPayload(
            jobs=[IngestionJob.of(job) for job in jobs], user_errors=user_errors(answer)
        )
