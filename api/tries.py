"""Tries: how often somebody did something of late, by a name such as an address of the network."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address
from time import monotonic
from typing import Final

from starlette.types import Scope

WINDOW_S: Final = 10
NAMES_MAX: Final = 10_000  # that a process remembers; the oldest is forgotten


class Tries:
    """How often each name tried something: `most` in a window, evenly renewed."""

    def __init__(self, most: int, clock: Callable[[], float] = monotonic) -> None:
        self._each_s = WINDOW_S / most
        self._clock = clock
        self._forgotten_at: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._forgotten_at)

    def wait_s(self, name: str) -> float:
        """How long until the name may try again; 0 or less: now."""
        now = self._clock()
        forgotten_at = self._forgotten_at.get(name, now)
        return max(forgotten_at, now) + self._each_s - now - WINDOW_S

    def add(self, name: str) -> None:
        """It tried once more."""
        now = self._clock()
        self._forgotten_at[name] = max(self._forgotten_at.get(name, now), now) + self._each_s
        self._forgotten_at.move_to_end(name)
        if len(self._forgotten_at) > NAMES_MAX:
            self._forgotten_at.popitem(last=False)


def peer_name(scope: Scope) -> str:
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
