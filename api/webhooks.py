"""`POST /webhooks/{provider}/{endpoint}`: keeps what a provider signed, and answers at once.

The address selects the secrets; the signature over the raw bytes is the only proof. What is kept is
safe before the answer, and is processed after it. Every answer has an empty body, and nothing of
the request but the provider's name reaches a log.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http import HTTPStatus
from types import MappingProxyType
from typing import Final, NoReturn

from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from api.body import declared_size, whole
from api.errors import Problem
from api.metrics import Metrics
from api.tries import Tries, peer_name
from api.webhook_endpoints import Endpoint, Endpoints, UnknownEndpoint
from api.webhook_writer import Writer
from core.ending import ended
from core.errors import BankfeedsError, KeysUnavailable, SealBroken, UnknownKey
from core.provider_error import Postponed, ProviderError
from core.webhook_secrets import address
from db.failures import DatabaseUnavailable, TimedOut
from db.queue import Queue
from db.webhook_inbox import NewEvent
from providers.webhooks import (
    ITEM_CHARACTERS_MAX,
    KEY_CHARACTERS_MAX,
    TYPE_CHARACTERS_MAX,
    BadSignature,
    Event,
    Incoming,
    Malformed,
    Reception,
)
from resolvers.context import Services

BODY_BYTES_MAX: Final = 1024 * 1024
HEADER_CHARACTERS_MAX: Final = 2_000
REQUESTS_MAX: Final = 6_000  # of one address to one endpoint, in ten seconds
FAILURES_MAX: Final = 600  # of one address at one endpoint, in ten seconds
STRAYS_MAX: Final = 600  # of one address to endpoints that are not there, in ten seconds
ANSWER_WITHIN_S: Final = 5.0  # once the body is there; providers wait for ten seconds or less
RETRY_AFTER_S: Final = 5
WAKES_EVERY_S: Final = 0.02

_log = logging.getLogger(__name__)


class Refusal(BankfeedsError):
    """Why a request is not taken; the provider learns the status alone."""

    def __init__(
        self,
        status: HTTPStatus,
        reason: str,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.headers = headers


class Waker:
    """Tells workers that something came, soon after it did, and once for all that came together."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._came = asyncio.Event()

    def wake(self) -> None:
        """Something came. Costs nothing; what cannot be told, a sweep finds."""
        self._came.set()

    async def keep_waking(self) -> NoReturn:
        """Wakes for ever; runs until it is cancelled."""
        while True:
            await self._came.wait()
            self._came.clear()
            await self._queue.wake_webhooks()
            await asyncio.sleep(WAKES_EVERY_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    """A request as far as its path and headers tell, before its body is read."""

    provider: str
    token: str
    peer: str
    headers: Headers = field(repr=False)

    @property
    def sender(self) -> str:
        """Who sends to which endpoint."""
        return f"{self.token} {self.peer}"


class Webhooks:
    """The endpoint, as an ASGI application."""

    def __init__(
        self,
        services: Services,
        metrics: Metrics,
        *,
        writer: Writer,
        waker: Waker,
    ) -> None:
        self._services = services
        self._metrics = metrics
        self._writer = writer
        self._waker = waker
        self._endpoints = Endpoints(services.database, services.vault)
        self._requests = Tries(REQUESTS_MAX)
        self._failures = Tries(FAILURES_MAX)
        self._strays = Tries(STRAYS_MAX)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request. Workers are woken after the answer, so that no queue can hold it up."""
        request = _Request(
            provider=scope["path_params"]["provider"],
            token=scope["path_params"]["endpoint"],
            peer=peer_name(scope),
            headers=Headers(scope=scope),
        )
        try:
            fresh = await self._received(request, receive)
        except Refusal as refusal:
            self._note(request, refusal)
            await _answer(send, refusal.status, refusal.headers)
            return
        await _answer(send, HTTPStatus.OK, {})
        if fresh:
            self._waker.wake()

    async def _received(self, request: _Request, receive: Receive) -> int:
        """How many events were new. Raises Refusal, and ClientGone."""
        reception = self._services.receivers.get(request.provider)
        if reception is None:
            raise Refusal(HTTPStatus.NOT_FOUND, "unknown-endpoint")
        self._admit(request)
        endpoint = await self._found(request)
        if not _is_taken(request.headers, reception):
            raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "media-type")
        body = await _body(request.headers, receive)
        incoming = Incoming(
            headers=_joined(request.headers),
            body=body,
            received_at=self._services.clock(),
            url=address(self._services.public_url, request.provider, request.token),
        )
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                await self._verify(request, reception, endpoint, incoming)
                return await self._kept(request, reception, endpoint, incoming)
        except (DatabaseUnavailable, TimedOut, TimeoutError) as error:
            raise _unavailable("database") from error
        except (SealBroken, UnknownKey, KeysUnavailable) as error:
            raise _unavailable("secret") from error
        except (ProviderError, Postponed) as error:
            raise _unavailable("provider-key") from error

    def _admit(self, request: _Request) -> None:
        """Raises Refusal where this address asks too much of the endpoint, or was refused there too
        often.

        Behind a proxy many have one address: what one does at an endpoint, or in search of one, is
        not held against who sends to another that is there.
        """
        wait_s = max(self._requests.wait_s(request.sender), self._failures.wait_s(request.sender))
        if not self._endpoints.knows(request.token):
            wait_s = max(wait_s, self._strays.wait_s(request.peer))
        if wait_s > 0:
            headers = {"retry-after": str(math.ceil(wait_s))}
            raise Refusal(HTTPStatus.TOO_MANY_REQUESTS, "rate-limited", headers)
        self._requests.add(request.sender)

    async def _found(self, request: _Request) -> Endpoint:
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                return await self._endpoints.find(request.provider, request.token)
        except UnknownEndpoint as error:
            raise Refusal(HTTPStatus.NOT_FOUND, "unknown-endpoint") from error
        except (DatabaseUnavailable, TimedOut, TimeoutError) as error:
            raise _unavailable("database") from error
        except (SealBroken, UnknownKey, KeysUnavailable) as error:
            raise _unavailable("secret") from error

    async def _verify(
        self, request: _Request, reception: Reception, endpoint: Endpoint, incoming: Incoming
    ) -> None:
        """Raises Refusal unless the provider sent this. A secret may be new: it is read again."""
        try:
            await _verified(reception, endpoint, incoming)
        except BadSignature:
            try:
                now = await self._endpoints.find_again(request.provider, request.token, endpoint)
            except UnknownEndpoint as error:
                raise Refusal(HTTPStatus.NOT_FOUND, "unknown-endpoint") from error
            if now is None:
                raise Refusal(HTTPStatus.UNAUTHORIZED, "bad-signature") from None
            try:
                await _verified(reception, now, incoming)
            except BadSignature:
                raise Refusal(HTTPStatus.UNAUTHORIZED, "bad-signature") from None

    async def _kept(
        self, request: _Request, reception: Reception, endpoint: Endpoint, incoming: Incoming
    ) -> int:
        try:
            events = reception.receiver.events(incoming)
        except Malformed as error:
            raise Refusal(HTTPStatus.BAD_REQUEST, "malformed") from error
        if not events:
            return 0
        kept_headers = _worth_keeping(incoming.headers, reception)
        fresh = await self._writer.keep(
            [_new_event(event, endpoint, kept_headers) for event in events]
        )
        self._metrics.webhook_kept(request.provider, new=fresh, known=len(events) - fresh)
        return fresh

    def _note(self, request: _Request, refusal: Refusal) -> None:
        known = request.provider if request.provider in self._services.receivers else "unknown"
        self._metrics.webhook_refused(known, refusal.reason)
        if refusal.reason == "unknown-endpoint":
            self._strays.add(request.peer)
        elif refusal.reason == "bad-signature":
            self._failures.add(request.sender)
        _log.info("webhook.refused", extra={"provider": known, "reason": refusal.reason})


@asynccontextmanager
async def waking(queue: Queue) -> AsyncIterator[Waker]:
    """What wakes workers until the block ends."""
    waker = Waker(queue)
    running = asyncio.create_task(waker.keep_waking(), name="webhook-waker")
    try:
        yield waker
    finally:
        await ended(running)


async def _verified(reception: Reception, endpoint: Endpoint, incoming: Incoming) -> None:
    """Raises BadSignature, Refusal for what lacks a signature's parts, and ProviderError."""
    secrets = endpoint.secrets(incoming.received_at)
    try:
        await reception.receiver.verify(incoming, secrets, reception.client)
    except Malformed as error:
        raise Refusal(HTTPStatus.BAD_REQUEST, "malformed") from error


async def _body(headers: Headers, receive: Receive) -> bytes:
    try:
        return await whole(receive, size=declared_size(headers), most=BODY_BYTES_MAX)
    except Problem as problem:
        reason = {413: "too-large", 408: "too-slow"}.get(problem.status, "malformed")
        raise Refusal(problem.status, reason, problem.headers) from problem


def _is_taken(headers: Headers, reception: Reception) -> bool:
    """Whether the body is of a kind that the provider sends. Who names none says nothing wrong."""
    named = headers.get("content-type")
    if named is None:
        return True
    return named.partition(";")[0].strip().lower() in reception.receiver.media_types


def _joined(headers: Headers) -> dict[str, str]:
    """Headers by lower-case name; several values of one name are one text (RFC 9110, §5.3)."""
    joined: dict[str, str] = {}
    for name, value in headers.items():
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


def _worth_keeping(headers: Mapping[str, str], reception: Reception) -> dict[str, str]:
    return {
        name: headers[name][:HEADER_CHARACTERS_MAX]
        for name in reception.receiver.kept_headers
        if name in headers
    }


def _new_event(event: Event, endpoint: Endpoint, headers: Mapping[str, str]) -> NewEvent:
    return NewEvent(
        endpoint_id=endpoint.id,
        headers=headers,
        key=_key(event.key),
        type=_text(event.type, TYPE_CHARACTERS_MAX) or "unknown",
        environment=_text(event.environment, TYPE_CHARACTERS_MAX),
        item=_item(event.item),
        at=event.at,
        body=event.body,
    )


def _key(key: str) -> str:
    """A key that can be kept; two that differ stay different."""
    if 0 < len(key) <= KEY_CHARACTERS_MAX and key.isprintable():
        return key
    return sha256(key.encode(errors="surrogatepass")).hexdigest()


def _item(item: str | None) -> str | None:
    """What a route can be found by; cut off, it might be found by another's name."""
    if item is None or len(item) > ITEM_CHARACTERS_MAX:
        return None
    return _text(item, ITEM_CHARACTERS_MAX) or None


def _text(text: str, most: int) -> str:
    """What the provider wrote, without what Postgres cannot keep."""
    return text[:most].replace("\x00", "").encode(errors="replace").decode()


def _unavailable(reason: str) -> Refusal:
    """The provider is to send it again."""
    headers = {"retry-after": str(RETRY_AFTER_S)}
    return Refusal(HTTPStatus.SERVICE_UNAVAILABLE, f"unavailable-{reason}", headers)


async def _answer(send: Send, status: HTTPStatus, headers: Mapping[str, str]) -> None:
    listed = [(b"content-length", b"0")]
    listed += [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": int(status), "headers": listed})
    await send({"type": "http.response.body", "body": b""})
