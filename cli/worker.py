"""`bankfeeds worker`: runs jobs until it is told to stop."""

from __future__ import annotations

import asyncio
import signal


def worker() -> None:
    """Run imports and other jobs. Needs DATABASE_URL and REDIS_URL, or runs under `up`."""
    from core.logs import set_up
    from core.settings import Settings
    from workers.main import serve

    settings = Settings.load()
    set_up(settings.log_level)
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
