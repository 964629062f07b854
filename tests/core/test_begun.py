"""Work that is begun goes on exactly as work that is awaited."""

from __future__ import annotations

import asyncio

import pytest

from core.begun import begun


async def _untimed(rest: object) -> str:
    raise AssertionError(f"{rest!r} was there at once")


async def test_what_is_there_at_once_needs_no_clock() -> None:
    async def work() -> str:
        return "here"

    assert await begun(work(), _untimed) == "here"


async def test_what_fails_at_once_fails() -> None:
    async def work() -> str:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await begun(work(), _untimed)


async def test_what_waits_goes_on_where_it_was() -> None:
    gates = [asyncio.Event() for _ in range(3)]
    steps: list[int] = []

    async def work() -> str:
        for number, gate in enumerate(gates):
            await gate.wait()
            steps.append(number)
        return "late"

    async def open_all() -> None:
        for gate in gates:
            await asyncio.sleep(0)
            gate.set()

    opener = asyncio.create_task(open_all())
    assert await begun(work(), lambda rest: asyncio.wait_for(rest, 5)) == "late"
    assert steps == [0, 1, 2]
    await opener


async def test_what_waits_too_long_is_cancelled_where_it_waits() -> None:
    ended: list[str] = []

    async def work() -> str:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("work")
        return "never"

    async def timed(rest: object) -> str:
        async with asyncio.timeout(0.01):
            return str(await rest)  # type: ignore[misc]  # a coroutine's rest is awaited

    with pytest.raises(TimeoutError):
        await begun(work(), timed)
    assert ended == ["work"]


async def test_work_may_bear_its_cancellation_and_go_on() -> None:
    async def work() -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0)
        return "borne"

    async def plainly(rest: object) -> str:
        return str(await rest)  # type: ignore[misc]  # a coroutine's rest is awaited

    task = asyncio.create_task(begun(work(), plainly))
    await asyncio.sleep(0)
    task.cancel()
    assert await task == "borne"
