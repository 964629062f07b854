"""Processes webhooks when the intake wakes us, and whatever a wake missed every two seconds."""

from __future__ import annotations

import logging
import secrets
import time
from typing import Final

from core.errors import BankfeedsError
from core.webhooks import KEPT_FOR, SPREAD_PERCENT
from db import webhook_inbox
from pipeline.services import Services as PipelineServices
from pipeline.webhooks import Pass
from resolvers.context import Services

log = logging.getLogger(__name__)

PASS_S: Final = 20.0  # then another worker goes on, so that none is bound for long
PRUNED_MOST: Final = 5_000


async def process_webhooks(services: Services, pipeline: PipelineServices) -> int:
    """Processes what is due until nothing is; returns how many events. Never raises."""
    end = time.monotonic() + PASS_S
    processed = 0
    one = Pass(services=pipeline, wake=services.queue.wake, spread=_spread)
    try:
        while part := await one.run():
            processed += part
            if time.monotonic() > end:
                break
    except BankfeedsError as error:
        log.warning("webhooks.not_processed", extra={"error": type(error).__name__})
    return processed


async def prune_webhooks(services: Services) -> int:
    """Forgets events whose time is over; returns how many."""
    try:
        return await webhook_inbox.prune(services.database, age=KEPT_FOR, most=PRUNED_MOST)
    except BankfeedsError as error:
        log.warning("webhooks.not_pruned", extra={"error": type(error).__name__})
        return 0


def _spread() -> int:
    return secrets.randbelow(2 * SPREAD_PERCENT + 1) - SPREAD_PERCENT
