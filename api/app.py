"""The ASGI application: `uvicorn api.app:app`. Settings are read when it starts."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any, Final, TextIO

import httpx
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Lifespan, Receive, Scope, Send
from strawberry import Schema

from api import connections
from api.auth import TokenVerifier
from api.callers import Callers
from api.delivery_meters import DeliveryMeters
from api.dev_keys import load_development_key
from api.edge import Edge
from api.exports import Exports
from api.graphql import GraphQL
from api.health import Readiness, healthz
from api.jwks import JwksKeys, KeySource, StaticKeys
from api.links import Callback
from api.metrics import Metrics
from api.operations import OpenContext, Operations
from api.outermost import Outermost
from api.peers import Peers
from api.persisted import Persisted, read_list
from api.rate_limits import RateLimits, rate_limits
from api.sockets import Sockets
from api.streams import Streams
from api.sync_metrics import SyncMetrics
from api.uploads import Uploads
from api.webhook_meters import WebhookMeters
from api.webhook_writer import writing
from api.webhooks import Webhooks, waking
from core import interpreter
from core.logs import configure
from core.settings import Settings
from db.rate_limits import SharedSpending
from db.registered_operations import RegisteredOperations
from providers.webhooks import Reception
from resolvers.callbacks import PATH
from resolvers.services import Process, open_process
from schema import context as schema_context
from schema.build import schema as product_schema

JWKS_TIMEOUT_S: Final = 5
PREFLIGHT_AGE_S: Final = 600


def create_app(
    settings: Settings | None = None,
    *,
    schema: Schema = product_schema,
    open_context: OpenContext = schema_context.open,
    receivers: Mapping[str, Reception] | None = None,
    log_to: TextIO | None = None,
) -> Application:
    """The application. Without settings, it reads those of the environment when it starts.

    It logs to standard error, unless told otherwise.
    """

    @asynccontextmanager
    async def lifespan(_: Router) -> AsyncIterator[dict[str, object]]:
        found = Settings.load() if settings is None else settings
        configure(
            level=found.log_level,
            form=found.log_format,
            reveal=not found.production,
            stream=log_to or sys.stderr,
        )
        async with AsyncExitStack() as stack:
            process = await stack.enter_async_context(open_process(found, receivers=receivers))
            verifier = await stack.enter_async_context(_verifier(found))
            metrics = _metrics(process)
            callers = Callers(verifier, process.services.database, process.services.clock)
            edge = Edge(
                operations=Operations(
                    schema,
                    open_context=open_context,
                    production=found.production,
                    postgres=process.services.database.postgres,
                ),
                persisted=_persisted(found, process),
                callers=callers,
                peers=Peers(),
                rate_limits=await stack.enter_async_context(_limits(found, process)),
                services=process.services,
                metrics=metrics,
                streams=Streams(metrics),
                production=found.production,
            )
            webhooks = Webhooks(
                process.services,
                metrics,
                writer=await stack.enter_async_context(writing(process.services.database)),
                waker=await stack.enter_async_context(waking(process.services.queue)),
            )
            interpreter.tune()
            yield {
                "application": _routed(found, process, edge, webhooks),
                connections.STATE: connections.SilentConnections(),
            }

    return Application(lifespan)


def _limits(settings: Settings, process: Process) -> AbstractAsyncContextManager[RateLimits]:
    return rate_limits(
        SharedSpending(process.redis),
        user_quota=settings.rate_limit_user,
        tenant_quota=settings.rate_limit_tenant,
    )


def _metrics(process: Process) -> Metrics:
    """The meters of this process, and those that are read from the database at each scrape."""
    metrics = Metrics()
    syncs = SyncMetrics(process.services.database, process.services.clock, metrics.registry)
    webhooks = WebhookMeters(process.services.database, metrics.registry)
    deliveries = DeliveryMeters(process.services.database, process.services.clock, metrics.registry)
    metrics.gathered += [syncs.gather, webhooks.gather, deliveries.gather]
    return metrics


class Application:
    """The outer shell, which exists before the settings; they make what is within."""

    def __init__(self, lifespan: Lifespan[Router]) -> None:
        self._router = Router(lifespan=lifespan)

    @property
    def lifespan_context(self) -> Lifespan[Any]:
        """The start and the end, for who runs the application without a server."""
        return self._router.lifespan_context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One exchange, or the server's start and end."""
        if scope["type"] == "lifespan":
            await self._router(scope, receive, send)
        else:
            await scope["state"]["application"](scope, receive, send)


class _Crossing:
    """GraphQL straight ahead, everything else through the router."""

    def __init__(self, graphql: ASGIApp, sockets: ASGIApp, others: ASGIApp) -> None:
        self._straight = {"http": graphql, "websocket": sockets}
        self._others = others

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One exchange."""
        way = self._straight[scope["type"]] if scope["path"] == "/graphql" else self._others
        await way(scope, receive, send)


def _routed(settings: Settings, process: Process, edge: Edge, webhooks: Webhooks) -> ASGIApp:
    sockets = Sockets(edge, allowed_origins=settings.allowed_origins)
    others = Router(
        routes=[
            Route(
                "/uploads/{upload_id}",
                Uploads(process.services, edge.metrics).serve,
                methods=["PUT"],
            ),
            Route("/exports/transactions", Exports(edge)),
            Route("/webhooks/{provider}/{endpoint}", webhooks, methods=["POST"]),
            Route(f"{PATH}/{{provider}}", Callback(settings.app_url).serve, methods=["GET"]),
            Route("/healthz", healthz),
            Route("/readyz", Readiness(process).serve),
            Route("/metrics", edge.metrics.serve),
        ],
        redirect_slashes=False,
    )
    routed: ASGIApp = _Crossing(GraphQL(edge), sockets, others)
    if settings.allowed_origins:
        routed = CORSMiddleware(
            routed,
            allow_origins=settings.allowed_origins,
            allow_methods=["GET", "POST", "PUT"],
            allow_headers=["authorization", "content-type", "x-request-id", "x-tenant"],
            expose_headers=[
                "content-disposition",
                "ratelimit",
                "ratelimit-limit",
                "ratelimit-policy",
                "ratelimit-remaining",
                "ratelimit-reset",
                "retry-after",
                "x-export-as-of",
                "x-request-id",
            ],
            max_age=PREFLIGHT_AGE_S,
        )
    return Outermost(routed, metrics=edge.metrics)


def _persisted(settings: Settings, process: Process) -> Persisted:
    path = settings.operations_file
    return Persisted(
        RegisteredOperations(process.redis),
        mode=settings.operations,
        listed={} if path is None else read_list(path),
    )


@asynccontextmanager
async def _verifier(settings: Settings) -> AsyncIterator[TokenVerifier]:
    """Verifies tokens of Supabase Auth, or of this machine's key where that is the demo."""
    secret = settings.supabase_jwt_secret
    async with httpx.AsyncClient(timeout=JWKS_TIMEOUT_S) as http:
        yield TokenVerifier(
            _signing_keys(settings, http),
            issuer=settings.jwt_issuer,
            audience=settings.supabase_jwt_audience,
            legacy_secret=None if secret is None else secret.get_secret_value(),
        )


def _signing_keys(settings: Settings, http: httpx.AsyncClient) -> KeySource:
    if settings.demo:
        return load_development_key(settings.data_dir).public
    if settings.jwks_url is not None:
        return JwksKeys(settings.jwks_url, http)
    return StaticKeys({})


app = create_app()
