"""What keeps a connection from delivering, and what to do about it."""

from __future__ import annotations

from datetime import datetime

import strawberry

from core.provider_error import ErrorKind
from schema.columns import derived


@strawberry.type(description="Why a connection does not deliver.")
class ConnectionError:
    code: str = derived("c.error_code", description="Stable, for programs.")
    kind: ErrorKind = derived("c.error_kind", description="What kind of error it is.")
    message: str = derived("c.error_message", description="What happened, for a person.")
    next_step: str = derived("c.next_step", description="What to do about it, for a person.")
    retry_at: datetime | None = derived(
        "c.retry_at", description="When it is tried again by itself; null: it is not."
    )
