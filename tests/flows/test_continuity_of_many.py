"""Balances of many accounts are proved together: each is told of, in a few statements."""

from __future__ import annotations

from datetime import UTC, datetime

from pipeline.balance_continuity import AT_ONCE
from tests.clients.counting import CountedDatabase
from tests.fixtures.bai2_file import COFFEE, RENT, Account, Group, bai2
from tests.fixtures.world import World


def _days(accounts: int) -> tuple[bytes, bytes]:
    """Two documents of so many accounts: of each, two rows are missing of the second day."""
    first, second = (
        Group(
            accounts=[
                Account(details=[detail], number=f"{number + 10_000_000}", closing=closing)
                for number in range(accounts)
            ],
            day=day,
        )
        for day, detail, closing in (("260302", COFFEE, 100_000), ("260303", RENT, 50_000))
    )
    return bai2(first), bai2(second)


async def _told(world: World, accounts: int) -> tuple[int, int, int]:
    """How many accounts were told of, by notifications and findings, and in how many statements."""
    counted = CountedDatabase(world.database)
    world = world.altered(clock=lambda: datetime(2026, 3, 10, tzinfo=UTC), database=counted)
    place = await world.place()
    first, second = _days(accounts)
    await world.take_in(place, first)
    counted.statements = 0

    job = await world.take_in(place, second)

    statements = counted.statements
    notified = await world.owner.fetchval(
        "select count(distinct key) from app.notifications"
        " where tenant_id = $1 and kind = 'data_anomaly'",
        place.tenant_id,
    )
    found = await world.findings(place, job["id"])
    codes = [row["code"] for row in found if row["code"] == "balance-discontinuity"]
    return notified, len(codes), statements


async def test_statements_do_not_grow_with_accounts(world: World) -> None:
    *few, statements_of_few = await _told(world, 2)
    *many, statements_of_many = await _told(world, AT_ONCE - 1)

    assert (few, many) == ([2, 2], [AT_ONCE - 1, AT_ONCE - 1])
    assert statements_of_many == statements_of_few


async def test_no_account_is_left_out(world: World) -> None:
    notified, findings, _ = await _told(world, AT_ONCE + 5)

    assert (notified, findings) == (AT_ONCE + 5, AT_ONCE + 5)
