"""What a pickup needs of its connection: where to fetch, and with which password or key."""

from __future__ import annotations

from uuid import UUID

from core.errors import BadInput
from core.models import Connection
from core.scope import WorkerScope
from core.vault import Vault
from db import credentials
from db.session import Database
from providers.credentials import Credentials
from providers.pickup import problems
from providers.pickup.base import FileSource
from providers.pickup.settings import PickupSettings


def settings_of(source: FileSource, connection: Connection) -> PickupSettings:
    """The connection's settings. Raises ProviderError where they are none."""
    try:
        return source.settings.of(connection.config)
    except BadInput:
        raise problems.settings_missing() from None


async def held_credentials(
    source: FileSource,
    *,
    tenant_id: UUID,
    connection_id: UUID,
    database: Database,
    vault: Vault,
) -> Credentials:
    """The connection's password or key. Raises ProviderError where it has none, SealBroken."""
    async with database.as_(WorkerScope(tenant_id=tenant_id)) as tx:
        found = await credentials.find(tx, tenant_id=tenant_id, connection_id=connection_id)
    if found is None:
        raise problems.not_connected()
    plain = await vault.open(found.sealed, aad=credentials.aad(tenant_id, connection_id))
    return source.credentials.from_bytes(plain)
