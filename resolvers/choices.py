"""Choices: what members say that transactions were for, of one or of all of a merchant.

What was chosen is the evidence for later rows of the merchant, from this moment on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from categories import merchant
from core.models import Role, Transaction
from core.reviews import ReviewItem, ReviewState
from db import audit, category_evidence, choices, review_items, transactions
from db.session import Tx
from pipeline.categorizing import Categorizer
from pipeline.judging import NAME_MAX, merchant_text
from resolvers import text
from resolvers.context import Context
from resolvers.refusing import conflict, limit, missing, refusable, require

CATEGORY_MAX: Final = 200
ROWS_MAX: Final = 20_000  # of a merchant, changed at once
QUESTION: Final = "category:{}"  # the key of a question about a merchant


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The transaction as it is now, and how many others of its merchant were changed with it."""

    transaction: Transaction
    others: int


@refusable
async def categorize(
    context: Context,
    *,
    transaction_id: UUID,
    category: str | None,
    apply_to_merchant: bool = False,
) -> Chosen:
    """The transaction with the caller's category, or with what the evidence says again for None.

    `apply_to_merchant`: so are all others of the merchant, but those that somebody chose before.
    """
    category = text.optional_name(category, "category", most=CATEGORY_MAX)
    async with context.write() as tx:
        await require(tx, context, Role.MEMBER)
        others = await _choose(tx, context, transaction_id, category, everywhere=apply_to_merchant)
        if others is None:
            raise missing("transaction", "id")
        data = {"transactionId": str(transaction_id)}
        if apply_to_merchant:
            data["others"] = str(others)
        await audit.record(tx, "transaction.categorized", data=data)
        found = await transactions.by_ids(tx, tenant_id=context.tenant, ids=[transaction_id])
    return Chosen(transaction=found[transaction_id], others=others)


async def answer(tx: Tx, context: Context, items: Sequence[ReviewItem], state: ReviewState) -> None:
    """What an answer to a question about a merchant's category means.

    Confirmed: all rows of the merchant for which nobody has chosen are of this category. Rejected:
    none is, and it is not asked again. Opened again: what was confirmed is taken back, and what a
    member chose for one row stays.
    """
    for item in items:
        key, category = item.evidence["merchantKey"], item.evidence["category"]
        if state is ReviewState.CONFIRMED:
            if not await _for_merchant(tx, context, key, category):
                raise conflict("Its transactions are gone, or have a category of their own.", "ids")
        elif item.state is ReviewState.CONFIRMED:
            await _take_back(tx, context, key, category, at=item.decided_at)


async def _choose(
    tx: Tx, context: Context, transaction_id: UUID, category: str | None, *, everywhere: bool
) -> int | None:
    """How many other rows were changed; None where there is no such transaction."""
    before = await choices.lock(tx, tenant_id=context.tenant, transaction_id=transaction_id)
    if before is None:
        return None
    raw = merchant_text(before.merchant_name, before.description)
    key = before.merchant_key or merchant.key(raw)[:NAME_MAX] or None
    await choices.choose(
        tx,
        tenant_id=context.tenant,
        transaction_id=transaction_id,
        category=category,
        user_id=context.user_id,
        merchant=merchant.clean(raw)[:NAME_MAX] or None,
        merchant_key=key,
    )
    if key is None:
        return 0
    if category is not None:
        await review_items.supersede(tx, tenant_id=context.tenant, keys=[QUESTION.format(key)])
    others = 0
    if everywhere and category is not None:
        others = await _for_merchant(tx, context, key, category)
    elif everywhere and before.user_category is not None:
        return await _take_back(tx, context, key, before.user_category)
    if before.user_category not in (None, category):
        await _conclude(tx, context, key)
    return others


async def _take_back(
    tx: Tx, context: Context, key: str, category: str, *, at: datetime | None = None
) -> int:
    """Takes a choice back wherever it was made for the merchant, or only where it was made at that
    instant; how many rows."""
    changed = await choices.take_back_for_merchant(
        tx, tenant_id=context.tenant, merchant_key=key, category=category, at=at
    )
    await _conclude(tx, context, key)
    return changed


async def _conclude(tx: Tx, context: Context, key: str) -> None:
    """Judges anew what was concluded from choices for the merchant, by those that are left."""
    rows = await category_evidence.concluded(
        tx, tenant_id=context.tenant, merchant_key=key, most=ROWS_MAX
    )
    verdicts = await Categorizer(tenant_id=context.tenant).decide(tx, [row.subject for row in rows])
    await category_evidence.write(
        tx,
        tenant_id=context.tenant,
        verdicts=[
            (row.id, verdict)
            for row, verdict in zip(rows, verdicts, strict=True)
            if verdict != row.verdict
        ],
    )


async def _for_merchant(tx: Tx, context: Context, key: str, category: str) -> int:
    changed = await choices.choose_for_merchant(
        tx,
        tenant_id=context.tenant,
        merchant_key=key,
        category=category,
        user_id=context.user_id,
        most=ROWS_MAX + 1,
    )
    if changed > ROWS_MAX:
        raise limit(
            f"The merchant has more than {ROWS_MAX:,} transactions. Make a rule, and apply it.",
            "applyToMerchant",
        )
    return changed
