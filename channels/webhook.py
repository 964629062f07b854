"""The outgoing webhook, signed as Standard Webhooks has it.

https://www.standardwebhooks.com: HMAC-SHA-256 of `{id}.{timestamp}.{body}`, base64, behind "v1,".
While a secret is being changed, both sign, with a space between.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from channels.base import Message, Outcome
from channels.outgoing import Outgoing
from core.global_id import global_id
from core.notifications import TITLES

SECRET_PREFIX: Final = "whsec_"  # noqa: S105  # what every secret begins with
KEY_BYTES_MIN: Final = 24
KEY_BYTES_MAX: Final = 64


class BadSecret(ValueError):
    """The text is no secret of a webhook."""


def key_of(secret: str) -> bytes:
    """The key that a secret stands for. Raises BadSecret, which does not quote it."""
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(SECRET_PREFIX) or not KEY_BYTES_MIN <= len(key) <= KEY_BYTES_MAX:
        raise BadSecret("not a secret")
    return key


async def send(
    outgoing: Outgoing, *, url: str, keys: Sequence[bytes], message: Message, now: datetime
) -> Outcome:
    """What came of it."""
    body = orjson.dumps(payload(message))
    return await outgoing.post(
        url, headers=headers(message, body, keys=keys, now=now), body=body, now=now
    )


def payload(message: Message) -> Mapping[str, Any]:
    """What a receiver reads; ids are those of GraphQL."""
    connection = None
    if message.connection_id is not None:
        connection = {
            "id": global_id("Connection", message.connection_id),
            "name": message.connection_name,
        }
    job = None if message.job_id is None else {"id": global_id("IngestionJob", message.job_id)}
    return {
        "type": message.kind.value,
        "timestamp": message.created_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "data": {
            "id": global_id("Notification", message.notification_id),
            "title": TITLES[message.kind],
            "tenant": {"id": global_id("Tenant", message.tenant_id), "name": message.tenant_name},
            "connection": connection,
            "job": job,
            "details": dict(message.data),
        },
    }


def headers(
    message: Message, body: bytes, *, keys: Sequence[bytes], now: datetime
) -> Mapping[str, str]:
    """The headers of a request with this body; the id is the same whenever it is sent again."""
    message_id, timestamp = f"msg_{message.id.hex}", str(int(now.timestamp()))
    signed = b".".join((message_id.encode(), timestamp.encode(), body))
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(signature(key, signed) for key in keys),
    }


def signature(key: bytes, signed: bytes) -> str:
    """One signature of these bytes."""
    return f"v1,{base64.b64encode(hmac.digest(key, signed, 'sha256')).decode()}"
