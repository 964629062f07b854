"""OFX imports: two accounts of one file, nothing twice, ids that repeat, positions held."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from tests.fixtures.ofx_file import ROW, statement
from tests.fixtures.world import World

ROOT = Path(__file__).parents[2]
SAMPLE = (ROOT / "docs/samples/northbank.ofx").read_bytes()
INVESTMENTS = (ROOT / "tests/statements/ofx/investments.ofx").read_bytes()


async def test_a_file_fills_both_of_its_accounts(world: World) -> None:
    place = await world.place()

    job = await world.take_in(place, SAMPLE)

    assert (job["state"], job["format"]) == ("completed", "ofx")
    assert (job["imported"], job["rejected"]) == (6, 0)
    rows = await world.rows(place)
    assert sum(row["amount"] for row in rows) == Decimal("4153.82")
    assert {row["description"] for row in rows} >= {"TEA & TOOLS LTD", "CHECK 1042"}
    accounts = await world.owner.fetch(
        "select masked_number, type from app.accounts order by masked_number"
    )
    assert [tuple(row) for row in accounts] == [
        ("••••1882", "checking"),
        ("••••7899", "credit_card"),
    ]
    assert await world.findings(place, job["id"]) == []


async def test_the_same_file_again_adds_nothing(world: World) -> None:
    place = await world.place()
    await world.take_in(place, SAMPLE)

    again = await world.take_in(place, SAMPLE.replace(b"20260317060000", b"20260318060000"))

    assert (again["state"], again["imported"]) == ("completed", 0)
    assert len(await world.rows(place)) == 6


async def test_rows_under_one_id_are_all_kept_and_told(world: World) -> None:
    place = await world.place()
    reused = SAMPLE.replace(b"N26031605", b"N26031604").replace(b"N26031602", b"N26031601")

    first = await world.take_in(place, reused)
    again = await world.take_in(place, reused.replace(b"060000[", b"070000["))

    assert (first["imported"], again["imported"]) == (6, 0)
    told = [row["code"] for row in await world.findings(place, first["id"])]
    assert set(told) == {"external-id-reused"}


async def test_a_file_that_was_cut_off_waits(world: World) -> None:
    place = await world.place()

    job = await world.take_in(place, SAMPLE[: SAMPLE.index(b"<FITID>N26031604")])

    assert (job["state"], job["error_code"]) == ("awaiting_review", "quarantined")
    assert await world.rows(place) == []


async def test_positions_are_what_the_account_holds(world: World) -> None:
    place = await world.place()

    job = await world.take_in(place, INVESTMENTS)

    assert (job["state"], job["imported"]) == ("completed", 3)
    held = await world.owner.fetch("select security, quantity from app.holdings order by 1")
    assert [(row["security"], row["quantity"]) for row in held] == [
        ("CUSIP:037833100", Decimal(10)),
        ("XF1", Decimal("1.5")),
    ]


async def test_numbers_of_accounts_are_shown_nowhere(world: World) -> None:
    place = await world.place()
    broken = SAMPLE.replace(b"<TRNAMT>4800.00", b"<TRNAMT>0004471882")

    job = await world.take_in(place, broken.replace(b"<TRNAMT>-4.50", b"<TRNAMT>x", 1))

    findings = await world.findings(place, job["id"])
    assert [row["code"] for row in findings] == ["amount-unreadable"]
    kept = await world.owner.fetch(
        "select external_account_id, masked_number from app.account_mappings"
    )
    assert not any("0004471882" in str(tuple(row)) for row in kept)


async def test_a_statement_without_currency_is_imported_and_told(world: World) -> None:
    place = await world.place()

    job = await world.take_in(place, SAMPLE.replace(b"<CURDEF>USD", b"<CURDEF>"))

    assert (job["state"], job["imported"]) == ("completed", 6)
    assert {row["code"] for row in await world.findings(place, job["id"])} == {"currency-assumed"}


async def test_pending_rows_and_rows_without_a_day_are_imported(world: World) -> None:
    place = await world.place()
    pending = (
        b"<BANKTRANLISTP><STMTTRNP><TRNTYPE>POS<DTTRAN>20260316<TRNAMT>-3.00<NAME>CAFE"
        b"</STMTTRNP></BANKTRANLISTP><LEDGERBAL>"
    )
    content = SAMPLE.replace(b"<LEDGERBAL>", pending, 1).replace(b"20260312", b"00000000")

    job = await world.take_in(place, content)

    assert (job["state"], job["imported"]) == ("completed", 7)
    rows = {row["description"]: row for row in await world.rows(place)}
    assert rows["CAFE"]["status"] == "pending"
    undated = await world.owner.fetch(
        "select description from app.transactions where posted_date is null order by 1"
    )
    assert [row["description"] for row in undated] == ["CAFE", "TEA & TOOLS LTD"]
    assert [row["code"] for row in await world.findings(place, job["id"])] == ["date-unreadable"]


async def test_a_bank_that_numbers_its_rows_anew_is_told_of(world: World) -> None:
    place = await world.place()
    twin = ROW.replace("A1", "A2")
    await world.take_in(place, statement(ROW))

    more = await world.take_in(place, statement(ROW, twin))
    anew = await world.take_in(place, statement(ROW.replace("A1", "B1"), twin))

    codes = [
        [one["code"] for one in await world.findings(place, job["id"])] for job in (more, anew)
    ]
    assert codes == [[], ["external-ids-differ"]]
    assert len(await world.rows(place)) == 3


async def test_what_is_not_booked_yet_is_left_out_where_the_connection_has_it_so(
    world: World,
) -> None:
    place = await world.place(import_pending=False)
    waiting = ROW.replace("DTPOSTED", "DTTRAN").replace("<FITID>A1", "")
    after = f"<BANKTRANLISTP><STMTTRNP>{waiting}</STMTTRNP></BANKTRANLISTP>"

    job = await world.take_in(place, statement(ROW, after=after))

    assert (job["state"], job["imported"]) == ("completed", 1)
    assert [row["status"] for row in await world.rows(place)] == ["posted"]
    (finding,) = await world.findings(place, job["id"])
    assert (finding["code"], finding["message"][:2]) == ("pending-left-out", "1 ")
