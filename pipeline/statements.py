"""Statements of a batch on their way to rows: what each states around its rows, and its proof."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from core.models import RawDocument
from core.records import ProofRecord
from db import statements
from db.session import Tx
from pipeline.batch import Batch
from pipeline.normalize import storable_text

NUMBER_MAX: Final = 100


async def put_statements(tx: Tx, batch: Batch, *, tenant_id: UUID, document: RawDocument) -> None:
    """Writes the statements that end in the batch. What waits for a mapping is read again with it.

    Rows and balances of a statement may stand in batches before.
    """
    await statements.put(
        tx,
        document=document,
        tenant_id=tenant_id,
        proofs=[
            (_clean(proof), target.mapping_id, target.account_id)
            for proof in batch.proofs
            if (target := batch.targets[proof.account]).account_id is not None
        ],
    )


def _clean(proof: ProofRecord) -> ProofRecord:
    number = proof.number
    if number is None:
        return proof
    return proof._replace(number=storable_text(number)[:NUMBER_MAX] or None)
