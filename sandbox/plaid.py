"""Plaid, simulated: its API, the page of Link, its webhooks, and the truth behind them.

Deterministic from a seed. Accounts and transactions are those of plaid_users.py and
plaid_history.py; what tests do to it is in plaid_control.py (in this process) and
plaid_remote.py (over HTTP); failing answers are in faults.py.

Source: Plaid's OpenAPI description 2020-09-14, and its documentation of errors, webhooks, limits.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from sandbox import (
    plaid_accounts,
    plaid_calls,
    plaid_investments,
    plaid_link,
    plaid_transactions,
)
from sandbox.faults import Faults
from sandbox.plaid_arrival import settle
from sandbox.plaid_bank import Bank, Clock
from sandbox.plaid_control import Control
from sandbox.plaid_endpoint import Ask, Endpoint
from sandbox.plaid_errors import PlaidError, problem
from sandbox.plaid_ids import Ids
from sandbox.plaid_json import written
from sandbox.plaid_keys import Keys
from sandbox.plaid_outbox import Outbox
from sandbox.plaid_page import Pages
from sandbox.plaid_remote import remote

BODY_BYTES_MAX: Final = 1024 * 1024
RETRY_S: Final = 30.0
TICK_S: Final = 0.25

ENDPOINTS: Final[dict[str, Endpoint[Any]]] = {
    **plaid_accounts.ENDPOINTS,
    **plaid_calls.ENDPOINTS,
    **plaid_investments.ENDPOINTS,
    **plaid_link.ENDPOINTS,
    **plaid_transactions.ENDPOINTS,
}


def create_app(
    *,
    seed: int,
    client_id: str,
    secret: str,
    now: Callable[[], datetime],
    public_url: str | None = None,
    moves_every_s: float | None = None,
) -> PlaidSandbox:
    """The service. `public_url` is where browsers find it, by default where requests come to;
    with `moves_every_s`, every healthy Item has new transactions that often."""
    ids, clock = Ids(seed), Clock(now)
    keys = Keys(ids, clock.now())
    bank = Bank(
        ids=ids,
        clock=clock,
        client_id=client_id,
        secret=secret,
        public_url=public_url,
        keys=keys,
        outbox=Outbox(keys, now, retry_s=RETRY_S),
    )
    return PlaidSandbox(bank, moves_every_s)


class PlaidSandbox:
    """An ASGI application, and what a test in the same process does to it."""

    def __init__(self, bank: Bank, moves_every_s: float | None) -> None:
        self._bank = bank
        self._moves_every_s = moves_every_s
        self._work: list[asyncio.Task[None]] = []
        self.control = Control(bank)
        self.faults = Faults(self._starlette(), problem)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection scope; webhooks are delivered on the loop that serves."""
        loop = asyncio.get_running_loop()
        if not self._work or self._work[0].get_loop() is not loop:
            # Side by side and not in a group: when a loop ends it cancels every task, a group
            # cancels its own once more, and that would interrupt the closing of connections.
            self._work = [loop.create_task(work) for work in self._beside_requests()]
        await self.faults(scope, receive, send)

    async def aclose(self) -> None:
        """End the work beside requests, where nothing ends the event loop itself."""
        for task in self._work:
            task.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)

    def _starlette(self) -> Starlette:
        pages = Pages(self._bank)
        return Starlette(
            routes=[
                *remote(self.control),
                Route("/link/{link_token}", pages.get, methods=["GET"]),
                Route("/link/{link_token}", pages.post, methods=["POST"]),
                *(Route(path, self._answer, methods=["POST"]) for path in ENDPOINTS),
            ],
            exception_handlers={HTTPException: self._nothing_here, PlaidError: self._refusal},
        )

    async def _answer(self, request: Request) -> Response:
        endpoint = ENDPOINTS[request.url.path]
        body = await request.body()
        if len(body) > BODY_BYTES_MAX:
            raise PlaidError("INVALID_BODY", "the body is too large")
        ask = endpoint.read(body)
        with self._bank.lock:
            self._bank.public_url = self._bank.public_url or str(request.base_url).rstrip("/")
            self._authenticate(request, ask)
            self._admit(request.url.path, ask)
            told = endpoint.answer(self._bank, ask)
            content = written({**told, "request_id": self._request_id()})
        return Response(content, media_type="application/json")

    def _authenticate(self, request: Request, ask: Ask) -> None:
        client_id = request.headers.get("plaid-client-id", ask.client_id)
        secret = request.headers.get("plaid-secret", ask.secret)
        if client_id is None or secret is None:
            missing = [
                name
                for name, value in (("client_id", client_id), ("secret", secret))
                if value is None
            ]
            words = f"the following required fields are missing: {', '.join(missing)}"
            raise PlaidError("MISSING_FIELDS", words)
        right = hmac.compare_digest(client_id.encode(), self._bank.client_id.encode())
        if not hmac.compare_digest(secret.encode(), self._bank.secret.encode()) or not right:
            raise PlaidError("INVALID_API_KEYS")

    def _admit(self, path: str, ask: Ask) -> None:
        """Count the request against limits, and let happen what is due at its Item."""
        item_id = self._bank.access_tokens.get(getattr(ask, "access_token", None) or "")
        self._bank.limits.count(path, item_id, self._bank.clock.now())
        self._bank.refuse(path, item_id)
        if item_id is not None:
            settle(self._bank, self._bank.items[item_id])

    async def _refusal(self, _: Request, error: Exception) -> Response:
        assert isinstance(error, PlaidError)
        with self._bank.lock:
            content = written(error.body(self._request_id()))
        return Response(content, error.status, media_type="application/json")

    async def _nothing_here(self, request: Request, _: Exception) -> Response:
        return await self._refusal(request, PlaidError("NOT_FOUND"))

    def _request_id(self) -> str:
        return self._bank.ids.next("request", length=15)

    def _beside_requests(self) -> list[Coroutine[None, None, None]]:
        work = [self._bank.outbox.run(), self._settle()]
        if self._moves_every_s is not None:
            work.append(self._move(self._moves_every_s))
        return work

    async def _settle(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self.control.settle()

    async def _move(self, every_s: float) -> None:
        while True:
            await asyncio.sleep(every_s)
            self.control.move()
