"""Statements of sources: their balances, what their rows come to, and whether that adds up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from core.models import RawDocument
from core.page import Page
from core.records import ProofRecord
from core.statements import Proof, Statement
from db import select
from db.queries import load
from db.select import Asked, Condition, Listing, Order
from db.session import Tx

_SQL = load("statements")

LISTING: Final = Listing(source="app.statements as s", alias="s")
_ORDINAL: Final = select.by_number("s.ordinal")
NEWEST: Final = Order(
    name="statements", keys=(select.by_instant("s.created_at"), _ORDINAL, select.by_id("s"))
)
# Of one document, in its order.
WRITTEN: Final = Order(
    name="statements-of-job", keys=(_ORDINAL, select.by_id("s")), descending=False
)
_STATES: Final = {True: Proof.HOLDS, False: Proof.FAILS, None: Proof.UNPROVEN}


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementFilter:
    """Which statements; None asks nothing."""

    account_id: UUID | None = None
    connection_id: UUID | None = None
    job_id: UUID | None = None
    proof: tuple[Proof, ...] | None = None
    ends_from: date | None = None
    ends_to: date | None = None


def asked(wanted: StatementFilter) -> Asked:
    """Statements, newest first."""
    return Asked(where=_where(wanted), order=NEWEST)


async def by_ids(tx: Tx, *, tenant_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, Statement]:
    """Statements by id."""
    return await select.by_ids(tx, Statement, listing=LISTING, tenant_id=tenant_id, ids=ids)


async def page(
    tx: Tx, *, tenant_id: UUID, wanted: StatementFilter, first: int, after: str | None
) -> Page[Statement]:
    """Statements, newest first."""
    return await select.page(
        tx,
        Statement,
        listing=LISTING,
        tenant_id=tenant_id,
        where=_where(wanted),
        order=NEWEST,
        first=first,
        after=after,
    )


async def of_accounts(
    tx: Tx, *, tenant_id: UUID, account_ids: Sequence[UUID], first: int, after: str | None
) -> Mapping[UUID, Page[Statement]]:
    """The statements of each account, newest first."""
    return await select.pages(
        tx,
        Statement,
        listing=LISTING,
        tenant_id=tenant_id,
        parent="s.account_id",
        parent_ids=account_ids,
        where=(),
        order=NEWEST,
        first=first,
        after=after,
    )


async def of_jobs(
    tx: Tx, *, tenant_id: UUID, job_ids: Sequence[UUID], first: int, after: str | None
) -> Mapping[UUID, Page[Statement]]:
    """The statements that each job brought, in the order of its document."""
    return await select.pages(
        tx,
        Statement,
        listing=LISTING,
        tenant_id=tenant_id,
        parent="s.job_id",
        parent_ids=job_ids,
        where=(),
        order=WRITTEN,
        first=first,
        after=after,
    )


async def put(
    tx: Tx,
    *,
    document: RawDocument,
    tenant_id: UUID,
    proofs: Sequence[tuple[ProofRecord, UUID, UUID]],
) -> None:
    """Keeps the statements of a document; (record, mapping, account) each."""
    if not proofs:
        return
    records = [record for record, _, _ in proofs]
    await tx.run(
        _SQL["put"],
        tenant_id,
        document.job_id,
        document.id,
        [mapping for _, mapping, _ in proofs],
        [account for _, _, account in proofs],
        [record.line for record in records],
        [record.line_end for record in records],
        [record.ordinal for record in records],
        [record.number for record in records],
        [record.from_date for record in records],
        [record.to_date for record in records],
        [record.opening for record in records],
        [record.closing for record in records],
        [record.entries for record in records],
        [record.entry_count for record in records],
        [record.currency for record in records],
        [_STATES[record.holds].value for record in records],
        [record.difference for record in records],
        document.received_at,
    )


async def withdraw(
    tx: Tx, *, document: RawDocument, tenant_id: UUID, mapping_id: UUID, day: date
) -> None:
    """Deletes the statements of a day, but those of later documents."""
    await tx.run(_SQL["withdraw"], tenant_id, mapping_id, day, document.received_at)


async def take_back(tx: Tx, *, tenant_id: UUID, job_id: UUID) -> None:
    """Deletes the statements that a job's document holds."""
    await tx.run(_SQL["take_back"], tenant_id, job_id)


async def place(tx: Tx, *, tenant_id: UUID, mapping_id: UUID, account_id: UUID | None) -> None:
    """Brings the statements of a mapping into its account, or drops them where it has none."""
    if account_id is None:
        await tx.run(_SQL["drop"], tenant_id, mapping_id)
    else:
        await tx.run(_SQL["place"], tenant_id, mapping_id, account_id)


def _where(wanted: StatementFilter) -> list[Condition]:
    where = []
    if wanted.account_id is not None:
        where.append(Condition("s.account_id = {}", (wanted.account_id,)))
    if wanted.connection_id is not None:
        where.append(
            Condition(
                "s.mapping_id in (select m.id from app.account_mappings as m"
                " where m.tenant_id = s.tenant_id and m.connection_id = {})",
                (wanted.connection_id,),
            )
        )
    if wanted.job_id is not None:
        where.append(Condition("s.job_id = {}", (wanted.job_id,)))
    if wanted.proof is not None:
        where.append(Condition("s.proof = any({}::text[])", (list(wanted.proof),)))
    if wanted.ends_from is not None:
        where.append(Condition("s.to_date >= {}::date", (wanted.ends_from,)))
    if wanted.ends_to is not None:
        where.append(Condition("s.to_date <= {}::date", (wanted.ends_to,)))
    return where
