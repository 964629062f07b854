"""Reconciliations: members say which rows vouch for each other, and take that back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final
from uuid import UUID

from core.errors import Conflict
from core.models import Role
from core.page import Page
from core.reconciliation import (
    Candidate,
    Reconciliation,
    ReconciliationMember,
    ReconciliationMethod,
)
from db import audit
from db import reconciliations as stored
from db.reconciliations import NewReconciliation, ReconciliationFilter
from db.session import Tx
from resolvers import text
from resolvers.context import Context
from resolvers.refusing import conflict, invalid, limit, missing, refusable, require

ROWS_MAX: Final = 500  # of one side
NOTE_MAX: Final = 1_000


async def by_ids(context: Context, ids: Sequence[UUID]) -> Mapping[UUID, Reconciliation]:
    """Reconciliations by id."""
    async with context.read() as tx:
        return await stored.by_ids(tx, tenant_id=context.tenant, ids=ids)


async def page(
    context: Context, *, wanted: ReconciliationFilter, first: int, after: str | None
) -> Page[Reconciliation]:
    """Reconciliations, newest first."""
    async with context.read() as tx:
        return await stored.page(
            tx, tenant_id=context.tenant, wanted=wanted, first=first, after=after
        )


async def members(
    context: Context, ids: Sequence[UUID]
) -> Mapping[UUID, Sequence[ReconciliationMember]]:
    """The rows of each group, a hundred at most."""
    async with context.read() as tx:
        return await stored.members(tx, tenant_id=context.tenant, ids=ids)


async def counts(context: Context, ids: Sequence[UUID]) -> Mapping[UUID, int]:
    """How many rows each group has."""
    async with context.read() as tx:
        return await stored.counts(tx, tenant_id=context.tenant, ids=ids)


async def of_transactions(context: Context, ids: Sequence[UUID]) -> Mapping[UUID, Reconciliation]:
    """The group that each of these rows is of now."""
    async with context.read() as tx:
        groups = await stored.of_transactions(tx, tenant_id=context.tenant, ids=ids)
        found = await stored.by_ids(
            tx, tenant_id=context.tenant, ids=list(dict.fromkeys(groups.values()))
        )
    return {row: found[group] for row, group in groups.items() if group in found}


@refusable
async def create(
    context: Context, *, left_ids: Sequence[UUID], right_ids: Sequence[UUID], note: str | None
) -> Reconciliation:
    """Rows that vouch for each other from now on, as a member says.

    A note says why where the sides differ, as they do where one is empty: a member alone vouches.
    """
    left_ids, right_ids = list(dict.fromkeys(left_ids)), list(dict.fromkeys(right_ids))
    note = text.optional_name(note, "note", most=NOTE_MAX)
    if not left_ids:
        raise invalid("Name at least one transaction on the left side.", "leftIds")
    if len(left_ids) > ROWS_MAX or len(right_ids) > ROWS_MAX:
        raise limit(f"Name {ROWS_MAX} transactions at most on each side.", "leftIds")
    if not set(left_ids).isdisjoint(right_ids):
        raise invalid("A transaction is on one side alone.", "rightIds")
    async with context.write() as tx:
        await require(tx, context, Role.MEMBER)
        left, right = await _sides(tx, context, left_ids, right_ids)
        apart = difference(left, right)
        if apart and note is None:
            raise invalid(
                f"The sides differ by {apart} {left[0].currency}. Say in a note why that is right.",
                "note",
            )
        new = NewReconciliation(
            method=ReconciliationMethod.USER,
            difference=apart,
            currency=left[0].currency,
            note=note,
        )
        return await grouped(tx, context, new, left=left_ids, right=right_ids)


@refusable
async def undo(context: Context, *, reconciliation_id: UUID) -> Reconciliation:
    """The group, whose rows are as if nobody had vouched for them."""
    async with context.write() as tx:
        await require(tx, context, Role.MEMBER)
        found = await stored.lock(tx, tenant_id=context.tenant, reconciliation_id=reconciliation_id)
        if found is None:
            raise missing("reconciliation", "id")
        if found.undone_at is not None:
            raise conflict("It was undone before.", "id")
        await undone(tx, context, {reconciliation_id})
        again = await stored.by_ids(tx, tenant_id=context.tenant, ids=[reconciliation_id])
    return again[reconciliation_id]


async def grouped(
    tx: Tx,
    context: Context,
    new: NewReconciliation,
    *,
    left: Sequence[UUID],
    right: Sequence[UUID],
    reasons: Sequence[object] = (),
) -> Reconciliation:
    """The group, written in the caller's name. Raises Refusal where a row is of another one."""
    reconciliation_id = await stored.put(
        tx, tenant_id=context.tenant, new=new, reasons=reasons, user_id=context.user_id
    )
    try:
        put = await stored.put_members(
            tx,
            tenant_id=context.tenant,
            reconciliation_id=reconciliation_id,
            left=left,
            right=right,
        )
    except Conflict as error:
        raise _reconciled() from error
    if put < len(left) + len(right):
        raise _reconciled()
    group = await stored.written(tx, tenant_id=context.tenant, reconciliation_id=reconciliation_id)
    if not group.comes_to(new.difference):
        raise conflict("A transaction is of another amount by now. Read the list anew.")
    await audit.record(
        tx, "reconciliation.created", data={"reconciliationId": str(reconciliation_id)}
    )
    found = await stored.by_ids(tx, tenant_id=context.tenant, ids=[reconciliation_id])
    return found[reconciliation_id]


async def undone(tx: Tx, context: Context, ids: set[UUID]) -> None:
    """Lets the rows of groups go, in the caller's name."""
    if not ids:
        return
    await stored.undo(tx, tenant_id=context.tenant, ids=ids, user_id=context.user_id)
    for one in sorted(ids):
        await audit.record(tx, "reconciliation.undone", data={"reconciliationId": str(one)})


def difference(left: Sequence[Candidate], right: Sequence[Candidate]) -> Decimal:
    """The left side less the right one, which may be the same movement or its other end."""
    sums = [sum((row.amount for row in side), Decimal(0)) for side in (left, right)]
    return min(sums[0] - sums[1], sums[0] + sums[1], key=abs)


async def _sides(
    tx: Tx, context: Context, left_ids: Sequence[UUID], right_ids: Sequence[UUID]
) -> tuple[list[Candidate], list[Candidate]]:
    found = await stored.lock_rows(tx, tenant_id=context.tenant, ids=[*left_ids, *right_ids])
    for ids, field in ((left_ids, "leftIds"), (right_ids, "rightIds")):
        if any(one not in found for one in ids):
            raise missing("transaction", field)
        if not all(found[one].posted for one in ids):
            raise conflict("Only booked transactions are reconciled.", field)
        if any(found[one].reconciled for one in ids):
            raise _reconciled(field)
    sides = tuple([found[one].row for one in ids] for ids in (left_ids, right_ids))
    if len({row.currency for side in sides for row in side}) > 1:
        raise invalid("All transactions have one currency.", "rightIds")
    return sides[0], sides[1]


def _reconciled(field: str = "leftIds") -> Exception:
    return conflict("A transaction is reconciled already. Undo that first, or leave it out.", field)
