"""The way out to hosts that tenants chose: resolved once, checked, connected to nowhere else."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final, Protocol

from core.addresses import is_public
from providers.pickup.problems import address_refused, name_not_found, unreachable

RESOLVE_S: Final = 10
CONNECT_S: Final = 10
ADDRESSES_MAX: Final = 4  # that are tried, one after the other
THREADS: Final = 16  # a name server that does not answer holds one for a while
DOCUMENT_BYTES_MAX: Final = 512 * 1024 * 1024
PATIENCE_S: Final = 60  # with one answer of a server

_THREADS: Final = ThreadPoolExecutor(THREADS, thread_name_prefix="pickup")


class Resolve(Protocol):
    """Finds the addresses of a name. Raises OSError where it has none."""

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """The addresses, as text."""
        ...


async def looked_up(host: str, port: int) -> Sequence[str]:
    """What the system's resolver says, asked in a thread of a few of our own."""
    loop = asyncio.get_running_loop()
    found = await loop.run_in_executor(
        _THREADS, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    )
    return [str(address[4][0]) for address in found]


@dataclass(frozen=True, slots=True, kw_only=True)
class PickupAccess:
    """Lives as long as the process. `private_allowed` is for development alone."""

    private_allowed: bool
    bytes_max: int = DOCUMENT_BYTES_MAX  # of one document
    patience_s: int = PATIENCE_S
    resolve: Resolve = looked_up
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context, repr=False)

    async def dial(self, host: str, port: int) -> socket.socket:
        """A socket to a checked address of the host, not blocking. Raises ProviderError."""
        for address in await self._addresses(host, port):
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            sock = socket.socket(family, socket.SOCK_STREAM)
            sock.setblocking(False)
            try:
                async with asyncio.timeout(CONNECT_S):
                    await asyncio.get_running_loop().sock_connect(sock, (address, port))
            except (OSError, TimeoutError):
                sock.close()
            except BaseException:
                sock.close()
                raise
            else:
                return sock
        raise unreachable()

    async def _addresses(self, host: str, port: int) -> Sequence[str]:
        try:
            async with asyncio.timeout(RESOLVE_S):
                found = list(dict.fromkeys(await self.resolve(host, port)))
        except (OSError, UnicodeError, TimeoutError):
            found = []
        if not found:
            raise name_not_found()
        if not self.private_allowed and not all(is_public(ip_address(one)) for one in found):
            raise address_refused()
        return found[:ADDRESSES_MAX]
