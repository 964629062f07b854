"""What takes seconds is done for one caller of a tenant at a time, and for few tenants at once."""

from __future__ import annotations

import asyncio
from collections import Counter
from uuid import UUID

from resolvers.turns import AT_ONCE, Turns

TENANTS = [UUID(int=number) for number in range(1, 5)]


async def test_a_tenant_has_one_turn_at_a_time_and_a_process_few() -> None:
    turns, now = Turns(), Counter[UUID]()
    most: list[int] = []

    async def compute(tenant: UUID) -> None:
        async with turns.take(tenant):
            now[tenant] += 1
            most.append(now.total())
            assert now[tenant] == 1
            await asyncio.sleep(0)
            now[tenant] -= 1

    await asyncio.gather(*(compute(tenant) for tenant in TENANTS * 5))

    assert max(most) == AT_ONCE


async def test_who_gives_up_waiting_leaves_the_turn_to_others() -> None:
    turns, (one, *_) = Turns(), TENANTS
    async with turns.take(one):
        waiting = asyncio.create_task(_taken(turns, one))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])

    async with asyncio.timeout(1):
        await _taken(turns, one)


async def _taken(turns: Turns, tenant: UUID) -> None:
    async with turns.take(tenant):
        pass
