"""What answers mean to questions about reconciliations and conflicts."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from core.errors import Conflict
from core.reconciliation import ConflictState, ReconciliationMethod, TransactionConflict
from core.reviews import ReviewItem, ReviewState
from db import audit, conflicts
from db import reconciliations as stored
from db.reconciliations import NewReconciliation
from db.session import Tx
from pipeline.conflicts import breaks, key_of
from resolvers.context import Context
from resolvers.reconciliations import grouped, undone
from resolvers.refusing import conflict


async def answer_reconciliations(
    tx: Tx, context: Context, items: Sequence[ReviewItem], state: ReviewState
) -> None:
    """`CONFIRMED` reconciles; anything else takes that back where it was done."""
    for item in items:
        left, right = _ids(item, "leftIds"), _ids(item, "rightIds")
        if state is ReviewState.CONFIRMED:
            await _reconcile(tx, context, item, left, right)
        elif item.state is ReviewState.CONFIRMED:
            groups = await stored.of_transactions(tx, tenant_id=context.tenant, ids=[*left, *right])
            if len(groups) == len(left) + len(right) and len(set(groups.values())) == 1:
                await undone(tx, context, set(groups.values()))


async def answer_conflicts(
    tx: Tx, context: Context, items: Sequence[ReviewItem], state: ReviewState
) -> None:
    """`CONFIRMED` takes the source's version, `REJECTED` keeps ours; who takes the former back puts
    ours back, with the group that it was in."""
    ids = [item.transaction_id for item in items if item.transaction_id is not None]
    found = await conflicts.of_transactions(tx, tenant_id=context.tenant, ids=ids)
    for item in items:
        one = None if item.transaction_id is None else found.get(item.transaction_id)
        if one is None or key_of(one) != item.key:
            raise conflict("The source says something else by now. Read the list anew.", "ids")
        if state is ReviewState.CONFIRMED:
            await _take(tx, context, one)
            continue
        if item.state is ReviewState.CONFIRMED:
            await _put_back(tx, context, one)
        rests = ConflictState.KEPT if state is ReviewState.REJECTED else ConflictState.ASKED
        await conflicts.set_state(
            tx, tenant_id=context.tenant, ids=[one.transaction_id], state=rests
        )


async def _take(tx: Tx, context: Context, one: TransactionConflict) -> None:
    """The source's version counts; a group whose sum that changes holds no more."""
    await conflicts.settle(tx, transaction_id=one.transaction_id, take=True)
    if breaks(one.kind, one.stored, one.incoming):
        groups = await stored.of_transactions(
            tx, tenant_id=context.tenant, ids=[one.transaction_id]
        )
        await undone(tx, context, set(groups.values()))


async def _put_back(tx: Tx, context: Context, one: TransactionConflict) -> None:
    """The version that was stored counts again, and so does the group that went with it.

    A group of several rows that went waits until the last one of them is back.
    """
    await conflicts.settle(tx, transaction_id=one.transaction_id, take=False)
    if one.reconciliation_id is None:
        return
    try:
        back = await stored.restore(
            tx, tenant_id=context.tenant, reconciliation_id=one.reconciliation_id
        )
    except Conflict as error:
        raise conflict(
            "A transaction that was reconciled with it is reconciled otherwise by now. Undo that "
            "first.",
            "ids",
        ) from error
    if back:
        data = {"reconciliationId": str(one.reconciliation_id)}
        await audit.record(tx, "reconciliation.restored", data=data)


async def _reconcile(
    tx: Tx, context: Context, item: ReviewItem, left: Sequence[UUID], right: Sequence[UUID]
) -> None:
    rows = await stored.lock_rows(tx, tenant_id=context.tenant, ids=[*left, *right])
    if len(rows) < len(left) + len(right) or not all(
        one.posted and not one.reconciled for one in rows.values()
    ):
        raise conflict("A transaction is reconciled otherwise, or gone. Read the list anew.", "ids")
    version = item.evidence.get("ruleVersionId")
    new = NewReconciliation(
        method=ReconciliationMethod.USER,
        difference=Decimal(item.evidence["difference"]),
        currency=item.evidence["currency"],
        rule=item.evidence["rule"],
        rule_version_id=None if version is None else UUID(version),
        score=item.score,
    )
    await grouped(tx, context, new, left=left, right=right, reasons=item.reasons)


def _ids(item: ReviewItem, side: str) -> list[UUID]:
    return [UUID(one) for one in item.evidence[side]]
