"""Reading from a connector as the engine does: to a checkpoint, on from it, and to the end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from core.records import Record, RemovalRecord, TransactionRecord
from core.syncs import SyncPhase
from providers.base import Checkpoint, Connector, Fetched, Page, Restart, Wanted, of_window
from providers.credentials import Credentials
from providers.http import Client

FETCHES_MAX = 20
RECENT = timedelta(days=30)

Rows = dict[str, TransactionRecord]


@dataclass(slots=True, kw_only=True)
class Books:
    """What stands, by the provider's id, when all up to a checkpoint is applied."""

    rows: Rows = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)  # every id that was told, in order

    def copy(self) -> Books:
        return Books(rows=dict(self.rows), seen=list(self.seen))

    def apply(self, records: list[Record], checkpoint: Checkpoint) -> None:
        told: set[str] = set()
        for record in records:
            if isinstance(record, RemovalRecord):
                self.rows.pop(record.external_id, None)
            elif isinstance(record, TransactionRecord):
                assert record.external_id is not None
                if record.pending_external_id is not None:
                    self.rows.pop(record.pending_external_id, None)
                self.rows[record.external_id] = record._replace(line=0, line_end=0)
                self.seen.append(record.external_id)
                told.add(record.external_id)
        for key, row in list(self.rows.items()):
            day = row.posted_date or row.transaction_date
            if key not in told and of_window(checkpoint.windows, row.account, day):
                del self.rows[key]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """A checkpoint, and the books as they were then."""

    checkpoint: Checkpoint
    books: Books


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Reads one connection."""

    connector: Connector
    client: Client
    credentials: Credentials
    now: datetime

    def fetch(self, cursor: str | None, phase: SyncPhase) -> AsyncIterator[Fetched]:
        days = RECENT if phase is SyncPhase.INITIAL else timedelta(days=700)
        wanted = Wanted(cursor=cursor, phase=phase, now=self.now, since=(self.now - days).date())
        return self.connector.fetch(self.client, self.credentials, wanted)

    async def pages(self) -> list[Page]:
        """The pages of a first reading to the end."""
        found: list[Page] = []
        await self.follow(Books(), keep=found)
        return found

    async def follow(
        self,
        books: Books,
        *,
        after: Checkpoint | None = None,
        keep: list[Page] | None = None,
    ) -> list[Reached]:
        """Reads on after a checkpoint, from the beginning where there is none, until all is read;
        the books are those at the end."""
        reached: list[Reached] = []
        for _ in range(FETCHES_MAX):
            cursor = None if after is None else after.cursor
            for each in await self._once(books, cursor, phase(after), keep):
                reached.append(each)
                after = each.checkpoint
            assert after is not None, "a reading ended without a checkpoint"
            if after.history_complete and after.again_after is None:
                return reached
        raise AssertionError(f"there is still something to read after {FETCHES_MAX} fetches")

    async def _once(
        self, books: Books, cursor: str | None, stage: SyncPhase, keep: list[Page] | None
    ) -> list[Reached]:
        waiting: list[Record] = []
        reached: list[Reached] = []
        async for item in self.fetch(cursor, stage):
            match item:
                case Page():
                    waiting += self.connector.parse(item)
                    if keep is not None:
                        keep.append(item)
                case Restart():
                    waiting.clear()
                case Checkpoint():
                    books.apply(waiting, item)
                    waiting.clear()
                    reached.append(Reached(checkpoint=item, books=books.copy()))
        assert not waiting, "pages came after the last checkpoint"
        return reached


def phase(after: Checkpoint | None) -> SyncPhase:
    """What is wanted after a checkpoint."""
    if after is None or not after.initial_complete:
        return SyncPhase.INITIAL
    return SyncPhase.INCREMENTAL if after.history_complete else SyncPhase.HISTORICAL
