"""Deletes what nobody will ask for: the bytes of uploads that ran out."""

from __future__ import annotations

import logging
from typing import Final

from core.errors import BankfeedsError
from core.scope import WorkerScope
from db import raw
from resolvers.context import Services

log = logging.getLogger(__name__)

UPLOADS_MOST: Final = 500


async def expire_uploads(services: Services) -> int:
    """Marks uploads whose time is over and deletes their bytes; returns how many."""
    async with services.database.as_(WorkerScope(tenant_id=None), read_only=True) as tx:
        uploads = await raw.expired_uploads(tx, most=UPLOADS_MOST)
    for tenant_id, upload_id in uploads:
        try:
            async with services.database.as_(WorkerScope(tenant_id=tenant_id)) as tx:
                path = await raw.expire_upload(tx, tenant_id=tenant_id, upload_id=upload_id)
            if path is not None:
                await services.blobs.delete(path)
        except BankfeedsError as error:
            log.warning("upload.not_expired", extra={"error": type(error).__name__})
    return len(uploads)
