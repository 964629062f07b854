"""Requests to addresses that a tenant chose: resolved once, checked, and followed nowhere else.

A name is resolved once, every address that it has is checked, and the connection goes to a checked
address, so that a name which resolves to something else a moment later gains nothing. Redirects
are not followed, the environment's proxies not used, bodies of answers not read.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import Final, Protocol

import httpx

from channels.base import Outcome, Result, retry
from core.addresses import is_public, literal
from core.errors import BankfeedsError

TOTAL_S: Final = 10
CONNECT_S: Final = 3
ADDRESSES_MAX: Final = 4  # that are tried, one after the other
URL_CHARACTERS_MAX: Final = 2_000
RETRY_AFTER_MAX: Final = timedelta(days=1)
RESOLVERS: Final = 16  # threads: a name server that does not answer holds one for a while

_HOST: Final = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?", re.IGNORECASE | re.ASCII)
_GONE: Final = 410
_RETRY_SOONER: Final = frozenset({429, 503})


class BadAddress(BankfeedsError):
    """The address may not be asked; `code` says why, and the message for a person."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Resolve(Protocol):
    """Finds the addresses of a name. Raises OSError where it has none."""

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """The addresses, as text."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """Posts to tenants' addresses; `outgoing` opens it."""

    transport: httpx.AsyncBaseTransport
    resolve: Resolve
    private_allowed: bool
    total_s: float = TOTAL_S
    connect_s: float = CONNECT_S

    async def post(
        self, url: str, *, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> Outcome:
        """What came of it, within `total_s`."""
        try:
            async with asyncio.timeout(self.total_s):
                response = await self._posted(checked(url, self.private_allowed), headers, body)
                return _outcome(response, now)
        except BadAddress as error:
            return retry(error.code)
        except (TimeoutError, httpx.TimeoutException):
            return retry("timeout")
        except httpx.ConnectError as error:
            return retry("tls-failed" if _is_about_tls(error) else "unreachable")
        except httpx.TransportError:
            return retry("connection-broken")

    async def _posted(
        self, url: httpx.URL, headers: Mapping[str, str], body: bytes
    ) -> httpx.Response:
        """The answer of the first address that can be connected to."""
        host = url.raw_host.decode("ascii")
        *others, last = await self._addresses(host, url.port or _PORTS[url.scheme])
        for address in others:
            try:
                return await self._asked(self._request(url, address, headers, body))
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        return await self._asked(self._request(url, last, headers, body))

    async def _addresses(self, host: str, port: int) -> Sequence[str]:
        """Where to connect, all of it checked. Raises BadAddress."""
        try:
            found = list(dict.fromkeys(await self.resolve(host, port)))
        except (OSError, UnicodeError):  # the latter for a label of more than 63 characters
            found = []
        if not found:
            raise BadAddress("name-not-found", "The host has no address.")
        if not self.private_allowed and not all(is_public(ip_address(one)) for one in found):
            raise refused_address()
        return found[:ADDRESSES_MAX]

    def _request(
        self, url: httpx.URL, address: str, headers: Mapping[str, str], body: bytes
    ) -> httpx.Request:
        """Asks the address in the name of the host, whose certificate it must show."""
        timeout = dict.fromkeys(("read", "write", "pool"), self.total_s)
        return httpx.Request(
            "POST",
            url.copy_with(host=address),
            headers={
                "host": url.netloc.decode("ascii"),
                "user-agent": "Bankfeeds",
                "connection": "close",
                **headers,
            },
            content=body,
            extensions={
                "sni_hostname": url.raw_host.decode("ascii"),
                "timeout": {**timeout, "connect": self.connect_s},
            },
        )

    async def _asked(self, request: httpx.Request) -> httpx.Response:
        """The answer's head; its body is not read."""
        response = await self.transport.handle_async_request(request)
        await response.aclose()
        return response


_PORTS: Final = {"http": 80, "https": 443}


@asynccontextmanager
async def outgoing(
    *,
    private_allowed: bool,
    resolve: Resolve | None = None,
    tls: ssl.SSLContext | None = None,
    total_s: float = TOTAL_S,
    connect_s: float = CONNECT_S,
) -> AsyncIterator[Outgoing]:
    """Outgoing requests until the end of the block. `private_allowed` is for development alone."""
    threads = ThreadPoolExecutor(RESOLVERS, thread_name_prefix="resolve")
    # A connection is for one request: another name on the same address must show its certificate.
    transport = httpx.AsyncHTTPTransport(
        verify=tls or True, limits=httpx.Limits(max_connections=None, max_keepalive_connections=0)
    )
    try:
        async with transport:
            yield Outgoing(
                transport=transport,
                resolve=resolve or _resolver(threads),
                private_allowed=private_allowed,
                total_s=total_s,
                connect_s=connect_s,
            )
    finally:
        threads.shutdown(wait=False, cancel_futures=True)


def checked(text: str, private_allowed: bool) -> httpx.URL:
    """The URL of a receiver, as far as it tells by itself. Raises BadAddress."""
    try:
        url = httpx.URL(text) if len(text) <= URL_CHARACTERS_MAX else None
    except httpx.InvalidURL:
        url = None
    host = "" if url is None else url.raw_host.decode("ascii", "replace")
    address = literal(host)
    if url is None or url.scheme not in _PORTS or not (address or _HOST.fullmatch(host)):
        raise BadAddress("invalid-url", "Give the address of a web server, with https://.")
    if url.userinfo or url.fragment:
        raise BadAddress("invalid-url", "Leave out user, password and fragment.")
    if private_allowed:
        return url
    if url.scheme != "https":
        raise BadAddress("https-required", "Give an address that begins with https://.")
    if address is not None and not is_public(address):
        raise refused_address()
    return url


def refused_address() -> BadAddress:
    """The address is one of a network that is not the internet."""
    return BadAddress("address-refused", "Give an address on the public internet: this one is not.")


def _resolver(threads: ThreadPoolExecutor) -> Resolve:
    async def resolve(host: str, port: int) -> Sequence[str]:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(threads, _looked_up, host, port)

    return resolve


def _looked_up(host: str, port: int) -> list[str]:
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def _outcome(response: httpx.Response, now: datetime) -> Outcome:
    status = response.status_code
    if response.is_success:
        return Outcome(result=Result.DELIVERED, status=status)
    if status == _GONE:
        return Outcome(result=Result.GONE, status=status, error="gone")
    if response.has_redirect_location:
        return retry("redirect", status=status)
    after = response.headers.get("retry-after") if status in _RETRY_SOONER else None
    return retry("http-status", status=status, after=_delay(after, now))


def _delay(text: str | None, now: datetime) -> timedelta | None:
    """What a Retry-After says, a day at most."""
    if text is None:
        return None
    if re.fullmatch(r"\d{1,9}", text, re.ASCII):
        return min(timedelta(seconds=int(text)), RETRY_AFTER_MAX)
    try:
        delay = parsedate_to_datetime(text) - now
    except (ValueError, TypeError):  # no date, or one without a zone
        return None
    return min(max(delay, timedelta()), RETRY_AFTER_MAX)


def _is_about_tls(error: BaseException) -> bool:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
