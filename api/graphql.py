"""`/graphql` over HTTP: one operation a POST, answered as JSON or as a stream of results."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Final, TypeAlias

import orjson
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send
from strawberry.http.ides import get_graphql_ide_html

from api.answers import BODY
from api.body import ClientGone, declared_size, gone, whole
from api.callers import Caller
from api.documents import Rejected
from api.edge import Edge
from api.errors import Problem
from api.events import SERVER_SENT_EVENTS, EventStream
from api.multipart import MULTIPART
from api.operations import OperationRequest, Outcome, rejected
from api.outermost import request_id
from api.patience import Patience
from api.rate_limits import Allowance, RateLimited
from api.request import BODY_BYTES_MAX, Answer, check_content_type, parsed, wanted_answer
from resolvers.context import Context

# GraphiQL is development's: its scripts come from unpkg.com, pinned by hash in the page.
_IDE_POLICY: Final = (
    "default-src 'none'; script-src 'unsafe-inline' https://unpkg.com; connect-src 'self';"
    " style-src 'unsafe-inline' https://unpkg.com; font-src data: https://unpkg.com;"
    " img-src data:; frame-ancestors 'none'"
)

PATIENCE_S: Final = 0.25  # before somebody looks whether the client is still there

_READ: Final = {
    name.encode(): name
    for name in (
        *("accept", "authorization", "content-encoding", "content-length", "content-type"),
        "x-tenant",
    )
}
_MEDIA_TYPES: Final = {answer: f"{answer}; charset=utf-8".encode() for answer in Answer}
Headers: TypeAlias = Mapping[str, str]

_FRAMINGS: Final = {Answer.EVENTS: SERVER_SENT_EVENTS, Answer.PARTS: MULTIPART}


class GraphQL:
    """The endpoint, as an ASGI application."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._patience = Patience(PATIENCE_S)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        headers = _read(scope)
        if scope["method"] != "POST":
            await self._without_operation(scope, headers)(scope, receive, send)
            return
        answer = Answer.JSON
        try:
            answer = wanted_answer(headers)
            await self._operation(scope, receive, send, headers=headers, answer=answer)
        except Problem as problem:
            response = self._refusal(problem, request_id(scope), answer)
            await response(scope, receive, send)

    def _without_operation(self, scope: Scope, headers: Headers) -> Response:
        """Operations come by POST only: a GET can be caused by any page."""
        if self._edge.production:
            return _told(_not_allowed("POST"), request_id(scope), Answer.JSON)
        if scope["method"] == "GET" and "text/html" in headers.get("accept", ""):
            policy = {"content-security-policy": _IDE_POLICY}
            return HTMLResponse(get_graphql_ide_html(), headers=policy)
        return _told(_not_allowed("GET, POST"), request_id(scope), Answer.JSON)

    async def _operation(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        *,
        headers: Headers,
        answer: Answer,
    ) -> None:
        check_content_type(headers)
        wanted = headers.get("x-tenant")
        caller = await self._edge.caller(scope, headers.get("authorization"), wanted)
        allowance = self._edge.allowance(caller)
        try:
            size = declared_size(headers)
            request = parsed(await whole(receive, size=size, most=BODY_BYTES_MAX))
            context = self._edge.context(caller, request_id(scope))
            if answer in _FRAMINGS:
                stream = EventStream(
                    self._edge,
                    caller=caller,
                    allowance=allowance,
                    context=context,
                    framing=_FRAMINGS[answer],
                )
                await stream.serve(request, receive, send)
                return
            work = self._outcome(request, caller, allowance, context)
            outcome = await _unless_gone(receive, work, self._patience)
        except Problem as problem:
            response = self._refusal(problem, request_id(scope), answer)
            response.raw_headers.extend(allowance.headers())
            await response(scope, receive, send)
            return
        is_whole = BODY in scope.get("extensions", ())
        await _answer(send, outcome, answer, allowance.headers(), is_whole=is_whole)

    async def _outcome(
        self, request: OperationRequest, caller: Caller, allowance: Allowance, context: Context
    ) -> Outcome:
        try:
            prepared = await self._edge.admitted(request, caller, allowance)
        except Rejected as error:
            outcome, kind = rejected(error, context.request_id), "unknown"
        else:
            kind = prepared.kind
            if kind == "subscription":
                raise Problem(
                    HTTPStatus.BAD_REQUEST,
                    "BAD_INPUT",
                    "subscribe with Accept: text/event-stream or multipart/mixed; "
                    "subscriptionSpec=1.0, or through a WebSocket",
                )
            outcome = await self._edge.operations.run(prepared, context)
        self._edge.metrics.ended(kind, outcome.code)
        return outcome

    def _refusal(self, problem: Problem, own_id: str, answer: Answer) -> Response:
        if isinstance(problem, RateLimited):
            self._edge.metrics.ended("unknown", problem.code)
        return _told(problem, own_id, answer)


def _read(scope: Scope) -> Headers:
    """The headers that are asked for here, by name, of each the first."""
    return {
        _READ[name]: value.decode("latin-1")
        for name, value in reversed(scope["headers"])
        if name in _READ
    }


async def _unless_gone(receive: Receive, work: Awaitable[Outcome], patience: Patience) -> Outcome:
    """The outcome; cancels the work and raises ClientGone when nobody waits for it any more.

    Nobody is watched while the work is quick: most answers take less time than a watch would.
    """
    task = asyncio.current_task()
    assert task is not None
    watches: list[asyncio.Task[None]] = []
    has_left = False

    async def watch() -> None:
        nonlocal has_left
        with suppress(ClientGone):
            await gone(receive)
        has_left = True
        task.cancel()

    wait = patience.start(lambda: watches.append(asyncio.create_task(watch())))
    try:
        return await work
    except asyncio.CancelledError:
        if not has_left or task.uncancel() > 0:
            raise
        raise ClientGone("the client went away") from None
    finally:
        patience.stop(wait)
        for one in watches:
            one.cancel()


async def _answer(
    send: Send,
    outcome: Outcome,
    answer: Answer,
    headers: list[tuple[bytes, bytes]],
    *,
    is_whole: bool,
) -> None:
    """With `application/json` every answered operation is a 200, as older clients expect."""
    refused = outcome.refused and answer is Answer.GRAPHQL
    body = orjson.dumps(outcome.payload)
    headers += [
        (b"content-type", _MEDIA_TYPES[answer]),
        (b"content-length", b"%d" % len(body)),
    ]
    start = {"type": "http.response.start", "status": 400 if refused else 200, "headers": headers}
    if is_whole:
        await send({**start, BODY: body})
    else:
        await send(start)
        await send({"type": "http.response.body", "body": body})


def _told(problem: Problem, own_id: str, answer: Answer) -> Response:
    media = Answer.JSON if answer.is_stream else answer
    return Response(
        orjson.dumps(problem.body(own_id)),
        status_code=problem.status,
        headers=dict(problem.headers),
        media_type=f"{media}; charset=utf-8",
    )


def _not_allowed(methods: str) -> Problem:
    return Problem(
        HTTPStatus.METHOD_NOT_ALLOWED, "BAD_INPUT", "send operations by POST", {"allow": methods}
    )
