"""What answers mean to questions about parts that do not make up their transaction any more."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from core.categories import Part
from core.reviews import ReviewItem, ReviewState
from core.shares import shared
from db import audit
from db import parts as stored
from db.parts import NewPart, Whole
from db.session import Tx
from resolvers.context import Context
from resolvers.refusing import conflict


async def answer_splits(
    tx: Tx, context: Context, items: Sequence[ReviewItem], state: ReviewState
) -> None:
    """`CONFIRMED` fits the parts to the new amount, `REJECTED` makes the transaction whole; `OPEN`
    puts the parts back that were asked about, which count no more than before."""
    for item in items:
        assert item.transaction_id is not None
        whole = await stored.lock_whole(
            tx, tenant_id=context.tenant, transaction_id=item.transaction_id
        )
        if whole is None or whole != _asked(item):
            raise conflict("The source says something else by now. Read the list anew.", "ids")
        split = await stored.of_transactions(
            tx, tenant_id=context.tenant, ids=[item.transaction_id]
        )
        now = [_new(part) for part in split.get(item.transaction_id, ())]
        asked = _parts(item, now)
        if now != _made_by(item.state, item, asked, whole):
            raise conflict("It was split anew since. Read the list anew.", "ids")
        of = whole if state is ReviewState.CONFIRMED else _whole(item)
        became = _made_by(state, item, asked, whole)
        await _write(tx, context, item.transaction_id, of, became)


def _made_by(
    state: ReviewState, item: ReviewItem, asked: list[NewPart], whole: Whole
) -> list[NewPart]:
    """What an answer makes of the parts."""
    if state is ReviewState.CONFIRMED:
        return _fitted(item, asked, whole)
    return [] if state is ReviewState.REJECTED else asked


def _fitted(item: ReviewItem, asked: list[NewPart], whole: Whole) -> list[NewPart]:
    """Parts in the same proportion that make up the new amount, to its last decimal."""
    amounts = None
    if whole.currency == item.evidence["wholeCurrency"]:
        amounts = shared(whole.amount, [part.amount for part in asked])
    if amounts is None:
        raise conflict(
            "These parts cannot be fitted to the new amount. Split it anew, or make it whole.",
            "ids",
        )
    return [
        NewPart(amount=amount, category=part.category, note=part.note)
        for amount, part in zip(amounts, asked, strict=True)
    ]


def _asked(item: ReviewItem) -> Whole:
    """What the transaction was of when it was asked."""
    return Whole(amount=Decimal(item.evidence["amount"]), currency=item.evidence["currency"])


def _whole(item: ReviewItem) -> Whole:
    """What the transaction was of when it was split."""
    return Whole(amount=Decimal(item.evidence["whole"]), currency=item.evidence["wholeCurrency"])


def _parts(item: ReviewItem, now: list[NewPart]) -> list[NewPart]:
    """The parts that were asked about. Where they were too long to be noted they are those that
    there are, until somebody has answered."""
    told: Sequence[dict[str, Any]] | None = item.evidence.get("parts")
    if told is None:
        if item.state is not ReviewState.OPEN or not now:
            raise conflict("The parts of before are gone. Split it anew.", "ids")
        return now
    return [
        NewPart(amount=Decimal(part["amount"]), category=part["category"], note=part["note"])
        for part in told
    ]


def _new(part: Part) -> NewPart:
    return NewPart(amount=part.amount, category=part.category, note=part.note)


async def _write(
    tx: Tx, context: Context, transaction_id: UUID, whole: Whole, parts: list[NewPart]
) -> None:
    await stored.clear(tx, tenant_id=context.tenant, transaction_id=transaction_id)
    if parts:
        await stored.put(
            tx,
            tenant_id=context.tenant,
            transaction_id=transaction_id,
            whole=whole,
            parts=parts,
            created_by=context.user_id,
        )
    data = {"transactionId": str(transaction_id), "parts": len(parts)}
    await audit.record(tx, "transaction.split" if parts else "transaction.unsplit", data=data)
