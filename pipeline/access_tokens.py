"""Access tokens: renewed by one worker at a time, kept before they are used."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from core.provider_error import Action, ErrorKind, ProviderError
from core.scope import WorkerScope
from core.vault import Vault
from db import credentials as stored
from db.session import Database
from providers.base import Connector, Renewable
from providers.credentials import Credentials
from providers.http import Client

MARGIN: Final = timedelta(seconds=60)  # the token's end by our clock is that much sooner
RENEWAL_TIMEOUT_S: Final = 60


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
    scope = WorkerScope(tenant_id=tenant_id)
    async with database.as_(scope) as tx:
        found = await stored.find(tx, tenant_id=tenant_id, connection_id=connection_id)
    if found is None:
        raise _none()
    held = await _opened(connector, found.sealed, vault, tenant_id, connection_id)
    if not _ends(connector, held, now + margin) and found.version != refused_version:
        return held, found.version
    # The lock and the renewed token commit together; a renewal is one call with a time-out, and
    # whoever waits for it reads what came of it.
    async with database.as_(scope, timeout_s=RENEWAL_TIMEOUT_S) as tx:
        await stored.lock(tx, tenant_id=tenant_id, connection_id=connection_id)
        again = await stored.find(tx, tenant_id=tenant_id, connection_id=connection_id)
        if again is None:
            raise _none()
        held = await _opened(connector, again.sealed, vault, tenant_id, connection_id)
        if again.version != found.version:
            return held, again.version
        assert isinstance(connector, Renewable)
        fresh = await connector.renew(client, held, now)
        sealed = await vault.seal(fresh.to_bytes(), aad=stored.aad(tenant_id, connection_id))
        await stored.replace(
            tx,
            tenant_id=tenant_id,
            connection_id=connection_id,
            version=again.version,
            sealed=sealed,
            expires_at=connector.expires_at(fresh),
        )
    return fresh, again.version + 1


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


def _none() -> ProviderError:
    return ProviderError(
        action=Action.REAUTH,
        kind=ErrorKind.AUTHENTICATION,
        code="not-connected",
        message="The connection has no credentials.",
        next_step="Connect the account.",
    )
