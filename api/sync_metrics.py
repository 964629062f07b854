"""Syncs by provider for Prometheus. Workers serve no HTTP: the ledger says how they do."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from prometheus_client import CollectorRegistry, Gauge

from api.meters import metered
from db.session import Database
from db.sync_totals import totals

log = logging.getLogger(__name__)

PERIOD: Final = timedelta(hours=1)


class SyncMetrics:
    """Gauges of what ended in the last hour, the same in every process that is asked."""

    def __init__(
        self, database: Database, clock: Callable[[], datetime], registry: CollectorRegistry
    ) -> None:
        self._database = database
        self._clock = clock
        self._syncs = Gauge(
            "bankfeeds_syncs_last_hour",
            "Syncs that ended in the last hour, by state and by the kind of their error.",
            ("provider", "state", "error_kind"),
            registry=registry,
        )
        self._seconds = Gauge(
            "bankfeeds_sync_seconds_last_hour",
            "Seconds from the first start of a sync to its end, waits between tries included.",
            ("provider", "state", "error_kind", "quantile"),
            registry=registry,
        )
        self._open = Gauge(
            "bankfeeds_provider_circuit_open",
            "1 while a provider is not asked because it did not answer.",
            ("provider",),
            registry=registry,
        )

    async def gather(self) -> None:
        """Asks the ledger. Where it cannot be asked there are no figures rather than old ones."""
        found = await metered(
            totals(self._database, since=self._clock() - PERIOD),
            (self._syncs, self._seconds, self._open),
            log=log,
            event="metrics.no_syncs",
        )
        if found is None:
            return
        ended, circuits = found
        for one in ended:
            labels = (one.provider, one.state, one.error_kind)
            self._syncs.labels(*labels).set(one.syncs)
            self._seconds.labels(*labels, "0.5").set(float(one.median_s))
            self._seconds.labels(*labels, "0.95").set(float(one.p95_s))
        for provider, is_open in circuits.items():
            self._open.labels(provider).set(is_open)
