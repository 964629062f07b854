"""Global ids: opaque to clients, `Type:uuid` inside; the same wherever a thing is named."""

from __future__ import annotations

import base64
from uuid import UUID


def global_id(type_name: str, key: UUID) -> str:
    """The id that clients see."""
    return base64.urlsafe_b64encode(f"{type_name}:{key}".encode()).decode()
