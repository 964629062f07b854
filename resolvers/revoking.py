"""Revoking: a consent is ended at the provider, where it can be and if that does not take long."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from core.errors import BankfeedsError
from providers.base import Connector, Revocable
from providers.credentials import Credentials
from providers.http import Client

log = logging.getLogger(__name__)

WITHIN_S: Final = 5  # less than an operation may take


async def revoke(connector: Connector, client: Client, held: Credentials) -> None:
    """Never raises: what cannot be told to the provider ends there by itself, for nobody has the
    key any more."""
    if not isinstance(connector, Revocable):
        return
    try:
        async with asyncio.timeout(WITHIN_S):
            await connector.revoke(client, held)
    except (BankfeedsError, TimeoutError) as error:
        log.warning("connection.not_revoked", extra={"error": type(error).__name__})
