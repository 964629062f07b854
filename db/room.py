"""Room for a number of holders at once; who finds none waits in line.

`asyncio.Semaphore` does the same with six calls where there is room, which there mostly is.
"""

from __future__ import annotations

import asyncio
from collections import deque


class Room:
    """Room for `size`, within one event loop."""

    def __init__(self, size: int) -> None:
        self._left = size
        self._line: deque[asyncio.Future[None]] = deque()

    def enter_at_once(self) -> bool:
        """Takes a place, unless somebody has to wait for one."""
        if not self._left:
            return False
        self._left -= 1
        return True

    async def enter(self) -> None:
        """Waits for a place and takes it."""
        if self.enter_at_once():
            return
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._line.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if not place.cancelled():  # it was given one at the same moment
                self.leave()
            raise

    def leave(self) -> None:
        """Gives the place to the first in line, or back."""
        while self._line:
            place = self._line.popleft()
            if not place.done():
                place.set_result(None)
                return
        self._left += 1
