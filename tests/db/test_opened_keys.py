"""Data keys are remembered for a moment, few of them, and unwrapped once for all who wait."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from uuid import UUID

import pytest

from core.errors import KeysUnavailable
from core.vault import Aad
from db.opened_keys import Name, OpenedKeys

AAD = Aad(tenant_id=UUID(int=1), purpose="test", record_id=UUID(int=2))


def named(number: int) -> Name:
    return "key", bytes([number]), AAD


@dataclass(slots=True)
class Unwrapping:
    """Counts how often it is asked to unwrap."""

    asked: int = 0
    fails: bool = False

    async def __call__(self) -> bytes:
        self.asked += 1
        await asyncio.sleep(0)
        if self.fails:
            raise KeysUnavailable("away")
        return b"data key"


async def test_it_remembers_until_the_time_is_over() -> None:
    opened, unwrap = OpenedKeys(lifetime_s=0.05), Unwrapping()

    first = [await opened.get(named(1), unwrap) for _ in range(3)]
    asked = unwrap.asked
    await asyncio.sleep(0.1)
    held = repr(opened)
    await opened.get(named(1), unwrap)

    assert (first, asked, unwrap.asked) == ([b"data key"] * 3, 1, 2)
    assert held == "OpenedKeys(0)"


async def test_the_oldest_is_forgotten_where_there_are_too_many() -> None:
    opened, unwrap = OpenedKeys(most=2), Unwrapping()

    for number in (1, 2, 3, 2, 3):
        await opened.get(named(number), unwrap)
    asked = unwrap.asked
    await opened.get(named(1), unwrap)

    assert (asked, unwrap.asked) == (3, 4)
    assert repr(opened) == "OpenedKeys(2)"


async def test_another_place_is_another_key() -> None:
    opened, unwrap = OpenedKeys(), Unwrapping()
    elsewhere = Aad(tenant_id=UUID(int=9), purpose="test", record_id=UUID(int=2))

    await opened.get(("key", b"wrapped", AAD), unwrap)
    await opened.get(("key", b"wrapped", elsewhere), unwrap)

    assert unwrap.asked == 2


async def test_who_gives_up_does_not_end_it_for_the_others() -> None:
    opened, unwrap = OpenedKeys(), Unwrapping()

    leaving, staying = [asyncio.create_task(opened.get(named(1), unwrap)) for _ in range(2)]
    await asyncio.sleep(0)
    leaving.cancel()

    assert await staying == b"data key"
    assert unwrap.asked == 1


async def test_all_who_wait_learn_of_a_failure_and_nobody_later() -> None:
    opened, unwrap = OpenedKeys(), Unwrapping(fails=True)

    failed = await asyncio.gather(
        *(opened.get(named(1), unwrap) for _ in range(3)), return_exceptions=True
    )
    unwrap.fails = False

    assert [type(one) for one in failed] == [KeysUnavailable] * 3
    assert await opened.get(named(1), unwrap) == b"data key"
    assert unwrap.asked == 2


async def test_it_shows_none() -> None:
    opened = OpenedKeys()
    await opened.get(named(1), Unwrapping())

    assert "data key" not in f"{opened!r} {opened}"
    with pytest.raises(TypeError):
        vars(opened)
