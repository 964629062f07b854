"""One export on its way to a client: a page is read, sent, and only then followed by the next."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass, field
from datetime import UTC
from http import HTTPStatus
from typing import Any, Final

from starlette.types import Send

from api.callers import Caller
from api.errors import TOOK_TOO_LONG, TRY_AGAIN, AccessEnded, Problem
from core.errors import BadInput, Forbidden
from db.exports import Form, Page, header
from db.failures import DatabaseUnavailable, TimedOut
from resolvers import exports
from resolvers.context import Context
from resolvers.exports import Export
from schema.scalars import write_instant

PIECE_BYTES: Final = 256 * 1024
PIECE_TIMEOUT_S: Final = 60
DELIVERY_TIMEOUT_S: Final = 3_600
# A database that restarts is waited for; the next page then goes on where the last one ended.
PAUSES_S: Final = (0.2, 0.5, 1, 2, 4, 8)

_log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class Delivery:
    """Who gets an export, and how much of it was sent."""

    caller: Caller
    context: Context
    reading: asyncio.Semaphore  # of those who read a page at a time
    send: Send
    started: float = field(default_factory=time.perf_counter)
    rows: int = 0
    size: int = 0  # bytes

    async def serve(self, export: Export) -> None:
        """Sends all of it. Raises Problem before the first byte, and nothing after it.

        One that cannot go on is noted and left without an end, so that the server breaks the
        connection.
        """
        page, following = await self._first(export)
        await self.send(_start(following, is_continued=export.after is not None))
        try:
            async with asyncio.timeout(DELIVERY_TIMEOUT_S):
                if export.after is None:
                    await self._send(header(export.form))
                await self._send_from(page, following)
        except (AccessEnded, Forbidden, DatabaseUnavailable, TimedOut, TimeoutError) as error:
            _log.warning("export.broken", extra={**self._sent(), "reason": repr(error)})
            return
        _log.info("export", extra={**self._sent(), "form": export.form})

    async def _first(self, export: Export) -> tuple[Page, Export]:
        """The first page, while an error can still be told as such. Raises Problem."""
        try:
            return await self._page(export)
        except BadInput as error:
            raise Problem(HTTPStatus.BAD_REQUEST, "BAD_INPUT", str(error)) from error
        except Forbidden as error:
            raise Problem(HTTPStatus.FORBIDDEN, "FORBIDDEN", str(error)) from error
        except DatabaseUnavailable as error:
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "UNAVAILABLE", TRY_AGAIN) from error
        except TimedOut as error:
            raise Problem(HTTPStatus.GATEWAY_TIMEOUT, "TIMEOUT", TOOK_TOO_LONG) from error

    async def _send_from(self, page: Page, following: Export) -> None:
        """This page and all that follow, and the end."""
        await self._send(page.body)
        self.rows += page.rows
        while page.is_full:
            if self.context.services.clock() >= self.caller.expires_at:
                raise AccessEnded("the token has expired", code="UNAUTHENTICATED", close_code=4403)
            page, following = await self._next(following)
            await self._send(page.body)
            self.rows += page.rows
        await self.send({"type": "http.response.body", "body": b""})

    async def _next(self, export: Export) -> tuple[Page, Export]:
        """A page, if need be after a while."""
        for pause_s in PAUSES_S:
            try:
                return await self._page(export)
            except DatabaseUnavailable:
                _log.info("export.waits", extra={"seconds": pause_s})
                await asyncio.sleep(pause_s)
        return await self._page(export)

    async def _page(self, export: Export) -> tuple[Page, Export]:
        async with self.reading:
            return await exports.page(self.context, export)

    async def _send(self, body: bytes) -> None:
        """Sends bytes, a piece when the client took the one before. Raises TimeoutError."""
        for begin in range(0, len(body), PIECE_BYTES):
            piece = body[begin : begin + PIECE_BYTES]
            async with asyncio.timeout(PIECE_TIMEOUT_S):
                await self.send({"type": "http.response.body", "body": piece, "more_body": True})
            self.size += len(piece)

    def _sent(self) -> dict[str, Any]:
        seconds = round(time.perf_counter() - self.started, 3)
        return {"rows": self.rows, "bytes": self.size, "seconds": seconds}


def _start(export: Export, *, is_continued: bool) -> dict[str, Any]:
    """The head of the answer. A part that continues another one has no line of names."""
    assert export.as_of is not None
    instant = export.as_of.astimezone(UTC)
    if export.form is Form.NDJSON:
        media, ending = "application/x-ndjson", "ndjson"
    else:
        names = "absent" if is_continued else "present"
        media, ending = f"text/csv; charset=utf-8; header={names}", "csv"
    name = f"transactions-{instant:%Y%m%dT%H%M%SZ}.{ending}"
    headers = {
        "content-type": media,
        "content-disposition": f'attachment; filename="{name}"',
        "x-export-as-of": write_instant(instant),
    }
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http.response.start", "status": 200, "headers": pairs}
