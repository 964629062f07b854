"""Paybacks: refunds and the payments that they may be of."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from core.links import MatchRow
from db.queries import load
from db.session import Tx

_SQL = load("paybacks")

Named = tuple[MatchRow, str]  # and what it, or something of it, is called: in lower case


async def given_back(
    tx: Tx,
    *,
    tenant_id: UUID,
    noted: Sequence[MatchRow],
    named: Sequence[Named],
    referred: Sequence[Named],
    returning: str,
) -> set[UUID]:
    """What may be a refund or its payment.

    `named` has what noted rows call their party, `referred` what names one of them, `returning` is
    a pattern of what calls itself a refund.
    """
    found = await tx.rows(
        _SQL["given_back"],
        tenant_id,
        [row.account_id for row in noted],
        [row.currency for row in noted],
        [row.amount for row in noted],
        min(row.day for row in noted),
        max(row.day for row in noted),
        *_columns(named),
        returning,
        *_columns(referred),
    )
    return {row["id"] for row in found}


async def beyond(tx: Tx, *, tenant_id: UUID, transaction_id: UUID, other_id: UUID) -> Decimal:
    """By how much a refund is more than its payment leaves; less than nothing: it is not."""
    found = await tx.value(_SQL["beyond"], tenant_id, transaction_id, other_id)
    assert isinstance(found, Decimal)
    return found


def _columns(named: Sequence[Named]) -> tuple[list[UUID], list[str], list[bool], list[str]]:
    return (
        [row.account_id for row, _ in named],
        [row.currency for row, _ in named],
        [row.amount > 0 for row, _ in named],
        [name for _, name in named],
    )
