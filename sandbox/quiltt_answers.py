"""Answers of the simulated Quiltt: JSON with exact numbers, refusals, and pages of lists."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response

PAGE_ITEMS: Final = 25
PAGE_ITEMS_MAX: Final = 100

_MESSAGES: Final = {
    400: "Bad Request",
    401: "Not Authenticated",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    422: "Unprocessable Entity",
    429: "Too Many Requests",
}


class Refused(Exception):
    """The service does not do this; the body is what it says instead."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(body)
        self.status = status
        self.body = body


def refused(status: int, instruction: str) -> Refused:
    """A refusal in the shape of the REST API; those of the service's own fault have an id."""
    body = {"message": _MESSAGES.get(status, "Internal Server Error"), "instruction": instruction}
    if status >= 500:
        body["errorId"] = str(uuid.uuid5(uuid.NAMESPACE_URL, instruction))
    return Refused(status, body)


def not_found(instruction: str) -> Refused:
    return refused(404, instruction)


def problem(status: int) -> tuple[bytes, str]:
    """The refusal that a fault shows."""
    return to_json(refused(status, "This fault was asked for.").body), "application/json"


def answer(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(to_json(value), status, headers, "application/json")


def page(request: Request, items: Sequence[Any], shown: Callable[[Any], Any]) -> Response:
    """One page of a list of the REST API; where it is stands in the headers."""
    number = _whole(request, "page", 1)
    limit = min(_whole(request, "limit", PAGE_ITEMS), PAGE_ITEMS_MAX)
    chosen = items[(number - 1) * limit : number * limit]
    headers = {
        "current-page": str(number),
        "page-items": str(len(chosen)),
        "total-count": str(len(items)),
        "total-pages": str(-(-len(items) // limit)),
    }
    return answer([shown(item) for item in chosen], headers=headers)


def to_json(value: Any) -> bytes:
    """JSON; decimal numbers are written with the digits that they have."""
    return orjson.dumps(value, default=_exact)


async def body_of(request: Request) -> dict[str, Any]:
    """The object that a request brings; an empty body is an empty object."""
    raw = await request.body()
    try:
        body = json.loads(raw or b"{}", parse_float=Decimal)
    except ValueError as error:
        raise refused(400, "Is the body valid JSON?") from error
    if not isinstance(body, dict):
        raise refused(400, "Is the body a JSON object?")
    return body


def _exact(value: object) -> orjson.Fragment:
    if not isinstance(value, Decimal):
        raise TypeError(f"{type(value).__name__} has no JSON")
    return orjson.Fragment(f"{value:f}")


def _whole(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, "")
    return max(int(text), 1) if text.isdecimal() else default
