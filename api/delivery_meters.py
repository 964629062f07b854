"""What became of deliveries of notifications, read from the database when meters are asked for."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from prometheus_client import CollectorRegistry, Gauge

from api.meters import metered
from core.notifications import DeliveryState
from db import deliveries
from db.session import Database

_log = logging.getLogger(__name__)


class DeliveryMeters:
    """Gauges that any process of the API can tell: the workers' results stand in the database."""

    def __init__(
        self, database: Database, clock: Callable[[], datetime], registry: CollectorRegistry
    ) -> None:
        self._database = database
        self._clock = clock
        self._deliveries = Gauge(
            "bankfeeds_notification_deliveries",
            "Deliveries of notifications that ended in the last hour, and all that are pending.",
            ("channel", "state"),
            registry=registry,
        )
        self._lag = Gauge(
            "bankfeeds_notification_lag_seconds",
            "How long the oldest delivery is due that no worker has sent.",
            ("channel",),
            registry=registry,
        )

    async def gather(self) -> None:
        """Reads them anew; what cannot be read now is left out."""
        found = await metered(
            deliveries.meters(self._database, now=self._clock()),
            (self._deliveries, self._lag),
            log=_log,
            event="deliveries.unmetered",
        )
        for one in found or ():
            self._deliveries.labels(one.type.value, one.state.value).set(one.deliveries)
            if one.state is DeliveryState.PENDING:
                self._lag.labels(one.type.value).set(max(one.waits.total_seconds(), 0))
