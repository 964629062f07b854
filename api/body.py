"""The body of a request: read piece by piece, within a size and a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Final, NoReturn

from starlette.types import Message, Receive

from api.errors import Problem
from core.begun import begun
from core.errors import BankfeedsError

IDLE_TIMEOUT_S: Final = 15
RATE_MIN: Final = 32 * 1024  # bytes a second, over the whole body
GRACE_S: Final = 15


class ClientGone(BankfeedsError):
    """The client went away; there is nobody to answer."""


def declared_size(headers: Mapping[str, str]) -> int | None:
    """Content-Length; None where the body is sent in chunks. Raises Problem for nonsense."""
    text = headers.get("content-length")
    return None if text is None else _size(text)


@lru_cache(maxsize=1_024)
def _size(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 16):
        raise Problem(HTTPStatus.BAD_REQUEST, "BAD_INPUT", "Content-Length must be a number")
    return int(text)


async def chunks(receive: Receive, *, most: int) -> AsyncIterator[bytes]:
    """The body of `most` bytes at most. Raises Problem (413, 408) and ClientGone."""
    clock = asyncio.get_running_loop().time
    deadline = clock() + GRACE_S + most / RATE_MIN
    size = 0
    more = True
    while more:
        message = await _within(receive, min(IDLE_TIMEOUT_S, deadline - clock()))
        if message["type"] == "http.disconnect":
            raise ClientGone("the client went away")
        chunk = message.get("body", b"")
        more = message.get("more_body", False)
        size += len(chunk)
        if size > most:
            raise too_large(most)
        if chunk:
            yield chunk


async def whole(receive: Receive, *, size: int | None, most: int) -> bytes:
    """The body in one piece; `size` is what the client declared. Raises as `chunks` does."""
    if size is not None and size > most:
        raise too_large(most)
    # A small body is here before it is asked for: only one that is not needs a clock.
    first = await begun(_received(receive), _in_time)
    if first["type"] == "http.request" and not first.get("more_body", False):
        body: bytes = first.get("body", b"")
        if len(body) > most:
            raise too_large(most)
        return body

    async def again() -> Message:
        nonlocal first
        message, first = first, {}
        return message or await receive()

    return b"".join([chunk async for chunk in chunks(again, most=most)])


async def gone(receive: Receive) -> NoReturn:
    """Raises ClientGone when the client has gone; for after the body was read."""
    while (await receive())["type"] != "http.disconnect":
        continue
    raise ClientGone("the client went away")


async def _received(receive: Receive) -> Message:
    return await receive()


async def _in_time(rest: Awaitable[Message]) -> Message:
    return await _within(lambda: rest, IDLE_TIMEOUT_S)


async def _within(receive: Receive, timeout_s: float) -> Message:
    try:
        async with asyncio.timeout(timeout_s):
            return await receive()
    except TimeoutError as error:
        raise Problem(
            HTTPStatus.REQUEST_TIMEOUT,
            "TIMEOUT",
            "the body came too slowly",
            {"connection": "close"},
        ) from error


def too_large(most: int) -> Problem:
    """The answer to a body that is longer than it may be."""
    # The connection stays open and the server discards the rest: closed at once, a client that is
    # still sending would see a reset instead of this answer.
    message = f"the body is longer than {most} bytes"
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "TOO_LARGE", message)
