"""Applying: the pages of a checkpoint become rows, in one transaction with the cursor."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from uuid import uuid4

from core.models import Connection, Job, RawDocument
from core.records import AccountRecord
from core.vault import Aad, DataKey
from db import ledger, placement, raw, syncs
from db.ledger import Counts
from db.session import Tx
from pipeline import reconciling, relinking
from pipeline.batch import Batch, Target
from pipeline.categorizing import Categorizer
from pipeline.flow import in_thread, prepared
from pipeline.formats import RECONCILIATION, PageFormat, reconciliation
from pipeline.identity import external_account
from pipeline.mentions import mentioned
from pipeline.ordinals import Ordinals
from pipeline.services import Services
from pipeline.told import Told
from pipeline.write import Destination, Writer, resolve
from providers.base import Checkpoint, Connector, Page, Window
from statements.base import ParseOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A fetched page and the raw document that it is kept as."""

    page: Page
    document: RawDocument


Read = tuple[Kept, list[Batch]]


class Applying:
    """One sync's pages on their way to rows."""

    def __init__(
        self,
        job: Job,
        connection: Connection,
        connector: Connector,
        services: Services,
        *,
        key: DataKey,
        cursor: str | None,
    ) -> None:
        self._job = job
        self._connection = connection
        self._connector = connector
        self._services = services
        self._key = key
        self._categorizer = Categorizer(tenant_id=job.tenant_id)
        self._done = job.checkpoint
        self._cursor = cursor
        self._accounts: dict[str, AccountRecord] = {}
        self._asks = connection.initial_complete_at is not None  # before, nothing can repeat

    async def apply(self, kept: Sequence[Kept], checkpoint: Checkpoint) -> Counts:
        """Writes what the pages say. Rows, cursor, progress and the pages' marks commit together.

        Raises Unreadable where a page cannot be read, and LeaseLost.
        """
        job, services = self._job, self._services
        read = await in_thread(partial(self._read, kept))
        total = Counts()
        async with services.database.as_(services.scope(job)) as tx:
            targets = await self._resolved(tx, kept, read)
            found = await ledger.next_finding(tx, job)
            # First what has gone: rows may go on in what is new, as long as that is not written.
            gone = await self._reconciliation(tx, read, targets, checkpoint.windows)
            for one, parts in gone:
                accounts = [record for batch in parts for record in batch.accounts]
                stored = await resolve(tx, self._to(one.document), accounts, may_open=False)
                targets = {**targets, **stored}
            for one, parts in [*gone, *read]:
                for batch in parts:
                    written, counts = await self._write(tx, one.document, batch, targets)
                    await placement.add_waits(tx, job, job_id=job.id, waits=written.waits)
                    await ledger.put_findings(tx, job, start=found, findings=written.findings)
                    found += len(written.findings)
                    total = total.plus(counts)
            await syncs.apply_pages(tx, job, [one.document.id for one, _ in [*gone, *read]])
            await syncs.put_cursor(tx, job, checkpoint.cursor)
            # A cursor that moved is progress: tries are counted from it anew. What is read again
            # by each try is none, or a sync that fails behind it would be tried for ever.
            if checkpoint.cursor != self._cursor:
                self._done += 1 + total.processed
            await ledger.advance(
                tx,
                job,
                lease=services.lease,
                checkpoint=self._done,
                counts=total,
                rate=0,
                wrote=True,
            )
        self._cursor = checkpoint.cursor
        return total

    def _to(self, document: RawDocument) -> Destination:
        return Destination(
            job=self._job,
            connection=self._connection,
            document=document,
            key=self._key,
            lease=self._services.lease,
            stable=self._connector.facts.stable_ids,
            categorizer=self._categorizer,
        )

    async def _resolved(
        self, tx: Tx, kept: Sequence[Kept], read: Sequence[tuple[Kept, Sequence[Batch]]]
    ) -> Mapping[str, Target]:
        if not kept:
            return {}
        accounts = list(self._accounts.values())
        if self._connector.facts.stable_ids:
            lineage_id = await relinking.recognise(
                tx,
                tenant_id=self._job.tenant_id,
                connection=self._connection,
                accounts=[external_account(record, self._key) for record in accounts],
            )
            self._connection = replace(self._connection, lineage_id=lineage_id)
        to = self._to(kept[0].document)
        targets = await resolve(tx, to, accounts, may_open=True)
        removals = [one for _, parts in read for batch in parts for one in batch.removals]
        return targets | await mentioned(tx, to, removals, targets)

    def _read(self, kept: Sequence[Kept]) -> list[Read]:
        read = []
        told = Told()
        with Ordinals() as ordinals:
            for one in kept:
                told.page = one.page.name
                parts = [*self._normalized(one, ordinals, told)]
                for batch in parts:
                    for record in batch.accounts:
                        # The page of accounts comes first, and says more of them than others.
                        self._accounts.setdefault(record.key, record)
                read.append((one, parts))
        return read

    def _normalized(self, kept: Kept, ordinals: Ordinals, told: Told) -> Iterable[Batch]:
        page_format = PageFormat(connector=self._connector, page_name=kept.page.name)
        return prepared(
            page_format.parse([kept.page.body], ParseOptions()),
            ordinals=ordinals,
            received=kept.document.received_at.date(),
            size=self._services.batch_records,
            told=told if self._connector.facts.stable_ids else None,
            pending=self._connection.import_pending,
        )

    async def _write(
        self, tx: Tx, document: RawDocument, batch: Batch, targets: Mapping[str, Target]
    ) -> tuple[Batch, Counts]:
        writer = Writer(self._to(document), asks=self._asks)
        written = await writer.write(tx, replace(batch, targets=targets, accounts=()))
        self._asks = writer.asks
        return written

    async def _reconciliation(
        self,
        tx: Tx,
        read: Sequence[Read],
        targets: Mapping[str, Target],
        windows: Sequence[Window],
    ) -> list[Read]:
        """A page of our own that says what complete readings did not have, and what goes on under
        another id; none where there is neither.

        It is kept like the others, so that it is read again where they are.
        """
        batches = [batch for _, parts in read for batch in parts]
        entries = [entry for batch in batches for entry in batch.entries]
        removals = [one for batch in batches for one in batch.removals]
        if windows:
            missed = await reconciling.missed(
                tx,
                tenant_id=self._job.tenant_id,
                windows=windows,
                entries=entries,
                targets=targets,
                accounts=self._accounts,
                key=self._key,
            )
        elif removals and self._connector.facts.stable_ids:
            missed = await reconciling.replaced(
                tx,
                tenant_id=self._job.tenant_id,
                removals=removals,
                entries=entries,
                targets=targets,
                accounts=self._accounts,
                key=self._key,
            )
        else:
            return []
        if not missed:
            return []
        kept = await self._keep(tx, reconciliation(missed))
        return [(kept, self._normalized_page(kept))]

    def _normalized_page(self, kept: Kept) -> list[Batch]:
        with Ordinals() as ordinals:
            return [*self._normalized(kept, ordinals, Told())]

    async def _keep(self, tx: Tx, body: bytes) -> Kept:
        raw_id = uuid4()
        job = self._job
        aad = Aad(tenant_id=job.tenant_id, purpose="raw", record_id=raw_id)
        document = await raw.keep_page(
            tx,
            job,
            raw_id=raw_id,
            name=RECONCILIATION,
            media_type="application/json",
            body=body,
            sealed=self._key.seal_bytes(body, aad=aad),
        )
        return Kept(page=Page(name=RECONCILIATION, body=body), document=document)
