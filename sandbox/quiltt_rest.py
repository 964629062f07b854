"""The REST and Auth APIs of the simulated Quiltt.

    POST   /v1/users/sessions                     a session; without `userId` also a new profile
    GET    DELETE /v1/users/session               the session of a token; its end
    POST   /v1/introspect/{api_key,session_token,processor_token}
    POST   GET /v1/profiles                       GET PATCH DELETE /v1/profiles/{id}
    POST   /v1/accounts/{id}/balances/refresh     POST /v1/connections/{id}/transactions/refresh
    GET    /v1/remote/plaid/transactions[/{id}]   what Plaid said, with the link of pending ones
    POST   GET /v1/webhooks/subscriptions         GET PATCH DELETE /v1/webhooks/subscriptions/{id}

The service has two hosts; their paths do not overlap, so that one server stands for both.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.quiltt_answers import answer, body_of, not_found, page, refused
from sandbox.quiltt_movements import refresh_balance, refresh_transactions
from sandbox.quiltt_records import Profile
from sandbox.quiltt_remote import plaid_document, plaid_reference, plaid_transactions
from sandbox.quiltt_sessions import Session
from sandbox.quiltt_webhooks import Subscription
from sandbox.quiltt_world import World

Handler = Callable[[Request, dict[str, Any]], Response]
Endpoint = Callable[[Request], Awaitable[Response]]


class Rest:
    """The endpoints."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        """Most need the API key; those of a session its token."""
        table: list[tuple[str, str, Handler]] = [
            ("POST", "/v1/users/sessions", self._issue),
            ("POST", "/v1/introspect/api_key", self._introspect_key),
            ("POST", "/v1/profiles", self._create_profile),
            ("GET", "/v1/profiles", self._profiles),
            ("GET", "/v1/profiles/{id}", self._profile),
            ("PATCH", "/v1/profiles/{id}", self._update_profile),
            ("DELETE", "/v1/profiles/{id}", self._delete_profile),
            ("POST", "/v1/accounts/{id}/balances/refresh", self._refresh_balance),
            ("POST", "/v1/connections/{id}/transactions/refresh", self._refresh_transactions),
            ("GET", "/v1/remote/plaid/transactions", self._plaid_transactions),
            ("GET", "/v1/remote/plaid/transactions/{id}", self._plaid_transaction),
            ("POST", "/v1/webhooks/subscriptions", self._subscribe),
            ("GET", "/v1/webhooks/subscriptions", self._subscriptions),
            ("GET", "/v1/webhooks/subscriptions/{id}", self._subscription),
            ("PATCH", "/v1/webhooks/subscriptions/{id}", self._resubscribe),
            ("DELETE", "/v1/webhooks/subscriptions/{id}", self._unsubscribe),
        ]
        open_to_tokens: list[tuple[str, str, Handler]] = [
            ("GET", "/v1/users/session", self._session),
            ("DELETE", "/v1/users/session", self._revoke),
            ("POST", "/v1/introspect/session_token", self._session),
            ("POST", "/v1/introspect/processor_token", self._introspect_processor),
        ]
        return [
            Route(path, self._endpoint(handler, needs_key=needs_key), methods=[method])
            for needs_key, entries in ((True, table), (False, open_to_tokens))
            for method, path, handler in entries
        ]

    def _endpoint(self, handler: Handler, *, needs_key: bool) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            if needs_key and not hmac.compare_digest(
                _bearer(request).encode(), self._world.api_key.encode()
            ):
                raise refused(
                    401, "Are you sending a valid API Key secret in the `Authorization` header?"
                )
            body = await body_of(request)
            with self._world.use():
                return handler(request, body)

        return endpoint

    def _issue(self, _: Request, body: dict[str, Any]) -> Response:
        return answer(self._world.issue_session(body).shown(), 201)

    def _session(self, request: Request, _: dict[str, Any]) -> Response:
        return answer(self._session_of(request).shown())

    def _revoke(self, request: Request, _: dict[str, Any]) -> Response:
        self._session_of(request).is_revoked = True
        return Response(status_code=204)

    def _session_of(self, request: Request) -> Session:
        return self._world.sessions.of(_bearer(request))

    def _introspect_key(self, _: Request, __: dict[str, Any]) -> Response:
        return answer(
            {
                "id": self._world.api_key_id,
                "name": "Sandbox",
                "apiVersion": "2026-04-01",
                "metadata": None,
                "environment": self._world.environment(),
            }
        )

    def _introspect_processor(self, _: Request, __: dict[str, Any]) -> Response:
        raise refused(401, "No Processor Tokens are issued here.")

    def _create_profile(self, _: Request, body: dict[str, Any]) -> Response:
        return answer(self._world.create_profile(body).shown(), 201)

    def _profiles(self, request: Request, _: dict[str, Any]) -> Response:
        """Newest first."""
        return page(request, list(self._world.profiles.values())[::-1], Profile.shown)

    def _profile(self, request: Request, _: dict[str, Any]) -> Response:
        return answer(self._world.profile(request.path_params["id"]).shown())

    def _update_profile(self, request: Request, body: dict[str, Any]) -> Response:
        profile = self._world.profile(request.path_params["id"])
        return answer(self._world.update_profile(profile, body).shown())

    def _delete_profile(self, request: Request, _: dict[str, Any]) -> Response:
        self._world.delete_profile(self._world.profile(request.path_params["id"]))
        return Response(status_code=204)

    def _refresh_balance(self, request: Request, _: dict[str, Any]) -> Response:
        refresh_balance(self._world, self._world.account(request.path_params["id"]))
        return Response(status_code=202)

    def _refresh_transactions(self, request: Request, _: dict[str, Any]) -> Response:
        refresh_transactions(self._world, self._world.connection(request.path_params["id"]))
        return Response(status_code=202)

    def _plaid_transactions(self, request: Request, _: dict[str, Any]) -> Response:
        return page(request, plaid_transactions(self._world), plaid_reference)

    def _plaid_transaction(self, request: Request, _: dict[str, Any]) -> Response:
        for pair in plaid_transactions(self._world):
            if pair[1].id == request.path_params["id"]:
                return answer(plaid_document(pair))
        raise not_found("Does the Transaction come from Plaid?")

    def _subscribe(self, _: Request, body: dict[str, Any]) -> Response:
        return answer(self._world.webhooks.subscribe(body).shown(), 201)

    def _subscriptions(self, request: Request, _: dict[str, Any]) -> Response:
        every = list(self._world.webhooks.subscriptions.values())
        return page(request, every, Subscription.shown)

    def _subscription(self, request: Request, _: dict[str, Any]) -> Response:
        return answer(self._world.webhooks.subscription(request.path_params["id"]).shown())

    def _resubscribe(self, request: Request, body: dict[str, Any]) -> Response:
        kept = self._world.webhooks.resubscribe(request.path_params["id"], body)
        return answer(kept.shown())

    def _unsubscribe(self, request: Request, _: dict[str, Any]) -> Response:
        self._world.webhooks.unsubscribe(request.path_params["id"])
        return Response(status_code=204)


def _bearer(request: Request) -> str:
    scheme, _, credential = request.headers.get("authorization", "").partition(" ")
    return credential if scheme == "Bearer" else ""
