"""Statements: kept with the outcome of their proof, and true through all that happens to rows."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from resolvers import mappings
from resolvers.mappings import Mapped
from tests.fixtures.bai2_file import COFFEE, SALARY, statement
from tests.fixtures.context import an_account, context, the_mapping
from tests.fixtures.mt940_file import COFFEE as LINE
from tests.fixtures.mt940_file import Statement, mt940
from tests.fixtures.world import Place, World

DELETE, CORRECT = "2", "3"
APRIL = mt940(
    Statement(lines=[LINE], number="1/1"),
    Statement(lines=[LINE, LINE], opening=Decimal("96.50"), day="260402", number="2/1"),
)


async def test_each_statement_is_kept_with_its_proof(world: World) -> None:
    place = await world.place()

    await world.take_in(place, APRIL.replace(b"EUR89,50", b"EUR80,00"))

    assert await _statements(world, place) == [
        ("1/1", Decimal("100.00"), Decimal("96.50"), Decimal("-3.50"), 1, "holds", Decimal("0.00")),
        ("2/1", Decimal("96.50"), Decimal("80.00"), Decimal("-7.00"), 2, "fails", Decimal("-9.50")),
    ]


async def test_statements_are_numbered_alike_however_they_are_cut_into_batches(
    world: World,
) -> None:
    place = await world.place()

    await world.altered(batch_records=2).take_in(place, APRIL)

    rows = await world.owner.fetch(
        "select ordinal, statement_number from app.statements order by ordinal"
    )
    assert [tuple(row) for row in rows] == [(0, "1/1"), (1, "2/1")]


async def test_statements_go_with_their_import(world: World) -> None:
    place = await world.place()
    first = await world.take_in(place, APRIL)
    second = await world.take_in(place, APRIL)

    await world.revert(place, first["id"])
    left = await world.owner.fetch("select distinct job_id from app.statements")
    await world.revert(place, second["id"])

    assert [row["job_id"] for row in left] == [second["id"]]
    assert await _statements(world, place) == []


async def test_statements_follow_their_mapping(world: World) -> None:
    place = await world.place()
    await world.take_in(place, APRIL)
    before = await _statements(world, place)

    await _decide(world, place, None)
    between = await _statements(world, place)
    account_id = await an_account(world, place)
    await _decide(world, place, account_id)

    assert between == []
    assert await _statements(world, place) == before
    rows = await world.owner.fetch("select distinct account_id from app.statements")
    assert [row["account_id"] for row in rows] == [account_id]

    other = await an_account(world, place)
    await _decide(world, place, other)

    rows = await world.owner.fetch("select distinct account_id from app.statements")
    assert [row["account_id"] for row in rows] == [other]
    assert await _statements(world, place) == before


async def test_what_waits_for_a_mapping_has_no_statement_until_it_has_one(world: World) -> None:
    place = await world.place(mapping_policy="ask")
    await world.take_in(place, APRIL)
    waiting = await _statements(world, place)

    await _decide(world, place, await an_account(world, place))

    assert waiting == []
    assert [row[0] for row in await _statements(world, place)] == ["1/1", "2/1"]


async def test_a_source_takes_back_its_statement_with_the_day(world: World) -> None:
    place = await world.place()
    await world.take_in(place, statement(COFFEE))
    await world.take_in(place, statement(SALARY, day="260302"))

    await world.take_in(place, statement(status=DELETE))
    days = await _days(world)
    await world.take_in(place, statement(COFFEE, day="260302", status=CORRECT))

    assert days == [("2026-03-02", Decimal("3000.00"))]
    assert await _days(world) == [("2026-03-02", Decimal("-3.50"))]


async def test_a_taken_back_correction_lets_the_corrected_statement_stand_again(
    world: World,
) -> None:
    place = await world.place()
    await world.take_in(place, statement(COFFEE))
    correction = await world.take_in(place, statement(SALARY, status=CORRECT))

    await world.revert(place, correction["id"])

    assert await _days(world) == [("2026-03-01", Decimal("-3.50"))]


async def _decide(world: World, place: Place, account_id: UUID | None) -> None:
    """Sets the only mapping to an account or to none, and has its rows follow."""
    caller, mapping_id = context(world, place), await the_mapping(world)
    if account_id is None:
        answer = await mappings.unset(caller, mapping_id=mapping_id)
    else:
        answer = await mappings.set_account(caller, mapping_id=mapping_id, account_id=account_id)
    assert isinstance(answer, Mapped)
    assert answer.job is not None
    await world.finish(place, answer.job.id)


async def _statements(world: World, place: Place) -> list[tuple[object, ...]]:
    rows = await world.owner.fetch(
        "select statement_number, opening_balance, closing_balance, entries_sum, entries_count,"
        " proof, difference from app.statements where tenant_id = $1 order by created_at, ordinal",
        place.tenant_id,
    )
    return [tuple(row) for row in rows]


async def _days(world: World) -> list[tuple[str, Decimal]]:
    rows = await world.owner.fetch(
        "select to_date::text, entries_sum from app.statements order by to_date"
    )
    return [(row["to_date"], row["entries_sum"]) for row in rows]
