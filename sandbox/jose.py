"""Parts of signed tokens: base64url without padding, of RFC 7515, and JSON without blanks."""

from __future__ import annotations

import base64
import json
from typing import Any


def base64url(data: bytes) -> str:
    """The bytes as text."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    """The bytes again. Raises ValueError."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def part(value: dict[str, Any]) -> str:
    """A header or claims."""
    return base64url(json.dumps(value, separators=(",", ":")).encode())
