"""Links between transactions: made by workers, and by members whose word is final."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from core.links import (
    Found,
    LinkKind,
    LinkMethod,
    LinkState,
    Standing,
    TransactionLink,
    UndoneReason,
)
from core.records import TransactionStatus
from core.reviews import ReviewReason
from core.scope import UserScope
from db import select
from db.queries import load
from db.rows import read
from db.select import Listing
from db.session import Tx

_SQL = load("transaction_links")

LISTING: Final = Listing(source="app.transaction_links as l", alias="l")


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A transaction as it is now."""

    id: UUID
    account_id: UUID
    status: TransactionStatus
    amount: Decimal
    currency: str
    duplicate_of: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """A link by what it says."""

    id: UUID
    kind: LinkKind
    transaction_id: UUID
    other_id: UUID


async def sides(tx: Tx, *, tenant_id: UUID, ids: Collection[UUID]) -> Mapping[UUID, Side]:
    """Transactions by id, kept as they are until the transaction ends."""
    name = "own_sides" if isinstance(tx.scope, UserScope) else "sides"
    rows = await tx.rows(_SQL[name], tenant_id, list(ids))
    return {row["id"]: read(Side, row) for row in rows}


async def put(tx: Tx, *, tenant_id: UUID, found: Sequence[Found], rule_version: str) -> int:
    """Links what belongs together; what a person undid stays undone. For a worker."""
    if not found:
        return 0
    return await tx.run(
        _SQL["put"],
        tenant_id,
        [one.kind.value for one in found],
        [one.transaction_id for one in found],
        [one.other_id for one in found],
        [one.score for one in found],
        [_json(one.reasons) for one in found],
        rule_version,
    )


async def below(tx: Tx, *, tenant_id: UUID, ids: Collection[UUID]) -> list[Standing]:
    """The links by which rows do not count beside these, and what is below them. For a worker."""
    return await _standing(tx, "below", tenant_id, ids)


async def beside(tx: Tx, *, tenant_id: UUID, ids: Collection[UUID]) -> list[Standing]:
    """The transfers and refunds that these rows are sides of. For a worker."""
    return await _standing(tx, "beside", tenant_id, ids)


async def _standing(tx: Tx, name: str, tenant_id: UUID, ids: Collection[UUID]) -> list[Standing]:
    if not ids:
        return []
    return [
        Standing(
            kind=LinkKind(row["kind"]),
            method=LinkMethod(row["method"]),
            **{name: row[name] for name in ("id", "transaction_id", "other_id", "score")},
        )
        for row in await tx.rows(_SQL[name], tenant_id, list(ids))
    ]


async def still_own(tx: Tx, *, tenant_id: UUID, ids: Collection[UUID]) -> set[UUID]:
    """Which of these links hold and are the system's own. For a worker that keeps their rows."""
    if not ids:
        return set()
    return {row["id"] for row in await tx.rows(_SQL["still_own"], tenant_id, list(ids))}


async def give_way(
    tx: Tx, *, tenant_id: UUID, ids: Collection[UUID], reason: UndoneReason, rule_version: str
) -> None:
    """Undoes links of the system's own, and keeps why. For a worker."""
    if ids:
        await tx.run(_SQL["give_way"], tenant_id, list(ids), reason.value, rule_version)


async def roots(tx: Tx, *, tenant_id: UUID, account_id: UUID, after: UUID, most: int) -> list[UUID]:
    """Rows of an account that count instead of others, by their ids. For a worker."""
    rows = await tx.rows(_SQL["roots"], tenant_id, account_id, after, most)
    return [row["id"] for row in rows]


async def turn(
    tx: Tx, *, tenant_id: UUID, ids: Collection[UUID], reason: ReviewReason, rule_version: str
) -> None:
    """Makes links that gave way the other way round. For a worker."""
    said = [{"code": reason.code, "text": reason.text, "points": reason.points}]
    await tx.run(_SQL["turn"], tenant_id, list(ids), said, rule_version)


async def hand_over(tx: Tx, *, ids: Collection[UUID]) -> None:
    """Gives what people decided about rows that do not count any more to what counts instead."""
    if ids:
        await tx.rows(_SQL["hand_over"], list(ids))


async def bring_back(tx: Tx, *, tenant_id: UUID, ids: Collection[UUID]) -> None:
    """Links again what a person has linked, and what had come apart as a row went. For a worker."""
    left = await tx.rows(_SQL["make_room"], tenant_id, list(ids))
    back = await tx.rows(_SQL["bring_back"], tenant_id, list(ids))
    changed = {row["transaction_id"] for row in (*left, *back)}
    if changed:
        await recount(tx, tenant_id=tenant_id, ids=changed)


async def recount(tx: Tx, *, tenant_id: UUID, ids: Collection[UUID]) -> None:
    """Brings transactions to what the active links say of which one counts."""
    if ids:
        name = "recount_own" if isinstance(tx.scope, UserScope) else "recount"
        await tx.rows(_SQL[name], tenant_id, sorted(ids))


async def make_way(tx: Tx, *, tenant_id: UUID, transaction_id: UUID, other_id: UUID) -> set[UUID]:
    """Undoes what the system linked and a person's word leaves no room for; the rows that did not
    count by it."""
    rows = await tx.rows(_SQL["make_way"], tenant_id, transaction_id, other_id)
    return {row["transaction_id"] for row in rows}


async def make_way_of_kind(
    tx: Tx, *, tenant_id: UUID, kind: LinkKind, transaction_id: UUID, other_id: UUID
) -> None:
    """Undoes transfers or refunds of the system's for which a person's word leaves no room."""
    await tx.run(_SQL["make_way_of_kind"], tenant_id, kind.value, transaction_id, other_id)


async def is_busy(
    tx: Tx, *, tenant_id: UUID, kind: LinkKind, transaction_id: UUID, other_id: UUID
) -> bool:
    """Whether other links leave no room for this one."""
    rows = await tx.rows(_SQL["busy"], tenant_id, kind, transaction_id, other_id)
    return bool(rows)


async def say(
    tx: Tx,
    *,
    tenant_id: UUID,
    kind: LinkKind,
    transaction_id: UUID,
    other_id: UUID,
    score: int,
    reasons: Sequence[dict[str, Any]],
    rule_version: str,
    user_id: UUID,
) -> UUID:
    """A person's own link; its id."""
    found = await tx.value(
        _SQL["say"],
        tenant_id,
        kind,
        transaction_id,
        other_id,
        score,
        list(reasons),
        rule_version,
        user_id,
    )
    assert isinstance(found, UUID)
    return found


async def undo(tx: Tx, *, tenant_id: UUID, ids: Collection[UUID], user_id: UUID) -> list[Stated]:
    """Undoes links in a person's name, for good; those that were not undone so before."""
    rows = await tx.rows(_SQL["undo"], tenant_id, list(ids), user_id)
    return [read(Stated, row) for row in rows]


async def of_pairs(tx: Tx, *, tenant_id: UUID, pairs: Sequence[tuple[UUID, UUID]]) -> list[Stated]:
    """The links of pairs, whichever side is named first, undone ones too."""
    rows = await tx.rows(
        _SQL["of_pairs"], tenant_id, [one for one, _ in pairs], [other for _, other in pairs]
    )
    return [read(Stated, row) for row in rows]


async def loosen(tx: Tx, *, tenant_id: UUID, ids: Collection[UUID]) -> None:
    """Undoes links as if nobody had said anything: they may be found again."""
    await tx.run(_SQL["loosen"], tenant_id, list(ids))


async def by_ids(tx: Tx, *, tenant_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, TransactionLink]:
    """Links by id, undone ones too."""
    return await select.by_ids(tx, TransactionLink, listing=LISTING, tenant_id=tenant_id, ids=ids)


async def of_transactions(
    tx: Tx, *, tenant_id: UUID, ids: Sequence[UUID], state: LinkState
) -> Mapping[UUID, list[TransactionLink]]:
    """Links in a state by the transaction on either side."""
    found: dict[UUID, list[TransactionLink]] = defaultdict(list)
    for row in await tx.rows(_SQL["of_transactions"], tenant_id, list(ids), state):
        found[row["of_id"]].append(read(TransactionLink, row))
    return found


async def duplicates(tx: Tx, *, tenant_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, list[UUID]]:
    """Which transactions do not count beside each of these, by its id."""
    found: dict[UUID, list[UUID]] = defaultdict(list)
    for row in await tx.rows(_SQL["duplicates"], tenant_id, list(ids)):
        found[row["of_id"]].append(row["id"])
    return found


def _json(reasons: Sequence[ReviewReason]) -> str:
    # As text: a list of lists would be an array of two dimensions.
    return json.dumps(
        [{"code": one.code, "text": one.text, "points": one.points} for one in reasons]
    )
