"""What became of deliveries of notifications, read from the database when meters are asked for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Final

from prometheus_client import CollectorRegistry, Gauge

from core.errors import BankfeedsError
from core.notifications import DeliveryState
from db import deliveries
from db.session import Database

READ_WITHIN_S: Final = 2

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
        self._deliveries.clear()
        self._lag.clear()
        try:
            async with asyncio.timeout(READ_WITHIN_S):
                found = await deliveries.meters(self._database, now=self._clock())
        except (BankfeedsError, TimeoutError) as error:
            _log.warning("deliveries.unmetered", extra={"error": type(error).__name__})
            return
        for one in found:
            self._deliveries.labels(one.type.value, one.state.value).set(one.deliveries)
            if one.state is DeliveryState.PENDING:
                self._lag.labels(one.type.value).set(max(one.waits.total_seconds(), 0))
