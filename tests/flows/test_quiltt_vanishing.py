"""What vanishes from a simulated Quiltt: taken back, lived on, or missed once and there again."""

from __future__ import annotations

from typing import Any

from tests.fixtures.quiltt_syncing import Syncing
from tests.fixtures.quiltt_syncing_fixture import Link


async def test_pending_ones_that_vanish_go_at_once(link: Link) -> None:
    bank = await link()
    bank.quiltt.control.change(bank.external_id, pending=4)
    await bank.settle()
    bank.quiltt.control.change(bank.external_id, vanished=3)

    job = await bank.sync()

    assert job["withdrawn"] == 3
    assert await bank.rows() == bank.truth()


async def test_booked_ones_go_when_they_are_missed_for_the_second_time(link: Link) -> None:
    bank = await link()
    await bank.settle()
    gone = bank.quiltt.control.change(bank.external_id, unposted=2)["removed"]

    await bank.sync()
    after_one = await bank.rows()
    await bank.sync()

    assert set(gone) <= {name for rows in after_one.values() for name in rows}
    assert await bank.rows() == bank.truth()


async def test_a_booked_one_that_is_missed_once_stays(link: Link) -> None:
    bank = await link(institution="Sandbox Credit Union", accounts=["Share Draft"])
    await bank.settle()
    [account] = bank.quiltt.app.control._world.accounts_of(
        bank.quiltt.app.control._world.connection(bank.external_id)
    )
    name, hidden = list(account.transactions.items())[-1]

    del account.transactions[name]
    await bank.sync()
    account.transactions[name] = hidden
    await bank.sync()
    del account.transactions[name]
    await bank.sync()

    assert name in (await bank.rows())[account.id]


async def test_a_pending_row_lives_on_in_the_booked_one(link: Link) -> None:
    bank = await link()
    bank.quiltt.control.change(bank.external_id, pending=1)
    await bank.settle()
    [pending] = await _ids(bank, status="pending")
    await bank.world.reconcile(bank.place)
    bank.pass_time(days=3)
    bank.quiltt.control.change(bank.external_id, settled=1)

    job = await bank.sync()

    row = await bank.world.owner.fetchrow("select * from app.transactions where id = $1", pending)
    assert row is not None
    assert (row["status"], row["reconciled"]) == ("posted", True)
    assert (job["imported"], job["withdrawn"]) == (0, 0)
    assert await bank.rows() == bank.truth()


async def test_of_two_equal_pending_rows_neither_is_taken_for_the_booked_one(link: Link) -> None:
    bank = await link(institution="Sandbox Credit Union", accounts=["Share Draft"])
    bank.quiltt.control.change(bank.external_id, pending=2)
    world = bank.quiltt.app.control._world
    [account] = world.accounts_of(world.connection(bank.external_id))
    twins = [each for each in account.transactions.values() if each.status == "PENDING"]
    twins[1].amount, twins[1].description = twins[0].amount, twins[0].description
    await bank.settle()
    before = await _ids(bank, status="pending")
    bank.pass_time(days=1)
    bank.quiltt.control.change(bank.external_id, settled=2)

    job = await bank.sync()

    assert len(before) == 2
    assert (job["imported"], job["withdrawn"]) == (2, 2)
    assert await bank.rows() == bank.truth()


async def test_what_plaid_says_of_a_pending_one_decides_whatever_it_costs_now(link: Link) -> None:
    bank = await link()
    bank.quiltt.control.set(provider="PLAID")
    bank.quiltt.control.change(bank.external_id, pending=2)
    await bank.settle()
    before = await _ids(bank, status="pending")
    bank.pass_time(days=20)
    bank.quiltt.control.change(bank.external_id, settled_higher=2)

    job = await bank.sync()

    after = {
        row["id"]
        for row in await bank.world.owner.fetch(
            "select id from app.transactions where id = any($1::uuid[]) and status = 'posted'",
            before,
        )
    }
    assert after == set(before)
    assert job["imported"] == 0
    assert await bank.rows() == bank.truth()


async def test_real_twins_are_both_kept(link: Link) -> None:
    bank = await link(institution="Sandbox Credit Union", accounts=["Share Draft"])
    bank.quiltt.control.change(bank.external_id, posted=3)
    world = bank.quiltt.app.control._world
    [account] = world.accounts_of(world.connection(bank.external_id))
    *_, one, two, three = account.transactions.values()
    for twin in (two, three):
        twin.amount, twin.description, twin.date = one.amount, one.description, one.date

    await bank.settle()
    await bank.sync()

    assert await bank.rows() == bank.truth()


async def _ids(bank: Syncing, *, status: str) -> list[Any]:
    rows = await bank.world.owner.fetch(
        "select id from app.transactions where tenant_id = $1 and status = $2",
        bank.place.tenant_id,
        status,
    )
    return [row["id"] for row in rows]
