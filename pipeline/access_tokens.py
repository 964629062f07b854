"""Access tokens: renewed by one worker at a time, kept before they are used."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from core.errors import KeysUnavailable
from core.provider_error import Action, ErrorKind, ProviderError
from core.scope import WorkerScope
from core.vault import Vault
from db import credentials as stored
from db.credentials import StoredCredentials
from db.failures import DatabaseUnavailable, TimedOut
from db.session import Database, Tx
from providers.base import Connector, Renewable
from providers.credentials import Credentials
from providers.http import Client

MARGIN: Final = timedelta(seconds=60)  # the token's end by our clock is that much sooner
RENEWAL_TIMEOUT_S: Final = 180  # for whoever waits: longer than the provider may take to answer
KEPT_AGAIN_S: Final = (0.2, 1, 2, 5, 10, 20)  # what was answered is kept, even if later

log = logging.getLogger(__name__)


async def usable_credentials(
    connector: Connector,
    client: Client,
    *,
    tenant_id: UUID,
    connection_id: UUID,
    database: Database,
    vault: Vault,
    now: datetime,
    margin: timedelta = MARGIN,
    refused_version: int | None = None,
) -> tuple[Credentials, int]:
    """The connection's credentials, renewed where they end soon, and their version.

    `refused_version`: the provider refused the access token of that version, so it is renewed
    unless another worker has done so. Raises ProviderError, SealBroken and UnknownKey.
    """
    async with database.as_(WorkerScope(tenant_id=tenant_id)) as tx:
        found = await stored.find(tx, tenant_id=tenant_id, connection_id=connection_id)
    if found is None:
        raise _none()
    held = await _opened(connector, found.sealed, vault, tenant_id, connection_id)
    if not _ends(connector, held, now + margin) and found.version != refused_version:
        return held, found.version
    renewal = _Renewal(
        connector=connector,
        client=client,
        tenant_id=tenant_id,
        connection_id=connection_id,
        database=database,
        vault=vault,
        now=now,
    )
    return await _to_the_end(renewal.run(found))


async def _to_the_end(
    renewal: Coroutine[None, None, tuple[Credentials, int]],
) -> tuple[Credentials, int]:
    """What comes of a renewal. A worker that is told to end lets it come to its own end before: the
    old refresh token is used up when the provider has answered."""
    task = asyncio.create_task(renewal, name="renewal")
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # is nobody's any more
        raise


@dataclass(frozen=True, slots=True, kw_only=True)
class _Renewal:
    """One renewal of one connection's token."""

    connector: Connector
    client: Client
    tenant_id: UUID
    connection_id: UUID
    database: Database
    vault: Vault
    now: datetime

    async def run(self, found: StoredCredentials) -> tuple[Credentials, int]:
        """Fresh credentials, and their version; those of another worker where one was first."""
        fresh: tuple[Credentials, int] | None = None
        scope = WorkerScope(tenant_id=self.tenant_id)
        # The lock and the renewed token commit together; a renewal is one call with a time-out, and
        # whoever waits for it reads what came of it.
        try:
            async with self.database.as_(scope, timeout_s=RENEWAL_TIMEOUT_S) as tx:
                held, version = await self._locked(tx)
                if version != found.version:
                    return held, version
                assert isinstance(self.connector, Renewable)
                fresh = await self.connector.renew(self.client, held, self.now), version
                await self._keep(tx, *fresh)
        except (DatabaseUnavailable, TimedOut, KeysUnavailable):
            if fresh is None:
                raise
            return await self._kept_later(*fresh)
        return fresh[0], fresh[1] + 1

    async def _locked(self, tx: Tx) -> tuple[Credentials, int]:
        """What is stored, which nobody else renews meanwhile."""
        ids = (self.tenant_id, self.connection_id)
        await stored.lock(tx, tenant_id=self.tenant_id, connection_id=self.connection_id)
        found = await stored.find(tx, tenant_id=self.tenant_id, connection_id=self.connection_id)
        if found is None:
            raise _none()
        return await _opened(self.connector, found.sealed, self.vault, *ids), found.version

    async def _keep(self, tx: Tx, fresh: Credentials, version: int) -> None:
        """Stores what follows a version, unless something else does."""
        assert isinstance(self.connector, Renewable)
        aad = stored.aad(self.tenant_id, self.connection_id)
        await stored.replace(
            tx,
            tenant_id=self.tenant_id,
            connection_id=self.connection_id,
            version=version,
            sealed=await self.vault.seal(fresh.to_bytes(), aad=aad),
            expires_at=self.connector.expires_at(fresh),
        )

    async def _kept_later(self, fresh: Credentials, version: int) -> tuple[Credentials, int]:
        """Stores what could not be stored when it came: nobody gives it a second time."""
        scope = WorkerScope(tenant_id=self.tenant_id)
        for pause_s in KEPT_AGAIN_S:
            await asyncio.sleep(pause_s)
            try:
                async with self.database.as_(scope) as tx:
                    held, current = await self._locked(tx)
                    if current != version:
                        return held, current
                    await self._keep(tx, fresh, version)
            except (DatabaseUnavailable, TimedOut, KeysUnavailable) as error:
                log.warning(
                    "token.not_kept",
                    extra={
                        "connection_id": str(self.connection_id),
                        "error": type(error).__name__,
                    },
                )
            else:
                return fresh, version + 1
        raise _not_kept()


async def held_credentials(
    connector: Connector,
    *,
    tenant_id: UUID,
    connection_id: UUID,
    database: Database,
    vault: Vault,
) -> Credentials | None:
    """The connection's credentials as they are; None: it has none."""
    async with database.as_(WorkerScope(tenant_id=tenant_id)) as tx:
        found = await stored.find(tx, tenant_id=tenant_id, connection_id=connection_id)
    if found is None:
        return None
    return await _opened(connector, found.sealed, vault, tenant_id, connection_id)


def access_ends(connector: Connector, held: Credentials) -> datetime | None:
    """When the access token ends; None: it does not, or nobody can renew it."""
    return connector.expires_at(held) if isinstance(connector, Renewable) else None


def _ends(connector: Connector, held: Credentials, before: datetime) -> bool:
    ends = access_ends(connector, held)
    return ends is not None and ends <= before


async def _opened(
    connector: Connector, sealed: bytes, vault: Vault, tenant_id: UUID, connection_id: UUID
) -> Credentials:
    plain = await vault.open(sealed, aad=stored.aad(tenant_id, connection_id))
    return connector.credentials.from_bytes(plain)


def _not_kept() -> ProviderError:
    return ProviderError(
        action=Action.RETRY,
        kind=ErrorKind.BUSINESS,
        code="token-not-kept",
        message="The renewed access could not be stored.",
        next_step="Nothing: it is tried again later. Where that asks for it, connect again.",
    )


def _none() -> ProviderError:
    return ProviderError(
        action=Action.REAUTH,
        kind=ErrorKind.AUTHENTICATION,
        code="not-connected",
        message="The connection has no credentials.",
        next_step="Connect the account.",
    )
