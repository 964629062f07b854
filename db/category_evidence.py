"""The evidence of a tenant for its categories, and decisions on rows, as workers use them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from core.categories import CategoryOrigin, Subject, Verdict
from db.queries import load
from db.rows import Row
from db.session import Tx

_SQL = load("category_evidence")


class RowKey(NamedTuple):
    """What rows of a mapping are in the order of."""

    fingerprint: bytes
    occurrence: int


START: Final = RowKey(b"", -1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a tenant says of categories; rules as they are stored, in their order."""

    rules: Sequence[Mapping[str, Any]]
    codes: Mapping[str, str]  # of the taxonomy, by the tenant's own name
    mappings: Mapping[str, str]  # the tenant's word for one of a source or of the taxonomy


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A category that members chose for rows of a merchant: how often, and when last."""

    category: str
    times: int
    newest: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRow:
    """A row that stands, and what was decided about it so far."""

    id: UUID
    stands: bool  # it is not removed
    subject: Subject
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenRow:
    """A row as a dry run looks at it, with the category that counts now."""

    id: UUID
    sort_date: date
    subject: Subject
    category: str | None
    chosen: bool  # by a member, so that nothing changes it


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Rows of a mapping; `last` is the key of the last one, None where there are no more."""

    rows: Sequence[StoredRow]
    last: RowKey | None


async def evidence(tx: Tx, *, tenant_id: UUID) -> Evidence:
    """All that a tenant says of categories, but for what members chose."""
    row = await tx.row(_SQL["evidence"], tenant_id)
    assert row is not None
    return Evidence(rules=row["rules"], codes=row["codes"], mappings=row["mappings"])


async def chosen(
    tx: Tx, *, tenant_id: UUID, merchant_keys: Collection[str]
) -> Mapping[str, Sequence[Choice]]:
    """What members chose for these merchants, by merchant; those without are left out."""
    found: dict[str, list[Choice]] = {}
    if merchant_keys:
        for row in await tx.rows(_SQL["chosen"], tenant_id, sorted(merchant_keys)):
            found.setdefault(row["merchant_key"], []).append(
                Choice(category=row["category"], times=row["times"], newest=row["newest"])
            )
    return found


async def count_of_connection(tx: Tx, *, tenant_id: UUID, connection_id: UUID) -> int:
    """How many rows of a connection stand in accounts."""
    count = await tx.value(_SQL["count_of_connection"], tenant_id, connection_id)
    assert isinstance(count, int)
    return count


async def mappings_of_connection(tx: Tx, *, tenant_id: UUID, connection_id: UUID) -> list[UUID]:
    """The mappings of a connection."""
    rows = await tx.rows(_SQL["mappings_of_connection"], tenant_id, connection_id)
    return [row["id"] for row in rows]


async def page_of_mapping(
    tx: Tx, *, tenant_id: UUID, mapping_id: UUID, after: RowKey, most: int
) -> Page:
    """The next rows of a mapping, removed ones too: they may come back."""
    rows = await tx.rows(_SQL["page_of_mapping"], tenant_id, mapping_id, *after, most)
    last = rows[-1] if len(rows) == most else None
    return Page(
        rows=[_stored(row) for row in rows],
        last=None if last is None else RowKey(last["fingerprint"], last["occurrence"]),
    )


async def concluded(tx: Tx, *, tenant_id: UUID, merchant_key: str, most: int) -> list[StoredRow]:
    """Rows whose category was concluded from choices for the merchant, `most` at most."""
    rows = await tx.rows(_SQL["concluded"], tenant_id, merchant_key, most)
    return [_stored(row) for row in rows]


async def write(tx: Tx, *, tenant_id: UUID, verdicts: Sequence[tuple[UUID, Verdict]]) -> int:
    """Writes what was decided about rows, by id; what members said stays before it."""
    if not verdicts:
        return 0
    ids = [row_id for row_id, _ in verdicts]
    columns = zip(*(verdict for _, verdict in verdicts), strict=True)
    return await tx.run(_SQL["write"], tenant_id, ids, *map(list, columns))


async def newest(tx: Tx, *, tenant_id: UUID, before: tuple[date, UUID], most: int) -> list[SeenRow]:
    """The rows before a place in the order of lists, newest first."""
    return [
        SeenRow(
            id=row["id"],
            sort_date=row["sort_date"],
            subject=subject(row),
            category=row["user_category"] or row["derived_category"] or row["source_category"],
            chosen=row["user_category"] is not None,
        )
        for row in await tx.rows(_SQL["newest"], tenant_id, *before, most)
    ]


def subject(row: Row) -> Subject:
    """What of a stored row the evidence is asked about."""
    return Subject(
        merchant_name=row["merchant_name"],
        description=row["description"],
        amount=row["amount"],
        currency=row["currency"],
        source_category=row["source_category"],
        extra=row["extra"],
        account_id=row["account_id"],
    )


def _stored(row: Row) -> StoredRow:
    origin = row["category_origin"]
    return StoredRow(
        id=row["id"],
        stands=row["status"] != "removed",
        subject=subject(row),
        verdict=Verdict(
            merchant=row["merchant"],
            merchant_key=row["merchant_key"],
            category=row["derived_category"],
            suggested=row["suggested_category"],
            code=row["category_code"],
            origin=None if origin is None else CategoryOrigin(origin),
            confidence=row["category_confidence"],
            reason=row["category_reason"],
            rule_id=row["category_rule_id"],
        ),
    )
