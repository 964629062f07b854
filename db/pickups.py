"""Pickups as workers do them: what was seen at a source, claimed, fetched, and archived."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid5

from core.errors import LeaseLost
from core.models import Job
from core.page import Page
from core.pickups import PickupFile
from db import ledger, select
from db.ledger import Counts
from db.queries import load
from db.rows import read
from db.select import Listing, Order
from db.session import Tx

_SQL = load("pickups")

SIGHTS_PAGE: Final = 5_000
LISTING: Final = Listing(source="app.pickup_items as k", alias="k")
NEWEST: Final = Order(name="pickups", keys=(select.by_instant("k.created_at"), select.by_id("k")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """An item as it was seen; `state` is waiting, refused or ignored."""

    name: str
    version: str
    size_bytes: int
    modified_at: datetime | None
    state: str
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An item that is to be fetched or archived."""

    id: UUID
    name: str
    version: str
    size_bytes: int
    state: str
    attempt_id: UUID | None
    archived_as: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDocument:
    """A document whose sealed bytes are kept already."""

    id: UUID  # of the upload, which the bytes are sealed for
    name: str
    media_type: str | None
    size_bytes: int
    sha256: bytes
    blob_path: str
    origin: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """What of a connection goes on by itself soon."""

    is_waiting: bool
    is_importing: bool


async def of_connections(
    tx: Tx, *, tenant_id: UUID, connection_ids: Sequence[UUID], first: int, after: str | None
) -> Mapping[UUID, Page[PickupFile]]:
    """What each connection saw, newest first."""
    return await select.pages(
        tx,
        PickupFile,
        listing=LISTING,
        tenant_id=tenant_id,
        parent="k.connection_id",
        parent_ids=connection_ids,
        where=[],
        order=NEWEST,
        first=first,
        after=after,
    )


def document_id(attempt_id: UUID, number: int) -> UUID:
    """The id of the document that an attempt fetches as its first, second, and so on."""
    return uuid5(attempt_id, str(number))


async def settled(tx: Tx, job: Job, versions: Sequence[str]) -> frozenset[str]:
    """Those versions that need no other look."""
    rows = await tx.rows(_SQL["settled"], job.tenant_id, job.connection_id, list(versions))
    return frozenset(row["version"] for row in rows)


async def sight(tx: Tx, job: Job, seen: Sequence[Sight], *, now: datetime, is_all: bool) -> None:
    """Notes what was seen; `is_all`: what was not, and had not settled, is there no more."""
    unique = list({(one.name, one.version): one for one in seen}.values())
    for start in range(0, len(unique), SIGHTS_PAGE):
        page = unique[start : start + SIGHTS_PAGE]
        await tx.run(
            _SQL["sight"],
            job.tenant_id,
            job.connection_id,
            now,
            [one.name for one in page],
            [one.version for one in page],
            [one.size_bytes for one in page],
            [one.modified_at for one in page],
            [one.state for one in page],
            [one.reason for one in page],
        )
    if is_all:
        await tx.run(_SQL["forget_unseen"], job.tenant_id, job.connection_id, now)


async def configure(
    tx: Tx,
    *,
    tenant_id: UUID,
    connection_id: UUID,
    config: Mapping[str, Any],
    is_confirmed: bool,
) -> bool:
    """Whether there was a connection to give these settings; it is looked at soon."""
    touched = await tx.run(_SQL["configure"], tenant_id, connection_id, dict(config), is_confirmed)
    return touched > 0


async def forget_passed(tx: Tx, *, tenant_id: UUID, connection_id: UUID) -> None:
    """Forgets what was passed over, so that it is looked at again."""
    await tx.run(_SQL["forget_passed"], tenant_id, connection_id)


async def ready(tx: Tx, job: Job, *, now: datetime, settle: timedelta, most: int) -> Sequence[Item]:
    """What is to be fetched now."""
    rows = await tx.rows(_SQL["ready"], job.tenant_id, job.connection_id, now, settle, most)
    return [read(Item, row) for row in rows]


async def claim(tx: Tx, job: Job, item: Item, *, attempt_id: UUID, now: datetime) -> bool:
    """Whether the item is this job's to fetch; the attempt is noted before any byte is kept."""
    touched = await tx.run(
        _SQL["claim"],
        job.tenant_id,
        item.id,
        attempt_id,
        now,
        item.attempt_id,
        job.id,
        job.fence,
    )
    return touched > 0


async def has_document(tx: Tx, job: Job, *, origin: str, sha256: bytes) -> bool:
    """Whether an attachment of this message was fetched before."""
    found = await tx.value(_SQL["has_document"], job.tenant_id, job.connection_id, origin, sha256)
    return bool(found)


async def keep(
    tx: Tx,
    job: Job,
    item: Item,
    documents: Sequence[NewDocument],
    *,
    attempt_id: UUID,
    review: bool,
    lease: timedelta,
    before: int,
) -> None:
    """Makes an import of each document: all of them and the item, or none.

    `before`: how many the job has kept so far. Raises LeaseLost where another worker has the job,
    or the item.
    """
    await ledger.advance(
        tx,
        job,
        lease=lease,
        checkpoint=before + len(documents),
        counts=Counts(processed=len(documents)),
        rate=0,
    )
    for one in documents:
        await tx.run(
            _SQL["upload"],
            job.tenant_id,
            one.id,
            one.name,
            one.media_type,
            one.size_bytes,
            one.sha256,
            one.blob_path,
        )
        job_id = await tx.value(
            _SQL["import"],
            job.tenant_id,
            job.connection_id,
            one.id,
            review,
            job.trigger,
            job.created_by,
        )
        assert isinstance(job_id, UUID)
        await tx.run(
            _SQL["document"],
            job.tenant_id,
            one.id,
            item.id,
            job.connection_id,
            job_id,
            one.origin,
            one.sha256,
        )
    if await tx.run(_SQL["fetched"], job.tenant_id, item.id, attempt_id) == 0:
        raise LeaseLost("another worker has the item")


async def pass_over(tx: Tx, job: Job, item: Item, *, state: str, reason: str) -> None:
    """Notes that an item is not fetched, and why."""
    await tx.run(_SQL["pass"], job.tenant_id, item.id, state, reason)


async def drop(tx: Tx, job: Job, item: Item) -> None:
    """Forgets an item that changed: as it is now, it is another."""
    await tx.run(_SQL["drop"], job.tenant_id, item.id)


async def imported(tx: Tx, job: Job, *, most: int) -> Sequence[Item]:
    """What was imported and is to be archived."""
    rows = await tx.rows(_SQL["imported"], job.tenant_id, job.connection_id, most)
    return [read(Item, row) for row in rows]


async def intend(tx: Tx, job: Job, item: Item, *, archived_as: str) -> None:
    """Notes where an item is going to be moved."""
    await tx.run(_SQL["intend"], job.tenant_id, item.id, archived_as)


async def archived(tx: Tx, job: Job, item: Item, *, reason: str | None) -> None:
    """Notes that an item is at its source no more, and why where we did not move it."""
    await tx.run(_SQL["archived"], job.tenant_id, item.id, reason)


async def unfinished(tx: Tx, job: Job) -> Unfinished:
    """What goes on by itself soon."""
    row = await tx.row(_SQL["unfinished"], job.tenant_id, job.connection_id)
    assert row is not None
    return read(Unfinished, row)
