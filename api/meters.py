"""Reading of meters: figures that stand in the database, fresh or not at all."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from typing import Final, TypeVar

from prometheus_client import Gauge

from core.errors import BankfeedsError

READ_WITHIN_S: Final = 2  # whoever asks for meters asks again soon

Found = TypeVar("Found")


async def metered(
    reading: Awaitable[Found], gauges: tuple[Gauge, ...], *, log: logging.Logger, event: str
) -> Found | None:
    """What was read, with the gauges emptied for it; None, and the event logged, where it failed.

    They are emptied after the reading: who asks meanwhile gets the figures of before, not half.
    """
    found = None
    try:
        async with asyncio.timeout(READ_WITHIN_S):
            found = await reading
    except (BankfeedsError, TimeoutError) as error:
        log.warning(event, extra={"error": type(error).__name__})
    for gauge in gauges:
        gauge.clear()
    return found
