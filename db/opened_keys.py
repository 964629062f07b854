"""Data keys that were unwrapped a moment ago, so that a burst of reads asks their service once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Final

from core.vault import Aad

MOST: Final = 1_000
LIFETIME_S: Final = 60

Name = tuple[str, bytes, Aad]  # the id of the key that wrapped it, the wrapped form, its place


class OpenedKeys:
    """Data keys in memory: at most 1,000, each for 60 seconds, then forgotten. It shows none.

    So a data key opens for a minute longer than its key-encryption key may be used. Who asks for
    one that is being unwrapped waits for that instead of asking again.
    """

    __slots__ = ("_held", "_lifetime_s", "_most", "_opening")

    def __init__(self, *, most: int = MOST, lifetime_s: float = LIFETIME_S) -> None:
        self._most = most
        self._lifetime_s = lifetime_s
        self._held: dict[Name, bytes] = {}
        self._opening: dict[Name, asyncio.Task[bytes]] = {}

    def __repr__(self) -> str:
        return f"OpenedKeys({len(self._held)})"

    async def get(self, name: Name, unwrap: Callable[[], Coroutine[None, None, bytes]]) -> bytes:
        """The data key of a wrapped form, from memory or by `unwrap`; raises what that does."""
        held = self._held.get(name)
        if held is not None:
            return held
        opening = self._opening.get(name)
        if opening is None:
            opening = asyncio.create_task(unwrap())
            self._opening[name] = opening
            opening.add_done_callback(lambda done: self._keep(name, done))
        # One who gives up waiting does not end it for the others.
        return await asyncio.shield(opening)

    def _keep(self, name: Name, opened: asyncio.Task[bytes]) -> None:
        del self._opening[name]
        if opened.cancelled() or opened.exception() is not None:
            return
        if len(self._held) >= self._most:
            del self._held[next(iter(self._held))]  # the oldest
        self._held[name] = opened.result()
        opened.get_loop().call_later(self._lifetime_s, self._held.pop, name, None)
