"""`/graphql` as a stream of parts, as Apollo's clients ask for subscriptions over plain HTTP.

Source: Apollo GraphOS Router, "Multipart HTTP protocol for GraphQL Subscriptions", version 1.0;
RFC 2046, section 5.1.
"""

from __future__ import annotations

from typing import Any, Final

import orjson

from api.events import Framing
from api.operations import Payload

HEARTBEAT_S: Final = 5  # as Apollo's router


# A part ends with the delimiter of the next one, without which clients would not read it yet.
def _part(content: dict[str, Any]) -> bytes:
    return b"\r\ncontent-type: application/json\r\n\r\n" + orjson.dumps(content) + b"\r\n--graphql"


def _result(payload: Payload) -> bytes:
    return _part({"payload": payload})


def _failure(error: dict[str, Any]) -> bytes:
    return _part({"payload": None, "errors": [error]})


MULTIPART: Final = Framing(
    content_type=b'multipart/mixed; boundary="graphql"; subscriptionSpec="1.0"',
    opening=b"\r\n--graphql" + _part({}),
    heartbeat=_part({}),
    heartbeat_s=HEARTBEAT_S,
    result=_result,
    failure=_failure,
    ending=b"--\r\n",
)
