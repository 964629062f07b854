"""Review items: members answer what the system is not sure enough of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Final
from uuid import UUID

from core.models import Role
from core.page import Page
from core.reviews import ReviewItem, ReviewKind, ReviewState
from db import audit
from db import review_items as stored
from db.review_items import ReviewFilter
from db.session import Tx
from resolvers import choices, transaction_links
from resolvers.context import Context
from resolvers.reconciliation_answers import answer_conflicts, answer_reconciliations
from resolvers.refusing import conflict, invalid, limit, missing, refusable, require
from resolvers.split_answers import answer_splits

ITEMS_MAX: Final = 100  # decided at once

# Does what an answer means, in the transaction that writes it: `CONFIRMED`, `REJECTED`, or `OPEN`
# where an answer is taken back; the items still have the state that they had before. Raises
# Refusal where that cannot be done any more, and then nothing of the answer is kept.
Handler = Callable[[Tx, Context, Sequence[ReviewItem], ReviewState], Awaitable[None]]

HANDLERS: Final[Mapping[ReviewKind, Handler]] = {
    ReviewKind.DUPLICATE: transaction_links.decided,
    ReviewKind.PENDING_POSTED: transaction_links.decided,
    ReviewKind.TRANSFER: transaction_links.decided,
    ReviewKind.REFUND: transaction_links.decided,
    ReviewKind.CONFLICT: answer_conflicts,
    ReviewKind.RECONCILIATION: answer_reconciliations,
    ReviewKind.CATEGORY: choices.answer,
    ReviewKind.SPLIT: answer_splits,
}


async def by_ids(context: Context, ids: Sequence[UUID]) -> Mapping[UUID, ReviewItem]:
    """Review items by id."""
    async with context.read() as tx:
        return await stored.by_ids(tx, tenant_id=context.tenant, ids=ids)


async def page(
    context: Context, *, wanted: ReviewFilter, first: int, after: str | None
) -> Page[ReviewItem]:
    """Review items, newest first."""
    async with context.read() as tx:
        return await stored.page(
            tx, tenant_id=context.tenant, wanted=wanted, first=first, after=after
        )


async def count(context: Context, *, wanted: ReviewFilter) -> int:
    """How many there are."""
    async with context.read() as tx:
        return await stored.count(tx, tenant_id=context.tenant, wanted=wanted)


@refusable
async def decide(
    context: Context, *, ids: Sequence[UUID], state: ReviewState
) -> Sequence[ReviewItem]:
    """The items as they are now: all answered alike, or none. `OPEN` takes answers back."""
    ids = list(dict.fromkeys(ids))
    if not ids:
        raise invalid("Name the items.", "ids")
    if len(ids) > ITEMS_MAX:
        raise limit(f"Decide {ITEMS_MAX} at most at once.", "ids")
    if state is ReviewState.SUPERSEDED:
        raise invalid("An item is confirmed, rejected, or opened again.", "decision")
    async with context.write() as tx:
        await require(tx, context, Role.MEMBER)
        items = await stored.lock(tx, tenant_id=context.tenant, ids=ids)
        if len(items) < len(ids):
            raise missing("review item", "ids")
        if any(item.state is ReviewState.SUPERSEDED for item in items):
            raise conflict("What an item asks about is gone or settled. Read the list anew.", "ids")
        await _done(tx, context, [item for item in items if item.state is not state], state)
        found = await stored.by_ids(tx, tenant_id=context.tenant, ids=ids)
    return [found[one] for one in ids]


async def _done(tx: Tx, context: Context, items: Sequence[ReviewItem], state: ReviewState) -> None:
    for kind, group in groupby(sorted(items, key=attrgetter("kind")), key=attrgetter("kind")):
        alike = list(group)
        await HANDLERS[kind](tx, context, alike, state)
        await stored.decide(
            tx,
            tenant_id=context.tenant,
            ids=[item.id for item in alike],
            state=state,
            user_id=context.user_id,
        )
        for item in alike:
            await audit.record(
                tx,
                f"review.{'reopened' if state is ReviewState.OPEN else state.value}",
                data={"reviewItemId": str(item.id), "kind": kind.value},
            )
