"""HTTP to a provider: limits kept, brief failures tried again, every failure a ProviderError."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, Final, Protocol

import httpx
import stamina

from core.provider_error import Action, ErrorKind, ProviderError

ANSWER_BYTES_MAX: Final = 32 * 1024 * 1024
RETRY_AFTER_MAX: Final = timedelta(days=1)
ANSWER_WITHIN: Final = timedelta(minutes=2)  # all of it: bytes that trickle bind a worker as well
INLINE_WAIT_MAX: Final = timedelta(
    seconds=2
)  # a longer stated delay is for the job, not for a waiting worker


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An answer: its status, its headers by lower-case name, its bytes."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    def json(self) -> Any:
        """The body as JSON, numbers with a point as Decimal. Raises ProviderError."""
        try:
            return read_json(self.body)
        except ValueError:
            raise unreadable() from None


class Failures(Protocol):
    """What a provider's answer means as a failure; None: it is none, or the status alone says."""

    def __call__(self, response: Response, /) -> ProviderError | None:
        """The error of an answer, whatever its status."""
        ...


class Pace(Protocol):
    """Keeps calls below the provider's limits, all workers together."""

    async def take(self, endpoint: str) -> None:
        """Waits for its turn. Raises Postponed where that would take too long."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """How often a call is made at most before its failure becomes the job's, and how soon."""

    attempts: int = 3
    initial: timedelta = timedelta(milliseconds=300)
    most: timedelta = timedelta(seconds=2)
    answer_within: timedelta = ANSWER_WITHIN  # of each of them


class Client:
    """Speaks to one provider on behalf of one connection. `app` is the operator's application."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        app: Any,
        failures: Failures,
        pace: Pace,
        retries: Retries | None = None,
    ) -> None:
        self.app = app
        self._http = http
        self._failures = failures
        self._pace = pace
        self._retries = retries or Retries()

    async def get(
        self,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        endpoint: str | None = None,
    ) -> Response:
        """A GET below the application's URL."""
        request = self._http.build_request(
            "GET", self._url(path), params=dict(params or {}), headers=dict(headers or {})
        )
        return await self._call(request, endpoint=endpoint or path, may_repeat=True)

    async def post(
        self,
        path: str,
        *,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        endpoint: str | None = None,
        may_repeat: bool = False,
    ) -> Response:
        """A POST below the application's URL; `may_repeat` where twice is the same as once."""
        request = self._http.build_request(
            "POST",
            self._url(path),
            json=json,
            data=None if form is None else dict(form),
            headers=dict(headers or {}),
        )
        return await self._call(request, endpoint=endpoint or path, may_repeat=may_repeat)

    async def delete(
        self, path: str, *, headers: Mapping[str, str] | None = None, endpoint: str | None = None
    ) -> Response:
        """A DELETE below the application's URL."""
        request = self._http.build_request("DELETE", self._url(path), headers=dict(headers or {}))
        return await self._call(request, endpoint=endpoint or path, may_repeat=True)

    def _url(self, path: str) -> str:
        if path.startswith(("https://", "http://")):
            return path  # of a host of the connector's own settings
        return f"{self.app.url}{path}"

    async def _call(self, request: httpx.Request, *, endpoint: str, may_repeat: bool) -> Response:
        def again(error: Exception) -> bool | timedelta:
            if not isinstance(error, ProviderError) or error.action is not Action.RETRY:
                return False
            if not error.retry_after:  # none was stated, or none is needed
                return may_repeat and error.kind is ErrorKind.NETWORK
            # A limit says that nothing was done. Another failure may be told of what was done,
            # such as of a refresh token that is used up by now.
            is_safe = may_repeat or error.kind is ErrorKind.RATE_LIMIT
            return error.retry_after if is_safe and error.retry_after <= INLINE_WAIT_MAX else False

        async for attempt in stamina.retry_context(
            on=again,
            attempts=self._retries.attempts,
            timeout=None,
            wait_initial=self._retries.initial,
            wait_max=self._retries.most,
            wait_jitter=self._retries.initial,
        ):
            with attempt:
                await self._pace.take(endpoint)
                return self._judged(await self._answer(request))
        raise AssertionError("stamina ends with an answer or an error")

    async def _answer(self, request: httpx.Request) -> Response:
        try:
            async with asyncio.timeout(self._retries.answer_within.total_seconds()):
                answer = await self._http.send(request, stream=True, follow_redirects=False)
                try:
                    body = await _body(answer)
                finally:
                    await answer.aclose()
        except (httpx.TimeoutException, TimeoutError):
            raise _network("provider-timeout", "The provider did not answer in time.") from None
        except httpx.TransportError:
            raise _network("provider-unreachable", "The provider could not be reached.") from None
        except httpx.RequestError:  # such as a compressed body that is none
            raise unreadable() from None
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Response(status=answer.status_code, headers=headers, body=body)

    def _judged(self, response: Response) -> Response:
        error = self._failures(response)
        if error is None and not 200 <= response.status < 300:
            error = by_status(response.status)
        if error is None:
            return response
        if error.action is Action.RETRY:
            raise error.after(retry_after(response.headers, now=datetime.now(UTC)))
        raise error


async def _body(answer: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in answer.aiter_bytes():
        body += chunk
        if len(body) > ANSWER_BYTES_MAX:
            raise ProviderError(
                action=Action.STOP,
                kind=ErrorKind.VALIDATION,
                code="answer-too-large",
                message=f"The provider's answer is larger than {ANSWER_BYTES_MAX:,} bytes.",
                next_step="Ask for less at a time, or report it to the operator.",
            )
    return bytes(body)


def by_status(status: int) -> ProviderError:
    """What an HTTP status means where the provider's own codes say nothing (RFC 9110, §15)."""
    known = _BY_STATUS.get(status)
    if known is not None:
        return known.after(None)
    if status >= 500:
        return _network("provider-unavailable", "The provider cannot answer now.")
    return _REFUSED.after(None)


def unreadable() -> ProviderError:
    """An answer that is not what was agreed on: often a proxy's page, which passes."""
    return _network("answer-unreadable", "The provider's answer could not be read.")


def retry_after(headers: Mapping[str, str], *, now: datetime) -> timedelta | None:
    """How long `Retry-After` asks to wait, as seconds or as a date (RFC 9110, §10.2.3)."""
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=int(text[:9])), RETRY_AFTER_MAX)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return min(max(at - now, timedelta(0)), RETRY_AFTER_MAX)


def read_json(body: bytes) -> Any:
    """JSON whose numbers keep every digit. Raises ValueError, also where it is nested too deep."""
    try:
        return json.loads(body, parse_float=Decimal, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("nested too deep") from None


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number")


def _network(code: str, message: str) -> ProviderError:
    return _error(
        Action.RETRY, ErrorKind.NETWORK, code, message, "Nothing: it is tried again later."
    )


def _error(
    action: Action, kind: ErrorKind, code: str, message: str, next_step: str
) -> ProviderError:
    return ProviderError(action=action, kind=kind, code=code, message=message, next_step=next_step)


_GONE: Final = _error(
    Action.STOP,
    ErrorKind.BUSINESS,
    "not-found",
    "The provider does not know this connection or account.",
    "Connect the account again.",
)
_SLOW: Final = _network("provider-unavailable", "The provider cannot answer now.")
_REFUSED: Final = _error(
    Action.STOP,
    ErrorKind.VALIDATION,
    "request-refused",
    "The provider does not understand what it was asked.",
    "Report it to the operator.",
)
_BY_STATUS: Final[Mapping[int, ProviderError]] = {
    401: _error(
        Action.REAUTH,
        ErrorKind.AUTHENTICATION,
        "credentials-refused",
        "The provider does not accept the credentials any more.",
        "Connect the account again.",
    ),
    403: _error(
        Action.STOP,
        ErrorKind.AUTHENTICATION,
        "not-permitted",
        "The provider does not permit this.",
        "Look at the permissions of the connection, or connect it again.",
    ),
    404: _GONE,
    408: _SLOW,
    409: _error(
        Action.RETRY,
        ErrorKind.BUSINESS,
        "busy",
        "The provider is at work on the same thing.",
        "Nothing: it is tried again later.",
    ),
    410: _GONE,
    425: _SLOW,
    429: _error(
        Action.RETRY,
        ErrorKind.RATE_LIMIT,
        "rate-limited",
        "The provider asks to wait.",
        "Nothing: it is tried again later.",
    ),
}
