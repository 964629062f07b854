"""The write path of transactions: COPY into a temporary table, then one merge in key order."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple
from uuid import UUID

from core.models import Job, Outcome, RawDocument
from core.records import BalanceRecord
from db.queries import load
from db.session import Tx

_SQL = load("merge")


class Incoming(NamedTuple):
    """A row on its way in: the columns of the temporary table, in its order."""

    target: int  # 1-based, into the targets of the call
    raw_line: int
    raw_line_end: int
    id: UUID
    fingerprint: bytes
    occurrence: int
    content_key: int
    external_id: str | None
    status: str
    amount: Decimal
    currency: str
    sort_date: date
    posted_date: date | None
    transaction_date: date | None
    value_date: date | None
    description: str
    description_raw: str
    merchant_name: str | None
    reference: str | None
    customer_reference: str | None
    type_code: str | None
    source_category: str | None
    running_balance: Decimal | None
    extra: Mapping[str, str] | None
    merchant: str | None = None
    merchant_key: str | None = None
    derived_category: str | None = None
    suggested_category: str | None = None
    category_code: str | None = None
    category_origin: str | None = None
    category_confidence: int | None = None
    category_reason: str | None = None
    category_rule_id: UUID | None = None


_COLUMNS: Final = Incoming._fields
TAKE_BACK_ROWS: Final = 50_000  # at a time: about a second


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """What a withdrawal took back: rows, and how many of them someone had reconciled."""

    rows: int
    reconciled: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What a merge did: rows that are new (or came back), and rows whose content changed."""

    new: int
    changed: int


class Foreseen(NamedTuple):
    """What corrections would make of a row that comes."""

    mapping_id: UUID
    fingerprint: bytes
    occurrence: int
    corrects: str | None  # the id of the row that it corrects; None: it corrects none
    transaction_id: UUID | None  # the transaction that has that id
    left_out: bool  # another row takes its place


async def copy(tx: Tx, rows: Iterable[Incoming]) -> None:
    """Puts rows beside the tables, for the rest of this transaction."""
    await tx.run(_SQL["open"])
    await tx.copy("incoming", _COLUMNS, rows)


async def close(tx: Tx) -> None:
    """Makes room for other rows in the same transaction."""
    await tx.run(_SQL["close"])


async def merge(
    tx: Tx,
    *,
    document: RawDocument,
    tenant_id: UUID,
    targets: Sequence[tuple[UUID, UUID]],
) -> Merged:
    """Merges what was copied; `targets` are (mapping, account). Equal rows are left untouched."""
    row = await tx.row(
        _SQL["merge"],
        tenant_id,
        document.job_id,
        document.id,
        [mapping for mapping, _ in targets],
        [account for _, account in targets],
    )
    assert row is not None
    return Merged(new=row["new"], changed=row["changed"])


async def plan_anew(tx: Tx) -> None:
    """Plans what the transaction asks from now on for the tables as they are."""
    await tx.run(_SQL["plan_anew"])


async def plan_as_usual(tx: Tx) -> None:
    """Takes plans that are kept again."""
    await tx.run(_SQL["plan_as_usual"])


async def repeated(
    tx: Tx,
    *,
    tenant_id: UUID,
    mappings: Sequence[UUID],
    fingerprints: Sequence[bytes],
    occurrences: Sequence[int],
    content_keys: Sequence[int],
    statuses: Sequence[str],
) -> set[int]:
    """Indexes of the rows that stand already just as they come. Cheaper than merging them."""
    await plan_anew(tx)
    rows = await tx.rows(
        _SQL["repeated"],
        tenant_id,
        mappings,
        fingerprints,
        occurrences,
        content_keys,
        statuses,
    )
    await plan_as_usual(tx)
    return {row["position"] - 1 for row in rows}


async def compare(
    tx: Tx,
    job: Job,
    *,
    start: int,
    targets: Sequence[tuple[UUID, bool]],
    withdrawn: Collection[tuple[UUID, date]],
    corrections: Sequence[Foreseen] = (),
) -> None:
    """Keeps what a merge would do, for review; `targets` are (mapping, whether its rows wait).

    `withdrawn` are (mapping, day): what stands there would be taken back before. `corrections`
    are of the rows that correct others or are corrected.
    """
    await tx.run(
        _SQL["compare"],
        job.tenant_id,
        job.id,
        start,
        [mapping for mapping, _ in targets],
        [waits for _, waits in targets],
        [mapping for mapping, _ in withdrawn],
        [day for _, day in withdrawn],
        *([getattr(one, name) for one in corrections] for name in Foreseen._fields),
    )


async def standing(tx: Tx, *, tenant_id: UUID, withdrawn: Collection[tuple[UUID, date]]) -> int:
    """How many rows stand of these mappings and days."""
    count = await tx.value(
        _SQL["standing"],
        tenant_id,
        [mapping for mapping, _ in withdrawn],
        [day for _, day in withdrawn],
    )
    assert isinstance(count, int)
    return count


async def preview_counts(tx: Tx, job: Job) -> dict[Outcome, int]:
    """How many rows of the preview have which outcome."""
    rows = await tx.rows(_SQL["preview_counts"], job.tenant_id, job.id)
    return {Outcome(row["outcome"]): row["rows"] for row in rows}


async def hold_equal_rows(
    tx: Tx, *, tenant_id: UUID, document: RawDocument, mappings: Sequence[UUID]
) -> list[tuple[int, str]]:
    """Takes rows that another document delivered out of what was copied: (line, text) of each."""
    rows = await tx.rows(_SQL["hold_equal_rows"], tenant_id, list(mappings), document.id)
    return [(row["raw_line"], row["description_raw"]) for row in rows]


async def forget_aliased(tx: Tx, *, tenant_id: UUID, mappings: Sequence[UUID]) -> int:
    """Takes rows under ids that others had before out of what was copied; how many."""
    return await tx.run(_SQL["forget_aliased"], tenant_id, list(mappings))


async def clashing_ids(
    tx: Tx, *, tenant_id: UUID, mappings: Sequence[UUID]
) -> list[tuple[int, str]]:
    """Rows whose id another row of the account has: (line, external id), 1,000 at most."""
    rows = await tx.rows(_SQL["clashing_ids"], tenant_id, list(mappings))
    return [(row["raw_line"], row["external_id"]) for row in rows]


async def withdraw(
    tx: Tx, *, document: RawDocument, tenant_id: UUID, mapping_id: UUID, day: date
) -> Withdrawn:
    """Takes back what was said of a day before: rows are marked as removed, balances go.

    What came with later documents stays.
    """
    await tx.run(_SQL["withdraw_balances"], tenant_id, mapping_id, day, document.received_at)
    row = await tx.row(_SQL["withdraw"], tenant_id, mapping_id, day, document.received_at)
    assert row is not None
    return Withdrawn(rows=row["rows"], reconciled=row["reconciled"])


async def put_balances(
    tx: Tx,
    *,
    document: RawDocument,
    tenant_id: UUID,
    balances: Sequence[tuple[BalanceRecord, UUID, UUID]],
) -> None:
    """Keeps statements of balances that are news; (record, mapping, account) each."""
    if not balances:
        return
    records = [record for record, _, _ in balances]
    columns: list[list[Any]] = [
        [mapping for _, mapping, _ in balances],
        [account for _, _, account in balances],
        [record.line for record in records],
        [record.kind.value for record in records],
        [record.code or "" for record in records],
        [record.amount for record in records],
        [record.currency for record in records],
        [record.as_of for record in records],
        [record.as_of_time for record in records],
        [record.interim for record in records],
    ]
    await tx.run(
        _SQL["put_balances"],
        tenant_id,
        document.job_id,
        document.id,
        *columns,
        document.received_at,
    )


async def take_back(tx: Tx, *, tenant_id: UUID, job_id: UUID) -> int:
    """Marks some rows of a job as removed, except reconciled ones; how many, 0 when all are."""
    return await tx.run(_SQL["take_back"], tenant_id, job_id, TAKE_BACK_ROWS)


async def take_back_balances(tx: Tx, *, tenant_id: UUID, job_id: UUID) -> None:
    """Deletes the balances that a job's document stated."""
    await tx.run(_SQL["take_back_balances"], tenant_id, job_id)


async def removed_rows(tx: Tx, *, tenant_id: UUID, job_id: UUID) -> int:
    """How many rows of a job are removed."""
    count = await tx.value(_SQL["removed_rows"], tenant_id, job_id)
    assert isinstance(count, int)
    return count


async def reconciled_rows(tx: Tx, *, tenant_id: UUID, job_id: UUID) -> int:
    """How many rows of a job someone has reconciled."""
    count = await tx.value(_SQL["reconciled_rows"], tenant_id, job_id)
    assert isinstance(count, int)
    return count
