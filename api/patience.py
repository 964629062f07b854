"""Patience: calls back whoever still waits after a fixed time. For waits that mostly end sooner.

A timer of the event loop for each of thousands of short waits a second costs more than the waits.
As all of these last equally long, they end in the order in which they began: one timer serves all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Patience:
    """Waits of `seconds` each, within one event loop."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._waits: dict[object, tuple[float, Callable[[], object]]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_watched = False

    def __len__(self) -> int:
        return len(self._waits)

    def start(self, callback: Callable[[], object]) -> object:
        """Calls back after the time, and a little later at most, unless `stop` gets the answer."""
        loop = self._loop
        if loop is None:
            loop = self._loop = asyncio.get_running_loop()
        key = object()
        self._waits[key] = (loop.time() + self._seconds, callback)
        if not self._is_watched:
            self._is_watched = True
            loop.call_later(self._seconds, self._watch, loop)
        return key

    def stop(self, key: object) -> None:
        """Ends a wait, if it has not ended."""
        self._waits.pop(key, None)

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for key, (until, callback) in list(self._waits.items()):
            if until > now:
                loop.call_at(until, self._watch, loop)
                return
            del self._waits[key]
            callback()
        self._is_watched = False
