"""Deletes what nobody will ask for: the bytes of uploads that ran out."""

from __future__ import annotations

import logging
from typing import Final
from uuid import UUID

from core.errors import BankfeedsError
from core.scope import WorkerScope
from db import raw
from resolvers.context import Services

log = logging.getLogger(__name__)

UPLOADS_MOST: Final = 500


async def expire_uploads(services: Services) -> int:
    """Deletes the bytes of uploads whose time is over and marks them; returns how many it tried.

    What cannot be deleted now is tried again the next time.
    """
    async with services.database.as_(WorkerScope(tenant_id=None), read_only=True) as tx:
        uploads = await raw.expired_uploads(tx, most=UPLOADS_MOST)
    for tenant_id, upload_id in uploads:
        try:
            await _expire(services, tenant_id, upload_id)
        except BankfeedsError as error:
            log.warning("upload.not_expired", extra={"error": type(error).__name__})
    return len(uploads)


async def _expire(services: Services, tenant_id: UUID, upload_id: UUID) -> None:
    """Deletes before the mark commits: a second delete is harmless, a forgotten one is for ever."""
    async with services.database.as_(WorkerScope(tenant_id=tenant_id)) as tx:
        path = await raw.expire_upload(tx, tenant_id=tenant_id, upload_id=upload_id)
        if path is not None:
            await services.blobs.delete(path)
