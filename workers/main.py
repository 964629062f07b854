"""The worker process: arq wakes it, the ledger tells it what to do, a sweep finds what was lost."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from arq import cron
from arq.worker import Worker
from redis.exceptions import RedisError

from core import interpreter
from core.errors import KeysUnavailable
from core.settings import Settings
from db import redis
from db.failures import DatabaseUnavailable, TimedOut
from db.ledger import due
from db.queue import FUNCTION, WEBHOOKS_FUNCTION
from pipeline.run import run
from providers.webhooks import Reception
from resolvers.services import open_services, pipeline_services
from workers.deliveries import courier
from workers.janitor import expire_uploads
from workers.quiltt_upkeep import close_sessions
from workers.scheduler import schedule_syncs
from workers.text_index import index_texts
from workers.token_upkeep import renew_tokens
from workers.upkeep import prune_leftovers
from workers.webhooks import process_webhooks, prune_webhooks

log = logging.getLogger(__name__)

JOB_TIMEOUT_S: Final = 6 * 60 * 60  # the lease, not this, is what frees a job of a dead worker
SWEEP_EVERY_S: Final = 2
SWEEP_MOST: Final = 200
INDEX_EVERY_S: Final = 2
DELIVER_EVERY_S: Final = 2
RENEWAL_SECOND: Final = 20  # of every minute
CLOSING_SECOND: Final = 43  # of every minute
JANITOR_EVERY_MIN: Final = 10
UPKEEP_HOUR: Final = 3  # UTC
TURNS_TRIED: Final = 10  # others may have taken the first ones meanwhile
READ_LIMIT: Final = 1_000  # arq reads running jobs too: fewer would starve the waiting ones
SWITCH_INTERVAL_S: Final = 0.0005
POLL_DELAY_S: Final = 0.05
RESTART_DELAYS_S: Final = (0.2, 0.5, 1, 2, 5)

Ctx = dict[str, Any]


async def run_job(ctx: Ctx, tenant_id: str, job_id: str) -> None:
    """Runs one job of the ledger: the one whose turn it is, else the one that is named.

    Who asks first is not served first: a tenant with a thousand jobs would have the others wait.
    """
    pipeline = ctx["pipeline"]
    try:
        jobs = await due(pipeline.database, most=TURNS_TRIED)
    except (DatabaseUnavailable, TimedOut):
        jobs = []
    for tenant, job in [*jobs, (UUID(tenant_id), UUID(job_id))]:
        if await run(tenant, job, services=pipeline):
            return


async def schedule(ctx: Ctx) -> None:
    """Makes syncs of connections that are due."""
    await schedule_syncs(ctx["pipeline"], ctx["services"].queue)


async def sweep(ctx: Ctx) -> None:
    """Wakes workers for whatever is due: new jobs whose wake was lost, jobs of dead workers."""
    services = ctx["services"]
    try:
        jobs = await due(services.database, most=SWEEP_MOST)
    except (DatabaseUnavailable, TimedOut):
        log.warning("sweep.failed")
        return
    for tenant_id, job_id in jobs:
        await services.queue.wake(tenant_id, job_id)


async def run_webhooks(ctx: Ctx) -> None:
    """Processes events of webhooks that are due, whether a wake or the clock says so."""
    await process_webhooks(ctx["services"], ctx["pipeline"])


async def renew(ctx: Ctx) -> None:
    """Renews access tokens that end soon."""
    await renew_tokens(ctx["pipeline"], ctx["services"].queue)


async def close(ctx: Ctx) -> None:
    """Ends sessions at Quiltt whose time is over."""
    await close_sessions(ctx["pipeline"])


async def clean(ctx: Ctx) -> None:
    """Deletes uploads that nobody imported in time, and events that nobody replays any more."""
    await expire_uploads(ctx["services"])
    await prune_webhooks(ctx["services"])


async def forget(ctx: Ctx) -> None:
    """Forgets what is old: links that ended, deliveries, notifications, secrets before others."""
    await prune_leftovers(ctx["services"], now=ctx["services"].clock())


async def index(ctx: Ctx) -> None:
    """Indexes the texts of what jobs have written, when no job of the tenant is to be done."""
    await index_texts(ctx["services"].database)


async def deliver(ctx: Ctx) -> None:
    """Begins to send notifications that are due to tenants' channels."""
    try:
        await ctx["courier"].tick()
    except (DatabaseUnavailable, TimedOut):
        log.warning("deliveries.not_begun")


def tune_interpreter() -> None:
    """Lets Python's collector rest, and lets the event loop's turn come soon.

    Batches are many small objects that die together; and each answer of Postgres would wait for the
    thread that reads ahead, by default five milliseconds.
    """
    interpreter.tune()
    sys.setswitchinterval(SWITCH_INTERVAL_S)


def worker_options(
    settings: Settings, *, receivers: Mapping[str, Reception] | None = None
) -> dict[str, Any]:
    """What arq needs to know. Results are kept nowhere: the ledger has them."""

    async def start(ctx: Ctx) -> None:
        tune_interpreter()
        stack = AsyncExitStack()
        ctx["stack"] = stack
        ctx["services"] = await stack.enter_async_context(
            open_services(settings, receivers=receivers)
        )
        ctx["courier"] = await stack.enter_async_context(courier(ctx["services"]))
        ctx["pipeline"] = replace(
            pipeline_services(ctx["services"]), lease=timedelta(seconds=settings.worker_lease_s)
        )

    async def stop(ctx: Ctx) -> None:
        await ctx["stack"].aclose()

    assert settings.redis_url is not None
    url = settings.redis_url.get_secret_value()
    return {
        "functions": [run_job, run_webhooks],
        "cron_jobs": [
            cron(sweep, second=set(range(0, 60, SWEEP_EVERY_S)), run_at_startup=True),
            cron(schedule, second=set(range(1, 60, SWEEP_EVERY_S)), run_at_startup=True),
            cron(run_webhooks, second=set(range(1, 60, SWEEP_EVERY_S)), run_at_startup=True),
            cron(renew, second={RENEWAL_SECOND}),
            cron(close, second={CLOSING_SECOND}),
            cron(index, second=set(range(1, 60, INDEX_EVERY_S))),
            cron(deliver, second=set(range(0, 60, DELIVER_EVERY_S)), run_at_startup=True),
            cron(forget, hour={UPKEEP_HOUR}, minute={17}, second={30}),
            cron(clean, minute=set(range(0, 60, JANITOR_EVERY_MIN)), second={7}),
        ],
        "queue_name": redis.QUEUE,
        "redis_settings": redis.settings(url),
        "on_startup": start,
        "on_shutdown": stop,
        "max_jobs": settings.worker_concurrency,
        "job_timeout": JOB_TIMEOUT_S,
        "keep_result": 0,
        "poll_delay": POLL_DELAY_S,
        "queue_read_limit": READ_LIMIT,
        "health_check_interval": 10,
        "health_check_key": f"bankfeeds:worker:{os.getpid()}",
        "job_serializer": redis.serialize,
        "job_deserializer": redis.deserialize,
        "log_results": False,
    }


async def serve(settings: Settings, *, receivers: Mapping[str, Reception] | None = None) -> None:
    """Works until cancelled. A lost Redis ends arq's worker; this starts another."""
    failures = 0
    while True:
        started = asyncio.get_running_loop().time()
        options = worker_options(settings, receivers=receivers)
        worker = Worker(**options, handle_signals=False)
        try:
            await worker.async_run()
            return
        except (RedisError, DatabaseUnavailable, KeysUnavailable, OSError) as error:
            log.warning("worker.lost", extra={"error": type(error).__name__})
        finally:
            # In a task of its own: what it awaits would take our own cancellation for theirs.
            await asyncio.shield(asyncio.create_task(_close(worker)))
        if asyncio.get_running_loop().time() - started > RESTART_DELAYS_S[-1]:
            failures = 0
        await asyncio.sleep(RESTART_DELAYS_S[min(failures, len(RESTART_DELAYS_S) - 1)])
        failures += 1


async def _close(worker: Worker) -> None:
    try:
        await worker.close()
    except (RedisError, OSError) as error:
        log.warning("worker.unclean_close", extra={"error": type(error).__name__})


def __getattr__(name: str) -> object:
    """`arq workers.main.WorkerSettings`: made when asked for, since it reads the environment."""
    if name == "WorkerSettings":
        return type(name, (), worker_options(Settings.load()))
    raise AttributeError(name)


assert (run_job.__name__, run_webhooks.__name__) == (FUNCTION, WEBHOOKS_FUNCTION)
