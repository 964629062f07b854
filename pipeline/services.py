"""What running jobs need: the database, the keys, the blobs, and someone to tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from core.jobs import LEASE
from core.models import Job
from core.scope import WorkerScope
from core.vault import DataKey, Vault
from db.blobs import Blobs
from db.events import Events
from db.session import Database
from db.tenant_keys import data_key
from pipeline.batch import BATCH_RECORDS
from pipeline.provider_access import ProviderAccess
from providers.pickup.access import PickupAccess
from providers.webhooks import Reception


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Lives as long as the worker process."""

    database: Database
    vault: Vault
    blobs: Blobs
    events: Events
    clock: Callable[[], datetime]
    providers: ProviderAccess | None = None  # None: this process runs no syncs
    pickup: PickupAccess | None = None  # None: this process picks no files up
    lease: timedelta = LEASE
    batch_records: int = BATCH_RECORDS
    receivers: Mapping[str, Reception] = field(default_factory=dict)  # by provider

    def scope(self, job: Job) -> WorkerScope:
        """The scope of a job's tenant."""
        return WorkerScope(tenant_id=job.tenant_id)

    async def key(self, job: Job) -> DataKey:
        """The data key of the job's tenant."""
        return await data_key(partial(self.database.as_, self.scope(job)), self.vault)

    async def tell(self, job: Job) -> None:
        """Hints that the job changed."""
        await self.events.publish(job.tenant_id, "job", job.id)

    async def tell_rows(self, job: Job) -> None:
        """Hints that transactions changed."""
        await self.events.publish(job.tenant_id, "transactions", job.id)
