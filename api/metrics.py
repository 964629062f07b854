"""Counts and durations for Prometheus. No label names a tenant, a user or a document."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from ipaddress import ip_address

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """The meters of one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "bankfeeds_http_requests",
            "HTTP requests.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "bankfeeds_http_request_seconds",
            "Duration of HTTP requests.",
            ("route",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.operations = Counter(
            "bankfeeds_graphql_operations",
            "GraphQL operations, by type and by the code of their first error.",
            ("type", "code"),
            registry=self.registry,
        )
        self.sockets = Gauge(
            "bankfeeds_graphql_sockets",
            "Open WebSockets and event streams.",
            registry=self.registry,
        )
        self.upload_bytes = Counter(
            "bankfeeds_upload_bytes", "Bytes of accepted uploads.", registry=self.registry
        )

        self.webhook_events = Counter(
            "bankfeeds_webhook_events",
            "Events of verified webhooks: kept, or known already.",
            ("provider", "outcome"),
            registry=self.registry,
        )
        self.webhook_refusals = Counter(
            "bankfeeds_webhook_refusals",
            "Requests of webhooks that were refused, by reason.",
            ("provider", "reason"),
            registry=self.registry,
        )
        self.gathered: list[Callable[[], Awaitable[None]]] = []  # before each scrape

        self._answered: dict[tuple[str, str, int], Counter] = {}  # children, found once
        self._durations: dict[str, Histogram] = {}
        self._ended: dict[tuple[str, str], Counter] = {}

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """One request was answered."""
        known = self._answered.get((method, route, status))
        if known is None:
            known = self.requests.labels(method, route, str(status))
            self._answered[method, route, status] = known
            self._durations[route] = self.seconds.labels(route)
        known.inc()
        self._durations[route].observe(seconds)

    def ended(self, kind: str, code: str) -> None:
        """One operation of GraphQL ended: its kind, and its first error or OK."""
        known = self._ended.get((kind, code))
        if known is None:
            known = self._ended[kind, code] = self.operations.labels(kind, code)
        known.inc()

    def webhook_kept(self, provider: str, *, new: int, known: int) -> None:
        """Events of one verified request were kept, or had been before."""
        self.webhook_events.labels(provider, "new").inc(new)
        self.webhook_events.labels(provider, "known").inc(known)

    def webhook_refused(self, provider: str, reason: str) -> None:
        """One request of a webhook was refused."""
        self.webhook_refusals.labels(provider, reason).inc()

    async def serve(self, request: Request) -> Response:
        """The meters, to a scraper on this machine; to everybody else there is nothing here."""
        if not _is_local(request):
            return PlainTextResponse("Not Found", status_code=404)
        for gather in self.gathered:
            await gather()
        return Response(generate_latest(self.registry), media_type=CONTENT_TYPE_LATEST)


def _is_local(request: Request) -> bool:
    """Whether the peer is this machine, and no proxy that speaks for somebody else."""
    forwarded = {"forwarded", "x-forwarded-for", "x-real-ip"} & set(request.headers.keys())
    if forwarded:
        return False
    if request.client is None:  # a Unix socket
        return True
    try:
        return ip_address(request.client.host).is_loopback
    except ValueError:
        return False
