"""Forgets once a day what nobody needs any more, in bounded parts; raw data is never among it."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from core.errors import BankfeedsError
from db import leftovers
from db.leftovers import Pruned
from resolvers.context import Services

log = logging.getLogger(__name__)

DELIVERIES_KEPT_FOR: Final = timedelta(days=90)  # once they are settled
NOTIFICATIONS_KEPT_FOR: Final = timedelta(days=365)
PART: Final = 5_000
PARTS_MOST: Final = 20  # what is left then waits for the next day


async def prune_leftovers(services: Services, *, now: datetime, part: int = PART) -> Pruned:
    """Forgets what is old, part by part until little is found; returns what. Never raises."""
    total = Pruned()
    try:
        for _ in range(PARTS_MOST):
            found = await leftovers.prune(
                services.database,
                now=now,
                delivery_age=DELIVERIES_KEPT_FOR,
                notification_age=NOTIFICATIONS_KEPT_FOR,
                most=part,
            )
            total += found
            if found.most < part:
                break
    except BankfeedsError as error:
        log.warning("leftovers.not_pruned", extra={"error": type(error).__name__})
    return total
