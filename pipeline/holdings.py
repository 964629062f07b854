"""Holdings of a batch on their way to rows: what can be stored, of accounts that are mapped."""

from __future__ import annotations

from decimal import Decimal
from typing import Final
from uuid import UUID

from core.models import RawDocument
from core.records import Finding, HoldingRecord, Severity
from db import holdings
from db.session import Tx
from pipeline.batch import Batch
from pipeline.normalize import storable_text
from pipeline.row_texts import TEXT_MAX

SCALE_MAX: Final = 18
LIMIT: Final = Decimal(10) ** 20  # exclusive; the database checks the same


async def put_holdings(
    tx: Tx, batch: Batch, *, tenant_id: UUID, document: RawDocument
) -> list[Finding]:
    """Writes what the batch says of holdings, and ends what it says are no more.

    Of two holdings of one security the last counts. What waits for a mapping is read again with it.
    """
    found: dict[tuple[UUID, str], tuple[HoldingRecord, UUID, UUID]] = {}
    findings: list[Finding] = []
    for record in batch.holdings:
        target = batch.targets[record.account]
        if target.account_id is None:
            continue
        if not _is_storable(record):
            findings.append(_too_long(record))
            continue
        kept = _clean(record)
        found[target.mapping_id, kept.security] = (kept, target.mapping_id, target.account_id)
    await holdings.put(tx, document=document, tenant_id=tenant_id, holdings=list(found.values()))
    await holdings.end_others(
        tx,
        document=document,
        tenant_id=tenant_id,
        complete=[
            (target.mapping_id, whole.as_of, whole.line)
            for whole in batch.portfolios
            if (target := batch.targets[whole.account]).account_id is not None
        ],
    )
    return findings


def _is_storable(record: HoldingRecord) -> bool:
    numbers = (record.quantity, record.price, record.value, record.cost_basis)
    return all(number is None or _fits(number) for number in numbers)


def _fits(number: Decimal) -> bool:
    if not number.is_finite() or abs(number) >= LIMIT:
        return False
    exponent = number.normalize().as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -SCALE_MAX


def _clean(record: HoldingRecord) -> HoldingRecord:
    return record._replace(
        security=storable_text(record.security)[:TEXT_MAX],
        name=_text(record.name),
        ticker=_text(record.ticker),
        type=_text(record.type),
        quantity=_plain(record.quantity),
        price=None if record.price is None else _plain(record.price),
        value=None if record.value is None else _plain(record.value),
        cost_basis=None if record.cost_basis is None else _plain(record.cost_basis),
    )


def _plain(number: Decimal) -> Decimal:
    """Without zeros past what can be stored."""
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)
    return number.normalize() if exponent < -SCALE_MAX else number


def _text(text: str | None) -> str | None:
    return None if text is None else storable_text(text)[:TEXT_MAX] or None


def _too_long(record: HoldingRecord) -> Finding:
    return Finding(
        Severity.ERROR,
        "holding-unstorable",
        f"A holding has a number of more than {SCALE_MAX} decimals or 20 digits. It was left out.",
        line=record.line,
        field="quantity",
        rejected=True,
    )
