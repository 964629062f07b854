"""Splits: a transaction in parts of different categories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from uuid import UUID

from core.categories import Part
from core.models import Role, Transaction
from core.reviews import ReviewKind
from db import audit, review_items, transactions
from db import parts as stored
from db.parts import NewPart, Whole
from db.session import Tx
from resolvers import text
from resolvers.context import Context
from resolvers.refusing import conflict, invalid, missing, refusable, require

PARTS_MIN: Final = 2
PARTS_MAX: Final = 50
NOTE_MAX: Final = 500
DECIMALS_MAX: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenPart:
    """A part as a member gives it."""

    amount: Decimal
    category: str
    note: str | None


async def of_transactions(context: Context, ids: Sequence[UUID]) -> Mapping[UUID, Sequence[Part]]:
    """The parts of each transaction; those that are whole are left out."""
    async with context.read() as tx:
        return await stored.of_transactions(tx, tenant_id=context.tenant, ids=ids)


@refusable
async def split(
    context: Context, *, transaction_id: UUID, parts: Sequence[GivenPart]
) -> Transaction:
    """The transaction in these parts, in place of those that it was in before."""
    if not PARTS_MIN <= len(parts) <= PARTS_MAX:
        raise invalid(f"Give {PARTS_MIN} to {PARTS_MAX} parts.", "parts")
    new = [
        NewPart(
            amount=part.amount,
            category=text.name(part.category, "parts", str(place), "category"),
            note=text.optional_name(part.note, "parts", str(place), "note", most=NOTE_MAX),
        )
        for place, part in enumerate(parts)
    ]
    async with context.write() as tx:
        await require(tx, context, Role.MEMBER)
        await _settled(tx, context, transaction_id)
        whole = await stored.lock_whole(tx, tenant_id=context.tenant, transaction_id=transaction_id)
        if whole is None:
            raise missing("transaction", "id")
        _check(whole, new)
        await stored.clear(tx, tenant_id=context.tenant, transaction_id=transaction_id)
        await stored.put(
            tx,
            tenant_id=context.tenant,
            transaction_id=transaction_id,
            whole=whole,
            parts=new,
            created_by=context.user_id,
        )
        data = {"transactionId": str(transaction_id), "parts": len(new)}
        await audit.record(tx, "transaction.split", data=data)
        found = await transactions.by_ids(tx, tenant_id=context.tenant, ids=[transaction_id])
    return found[transaction_id]


@refusable
async def unsplit(context: Context, *, transaction_id: UUID) -> Transaction:
    """The transaction, whole again."""
    async with context.write() as tx:
        await require(tx, context, Role.MEMBER)
        await _settled(tx, context, transaction_id)
        whole = await stored.lock_whole(tx, tenant_id=context.tenant, transaction_id=transaction_id)
        if whole is None:
            raise missing("transaction", "id")
        if not await stored.clear(tx, tenant_id=context.tenant, transaction_id=transaction_id):
            raise conflict("The transaction is whole.", "id")
        await audit.record(tx, "transaction.unsplit", data={"transactionId": str(transaction_id)})
        found = await transactions.by_ids(tx, tenant_id=context.tenant, ids=[transaction_id])
    return found[transaction_id]


async def _settled(tx: Tx, context: Context, transaction_id: UUID) -> None:
    """Nobody is asked about the parts any more. Before the row is locked, as answers have it."""
    await review_items.supersede_of(
        tx, tenant_id=context.tenant, transaction_id=transaction_id, kind=ReviewKind.SPLIT
    )


def _check(whole: Whole, parts: Sequence[NewPart]) -> None:
    """Raises Refusal unless the parts make up the whole, each of its sign."""
    for place, part in enumerate(parts):
        exponent = part.amount.as_tuple().exponent
        if not isinstance(exponent, int) or exponent < -DECIMALS_MAX:
            raise invalid(f"Give {DECIMALS_MAX} decimals at most.", "parts", str(place), "amount")
        if part.amount * whole.amount <= 0:
            raise invalid(
                "Each part has the sign of the whole, and none is zero.",
                "parts",
                str(place),
                "amount",
            )
    total = sum((part.amount for part in parts), Decimal(0))
    if total != whole.amount:
        raise invalid(
            f"The parts sum to {total:f}, the transaction is of {whole.amount:f}.", "parts"
        )
