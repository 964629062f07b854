"""Patience calls back each wait that lasts too long, once, and no other."""

from __future__ import annotations

import asyncio

from api.patience import Patience

SECONDS = 0.02
ENOUGH = SECONDS * 20


async def test_a_wait_that_ends_in_time_is_not_called_back() -> None:
    patience, called = Patience(SECONDS), list[int]()
    patience.stop(patience.start(lambda: called.append(1)))
    await asyncio.sleep(SECONDS * 3)
    assert called == []
    assert len(patience) == 0


async def test_each_of_many_that_last_is_called_back_once_in_their_order() -> None:
    patience, called, done = Patience(SECONDS), list[int](), asyncio.Event()

    def last() -> None:
        called.append(99)
        done.set()

    keys = [patience.start(lambda number=number: called.append(number)) for number in range(6)]  # type: ignore[misc]  # mypy infers no default
    patience.stop(keys[2])
    await asyncio.sleep(SECONDS / 2)
    patience.start(last)
    await asyncio.wait_for(done.wait(), ENOUGH)
    await asyncio.sleep(SECONDS * 2)
    assert called == [0, 1, 3, 4, 5, 99]


async def test_it_goes_on_after_a_rest() -> None:
    patience = Patience(SECONDS)
    for _ in range(3):
        done = asyncio.Event()
        begun = asyncio.get_running_loop().time()
        patience.start(done.set)
        await asyncio.wait_for(done.wait(), ENOUGH)
        assert asyncio.get_running_loop().time() - begun >= SECONDS * 0.9


async def test_stopping_twice_or_late_is_no_matter() -> None:
    patience, done = Patience(SECONDS), asyncio.Event()
    key = patience.start(done.set)
    await asyncio.wait_for(done.wait(), ENOUGH)
    patience.stop(key)
    patience.stop(key)
