"""Many accounts at once: each finds its own, and no two become one."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tests.fixtures.camt_file import Entry, camt, statement
from tests.fixtures.csv_file import csv, saved
from tests.fixtures.mapped import account_count, beside
from tests.fixtures.mt940_file import COFFEE, Statement, mt940
from tests.fixtures.world import World

BLZ, KONTO = "12030000", "0000202051"
CAMT = camt(statement(Entry(servicer="R1")))
BY_BANK_CODE = mt940(Statement(lines=[COFFEE], account=f"{BLZ}/{KONTO.lstrip('0')}"))


def iban(number: int) -> str:
    """The IBAN of an account at a German bank."""
    bban = f"{BLZ}{number:010}"
    return f"DE{98 - int(f'{bban}131400') % 97:02}{bban}"


async def test_imports_that_meet_a_number_at_one_moment_open_one_account(world: World) -> None:
    place = await world.place()
    places = [place, *[await beside(world, place) for _ in range(3)]]
    jobs = [await world.job(one, CAMT) for one in places]

    await asyncio.gather(*(world.run(one, job) for one, job in zip(places, jobs, strict=True)))

    assert await account_count(world) == 1
    decided = await world.owner.fetch("select decided_by from app.account_mappings order by 1")
    assert [row["decided_by"] for row in decided] == ["matched"] * 3 + ["opened"]


@pytest.mark.parametrize("count", [2, 1_000])
async def test_file_of_many_accounts_over_a_new_connection_finds_each_by_its_column(
    world: World, count: int
) -> None:
    place = await world.place()
    content = csv(*(f"2026-03-01,{at}.00,Fee,F{at},{iban(at)}" for at in range(count)))
    profile_id = await saved(world, place)
    await world.take_in(place, content, format="csv", profile_id=profile_id)
    other = await beside(world, place)

    job = await world.take_in(other, content, format="csv", profile_id=profile_id)

    assert (job["state"], job["waiting"]) == ("completed", 0)
    assert await account_count(world) == count
    wrong = await world.owner.fetchval(
        "select count(*) from app.account_mappings as m"
        " join app.account_mappings as n using (tenant_id, external_account_id)"
        " where n.connection_id <> m.connection_id and n.account_id <> m.account_id"
    )
    amounts = await world.owner.fetchval(
        "select count(*) from (select from app.transactions group by account_id"
        " having count(distinct amount) <> 1 or count(*) <> 2) as s"
    )
    assert (wrong, amounts) == (0, 0)


async def test_two_accounts_of_one_document_never_share_one(world: World) -> None:
    place = await world.place()
    await world.take_in(place, BY_BANK_CODE)
    branches = Statement(lines=[COFFEE], account=f"{BLZ}/{KONTO}")

    await world.take_in(
        await beside(world, place),
        mt940(branches, replace(branches, account=f"{BLZ}/{KONTO.lstrip('0')}")),
    )

    fed = await world.owner.fetch(
        "select connection_id, account_id from app.account_mappings where account_id is not null"
    )
    assert len({tuple(row) for row in fed}) == len(fed)
