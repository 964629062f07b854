"""`bankfeeds worker`: runs jobs until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
import sys


def worker() -> None:
    """Run imports and other jobs. Needs DATABASE_URL and REDIS_URL, or runs under `up`."""
    from core.logs import configure
    from core.settings import Settings
    from workers.main import serve

    settings = Settings.load()
    configure(
        level=settings.log_level,
        form=settings.log_format,
        reveal=not settings.production,
        stream=sys.stderr,
    )
    asyncio.run(_until_stopped(serve(settings)))


async def _until_stopped(work: object) -> None:
    """Runs until SIGTERM or SIGINT; running jobs go back to the ledger."""
    assert asyncio.iscoroutine(work)
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        return
