"""Counts and durations for Prometheus. No label names a tenant, a user or a document."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from ipaddress import ip_address

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    generate_latest,
)
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from api.tallies import Count, Durations


class Metrics:
    """The meters of one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Count(
            "bankfeeds_http_requests", "HTTP requests.", ("method", "route", "status")
        )
        self._seconds = Durations(
            "bankfeeds_http_request_seconds", "Duration of HTTP requests.", "route"
        )
        self._operations = Count(
            "bankfeeds_graphql_operations",
            "GraphQL operations, by type and by the code of their first error.",
            ("type", "code"),
        )
        for each in (self._requests, self._seconds, self._operations):
            self.registry.register(each)
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

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """One request was answered."""
        self._requests.add(method, route, status)
        self._seconds.add(route, seconds)

    def ended(self, kind: str, code: str) -> None:
        """One operation of GraphQL ended: its kind, and its first error or OK."""
        self._operations.add(kind, code)

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
