"""Peers: what one address may try before it has shown a good token. Held by each process alone.

Behind a proxy, Uvicorn tells clients apart by X-Forwarded-For, which it takes from the addresses in
FORWARDED_ALLOW_IPS; by default from this machine alone.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Final

from starlette.types import Scope

from api.rate_limits import RateLimited
from api.tries import Tries, peer_name

FAILURES_MAX: Final = 600  # bad tokens in a window
SOCKETS_MAX: Final = 2_000  # handshakes in a window
NAMELESS_SOCKETS_MAX: Final = 200  # at a time, that have not shown their token yet


class Peers:
    """What the addresses did of late."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._failures = Tries(FAILURES_MAX, clock)
        self._sockets = Tries(SOCKETS_MAX, clock)
        self._nameless: Counter[str] = Counter()

    def has_failed_enough(self, scope: Scope) -> bool:
        """Whether so many tokens of this peer were bad that no more are looked at."""
        return bool(self._failures) and self._failures.wait_s(peer_name(scope)) > 0

    def fail(self, scope: Scope) -> None:
        """A token was bad."""
        self._failures.add(peer_name(scope))

    def refusal(self) -> RateLimited:
        """The answer to who has failed enough."""
        return RateLimited("too many bad tokens came from your address; try again later", 1)

    @contextmanager
    def nameless(self, scope: Scope) -> Iterator[None]:
        """A socket of somebody who has not said who they are. Raises RateLimited."""
        name = peer_name(scope)
        wait_s = self._sockets.wait_s(name)
        if wait_s > 0 or self._nameless[name] >= NAMELESS_SOCKETS_MAX:
            raise RateLimited(
                "too many sockets are opened from your address; use one for all subscriptions",
                max(math.ceil(wait_s), 1),
            )
        self._sockets.add(name)
        self._nameless[name] += 1
        try:
            yield
        finally:
            self._nameless[name] -= 1
            if not self._nameless[name]:
                del self._nameless[name]
