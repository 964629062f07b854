"""Faults: how a simulated provider misbehaves on request, and the log of what it was asked.

    POST   /_sandbox/faults     a `FaultRule` as JSON → 201 and the rule with its counts
    GET    /_sandbox/faults     the rules, each with how often it still lets pass and strikes
    DELETE /_sandbox/faults     no faults any more → 204
    GET    /_sandbox/requests   the newest requests: method, path, start, end and status
    DELETE /_sandbox/requests   an empty log → 204

A rule strikes requests whose path begins with its own, oldest rule first: `after` of them pass,
then `times` of them are struck (null: all). Paths under /_sandbox are neither struck nor logged.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Final, Literal, assert_never

from pydantic import ConfigDict, TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTROL: Final = "/_sandbox/"
HANG_S_MAX: Final = 60.0
LOG_ENTRIES_MAX: Final = 10_000
GARBAGE: Final = b'{"unfinished": [\x00\xff, <html>'

Problem = Callable[[int], tuple[bytes, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultRule:
    """What happens to requests under a path, and to how many of them."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    path: str
    kind: Literal["status", "slow", "cut", "garbage", "hang"]
    status: int = 503
    retry_after: str | None = None  # no such header
    delay_s: float = 0.5
    after: int = 0
    times: int | None = 1  # None: until it is cleared


@dataclass(slots=True, kw_only=True)
class Armed:
    """A rule, how many requests it still lets pass, and how many it still strikes."""

    rule: FaultRule
    passing: int
    striking: int | None

    def shown(self) -> dict[str, Any]:
        """The rule and its counts, for JSON."""
        return {**asdict(self.rule), "passing": self.passing, "striking": self.striking}


@dataclass(slots=True, kw_only=True)
class Seen:
    """One request; times are seconds of a monotonic clock, None while they are to come."""

    method: str
    path: str
    started_s: float
    ended_s: float | None = None
    status: int | None = None  # nothing was answered


class Faults:
    """ASGI middleware that strikes requests by rules and remembers all of them."""

    def __init__(self, app: ASGIApp, problem: Problem, *, hang_s_max: float = HANG_S_MAX) -> None:
        self._app = app
        self._problem = problem
        self._hang_s_max = hang_s_max
        self._armed: list[Armed] = []
        self._seen: deque[Seen] = deque(maxlen=LOG_ENTRIES_MAX)
        self._lock = threading.Lock()  # tests add rules while another thread serves

    def add(self, rule: FaultRule) -> Armed:
        """From now on the rule strikes."""
        armed = Armed(rule=rule, passing=rule.after, striking=rule.times)
        with self._lock:
            self._armed.append(armed)
        return armed

    def clear(self) -> None:
        """No rule strikes any more."""
        with self._lock:
            self._armed.clear()

    def armed(self) -> list[Armed]:
        """The rules, oldest first, with those that are used up."""
        with self._lock:
            return list(self._armed)

    def requests(self, path: str = "/") -> list[Seen]:
        """The newest requests under a path, in the order of their arrival."""
        with self._lock:
            return [seen for seen in self._seen if seen.path.startswith(path)]

    def forget_requests(self) -> None:
        """Empty the log."""
        with self._lock:
            self._seen.clear()

    def concurrency_max(self, path: str = "/") -> int:
        """How many requests under a path were under way at one time."""
        steps = []
        for seen in self.requests(path):
            steps.append((seen.started_s, 1))
            if seen.ended_s is not None:
                steps.append((seen.ended_s, -1))
        running = most = 0
        for _, step in sorted(steps):
            running += step
            most = max(most, running)
        return most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection scope."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["path"] in {f"{CONTROL}faults", f"{CONTROL}requests"}:
            await (await self._control(Request(scope, receive)))(scope, receive, send)
        elif scope["path"].startswith(CONTROL):
            await self._app(scope, receive, send)
        else:
            await self._logged(scope, receive, send)

    async def _logged(self, scope: Scope, receive: Receive, send: Send) -> None:
        seen = Seen(method=scope["method"], path=scope["path"], started_s=time.monotonic())

        async def send_and_see(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.status = message["status"]
            elif not message.get("more_body"):
                # Before the client can know the answer, so that its next request comes later.
                seen.ended_s = time.monotonic()
            await send(message)

        with self._lock:
            self._seen.append(seen)
            rule = self._striking(scope["path"])
        try:
            if rule is None:
                await self._app(scope, receive, send_and_see)
            else:
                await self._strike(rule, scope, receive, send_and_see)
        finally:
            seen.ended_s = seen.ended_s or time.monotonic()

    def _striking(self, path: str) -> FaultRule | None:
        """The rule that strikes this request; the lock is held."""
        for armed in self._armed:
            if armed.striking == 0 or not path.startswith(armed.rule.path):
                continue
            if armed.passing:
                armed.passing -= 1
                continue
            if armed.striking is not None:
                armed.striking -= 1
            return armed.rule
        return None

    async def _strike(self, rule: FaultRule, scope: Scope, receive: Receive, send: Send) -> None:
        match rule.kind:
            case "status":
                await self._refusal(rule)(scope, receive, send)
            case "slow":
                await asyncio.sleep(rule.delay_s)
                await self._app(scope, receive, send)
            case "cut":
                await self._cut(scope, receive, send)
            case "garbage":
                await Response(GARBAGE, media_type="application/json")(scope, receive, send)
            case "hang":
                if not await _client_went(receive, self._hang_s_max):
                    body, media_type = self._problem(504)
                    await Response(body, 504, media_type=media_type)(scope, receive, send)
            case _:
                assert_never(rule.kind)

    def _refusal(self, rule: FaultRule) -> Response:
        body, media_type = self._problem(rule.status)
        headers = {} if rule.retry_after is None else {"retry-after": rule.retry_after}
        return Response(body, rule.status, headers, media_type)

    async def _cut(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The whole answer is promised and half of it sent; then the server closes, as an
        application that returns too early makes it do. What was asked for did happen."""
        start: Message = {}
        body = bytearray()

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                body.extend(message.get("body", b""))

        await self._app(scope, receive, keep)
        others = [(k, v) for k, v in start["headers"] if k.lower() != b"content-length"]
        start["headers"] = [*others, (b"content-length", str(len(body)).encode())]
        await send(start)
        half = bytes(body[: len(body) // 2])
        await send({"type": "http.response.body", "body": half, "more_body": True})

    async def _control(self, request: Request) -> Response:
        of_faults = request.url.path == f"{CONTROL}faults"
        match request.method:
            case "GET" if of_faults:
                return JSONResponse({"faults": [armed.shown() for armed in self.armed()]})
            case "GET":
                return JSONResponse({"requests": [asdict(seen) for seen in self.requests()]})
            case "DELETE":
                if of_faults:
                    self.clear()
                else:
                    self.forget_requests()
                return Response(status_code=204)
            case "POST" if of_faults:
                return await self._added(request)
            case _:
                return JSONResponse({"error": "method not allowed"}, 405)

    async def _added(self, request: Request) -> Response:
        try:
            rule = TypeAdapter(FaultRule).validate_json(await request.body())
        except ValidationError as error:
            return JSONResponse({"error": json.loads(error.json(include_url=False))}, 422)
        return JSONResponse(self.add(rule).shown(), 201)


async def _client_went(receive: Receive, within_s: float) -> bool:
    """Whether the client closed its connection in time."""
    try:
        async with asyncio.timeout(within_s):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return False
    return True
