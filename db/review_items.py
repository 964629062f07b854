"""Review items: questions that workers ask, and members answer."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final
from uuid import UUID

from core.links import LinkKind
from core.page import Page
from core.reviews import NewReviewItem, ReviewItem, ReviewKind, ReviewState
from db import select
from db.queries import load
from db.rows import read
from db.select import Asked, Condition, Listing, Order
from db.session import Tx

_SQL = load("review_items")

Pair = tuple[LinkKind, UUID, UUID]

LISTING: Final = Listing(source="app.review_items as r", alias="r")
NEWEST: Final = Order(name="reviews", keys=(select.by_instant("r.created_at"), select.by_id("r")))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewFilter:
    """Which review items; None asks nothing."""

    kinds: tuple[ReviewKind, ...] | None = None
    states: tuple[ReviewState, ...] | None = None
    account_id: UUID | None = None
    transaction_id: UUID | None = None  # on either side
    job_id: UUID | None = None
    score_from: int | None = None


EVERYTHING: Final = ReviewFilter()


def asked(wanted: ReviewFilter) -> Asked:
    """Review items, newest first."""
    return Asked(where=_where(wanted), order=NEWEST)


async def put(
    tx: Tx, *, tenant_id: UUID, job_id: UUID | None, items: Sequence[NewReviewItem]
) -> int:
    """Asks, or brings up to date what is open; what was answered stays. How many were asked.

    Keys are distinct. For a worker.
    """
    if not items:
        return 0
    return await tx.run(
        _SQL["put"],
        tenant_id,
        job_id,
        [item.kind.value for item in items],
        [item.key for item in items],
        [item.transaction_id for item in items],
        [item.other_id for item in items],
        [item.account_id for item in items],
        [item.score for item in items],
        # As text: a list of lists would be an array of two dimensions.
        [json.dumps([asdict(reason) for reason in item.reasons]) for item in items],
        [json.dumps(item.evidence or {}) for item in items],
        [item.rule_version for item in items],
    )


async def supersede(tx: Tx, *, tenant_id: UUID, keys: Collection[str]) -> int:
    """Closes open questions that ask about nothing any more, or that were settled; how many."""
    return await tx.run(_SQL["supersede"], tenant_id, sorted(keys)) if keys else 0


async def supersede_of(tx: Tx, *, tenant_id: UUID, transaction_id: UUID, kind: ReviewKind) -> None:
    """Closes open questions of a kind about a transaction that somebody settled otherwise."""
    await tx.run(_SQL["supersede_of"], tenant_id, transaction_id, kind.value)


async def close_excluded(tx: Tx, *, tenant_id: UUID, pairs: Sequence[Pair]) -> int:
    """Closes open questions about transfers and refunds for which these links leave no room; how
    many. Each pair is in the order of its link."""
    if not pairs:
        return 0
    return await tx.run(
        _SQL["close_excluded"],
        tenant_id,
        [kind.value for kind, _, _ in pairs],
        [transaction_id for _, transaction_id, _ in pairs],
        [other_id for _, _, other_id in pairs],
    )


async def open_excluded(tx: Tx, *, tenant_id: UUID, ids: Collection[UUID]) -> int:
    """Asks again what links of these rows had closed, where there is room for it; how much."""
    return await tx.run(_SQL["open_excluded"], tenant_id, list(ids)) if ids else 0


async def close_splits(tx: Tx, *, tenant_id: UUID) -> int:
    """Closes questions about parts that need no answer any more; how many. For a worker."""
    return await tx.run(_SQL["close_splits"], tenant_id)


async def open_splits(tx: Tx, *, tenant_id: UUID, job_id: UUID) -> int:
    """How many questions about parts a job's rows have raised. For a worker."""
    return int(await tx.value(_SQL["open_splits"], tenant_id, job_id))


async def known(tx: Tx, *, tenant_id: UUID, keys: Collection[str]) -> set[str]:
    """Which of these questions are open or were answered. For a worker."""
    rows = await tx.rows(_SQL["known"], tenant_id, sorted(keys)) if keys else []
    return {row["key"] for row in rows}


async def answers(tx: Tx, *, tenant_id: UUID, keys: Collection[str]) -> Mapping[str, ReviewState]:
    """What was answered, by key; questions without an answer are left out. For a worker."""
    rows = await tx.rows(_SQL["answers"], tenant_id, sorted(keys)) if keys else []
    return {row["key"]: ReviewState(row["state"]) for row in rows}


async def lock(tx: Tx, *, tenant_id: UUID, ids: Sequence[UUID]) -> list[ReviewItem]:
    """The items, kept from other answers until this transaction ends."""
    rows = await tx.rows(_SQL["lock"], tenant_id, list(ids))
    return [read(ReviewItem, row) for row in rows]


async def decide(
    tx: Tx, *, tenant_id: UUID, ids: Sequence[UUID], state: ReviewState, user_id: UUID
) -> int:
    """Writes an answer, or takes it back with `OPEN`; how many items there were."""
    return await tx.run(_SQL["decide"], tenant_id, list(ids), state.value, user_id)


async def by_key(tx: Tx, *, tenant_id: UUID, key: str) -> ReviewItem | None:
    """The item of a key, kept from other answers until this transaction ends."""
    row = await tx.row(_SQL["by_key"], tenant_id, key)
    return None if row is None else read(ReviewItem, row)


async def by_ids(tx: Tx, *, tenant_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, ReviewItem]:
    """Review items by id."""
    return await select.by_ids(tx, ReviewItem, listing=LISTING, tenant_id=tenant_id, ids=ids)


async def page(
    tx: Tx, *, tenant_id: UUID, wanted: ReviewFilter, first: int, after: str | None
) -> Page[ReviewItem]:
    """Review items, newest first."""
    return await select.page(
        tx,
        ReviewItem,
        listing=LISTING,
        tenant_id=tenant_id,
        where=_where(wanted),
        order=NEWEST,
        first=first,
        after=after,
    )


async def count(tx: Tx, *, tenant_id: UUID, wanted: ReviewFilter) -> int:
    """How many there are."""
    return await select.count(tx, listing=LISTING, tenant_id=tenant_id, where=_where(wanted))


def _where(wanted: ReviewFilter) -> list[Condition]:
    where = []
    if wanted.kinds is not None:
        where.append(Condition("r.kind = any({}::text[])", (list(wanted.kinds),)))
    if wanted.states is not None:
        where.append(Condition("r.state = any({}::text[])", (list(wanted.states),)))
    if wanted.account_id is not None:
        where.append(Condition("r.account_id = {}", (wanted.account_id,)))
    if wanted.transaction_id is not None:
        both = (wanted.transaction_id, wanted.transaction_id)
        where.append(Condition("(r.transaction_id = {} or r.other_id = {})", both))
    if wanted.job_id is not None:
        where.append(Condition("r.job_id = {}", (wanted.job_id,)))
    if wanted.score_from is not None:
        where.append(Condition("r.score >= {}::integer", (wanted.score_from,)))
    return where
