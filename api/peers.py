"""Peers: what one address may try before it has shown a good token. Held by each process alone.

Behind a proxy, Uvicorn tells clients apart by X-Forwarded-For, which it takes from the addresses in
FORWARDED_ALLOW_IPS; by default from this machine alone.
"""

from __future__ import annotations

import math
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import IPv6Address
from time import monotonic
from typing import Final

from starlette.types import Scope

from api.rate_limits import RateLimited

WINDOW_S: Final = 10
FAILURES_MAX: Final = 600  # bad tokens in a window
SOCKETS_MAX: Final = 2_000  # handshakes in a window
NAMELESS_SOCKETS_MAX: Final = 200  # at a time, that have not shown their token yet
PEERS_MAX: Final = 10_000  # that a process remembers; the oldest is forgotten


class Peers:
    """What the addresses did of late."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._failures = _Tries(FAILURES_MAX, clock)
        self._sockets = _Tries(SOCKETS_MAX, clock)
        self._nameless: Counter[str] = Counter()

    def has_failed_enough(self, scope: Scope) -> bool:
        """Whether so many tokens of this peer were bad that no more are looked at."""
        return bool(self._failures) and self._failures.wait_s(_name(scope)) > 0

    def fail(self, scope: Scope) -> None:
        """A token was bad."""
        self._failures.add(_name(scope))

    def refusal(self) -> RateLimited:
        """The answer to who has failed enough."""
        return RateLimited("too many bad tokens came from your address; try again later", 1)

    @contextmanager
    def nameless(self, scope: Scope) -> Iterator[None]:
        """A socket of somebody who has not said who they are. Raises RateLimited."""
        name = _name(scope)
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


class _Tries:
    """How often each peer tried something: `most` in a window, evenly renewed."""

    def __init__(self, most: int, clock: Callable[[], float]) -> None:
        self._each_s = WINDOW_S / most
        self._clock = clock
        self._forgotten_at: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._forgotten_at)

    def wait_s(self, name: str) -> float:
        """How long until the peer may try again; 0 or less: now."""
        now = self._clock()
        forgotten_at = self._forgotten_at.get(name, now)
        return max(forgotten_at, now) + self._each_s - now - WINDOW_S

    def add(self, name: str) -> None:
        now = self._clock()
        self._forgotten_at[name] = max(self._forgotten_at.get(name, now), now) + self._each_s
        self._forgotten_at.move_to_end(name)
        if len(self._forgotten_at) > PEERS_MAX:
            self._forgotten_at.popitem(last=False)


def _name(scope: Scope) -> str:
    """The address; of IPv6 its first half, since the other one is the peer's to choose."""
    client = scope.get("client")
    if client is None:  # a Unix socket
        return ""
    host: str = client[0]
    if ":" not in host:
        return host
    try:
        address = IPv6Address(host)
    except ValueError:
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Address(int(address) >> 64 << 64))
