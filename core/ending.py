"""The end of a task that runs for as long as a block."""

from __future__ import annotations

import asyncio
from typing import Any, Final

AGAIN_S: Final = 2


async def ended(task: asyncio.Task[Any]) -> None:
    """Cancels a task, and returns once it has ended.

    It is cancelled again while it goes on: a library may swallow a cancellation that comes in the
    moment in which what it waits for is there (`asyncio.wait_for` of Python 3.11 does), and a
    task that runs for ever would then be waited for as long.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=AGAIN_S)
