"""Hostile and broken files: each ends in a settled state that says what is wrong and what to do."""

from __future__ import annotations

import gzip
import logging
from decimal import Decimal
from functools import partial
from zlib import crc32

import asyncpg
import pytest

from core.vault import Aad
from db.tenant_keys import data_key
from tests.fixtures.bai2_file import COFFEE, Account, Detail, Group, bai2, statement
from tests.fixtures.csv_file import HEADER, csv, saved
from tests.fixtures.world import Place, World

SECRET_NUMBER = "DE89370400440532013000"  # an example IBAN
UNREADABLE = {
    "empty": b"",
    "blanks": b" \r\n\t\n",
    "a photo": b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(range(256)) * 40,
    "zeros": bytes(20 * 1024 * 1024),
    "cut gzip": gzip.compress(statement(COFFEE), mtime=0)[:-5],
    "a PDF": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
    "a web page": b"<!DOCTYPE html><html><body>Please log in</body></html>",
    "prose": b"Dear customer,\nthe statement is attached.\n",
    "a million columns": b"Date,Amount," + b",".join(b"c%d" % n for n in range(1_000_000)) + b"\n",
    "one endless line": b"Date,Amount,Text\n2026-03-01,-1.00," + b"x" * (2 * 1024 * 1024),
    "utf-16 without a mark": "01,BANK,ACME,260301,0600,1,,,2/\n".encode("utf-16-le"),
}


@pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE.keys())
async def test_a_file_that_is_no_statement_fails_once_with_a_reason_and_is_kept(
    world: World, content: bytes
) -> None:
    place = await world.place()

    job = await world.take_in(place, content)

    assert job["state"] == "failed", dict(job)
    assert job["attempts"] == 1
    (finding,) = await world.findings(place, job["id"])
    assert (finding["severity"], finding["code"]) == ("error", job["error_code"])
    assert job["error_code"] not in ("internal", "storage-unavailable", "database-unavailable")
    assert len(job["error_message"]) > 10
    assert await _kept(world, place) == [crc32(content)]


async def test_amounts_of_thirty_digits_are_rejected_rows_and_the_others_are_in(
    world: World,
) -> None:
    place = await world.place()

    job = await world.take_in(
        place, statement(COFFEE, Detail("475", 10**29, "TOO MUCH"), Detail("475", 10**15, "MOST"))
    )

    assert (job["state"], job["imported"], job["rejected"]) == ("partial", 2, 1)
    assert {row["amount"] for row in await world.rows(place)} == {
        Decimal("-3.50"),
        Decimal("-10000000000000.00"),
    }


async def test_a_balance_of_thirty_digits_loses_no_transaction(world: World) -> None:
    place = await world.place()
    account = Account(details=[COFFEE], closing=10**29)

    job = await world.take_in(place, bai2(Group(accounts=[account])))

    assert job["imported"] == 1
    assert await world.findings(place, job["id"]) != []


@pytest.mark.parametrize("day", ["1900-01-01", "2199-12-31"])
async def test_days_of_other_centuries_are_days(world: World, day: str) -> None:
    place = await world.place()

    job = await _take_in_csv(world, place, csv(f"{day},-3.50,COFFEE,1,A1"))

    assert (job["state"], job["imported"]) == ("completed", 1)
    assert [str(row["sort_date"]) for row in await world.rows(place)] == [day]


@pytest.mark.parametrize("day", ["1899-12-31", "2200-01-01", "0000-00-00", "99999-01-01"])
async def test_days_past_all_belief_are_rejected_rows(world: World, day: str) -> None:
    place = await world.place()
    content = csv(f"{day},-3.50,COFFEE,1,A1", "2026-03-01,-1.00,PEN,2,A1")

    job = await _take_in_csv(world, place, content)

    assert (job["state"], job["imported"], job["rejected"]) == ("partial", 1, 1)
    (finding,) = await world.findings(place, job["id"])
    assert (finding["line"], finding["field"]) == (2, "postedDate")


@pytest.mark.parametrize(
    "text",
    [b"NUL \x00 HERE", b"LONE \xed\xa0\x80 SURROGATE", b"\xff\xfe BYTES", "ünïcode 😀".encode()],
    ids=["nul", "surrogate", "bytes", "unicode"],
)
@pytest.mark.parametrize("form", ["bai2", "csv"])
async def test_texts_that_postgres_cannot_hold_lose_no_row(
    world: World, form: str, text: bytes
) -> None:
    place = await world.place()

    if form == "bai2":
        job = await world.take_in(place, statement(COFFEE, COFFEE).replace(b"COFFEE", text))
    else:
        row = b"2026-03-01,-3.50,%s,%s,A1\n" % (text, text)
        job = await _take_in_csv(world, place, HEADER.encode() + b"\n" + row * 2)

    assert (job["state"], job["imported"], job["duplicate"]) == ("completed", 2, 0)


async def test_columns_and_cells_that_are_too_many_are_rejected_rows(world: World) -> None:
    place = await world.place()
    content = csv("2026-03-01,-3.50,COFFEE,1,A1", "2026-03-01,-3.50,PEN,2,A1" + "," * 100_000)

    job = await _take_in_csv(world, place, content)

    assert (job["imported"], job["rejected"]) == (1, 1)


async def test_one_account_too_many_stops_the_file_before_anything_is_written(
    world: World,
) -> None:
    place = await world.place()
    rows = [f"2026-03-01,-3.50,FEE,{number},ACC{number}" for number in range(10_001)]

    job = await _take_in_csv(world, place, csv(*rows))

    assert (job["state"], job["error_code"]) == ("failed", "too-many-accounts")
    (finding,) = await world.findings(place, job["id"])
    assert (finding["line"], finding["severity"]) == (10_002, "error")
    assert await world.owner.fetchval("select count(*) from app.account_mappings") == 0


async def test_ten_thousand_accounts_are_not_too_many(world: World) -> None:
    place = await world.place()
    rows = [f"2026-03-01,-3.50,FEE,{number},ACC{number}" for number in range(10_000)]

    job = await _take_in_csv(world, place, csv(*rows))

    assert (job["state"], job["imported"]) == ("completed", 10_000)
    assert await world.owner.fetchval("select count(*) from app.accounts") == 10_000


async def test_findings_past_ten_thousand_are_counted_only(world: World) -> None:
    place = await world.place()
    rows = [f"2026-03-01,nothing,FEE,{number},A1" for number in range(10_050)]

    job = await _take_in_csv(world, place, csv("2026-03-01,-1.00,PEN,2,A1", *rows))

    assert (job["state"], job["imported"], job["rejected"]) == ("partial", 1, 10_050)
    assert len(await world.findings(place, job["id"])) == 10_000


async def test_control_totals_that_are_off_are_told_with_what_was_found(world: World) -> None:
    place = await world.place()
    content = statement(COFFEE).replace(b"98,100350,1,5/", b"98,999,7,77/")

    job = await world.take_in(place, content)

    assert (job["state"], job["imported"]) == ("completed", 1)
    messages = [row["message"] for row in await world.findings(place, job["id"])]
    assert any("999" in message and "100350" in message for message in messages)
    assert all("Compare with the bank" in message for message in messages[:2])


@pytest.mark.parametrize("number", [SECRET_NUMBER, " DE89 3704 0044 0532 0130 00 "])
async def test_no_account_number_stands_in_clear_anywhere(
    world: World, caplog: pytest.LogCaptureFixture, number: str
) -> None:
    place = await world.place()
    caplog.set_level(logging.DEBUG)
    content = bai2(Group(accounts=[Account(details=[COFFEE], number=number)]))

    await world.take_in(place, content)
    await world.take_in(place, content.replace(b"03,", b"03;"))
    await world.take_in(place, content.partition(b"16,")[0])
    await _take_in_csv(world, place, csv(f"2026-13-01,-3.50,COFFEE,1,{number}"))
    await _take_in_csv(world, place, csv(f"2026-03-01,-3.50,COFFEE,1,{number}"))

    assert "3704" not in caplog.text
    texts = await world.owner.fetch(
        "select error_message as text from app.ingestion_jobs"
        " union all select message from app.ingestion_findings"
        " union all select external_account_id || external_name || masked_number"
        "   from app.account_mappings"
        " union all select name || masked_number from app.accounts"
    )
    assert not [row["text"] for row in texts if "3704" in (row["text"] or "").replace(" ", "")]


async def _take_in_csv(world: World, place: Place, content: bytes) -> asyncpg.Record:
    return await world.take_in(place, content, profile_id=await saved(world, place))


async def _kept(world: World, place: Place) -> list[int]:
    """Checksums of the raw documents, unsealed."""
    key = await data_key(partial(world.database.as_, place.worker), world.services.vault)
    async with world.database.as_(place.worker) as tx:
        rows = await tx.rows("select id, blob_path from app.raw_ingestion_data")
    sums = []
    for row in rows:
        aad = Aad(tenant_id=place.tenant_id, purpose="raw", record_id=row["id"])
        async with world.services.blobs.open(row["blob_path"]) as sealed:
            sums.append(crc32(key.open_file(sealed, aad=aad).read()))
    return sums
