"""What may be behind differences of balances, from what is stored of their days."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from core.continuity import Difference, StatementProof
from db import continuity
from db.continuity import Known
from db.session import Tx
from matching.statement_explain import explain
from pipeline.flow import in_thread


async def explained(
    tx: Tx,
    *,
    tenant_id: UUID,
    account_id: UUID,
    currency: str,
    known: Known,
    found: Sequence[Difference],
    statements: Sequence[StatementProof] = (),
) -> list[Difference]:
    """Differences with what may be behind them."""
    if not found:
        return []
    about: dict[str, Any] = {
        "tenant_id": tenant_id,
        "account_id": account_id,
        "currency": currency,
        "spans": [(one.since, one.day) for one in found],
    }
    of_each = await continuity.rows(tx, **about)
    contradictions = await continuity.contradictions(
        tx, ids=[row.id for rows in of_each for row in rows], **about
    )
    stated = [
        [balance for balance in known.stated if one.since <= balance.day <= one.day]
        for one in found
    ]
    unread = await continuity.rejected(
        tx, tenant_id=tenant_id, job_ids={one.job_id for some in stated for one in some}
    )

    def told() -> list[Difference]:
        return [
            explain(
                one,
                rows=of_one,
                stated=some,
                currency=currency,
                contradictions=contradictions,
                statements=statements,
                rejected=sum(unread.get(job, 0) for job in {balance.job_id for balance in some}),
            )
            for one, of_one, some in zip(found, of_each, stated, strict=True)
        ]

    return await in_thread(told)  # the search takes up to a second
