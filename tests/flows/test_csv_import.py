"""CSV imports: bad rows are told and lose no good one, profiles decide, ids prove nothing alone."""

from __future__ import annotations

from decimal import Decimal

import asyncpg
import pytest

from tests.fixtures.csv_file import csv, saved
from tests.fixtures.world import Place, World

TWO_ROWS = csv("2026-03-01,-3.50,COFFEE,1,A1", "2026-03-02,-9.00,BOOK,2,A1")


async def test_bad_rows_are_told_with_their_place_and_the_others_are_in(world: World) -> None:
    place = await world.place()
    content = csv(
        "2026-03-01,-3.50,COFFEE,1,A1",
        "2026-13-01,-9.00,BOOK,2,A1",
        "2026-03-02,nine,PEN,3,A1",
        "2026-03-03,-1.00,RULER,4,A1",
    )

    job = await _take_in(world, place, content)

    assert (job["state"], job["imported"], job["rejected"]) == ("partial", 2, 2)
    rejected = [row for row in await world.findings(place, job["id"]) if row["rejected"]]
    assert [(row["line"], row["field"], row["raw"]) for row in rejected] == [
        (3, "postedDate", "2026-13-01,-9.00,BOOK,2,A1"),
        (4, "amount", "2026-03-02,nine,PEN,3,A1"),
    ]
    assert all(len(row["message"]) > 20 for row in rejected)
    assert {row["description"] for row in await world.rows(place)} == {"COFFEE", "RULER"}


async def test_a_rejected_row_does_not_show_its_account(world: World) -> None:
    place = await world.place()
    content = csv("2026-03-01,-3.50,COFFEE,1,40012345678", "2026-13-01,-9.00,BOOK,2,40012345678")

    job = await _take_in(world, place, content)

    (finding,) = [row for row in await world.findings(place, job["id"]) if row["rejected"]]
    assert finding["raw"] == "2026-13-01,-9.00,BOOK,2,••••5678"


async def test_a_file_of_which_no_row_can_be_read_fails_and_says_so(world: World) -> None:
    place = await world.place()

    job = await _take_in(world, place, TWO_ROWS, date_format="DMY")

    assert (job["state"], job["error_code"]) == ("failed", "no-row-readable")
    assert await world.rows(place) == []


async def test_a_retry_with_another_profile_reads_the_file_afresh(world: World) -> None:
    place = await world.place()
    failed = await _take_in(world, place, TWO_ROWS, date_format="DMY")

    job = await world.retry(place, failed["id"], profile_id=await saved(world, place))

    assert (job["state"], job["imported"], job["rejected"]) == ("completed", 2, 0)
    assert [row["code"] for row in await world.findings(place, job["id"])] == []


async def test_an_ambiguous_file_asks_for_a_profile_and_a_retry_with_one_works(
    world: World,
) -> None:
    place = await world.place()
    content = b"Date,Amount,Text\n01/02/2026,-3.50,COFFEE\n02/03/2026,-9.00,BOOK\n"

    asked = await world.take_in(place, content)
    profile_id = await saved(
        world, place, dateFormat="DMY", columns={"externalId": None, "account": None}
    )
    job = await world.retry(place, asked["id"], profile_id=profile_id)

    assert (asked["state"], asked["error_code"]) == ("failed", "profile-required")
    assert "profile" in asked["error_message"]
    assert (job["state"], job["imported"]) == ("completed", 2)
    assert [row["sort_date"].month for row in await world.rows(place)] == [2, 3]


async def test_the_job_keeps_what_it_was_read_with(world: World) -> None:
    place = await world.place()

    job = await _take_in(world, place, TWO_ROWS)

    assert job["format"] == "csv"
    assert '"dateFormat": "YMD"' in job["profile"]


async def test_a_profile_of_the_connection_is_used_where_the_job_names_none(world: World) -> None:
    place = await world.place()
    profile_id = await saved(world, place)
    await world.owner.execute("update app.connections set profile_id = $1", profile_id)

    job = await world.take_in(place, TWO_ROWS)

    assert (job["state"], job["imported"]) == ("completed", 2)


async def test_formulas_are_kept_as_the_text_that_they_are(world: World) -> None:
    place = await world.place()
    formula = '=HYPERLINK("http://x","y")'

    await _take_in(world, place, csv('2026-03-01,-3.50,"=HYPERLINK(""http://x"",""y"")",1,A1'))

    assert [row["description"] for row in await world.rows(place)] == [formula]


async def test_one_file_feeds_many_accounts(world: World) -> None:
    place = await world.place()
    rows = [f"2026-03-01,-{number}.00,FEE,{number},ACC{number % 3}" for number in range(1, 10)]

    job = await _take_in(world, place, csv(*rows))

    assert job["imported"] == 9
    accounts = await world.owner.fetch(
        "select account_id, count(*) as rows from app.transactions group by account_id"
    )
    assert [account["rows"] for account in accounts] == [3, 3, 3]


async def test_a_text_that_changed_under_its_id_changes_the_row(world: World) -> None:
    place = await world.place()

    await _take_in(world, place, csv("2026-03-01,-3.50,COFFEE,1,A1"))
    second = await _take_in(world, place, csv("2026-03-01,-3.50,COFFEE SHOP,1,A1"))

    assert (second["imported"], second["changed"]) == (0, 1)
    assert [row["description"] for row in await world.rows(place)] == ["COFFEE SHOP"]


async def test_an_id_that_comes_with_another_amount_makes_a_second_row_and_is_told(
    world: World,
) -> None:
    place = await world.place()

    await _take_in(world, place, csv("2026-03-01,-3.50,COFFEE,1,A1"))
    second = await _take_in(world, place, csv("2026-03-01,-4.00,COFFEE,1,A1"))

    assert {row["amount"] for row in await world.rows(place)} == {Decimal("-3.5"), Decimal("-4")}
    (finding,) = await world.findings(place, second["id"])
    assert (finding["code"], finding["line"]) == ("external-id-reused", 2)


@pytest.mark.parametrize("id_", ["", "9" * 600])
async def test_ids_that_are_missing_or_endless_lose_no_row(world: World, id_: str) -> None:
    place = await world.place()
    row = f"2026-03-01,-3.50,COFFEE,{id_},A1"

    first = await _take_in(world, place, csv(row, row))
    second = await _take_in(world, place, csv(row, row))

    assert (first["imported"], second["imported"], second["duplicate"]) == (2, 0, 2)


async def test_settings_that_change_later_do_not_change_what_was_read(world: World) -> None:
    place = await world.place()
    first = await _take_in(world, place, TWO_ROWS)
    await _take_in(world, place, TWO_ROWS)
    await world.owner.execute(
        "update app.statement_profiles set definition = jsonb_set(definition, '{negate}', 'true')"
    )

    await world.revert(place, first["id"])

    assert [row["amount"] for row in await world.rows(place)] == [Decimal("-3.5"), Decimal("-9")]


async def _take_in(
    world: World, place: Place, content: bytes, *, date_format: str = "YMD"
) -> asyncpg.Record:
    profile_id = await saved(world, place, dateFormat=date_format)
    return await world.take_in(place, content, profile_id=profile_id)
