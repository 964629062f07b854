"""Rooms hold as many as they have room for, and lose no place."""

from __future__ import annotations

import asyncio
from random import Random

from db.room import Room


async def test_who_waits_enters_in_order() -> None:
    room, entered = Room(1), []

    async def enter(name: str) -> None:
        await room.enter()
        entered.append(name)

    assert room.enter_at_once()
    tasks = [asyncio.create_task(enter(name)) for name in "abc"]
    await asyncio.sleep(0)
    assert not room.enter_at_once()
    for name in "abc":
        room.leave()
        await asyncio.sleep(0)
        assert entered[-1] == name
    await asyncio.gather(*tasks)
    room.leave()

    assert room.enter_at_once()


async def test_no_place_is_lost_to_those_who_give_up() -> None:
    room, random, inside, most = Room(3), Random(3), 0, 0  # noqa: S311  # no secret

    async def visit() -> None:
        nonlocal inside, most
        await room.enter()
        inside += 1
        most = max(most, inside)
        try:
            await asyncio.sleep(0)
        finally:
            inside -= 1
            room.leave()

    tasks = []
    for _ in range(500):
        tasks.append(asyncio.create_task(visit()))
        if random.random() < 0.5:
            random.choice(tasks).cancel()
        if random.random() < 0.3:
            await asyncio.sleep(0)
    await asyncio.gather(*tasks, return_exceptions=True)

    assert most == 3
    assert [room.enter_at_once() for _ in range(4)] == [True, True, True, False]
