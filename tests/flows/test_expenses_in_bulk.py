"""Expenses follow statements that change many transactions at once, and cost them little."""

from __future__ import annotations

import time
from decimal import Decimal

from tests.fixtures.world import Place, World

STATEMENT = b"""\
01,BANK,ACME,260301,0600,1,,,2/
02,ACME,BANK,1,260301,,EUR,2/
03,12345678,EUR,015,99650,,/
16,475,350,Z,,,COFFEE
49,100000,3/
98,100000,1,5/
99,100000,1,7/
"""
ROWS = 20_000
SECONDS = 8.0  # what is quadratic in the rows takes minutes


async def _fill(world: World, place: Place) -> None:
    """Booked debits with an expense each, made by Postgres from one that was imported."""
    await world.take_in(place, STATEMENT)
    await world.owner.execute(
        "insert into app.transactions (tenant_id, id, account_id, mapping_id, job_id, raw_id,"
        " raw_line, raw_line_end, fingerprint, occurrence, content_key, status, amount, currency,"
        " sort_date, description, description_raw)"
        " select t.tenant_id, gen_random_uuid(), t.account_id, t.mapping_id, t.job_id, t.raw_id,"
        " n, n, decode(md5(n::text), 'hex'), 0, t.content_key, 'posted', -1.5, t.currency,"
        " t.sort_date, 'Row ' || n, 'raw'"
        " from app.transactions t cross join generate_series(1, $2::integer) as n"
        " where t.tenant_id = $1",
        place.tenant_id,
        ROWS,
    )
    await world.owner.execute("delete from app.review_items where tenant_id = $1", place.tenant_id)
    await world.owner.execute(
        "delete from app.transactions where tenant_id = $1 and description not like 'Row %'",
        place.tenant_id,
    )
    await world.owner.execute(
        "insert into app.expenses (tenant_id, transaction_id, amount, currency, spent_on,"
        " description) select t.tenant_id, t.id, -t.amount, t.currency, t.sort_date, t.description"
        " from app.transactions t where t.tenant_id = $1",
        place.tenant_id,
    )


async def test_a_statement_over_many_rows_changes_their_expenses_in_one_go(world: World) -> None:
    place, other = await world.place(), await world.place()
    await _fill(world, place)
    await _fill(world, other)

    # The first statement is small: what is planned for it must not be kept for the second.
    await world.owner.execute(
        "update app.transactions set amount = -2 where tenant_id = $1 and description = 'Row 1'",
        place.tenant_id,
    )
    started = time.monotonic()
    await world.owner.execute(
        "update app.transactions set"
        " status = case when raw_line % 2 = 0 then 'removed' else status end,"
        " user_category = 'Rent' where tenant_id = $1",
        place.tenant_id,
    )
    took = time.monotonic() - started

    found = await world.owner.fetch(
        "select e.tenant_id, e.status, e.category, count(*) as number, min(e.amount) as least,"
        " max(e.amount) as most from app.expenses e group by 1, 2, 3"
    )
    assert {
        (row["tenant_id"], row["status"], row["category"], row["number"], row["most"])
        for row in found
    } == {
        (place.tenant_id, "active", "Rent", ROWS // 2, Decimal(2)),
        (place.tenant_id, "reversed", "Rent", ROWS // 2, Decimal("1.5")),
        (other.tenant_id, "active", None, ROWS, Decimal("1.5")),
    }
    assert took < SECONDS


async def test_an_expense_that_says_it_already_is_not_written(world: World) -> None:
    place = await world.place()
    await _fill(world, place)
    before = await _versions(world)

    await world.owner.execute("update app.transactions set raw_line_end = raw_line_end + 1")

    assert await _versions(world) == before


async def _versions(world: World) -> object:
    return await world.owner.fetchval("select array_agg(xmin::text order by id) from app.expenses")
