"""Links that fail after the provider gave its access: nothing of them stays, here or there."""

from __future__ import annotations

import logging
from uuid import UUID

from core.errors import BankfeedsError
from core.models import ConnectionStatus
from db import connections
from providers.base import Connector, Linked
from providers.http import Client
from resolvers.context import Context
from resolvers.revoking import revoke

log = logging.getLogger(__name__)


async def undo(
    context: Context,
    connector: Connector,
    client: Client,
    linked: Linked,
    *,
    connection_id: UUID | None,
    is_ours: bool,
) -> None:
    """Closes the connection that was made for a link, and ends the consent. Never raises.

    `is_ours`: nobody else has what was linked. Else its consent stays, for it may be theirs.
    """
    if connection_id is not None:
        try:
            async with context.write() as tx:
                await connections.set_status(
                    tx,
                    tenant_id=context.tenant,
                    connection_id=connection_id,
                    status=ConnectionStatus.DISCONNECTED,
                    only_from={ConnectionStatus.PENDING, ConnectionStatus.ACTIVE},
                )
        except BankfeedsError as error:
            log.warning("link.not_undone", extra={"error": type(error).__name__})
    if is_ours:
        await revoke(connector, client, linked.credentials)
