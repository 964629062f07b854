"""Documents that are written after newer ones: everything ends as if they had come in turn."""

from __future__ import annotations

from operator import itemgetter

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fixtures.bai2_file import COFFEE, RENT, SALARY, Account, Detail, Group, bai2, statement
from tests.fixtures.world import Place, World

UPDATE, DELETE, CORRECT = "1", "2", "3"

details = st.lists(st.sampled_from([COFFEE, RENT, SALARY]), max_size=3)
groups = st.lists(
    st.builds(
        lambda details, closing, day, status: Group(
            accounts=[Account(details=details, closing=closing)], day=day, status=status
        ),
        details,
        st.sampled_from([100_000, 200_000]),
        st.sampled_from(["260301", "260302"]),
        st.sampled_from([UPDATE, UPDATE, DELETE, CORRECT]),
    ),
    min_size=1,
    max_size=2,
)


def _quarantined(*given: Detail, status: str) -> bytes:
    """A statement whose control total of the file does not fit."""
    lines = statement(*given, status=status).decode().splitlines()
    *others, last = lines
    return "\n".join([*others, last.replace("99,", "99,9", 1), ""]).encode()


async def test_a_deletion_approved_late_spares_what_a_newer_file_restated(world: World) -> None:
    place = await world.place(control_policy="quarantine")
    await world.take_in(place, statement(COFFEE, RENT))
    held = await world.take_in(place, _quarantined(status=DELETE))
    await world.take_in(place, statement(COFFEE))

    approved = await world.approve(place, held["id"])

    assert held["state"] == "awaiting_review"
    assert approved["state"] == "completed"
    assert [row["description"] for row in await world.rows(place)] == ["COFFEE"]


async def test_a_correction_approved_late_keeps_what_a_newer_file_added(world: World) -> None:
    place = await world.place()
    await world.take_in(place, statement(COFFEE))
    held = await world.take_in(place, statement(RENT, status=CORRECT), review=True)
    await world.take_in(place, statement(COFFEE, SALARY))

    await world.approve(place, held["id"])

    found = sorted(row["description"] for row in await world.rows(place))
    assert found == ["COFFEE", "RENT", "SALARY"]


async def test_a_booking_approved_late_does_not_outlive_a_newer_deletion(world: World) -> None:
    place = await world.place()
    held = await world.take_in(place, statement(COFFEE), review=True)
    await world.take_in(place, statement(status=DELETE))

    await world.approve(place, held["id"])

    assert await world.rows(place) == []


async def test_a_newer_import_that_stopped_half_way_starts_over(world: World) -> None:
    place = await world.place()
    await world.take_in(place, statement(COFFEE))
    held = await world.take_in(place, statement(status=DELETE), review=True)
    newer = await world.take_in(place, statement(COFFEE))
    await world.owner.execute(
        "update app.ingestion_jobs set state = 'failed' where id = $1", newer["id"]
    )

    await world.approve(place, held["id"])
    between = await world.rows(place)
    await world.retry(place, newer["id"])

    assert between == []
    assert [row["description"] for row in await world.rows(place)] == ["COFFEE"]


async def test_a_late_document_reads_nothing_again_for_an_account_that_it_does_not_name(
    world: World,
) -> None:
    place = await world.place()
    await world.take_in(place, statement(COFFEE, number="11112222"))
    held = await world.take_in(place, statement(RENT, number="33334444"), review=True)
    await world.take_in(place, statement(COFFEE, number="11112222"))
    before = await _written_at(world, place, "••••2222")

    await world.approve(place, held["id"])

    assert await _written_at(world, place, "••••2222") == before
    assert len(await world.rows(place)) == 2


@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(files=st.lists(st.tuples(groups, st.integers(0, 9)), min_size=2, max_size=4))
async def test_approvals_in_any_order_end_as_the_order_of_delivery(
    world: World, files: list[tuple[list[Group], int]]
) -> None:
    in_turn, mixed = await world.place(), await world.place()
    for file, _ in files:
        await world.take_in(in_turn, bai2(*file))
    held = [(turn, await world.take_in(mixed, bai2(*file), review=True)) for file, turn in files]

    for _, job in sorted(held, key=itemgetter(0)):
        await world.approve(mixed, job["id"])

    assert await _standing(world, mixed) == await _standing(world, in_turn)
    assert await _balances(world, mixed) == await _balances(world, in_turn)


async def _standing(world: World, place: Place) -> list[tuple[object, ...]]:
    """What stands, whichever of the documents that have a row is named as its source."""
    names = ("sort_date", "amount", "currency", "description", "occurrence", "status")
    return [tuple(row[name] for name in names) for row in await world.rows(place)]


async def _written_at(world: World, place: Place, masked: str) -> object:
    return await world.owner.fetch(
        "select t.xmin::text from app.transactions as t join app.account_mappings as m"
        " on m.tenant_id = t.tenant_id and m.id = t.mapping_id"
        " where t.tenant_id = $1 and m.masked_number = $2",
        place.tenant_id,
        masked,
    )


async def _balances(world: World, place: Place) -> list[tuple[object, ...]]:
    """The newest statement of each day."""
    rows = await world.owner.fetch(
        "select distinct on (as_of, kind, code) as_of, kind, code, amount"
        " from app.account_balances where tenant_id = $1"
        " order by as_of, kind, code, created_at desc, id desc",
        place.tenant_id,
    )
    return [tuple(row) for row in rows]
