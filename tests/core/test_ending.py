"""Tasks that run for as long as a block end with it, whatever swallows their cancellation."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from core import ending
from core.ending import ended


async def _for_ever() -> None:
    await asyncio.Event().wait()


async def _swallowing(times: int) -> None:
    for _ in range(times):
        with contextlib.suppress(asyncio.CancelledError):
            await _for_ever()
    await _for_ever()


@pytest.mark.parametrize("swallowed", [0, 1, 2])
async def test_a_task_ends_though_cancellations_are_lost(
    swallowed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ending, "AGAIN_S", 0.01)
    task = asyncio.create_task(_swallowing(swallowed))
    await asyncio.sleep(0)

    async with asyncio.timeout(5):
        await ended(task)

    assert task.cancelled()


async def test_a_task_that_has_failed_is_over() -> None:
    async def fail() -> None:
        raise OSError("gone")

    task = asyncio.create_task(fail())
    await asyncio.wait([task])

    await ended(task)

    assert isinstance(task.exception(), OSError)
