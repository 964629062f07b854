"""Properties of imports: repeated, cut up, killed or taken back, they leave what was delivered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.jobs import ACTIVE, ATTEMPTS_MAX
from tests.fixtures.bai2_file import COFFEE, RENT, SALARY, Account, Detail, Group, bai2
from tests.fixtures.faults import FaultyEvents, Killed, kill
from tests.fixtures.world import Place, World

COUNTS: Final = ("processed", "imported", "duplicate", "changed", "rejected", "withdrawn")
Days = dict[str, list[Detail]]

bounded = settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
details = st.lists(st.sampled_from([COFFEE, RENT, SALARY]), max_size=5)
days = st.sampled_from(["260301", "260302", "260303", "260304"])
statements = st.dictionaries(days, details, min_size=1, max_size=4)
accounts = st.builds(
    lambda details, number: Account(details=details, number=number),
    details,
    st.sampled_from(["11112222", "33334444"]),
)
groups = st.lists(
    st.builds(
        lambda accounts, day, status: Group(accounts=accounts, day=day, status=status),
        st.lists(accounts, min_size=1, max_size=3),
        days,
        st.sampled_from("1112334"),
    ),
    min_size=1,
    max_size=4,
)


@bounded
@given(groups=groups)
async def test_the_same_file_again_changes_nothing(world: World, groups: list[Group]) -> None:
    place = await world.place()
    await world.take_in(place, bai2(*groups))
    before = await world.rows(place)

    await world.take_in(place, bai2(*groups))

    assert await world.rows(place) == before


@bounded
@given(
    files=st.lists(groups, min_size=1, max_size=2),
    batch_records=st.integers(1, 6),
    deaths=st.lists(st.integers(1, 12), max_size=ATTEMPTS_MAX - 1),
    review=st.booleans(),
)
async def test_any_schedule_of_deaths_leaves_the_rows_and_counts_of_a_calm_run(
    world: World, files: list[list[Group]], batch_records: int, deaths: list[int], review: bool
) -> None:
    calm, haunted = await world.place(), await world.place()
    small = world.altered(batch_records=batch_records)

    for content in [bai2(*groups) for groups in files]:
        expected = await small.take_in(calm, content)
        job_id = await small.job(haunted, content, review=review)
        await _die(small, haunted, job_id, deaths)
        job = await small.ledger(haunted, job_id)
        if review:
            job = await small.approve(haunted, job_id)

        assert [job[name] for name in ("state", *COUNTS)] == [
            expected[name] for name in ("state", *COUNTS)
        ]
    assert await _plain_rows(world, haunted) == await _plain_rows(world, calm)


@bounded
@given(accounts=st.lists(accounts, min_size=1, max_size=4), batch_records=st.integers(1, 6))
async def test_no_two_rows_of_one_file_are_ever_merged(
    world: World, accounts: list[Account], batch_records: int
) -> None:
    place = await world.place()
    content = bai2(Group(accounts=accounts), Group(accounts=accounts))

    await world.altered(batch_records=batch_records).take_in(place, content)

    delivered = Counter(
        (account.number, detail.text) for account in accounts * 2 for detail in account.details
    )
    assert len(await world.rows(place)) == delivered.total()


@bounded
@given(
    whole=statements,
    cuts=st.lists(st.tuples(days, days, st.integers(0, 5)), max_size=4),
    data=st.data(),
)
async def test_files_that_overlap_in_any_way_make_the_table_of_the_whole(
    world: World, whole: Days, cuts: list[tuple[str, str, int]], data: st.DataObject
) -> None:
    one, many = await world.place(), await world.place()
    await world.take_in(one, _file(whole))
    # A part has some days, and of its last day what was booked by then.
    parts = [
        {
            day: details if day < last else details[:booked]
            for day, details in whole.items()
            if first <= day <= last
        }
        for first, last, booked in cuts
    ]

    for part in data.draw(st.permutations([*parts, whole])):
        await world.take_in(many, _file(part))

    assert await _booked(world, many) == await _booked(world, one)


@bounded
@given(
    files=st.lists(statements, min_size=2, max_size=4),
    data=st.data(),
    deaths=st.lists(st.integers(1, 8), max_size=2),
)
async def test_after_any_reverts_the_table_is_what_the_other_files_deliver(
    world: World, files: list[Days], data: st.DataObject, deaths: list[int]
) -> None:
    place = await world.place()
    small = world.altered(batch_records=3)
    jobs = [(await small.take_in(place, _file(file)))["id"] for file in files]
    order = data.draw(st.permutations(range(len(files))))
    reverted = order[: data.draw(st.integers(0, len(files)))]

    for number in reverted:
        await small.ask_to_revert(place, jobs[number])
        await _die(small, place, jobs[number], deaths)

    kept = [file for number, file in enumerate(files) if number not in reverted]
    assert await _booked(world, place) == _delivered(kept)


@bounded
@given(
    files=st.lists(groups, min_size=2, max_size=4),
    data=st.data(),
    deaths=st.lists(st.integers(1, 8), max_size=2),
)
async def test_after_any_reverts_corrections_stand_as_if_the_reverted_had_never_come(
    world: World, files: list[list[Group]], data: st.DataObject, deaths: list[int]
) -> None:
    place, fresh = await world.place(), await world.place()
    small = world.altered(batch_records=3)
    jobs = [(await small.take_in(place, bai2(*file)))["id"] for file in files]
    order = data.draw(st.permutations(range(len(files))))
    reverted = order[: data.draw(st.integers(0, len(files)))]

    for number in reverted:
        await small.ask_to_revert(place, jobs[number])
        await _die(small, place, jobs[number], deaths)
    for number, file in enumerate(files):
        if number not in reverted:
            await small.take_in(fresh, bai2(*file))

    assert await _booked(world, place) == await _booked(world, fresh)
    assert await _balances(world, place) == await _balances(world, fresh)


async def _die(world: World, place: Place, job_id: UUID, deaths: Sequence[int]) -> None:
    """Runs a job that dies at each of these steps, then to its end."""
    for step in deaths:
        try:
            await world.make_due(place, job_id)
            await world.altered(events=FaultyEvents({step: kill})).run(place, job_id)
        except Killed:
            continue
    if (await world.ledger(place, job_id))["state"] in ACTIVE:
        await world.finish(place, job_id)


def _file(days: Days) -> bytes:
    return bai2(
        *(Group(accounts=[Account(details=rows)], day=day) for day, rows in sorted(days.items()))
    )


def _delivered(files: list[Days]) -> Counter[tuple[str, str]]:
    """Of each day and text as many rows as the file has that has most."""
    most: Counter[tuple[str, str]] = Counter()
    for file in files:
        most |= Counter((day, detail.text) for day, rows in file.items() for detail in rows)
    return most


async def _booked(world: World, place: Place) -> Counter[tuple[str, str]]:
    return Counter(
        (f"{row['sort_date']:%y%m%d}", row["description"]) for row in await world.rows(place)
    )


async def _balances(world: World, place: Place) -> Counter[tuple[str, str]]:
    rows = await world.owner.fetch(
        "select a.masked_number, b.as_of from app.account_balances b"
        " join app.accounts a on a.tenant_id = b.tenant_id and a.id = b.account_id"
        " where b.tenant_id = $1",
        place.tenant_id,
    )
    return Counter((row["masked_number"], f"{row['as_of']:%y%m%d}") for row in rows)


async def _plain_rows(world: World, place: Place) -> list[tuple[object, ...]]:
    """Rows without their account, whose hash differs from tenant to tenant."""
    rows = [tuple(row.values())[1:] for row in await world.rows(place)]
    return sorted(rows, key=repr)
