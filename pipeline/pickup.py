"""Picks files up: archives what is imported, looks, fetches what has settled, starts imports.

A file becomes an import as an uploaded one does; which parser reads it, the import decides. What is
kept is noted before it is kept, and moved after its rows are written, so that a worker may end at
any moment.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from core.errors import BankfeedsError
from core.jobs import JobState
from core.models import Connection, ConnectionStatus, Job
from core.provider_error import ErrorKind, ProviderError
from core.vault import Aad, DataKey
from db import pickups, provider_states, syncs
from db.blobs import blob_path
from db.pickups import Item, NewDocument, Sight
from pipeline.pickup_access import held_credentials, settings_of
from pipeline.pickup_end import picked_up
from pipeline.provider_access import not_offered
from pipeline.services import Services
from pipeline.syncing import Cancelled
from providers.credentials import Credentials
from providers.pickup import problems, registry
from providers.pickup.access import PickupAccess
from providers.pickup.base import (
    Archived,
    Changed,
    Document,
    FileSource,
    Session,
    Unfit,
)
from providers.pickup.settings import PickupSettings

FILES_MAX: Final = 50  # of one run; the next goes on
BYTES_MAX: Final = 2 * 1024**3
ARCHIVED_MAX: Final = 500
VISIT_S: Final = 30 * 60
_STOPPED: Final = (ConnectionStatus.PAUSED, ConnectionStatus.DISCONNECTED)


@dataclass(slots=True, kw_only=True)
class _Run:
    """One pickup, as far as it is."""

    job: Job
    connection: Connection
    source: FileSource
    settings: PickupSettings
    services: Services
    key: DataKey
    now: datetime
    kept: int = 0  # documents
    has_more: bool = False
    problem: ProviderError | None = None  # which kept nothing else from being done


async def pick_up(job: Job, connection: Connection, services: Services) -> JobState:
    """Does a pickup; returns the state it ended in.

    Raises ProviderError, Cancelled and LeaseLost. What was fetched before stays.
    """
    assert services.pickup is not None
    source = registry.source(connection.provider)
    async with services.database.as_(services.scope(job)) as tx:
        policy = await provider_states.policy(
            tx, tenant_id=job.tenant_id, provider=connection.provider
        )
        await syncs.begin(
            tx,
            job,
            provider=connection.provider,
            phase=connection.sync_phase,
            lease=services.lease,
        )
    await services.tell(job)
    if connection.status in _STOPPED:
        raise Cancelled
    if not policy.enabled:
        raise not_offered(source.name)
    run = _Run(
        job=job,
        connection=connection,
        source=source,
        settings=settings_of(source, connection),
        services=services,
        key=await services.key(job),
        now=services.clock(),
        kept=job.checkpoint,
    )
    held = await held_credentials(
        source,
        tenant_id=job.tenant_id,
        connection_id=connection.id,
        database=services.database,
        vault=services.vault,
    )
    await _visit(run, held, services.pickup)
    if run.problem is not None:
        raise run.problem
    return await picked_up(job, connection, source, run.settings, services, has_more=run.has_more)


async def _visit(run: _Run, held: Credentials, access: PickupAccess) -> None:
    """All that is done at the source. One that is slow is left for others to have their turn."""
    try:
        async with (
            asyncio.timeout(VISIT_S),
            run.source.opened(access, run.settings, held) as session,
        ):
            await _archive(run, session)
            await _look(run, session)
            await _fetch(run, session)
    except TimeoutError:
        raise problems.broken() from None


async def _archive(run: _Run, session: Session) -> None:
    """Moves away what is imported. Where that is not permitted, the rest is done all the same."""
    if not run.settings.archives:
        return
    async with run.services.database.as_(run.services.scope(run.job)) as tx:
        items = await pickups.imported(tx, run.job, most=ARCHIVED_MAX)
    for item in items:
        await _hold(run)
        try:
            await _archive_one(run, session, item)
        except Changed:
            continue  # it went in this moment: the next pickup sees how
        except ProviderError as error:
            if error.kind is ErrorKind.NETWORK:  # there is nobody to fetch from either
                raise
            run.problem = error
            return


async def _archive_one(run: _Run, session: Session, item: Item) -> None:
    job, services = run.job, run.services

    async def note(where: str) -> None:
        async with services.database.as_(services.scope(job)) as tx:
            await pickups.intend(tx, job, item, archived_as=where)

    came = await session.archive(item.name, item.version, intended=item.archived_as, note=note)
    reason = None if came is Archived.MOVED else came.value
    async with services.database.as_(services.scope(job)) as tx:
        await pickups.archived(tx, job, item, reason=reason)


async def _look(run: _Run, session: Session) -> None:
    """Notes what lies there: a file has settled when it is seen twice and has not changed."""
    job, services = run.job, run.services

    async def known(versions: Sequence[str]) -> frozenset[str]:
        async with services.database.as_(services.scope(job)) as tx:
            return await pickups.settled(tx, job, versions)

    listing = await session.look(known)
    seen = [
        Sight(
            name=one.name,
            version=one.version,
            size_bytes=one.size,
            modified_at=one.modified_at,
            state="waiting" if one.passed is None else one.passed.value,
            reason=one.reason,
        )
        for one in listing.found
    ]
    await _hold(run)
    async with services.database.as_(services.scope(job)) as tx:
        await pickups.sight(tx, job, seen, now=run.now, is_all=listing.is_whole)
    run.has_more = listing.has_more


async def _fetch(run: _Run, session: Session) -> None:
    """Fetches what has settled, as much as one run may."""
    async with run.services.database.as_(run.services.scope(run.job)) as tx:
        items = await pickups.ready(
            tx,
            run.job,
            now=run.now,
            settle=timedelta(seconds=run.settings.settle_s),
            most=FILES_MAX + 1,
        )
    size = 0
    for number, item in enumerate(items):
        size += item.size_bytes
        if number == FILES_MAX or (number > 0 and size > BYTES_MAX):
            run.has_more = True
            return
        await _hold(run)
        await _fetch_one(run, session, item)


async def _fetch_one(run: _Run, session: Session, item: Item) -> None:
    job, services = run.job, run.services
    attempt_id = uuid4()
    if item.attempt_id is not None:  # a worker ended between the bytes and the ledger
        await _discard(run, item.attempt_id)
    async with services.database.as_(services.scope(job)) as tx:
        if not await pickups.claim(tx, job, item, attempt_id=attempt_id, now=run.now):
            return
    try:
        documents = await _downloaded(run, session, item, attempt_id)
        async with services.database.as_(services.scope(job)) as tx:
            await pickups.keep(
                tx,
                job,
                item,
                documents,
                attempt_id=attempt_id,
                review=not run.connection.auto_import,
                lease=services.lease,
                before=run.kept,
            )
    except Unfit as unfit:
        await _discard(run, attempt_id)
        async with services.database.as_(services.scope(job)) as tx:
            await pickups.pass_over(tx, job, item, state=unfit.passed.value, reason=unfit.reason)
    except Changed:
        await _discard(run, attempt_id)
        async with services.database.as_(services.scope(job)) as tx:
            await pickups.drop(tx, job, item)
    except BankfeedsError:
        await _discard(run, attempt_id)
        raise
    else:
        run.kept += len(documents)
        await services.tell(job)


async def _downloaded(
    run: _Run, session: Session, item: Item, attempt_id: UUID
) -> Sequence[NewDocument]:
    """The item's documents, their sealed bytes kept; without those that came before."""
    documents: list[NewDocument] = []
    seen: set[bytes] = set()
    async with aclosing(session.fetch(item.name, item.version)) as fetched:  # type: ignore[type-var]  # sources are generators
        async for one in fetched:
            number = len(documents)
            if number == run.source.documents_max:
                raise Unfit("too-many-attachments")
            kept = await _kept(run, one, pickups.document_id(attempt_id, number))
            if kept.origin is not None and await _is_known(run, kept, seen):
                await run.services.blobs.delete(kept.blob_path)
                continue
            seen.add(kept.sha256)
            documents.append(kept)
    return documents


async def _is_known(run: _Run, kept: NewDocument, seen: set[bytes]) -> bool:
    if kept.sha256 in seen:
        return True
    assert kept.origin is not None
    async with run.services.database.as_(run.services.scope(run.job)) as tx:
        return await pickups.has_document(tx, run.job, origin=kept.origin, sha256=kept.sha256)


async def _kept(run: _Run, document: Document, upload_id: UUID) -> NewDocument:
    """Keeps the bytes, sealed as they come."""
    tenant_id = run.job.tenant_id
    path = blob_path(tenant_id=tenant_id, kind="raw", blob_id=upload_id)
    digest, size = hashlib.sha256(), 0
    most = run.services.pickup.bytes_max if run.services.pickup is not None else 0

    async def counted() -> AsyncIterator[bytes]:
        nonlocal size
        async for chunk in document.chunks:
            size += len(chunk)
            if size > most:
                raise Unfit("too-large")
            digest.update(chunk)
            yield chunk

    aad = Aad(tenant_id=tenant_id, purpose="raw", record_id=upload_id)
    await run.services.blobs.write(path, run.key.seal_async_stream(counted(), aad=aad))
    return NewDocument(
        id=upload_id,
        name=document.name,
        media_type=document.media_type,
        size_bytes=size,
        sha256=digest.digest(),
        blob_path=path,
        origin=document.origin,
    )


async def _discard(run: _Run, attempt_id: UUID) -> None:
    """Deletes what an attempt kept, where it kept something."""
    for number in range(run.source.documents_max):
        blob_id = pickups.document_id(attempt_id, number)
        path = blob_path(tenant_id=run.job.tenant_id, kind="raw", blob_id=blob_id)
        await run.services.blobs.delete(path)


async def _hold(run: _Run) -> None:
    """Keeps the lease. Raises Cancelled where somebody asked for the end."""
    services = run.services
    async with services.database.as_(services.scope(run.job)) as tx:
        if await syncs.hold(tx, run.job, lease=services.lease, fetched=0):
            raise Cancelled
