"""Corrections of OFX: rows that the bank replaces or deletes by FITID count as it says now."""

from __future__ import annotations

from decimal import Decimal

import asyncpg
import pytest

from tests.fixtures.ofx_file import ROW, statement
from tests.fixtures.world import Place, World

OTHER = ROW.replace("A1", "B1").replace("-12.34", "-5.00").replace("SHOP", "CAFE")
FIRST = statement(ROW, OTHER)


def corrected(new: str, old: str, amount: str = "-13.00") -> str:
    """The row under the id `new` that replaces the one with the id `old`."""
    row = ROW.replace("A1", new).replace("-12.34", amount)
    return f"{row}<CORRECTFITID>{old}<CORRECTACTION>REPLACE"


def deleted(old: str) -> str:
    return f"<TRNTYPE>OTHER<FITID>X<CORRECTFITID>{old}<CORRECTACTION>DELETE"


AGAIN = corrected("A3", "A1", "-14.00")  # corrects the first row a second time
LEDGER = "<LEDGERBAL><BALAMT>100.00<DTASOF>20260331</LEDGERBAL>"
SECOND = statement(corrected("A2", "A1"))
THIRD = statement(corrected("A3", "A2", "-14.00"))
REMOVAL = statement(deleted("A1"))


async def standing(world: World, place: Place) -> list[tuple[str, Decimal]]:
    rows = await world.owner.fetch(
        "select external_id, amount from app.transactions where tenant_id = $1"
        " and status <> 'removed' order by external_id, amount",
        place.tenant_id,
    )
    return [(row["external_id"], row["amount"]) for row in rows]


async def codes(world: World, place: Place, job: asyncpg.Record) -> list[str]:
    return [row["code"] for row in await world.findings(place, job["id"])]


CAFE = ("B1", Decimal("-5.00"))
SHOP = ("A1", Decimal("-12.34"))
ONCE = [("A2", Decimal("-13.00")), CAFE]
TWICE = [("A3", Decimal("-14.00")), CAFE]


async def test_a_correction_takes_the_place_of_its_row_with_what_hangs_on_it(world: World) -> None:
    place = await world.place()
    await world.take_in(place, FIRST)
    before = await world.owner.fetchrow(
        "update app.transactions set user_category = 'TRAVEL', user_category_by = $2"
        " where tenant_id = $1 and external_id = 'A1' returning id, job_id, raw_line",
        place.tenant_id,
        place.user_id,
    )

    job = await world.take_in(place, SECOND)

    assert await standing(world, place) == ONCE
    assert (job["imported"], job["changed"], job["duplicate"]) == (0, 1, 0)
    row = await world.owner.fetchrow(
        "select id, user_category, job_id, raw_line, missed_at from app.transactions"
        " where tenant_id = $1 and external_id = 'A2'",
        place.tenant_id,
    )
    assert before is not None and row is not None
    assert (row["id"], row["user_category"], row["missed_at"]) == (before["id"], "TRAVEL", None)
    lineage = await world.owner.fetchrow("select * from app.corrections")
    assert lineage is not None
    assert (lineage["old_job_id"], lineage["old_raw_line"]) == (
        before["job_id"],
        before["raw_line"],
    )
    assert (lineage["job_id"], lineage["raw_line"]) == (row["job_id"], row["raw_line"])


@pytest.mark.parametrize(
    "order",
    [
        [FIRST, SECOND, THIRD],
        [FIRST, THIRD, SECOND],
        [SECOND, FIRST, THIRD],
        [SECOND, THIRD, FIRST],
        [THIRD, FIRST, SECOND],
        [THIRD, SECOND, FIRST],
        [statement(ROW, corrected("A3", "A2", "-14.00"), corrected("A2", "A1"), OTHER)],
        [statement(corrected("A2", "A1"), OTHER, ROW, corrected("A3", "A2", "-14.00"))],
        [FIRST, statement(ROW, OTHER, corrected("A2", "A1"), corrected("A3", "A2", "-14.00"))],
        [FIRST, SECOND, statement(AGAIN)],
        [FIRST, SECOND, statement(ROW, AGAIN)],
        [FIRST, statement(corrected("A2", "A1"), AGAIN)],
        [statement(corrected("A2", "A1"), AGAIN), FIRST],
        [SECOND, statement(AGAIN), FIRST],
        [statement(ROW, corrected("A2", "A1"), AGAIN, OTHER)],
        [statement(corrected("A2", "A1"), AGAIN, OTHER, ROW)],
    ],
)
async def test_the_last_correction_counts_in_whatever_order_they_come(
    world: World, order: list[bytes]
) -> None:
    place = await world.place()
    for content in order:
        await world.take_in(place, content)
    assert await standing(world, place) == TWICE

    for content in order:
        again = content.replace(b"VERSION:102", b"VERSION:103")
        job = await world.take_in(place, again)
        assert (job["imported"], job["changed"], job["withdrawn"]) == (0, 0, 0)

    assert await standing(world, place) == TWICE


@pytest.mark.parametrize(
    "order", [[FIRST, REMOVAL], [REMOVAL, FIRST], [statement(ROW, OTHER, deleted("A1"))]]
)
async def test_a_deletion_removes_its_row_and_keeps_it(world: World, order: list[bytes]) -> None:
    place = await world.place()
    for content in [*order, *(one.replace(b"VERSION:102", b"VERSION:103") for one in order)]:
        await world.take_in(place, content)

    assert await standing(world, place) == [CAFE]
    gone = await world.owner.fetch(
        "select external_id, status from app.transactions where status = 'removed'"
    )
    assert [tuple(row) for row in gone] == [("A1", "removed")]
    assert await world.owner.fetchval("select state from app.corrections") == "applied"


async def test_an_id_that_is_not_known_or_not_alone_is_told(world: World) -> None:
    place = await world.place()
    twins = statement(ROW, ROW.replace("-12.34", "-99.00"))
    unknown = await world.take_in(place, statement(corrected("A2", "Z9")))
    await world.take_in(place, twins)

    unclear = await world.take_in(place, statement(corrected("A4", "A1", "-1.00")))

    assert "correction-unmatched" in await codes(world, place, unknown)
    assert "correction-ambiguous" in await codes(world, place, unclear)
    amounts = [amount for _, amount in await standing(world, place)]
    assert sorted(amounts) == [Decimal("-99"), Decimal("-13"), Decimal("-12.34"), Decimal("-1")]


async def test_the_row_of_another_account_or_tenant_is_not_touched(world: World) -> None:
    place, stranger = await world.place(), await world.place()
    await world.take_in(stranger, FIRST)
    await world.take_in(place, FIRST.replace(b"000456789", b"111222333"))

    job = await world.take_in(place, statement(corrected("A2", "A1"), deleted("B1")))

    assert (await codes(world, place, job)).count("correction-unmatched") == 2
    assert await standing(world, stranger) == [SHOP, CAFE]
    assert await standing(world, place) == [SHOP, ("A2", Decimal("-13.00")), CAFE]


async def test_what_was_corrected_back_is_what_it_was(world: World) -> None:
    place = await world.place()
    there = statement(corrected("A1", "A1", "-13.00"), OTHER)
    back = statement(corrected("A1", "A1", "-12.34"))
    for content in [
        FIRST,
        there,
        back,
        FIRST.replace(b"102", b"103"),
        there.replace(b"102", b"103"),
    ]:
        await world.take_in(place, content)

    assert await standing(world, place) == [SHOP, CAFE]


@pytest.mark.parametrize(
    "order",
    [
        [FIRST, statement(corrected("A1", "A1")), statement(corrected("A1", "A1", "-14.00"))],
        [FIRST, statement(corrected("A1", "A1"), corrected("A1", "A1", "-14.00"))],
        [statement(corrected("A1", "A1"), corrected("A1", "A1", "-14.00")), FIRST],
        [statement(corrected("A1", "A1")), statement(corrected("A1", "A1", "-14.00")), FIRST],
        [statement(ROW, OTHER, corrected("A1", "A1"), corrected("A1", "A1", "-14.00"))],
    ],
)
async def test_a_row_that_keeps_its_id_is_corrected_twice(world: World, order: list[bytes]) -> None:
    place = await world.place()
    for content in order:
        await world.take_in(place, content)

    assert await standing(world, place) == [("A1", Decimal("-14.00")), CAFE]


@pytest.mark.parametrize(
    "order",
    [
        [FIRST, statement(corrected("A2", "A1")), statement(deleted("A1"))],
        [statement(ROW, OTHER, corrected("A2", "A1"), deleted("A1"))],
        [statement(corrected("A2", "A1"), deleted("A1")), FIRST],
    ],
)
async def test_what_is_corrected_and_then_deleted_is_gone(world: World, order: list[bytes]) -> None:
    place = await world.place()
    for content in order:
        await world.take_in(place, content)

    assert await standing(world, place) == [CAFE]


async def test_a_reconciled_row_is_asked_about(world: World) -> None:
    place = await world.place()
    await world.take_in(place, FIRST)
    await world.reconcile(place)

    job = await world.take_in(place, statement(corrected("A2", "A1"), deleted("B1")))

    assert [amount for _, amount in await standing(world, place)] == [
        Decimal("-12.34"),
        Decimal("-5.00"),
    ]
    assert {"conflict", "reconciled-removed"} <= set(await codes(world, place, job))


async def test_a_correction_that_is_reverted_leaves_the_row_as_it_was(world: World) -> None:
    place = await world.place()
    await world.take_in(place, FIRST)
    ids = await world.owner.fetch("select id from app.transactions order by id")
    job = await world.take_in(place, statement(corrected("A2", "A1"), deleted("B1")))

    await world.revert(place, job["id"])

    assert await standing(world, place) == [SHOP, CAFE]
    assert await world.owner.fetch("select id from app.transactions order by id") == ids
    assert await world.owner.fetchval("select count(*) from app.corrections") == 0


@pytest.mark.parametrize(
    "rows",
    [
        [ROW, OTHER, corrected("A2", "A1")],
        [corrected("A2", "A1"), OTHER, ROW],
        [ROW, OTHER, deleted("A1")],
        [ROW, corrected("A2", "A1"), corrected("A3", "A2", "-14.00"), OTHER],
        [ROW, corrected("A2", "A1"), corrected("A3", "A1", "-14.00"), OTHER],
        [corrected("A2", "A1"), corrected("A3", "A1", "-14.00"), OTHER, ROW],
        [ROW, corrected("A2", "A1"), deleted("A1"), OTHER],
        [ROW, corrected("A2", "A1"), deleted("A2"), OTHER],
    ],
)
async def test_the_sum_of_a_statement_is_that_of_the_rows_that_it_leaves(
    world: World, rows: list[str]
) -> None:
    place = await world.place()

    await world.take_in(place, statement(*rows, after=LEDGER))

    amounts = [amount for _, amount in await standing(world, place)]
    stated = await world.owner.fetchrow(
        "select entries_sum, entries_count from app.statements where tenant_id = $1",
        place.tenant_id,
    )
    assert stated is not None
    assert (stated["entries_sum"], stated["entries_count"]) == (sum(amounts), len(amounts))


async def test_a_preview_shows_what_was_corrected_as_known(world: World) -> None:
    place = await world.place()
    await world.take_in(place, FIRST)
    await world.take_in(place, SECOND)

    again = FIRST.replace(b"VERSION:102", b"VERSION:103")
    job = await world.take_in(place, again, review=True)

    assert job["state"] == "awaiting_review"
    outcomes = await world.owner.fetch(
        "select outcome from app.ingestion_previews where job_id = $1", job["id"]
    )
    assert [row["outcome"] for row in outcomes] == ["duplicate", "duplicate"]


PLAIN = ROW.replace("A1", "A2").replace("-12.34", "-13.00")


@pytest.mark.parametrize(
    ("before", "content", "shows"),
    [
        ([FIRST], SECOND, [("A1", "A1", "changed")]),
        ([FIRST, SECOND], THIRD, [("A2", "A2", "changed")]),
        ([FIRST, SECOND], statement(AGAIN), [("A1", "A2", "changed")]),
        ([], SECOND, [("A1", None, "new")]),
        ([FIRST, statement(PLAIN)], SECOND, [("A1", "A1", "duplicate")]),
        (
            [],
            statement(ROW, OTHER, corrected("A2", "A1")),
            [(None, None, "duplicate"), (None, None, "new"), ("A1", None, "new")],
        ),
        ([FIRST], REMOVAL, []),
        ([], statement(ROW, OTHER, deleted("A1")), [(None, None, "new"), (None, None, "new")]),
        ([REMOVAL], FIRST, [(None, None, "new"), (None, None, "new")]),
        ([SECOND], FIRST, [(None, None, "duplicate"), (None, None, "new")]),
    ],
)
async def test_a_preview_says_what_a_row_corrects_and_counts_as_its_import_does(
    world: World, before: list[bytes], content: bytes, shows: list[tuple[str | None, ...]]
) -> None:
    place = await world.place()
    for earlier in before:
        await world.take_in(place, earlier)
    stood = await standing(world, place)

    job = await world.take_in(place, content, review=True)
    rows = await world.owner.fetch(
        "select p.corrects_external_id, t.external_id, p.outcome from app.ingestion_previews p"
        " left join app.transactions t on t.tenant_id = p.tenant_id and t.id = p.corrects_id"
        " where p.job_id = $1 order by p.position",
        job["id"],
    )

    assert [tuple(row) for row in rows] == shows
    assert await standing(world, place) == stood
    assert (
        await world.owner.fetchval(
            "select count(*) from app.corrections where job_id = $1", job["id"]
        )
        == 0
    )
    counts = ("imported", "changed", "duplicate", "withdrawn")
    written = await world.approve(place, job["id"])
    assert [job[name] for name in counts] == [written[name] for name in counts]
