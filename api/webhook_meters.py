"""What became of webhooks of late, read from the inbox when the meters are asked for."""

from __future__ import annotations

import logging
from collections import defaultdict
from typing import Final

from prometheus_client import CollectorRegistry, Gauge

from api.meters import metered
from db import webhook_inbox
from db.session import Database

WAITING: Final = frozenset({"received", "processing", "failed"})

_log = logging.getLogger(__name__)


class WebhookMeters:
    """Gauges that any process of the API can tell: the workers' results stand in the database."""

    def __init__(self, database: Database, registry: CollectorRegistry) -> None:
        self._database = database
        self._events = Gauge(
            "bankfeeds_webhooks_last_hour",
            "Events of webhooks that came within the last hour, by what became of them so far.",
            ("provider", "state"),
            registry=registry,
        )
        self._lag = Gauge(
            "bankfeeds_webhook_lag_seconds",
            "How long the oldest event of the last hour is due that no worker has taken.",
            ("provider",),
            registry=registry,
        )

    async def gather(self) -> None:
        """Reads them anew; what cannot be read now is left out."""
        found = await metered(
            webhook_inbox.meters(self._database),
            (self._events, self._lag),
            log=_log,
            event="webhook.unmetered",
        )
        lags: defaultdict[str, int] = defaultdict(int)
        for one in found or ():
            self._events.labels(one.provider, one.state).set(one.events)
            waits_s = 0 if one.waits is None else int(one.waits.total_seconds())
            lags[one.provider] = max(lags[one.provider], waits_s if one.state in WAITING else 0)
        for provider, lag_s in lags.items():
            self._lag.labels(provider).set(lag_s)
