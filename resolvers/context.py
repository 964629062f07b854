"""What a use case may reach: the database under the caller's scope, and the services beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from channels.sending import NOTHING_SPECIAL, Sending
from core.errors import Forbidden
from core.scope import UserScope, WorkerScope
from db.session import Database, Tx
from resolvers.turns import Turns

if TYPE_CHECKING:
    from core.vault import Vault
    from db.blobs import Blobs
    from db.events import Events
    from db.queue import Queue
    from pipeline.provider_access import ProviderAccess
    from providers.pickup.access import PickupAccess
    from providers.webhooks import Reception


class Clock(Protocol):
    """Tells the time: aware, UTC."""

    def __call__(self) -> datetime:
        """Now."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything that lives as long as the process; made once, in `api.app` and `workers.main`."""

    database: Database
    vault: Vault
    blobs: Blobs
    events: Events
    queue: Queue
    clock: Clock
    public_url: str  # where clients reach this API, without a slash at the end
    upload_bytes_max: int
    providers: ProviderAccess | None = None  # None: this process offers none
    pickup: PickupAccess | None = None  # None: nor file sources
    app_origins: tuple[str, ...] = ()  # where web apps are that people come back to
    development: bool = False
    receivers: Mapping[str, Reception] = field(default_factory=dict)  # by provider
    sending: Sending = NOTHING_SPECIAL
    turns: Turns = field(default_factory=Turns)  # at what takes seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One caller, one operation."""

    services: Services
    scope: UserScope  # the caller's; the database checks the membership
    email: str | None
    request_id: str

    @property
    def user_id(self) -> UUID:
        """The caller."""
        return self.scope.user_id

    @property
    def tenant_id(self) -> UUID | None:
        """The tenant that the caller chose."""
        return self.scope.tenant_id

    @property
    def tenant(self) -> UUID:
        """The chosen tenant. Raises Forbidden where the caller chose none."""
        if self.tenant_id is None:
            raise Forbidden("choose a tenant with the X-Tenant header")
        return self.tenant_id

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Tx]:
        """A read-only transaction as the caller."""
        async with self.services.database.as_(self.scope, read_only=True) as tx:
            yield tx

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Tx]:
        """A transaction as the caller: one mutation, one of these."""
        async with self.services.database.as_(self.scope) as tx:
            yield tx

    @asynccontextmanager
    async def as_worker(self) -> AsyncIterator[Tx]:
        """A short transaction as the tenant's worker, for key material that no user may read.

        Only after the caller's right was checked in a transaction of their own.
        """
        async with self.services.database.as_(WorkerScope(tenant_id=self.tenant)) as tx:
            yield tx
