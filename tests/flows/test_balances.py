"""Balances: what a source said last counts, and what it says again is no news."""

from __future__ import annotations

from uuid import UUID, uuid4

from core.jobs import JobKind
from db import balances
from db.jobs import NewJob, create
from tests.fixtures.bai2_file import Account, Group, bai2
from tests.fixtures.world import Place, World

INTRADAY = "03,12345678,EUR,030,{minor},,/"


async def test_a_balance_that_goes_and_comes_back_counts_as_it_was_said_last(
    world: World,
) -> None:
    place = await world.place()

    for minor in (10_000, 9_000, 10_000):
        await world.take_in(place, bai2(Group(accounts=[Account(closing=minor)])))

    assert await _latest(world, place) == [(None, 10_000)]
    assert await _history(world, place) == [(None, 10_000), (None, 9_000), (None, 10_000)]


async def test_each_time_of_a_day_in_one_file_is_kept(world: World) -> None:
    place = await world.place()

    await world.take_in(place, _intraday(("0900", 10_000), ("1200", 9_000), ("1500", 10_000)))

    assert await _history(world, place) == [("09:00", 10_000), ("12:00", 9_000), ("15:00", 10_000)]
    assert await _latest(world, place) == [("15:00", 10_000)]


async def test_the_newest_time_of_a_day_is_the_latest_whatever_comes_last(world: World) -> None:
    place = await world.place()

    for time, minor in (("0900", 10_000), ("1500", 10_000), ("1200", 9_000)):
        await world.take_in(place, _intraday((time, minor)))

    assert await _latest(world, place) == [("15:00", 10_000)]


async def test_a_balance_said_again_adds_nothing(world: World) -> None:
    place = await world.place()
    content = _intraday(("0900", 10_000), ("1200", 9_000))

    for _ in range(2):
        await world.take_in(place, content)

    assert await _history(world, place) == [("09:00", 10_000), ("12:00", 9_000)]


async def test_an_older_document_that_is_read_later_does_not_count_as_newer(
    world: World,
) -> None:
    place = await world.place(mapping_policy="ask")
    await world.take_in(place, bai2(Group(accounts=[Account(closing=10_000)])))
    derivation = await _map(world, place)
    await world.take_in(place, bai2(Group(accounts=[Account(closing=9_000)])))

    await world.finish(place, derivation)

    assert await _latest(world, place) == [(None, 9_000)]
    assert await _history(world, place) == [(None, 10_000), (None, 9_000)]


def _intraday(*told: tuple[str, int]) -> bytes:
    """A file with a group for each time and its ledger balance in minor units."""
    lines = ["01,BANK,ACME,260301,0600,1,,,2/"]
    for time, minor in told:
        lines.append(f"02,ACME,BANK,1,260301,{time},EUR,1/")
        lines.append(INTRADAY.format(minor=minor))
        lines += [f"49,{minor},2/", f"98,{minor},1,4/"]
    total = sum(minor for _, minor in told)
    return "\n".join([*lines, f"99,{total},{len(told)},{len(lines) + 1}/", ""]).encode()


async def _map(world: World, place: Place) -> UUID:
    """Maps the one external account; the job that is to bring its waiting rows."""
    account_id = uuid4()
    await world.owner.execute(
        "insert into app.accounts (tenant_id, id, name, currency) values ($1, $2, 'Mine', 'EUR')",
        place.tenant_id,
        account_id,
    )
    mapping_id = await world.owner.fetchval(
        "update app.account_mappings set account_id = $2, state = 'mapped', verified_at = now(),"
        " verified_by = $3 where tenant_id = $1 returning id",
        place.tenant_id,
        account_id,
        place.user_id,
    )
    new = NewJob(kind=JobKind.DERIVE, connection_id=place.connection_id, mapping_id=mapping_id)
    async with world.database.as_(place.user) as tx:
        job = await create(tx, tenant_id=place.tenant_id, new=new, created_by=place.user_id)
    assert job is not None
    return job.id


async def _history(world: World, place: Place) -> list[tuple[str | None, int]]:
    rows = await world.owner.fetch(
        "select as_of_time, (amount * 100)::int as minor from app.account_balances"
        " where tenant_id = $1 order by created_at, as_of_time",
        place.tenant_id,
    )
    return [(row["as_of_time"], row["minor"]) for row in rows]


async def _latest(world: World, place: Place) -> list[tuple[str | None, int]]:
    account_id = await world.owner.fetchval(
        "select id from app.accounts where tenant_id = $1", place.tenant_id
    )
    async with world.database.as_(place.user) as tx:
        found = await balances.latest(tx, tenant_id=place.tenant_id, account_ids=[account_id])
    return [(one.as_of_time, int(one.amount * 100)) for one in found[account_id]]
