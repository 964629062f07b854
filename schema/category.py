"""What a transaction was for: its category, on which evidence, how sure; and its parts."""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Final

import strawberry

from categories import taxonomy
from core import models
from core.categories import Part
from db.category_rules import LISTING as RULES
from db.transactions import CATEGORY, CODE
from resolvers import categories, category_rules
from schema.columns import Column, column, derived, money, shown
from schema.context import Info
from schema.fields import resolved
from schema.money import Money
from schema.reads import Each, One
from schema.related import maybe

if TYPE_CHECKING:
    from schema.category_rules import CategoryRule

CHOSEN: Final = "A member chose it."
SAID: Final = "The source says so."
SUGGESTED_NULL: Final = f"t.suggested_category is null or {CATEGORY} is not null"

_PRIMARY: Final = f"^({'|'.join(sorted(taxonomy.primaries()))})(?:_[A-Z0-9_]+)?$"
_DETAILED: Final = f"^((?:{'|'.join(sorted(taxonomy.primaries()))})_[A-Z0-9_]+)$"
_RULE: Final = "case when t.user_category is null then t.category_rule_id end"


@strawberry.enum(description="What a category rests on, the strongest evidence first.")
class CategorySource(Enum):
    USER = strawberry.enum_value(
        "user", description="A member chose it, for this transaction or for its merchant."
    )
    RULE = strawberry.enum_value("rule", description="A rule of the tenant.")
    PROVIDER = strawberry.enum_value("provider", description="The source itself.")
    MCC = strawberry.enum_value("mcc", description="The merchant category code.")
    BRAND = strawberry.enum_value("brand", description="The merchant is a brand of one trade.")
    MODEL = strawberry.enum_value(
        "model", description="A statistical model of merchants and amounts."
    )


@strawberry.type(description="What a transaction was for.")
class Category:
    name: str = derived(CATEGORY, description="Its name, in the words of whoever chose it.")
    source: CategorySource = derived(
        "case when t.user_category is not null then 'user'"
        " else coalesce(t.category_origin, 'provider') end",
        description="What it rests on.",
    )
    confidence: int | None = derived(
        "case when t.user_category is not null then 100 else t.category_confidence end",
        description="How sure it is, in percent; null where it was not estimated.",
    )
    reason: str = derived(
        f"case when t.user_category is not null then '{CHOSEN}'"
        f" else coalesce(t.category_reason, '{SAID}') end",
        description="Why it is this one, for a person.",
    )
    model: strawberry.Private[models.Transaction]

    @staticmethod
    def of(transaction: models.Transaction) -> Category | None:
        """The category that counts."""
        name = category_of(transaction)
        if name is None:
            return None
        is_chosen = transaction.user_category is not None
        return Category(
            name=name,
            source=CategorySource.USER
            if is_chosen
            else CategorySource(transaction.category_origin or CategorySource.PROVIDER.value),
            confidence=100 if is_chosen else transaction.category_confidence,
            reason=CHOSEN if is_chosen else transaction.category_reason or SAID,
            model=transaction,
        )

    @resolved(
        description="The primary category of the taxonomy that it belongs to; null: to none.",
        column=Column(sql=f"substring({CODE} from '{_PRIMARY}')"),
    )
    async def primary(self, info: Info) -> str | None:
        """The primary category."""
        found = re.search(_PRIMARY, await self._code(info))
        return None if found is None else found[1]

    @resolved(
        description="The detailed category of the taxonomy that it belongs to; null: to none.",
        column=Column(sql=f"substring({CODE} from '{_DETAILED}')"),
    )
    async def detailed(self, info: Info) -> str | None:
        """The detailed category."""
        found = re.search(_DETAILED, await self._code(info))
        return None if found is None else found[1]

    @resolved(
        description="The rule that chose it; null where none did, or where it is gone.",
        reads=One(listing=RULES, key=_RULE),
    )
    async def rule(
        self, info: Info
    ) -> Annotated[CategoryRule, strawberry.lazy("schema.category_rules")] | None:
        """The rule."""
        from schema.category_rules import CategoryRule

        chosen = self.model.user_category is not None
        key = None if chosen else self.model.category_rule_id
        return await maybe(info.context, category_rules.by_ids, key, CategoryRule.of)

    async def _code(self, info: Info) -> str:
        own = await info.context.loaders.load(info.context, categories.codes, self.name)
        code = self.model.user_category or self.model.category_code
        return own or code or ""


@strawberry.type(description="What a transaction may have been for.")
class SuggestedCategory:
    name: str = derived("t.suggested_category", description="The name of the category.")
    source: CategorySource = derived(
        "coalesce(t.category_origin, 'model')", description="What it rests on."
    )
    confidence: int | None = derived(
        "t.category_confidence", description="How sure it is, in percent: below what is applied."
    )
    reason: str = derived("coalesce(t.category_reason, '')", description="Why, for a person.")

    @staticmethod
    def of(transaction: models.Transaction) -> SuggestedCategory | None:
        """The suggestion, where nothing is sure enough."""
        if transaction.suggested_category is None or category_of(transaction) is not None:
            return None
        return SuggestedCategory(
            name=transaction.suggested_category,
            source=CategorySource(transaction.category_origin or CategorySource.MODEL.value),
            confidence=transaction.category_confidence,
            reason=transaction.category_reason or "",
        )


@strawberry.type(description="A part of a transaction that was split.")
class TransactionPart:
    position: int = column("p.position", description="Its place among the parts, from 1.")
    amount: Money = money(
        "p.amount", currency="p.currency", description="How much, of the sign of the whole."
    )
    category: str = column("p.category", description="What this part was for.")
    note: str | None = column("p.note", description="What a member noted; or null.")
    current: bool = column(
        "p.current",
        description="Whether it counts: the transaction is still of the amount that was split.",
    )

    @staticmethod
    def of(part: Part) -> TransactionPart:
        """A part of a transaction."""
        return shown(TransactionPart, part)


# The parts of a transaction `t`.
PARTS: Final = Each(
    rows="select s.position, s.amount, s.currency, s.category, s.note,"
    " s.whole = t.amount and s.currency = t.currency as current"
    " from app.transaction_parts as s"
    " where s.tenant_id = t.tenant_id and s.transaction_id = t.id",
    alias="p",
    order="p.position",
    most=50,
)


def category_of(transaction: models.Transaction) -> str | None:
    """The name of the category that counts."""
    # As `coalesce` has it: an empty text is one, too.
    for name in (
        transaction.user_category,
        transaction.derived_category,
        transaction.source_category,
    ):
        if name is not None:
            return name
    return None
