"""What a connection's processing options do to the files that it fetches, as admins set them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from providers.pickup.access import PickupAccess
from schema.ids import decode, encode
from tests.fixtures.bai2_file import COFFEE, Account, Detail, Group, bai2, statement
from tests.fixtures.camt_file import Entry, simple
from tests.fixtures.graph import Graph
from tests.fixtures.picking_up import Pickups, Time
from tests.fixtures.qif_file import QifRow, qif
from tests.fixtures.sftp_server import PASSWORD, USER, Bank, sftp_bank
from tests.fixtures.world import Place

CREATE = """
mutation ($input: ConnectionCreateInput!) { connectionCreate(input: $input) {
  connection { id } userErrors { code message }
} }
"""
UPDATE = """
mutation ($id: ID!, $processing: ProcessingInput!) {
  connectionUpdate(id: $id, input: { processing: $processing }) {
    connection { processing { autoImport autoReconcile defaultCurrency } }
    userErrors { code message }
  }
}
"""
RETRY = """
mutation ($id: ID!) { ingestionJobRetry(id: $id) { job { state } userErrors { code } } }
"""
RULE = """
mutation ($input: ReconciliationRuleInput!) { reconciliationRuleCreate(input: $input) {
  userErrors { code message }
} }
"""
# Two of the files name their currency, one has none to name and one leaves it out.
FILES = {
    "a.bai": statement(COFFEE),
    "b.xml": simple(Entry(amount=Decimal("1.00"))),
    "c.qif": qif([QifRow(day=date(2026, 3, 31), amount=Decimal("-4.20"))]),
    "d.csv": b"Date,Description,Amount\n2026-03-31,Tea,-1.10\n2026-03-30,Cake,-2.20\n",
}


@pytest.fixture
async def bank(tmp_path: Path) -> AsyncIterator[Bank]:
    async with sftp_bank(tmp_path / "bank") as bank:
        yield bank


async def made(graph: Graph, place: Place, bank: Bank, path: str, **processing: Any) -> Pickups:
    """A connection that fetches from a folder of the bank's, made as an admin makes it."""
    access, time = PickupAccess(private_allowed=True), Time()
    fetching = replace(graph, services=replace(graph.services, pickup=access))
    server = {
        "host": "127.0.0.1",
        "port": bank.port,
        "username": USER,
        "password": PASSWORD,
        "path": path,
        "pattern": "*",
        "archivePath": f"{path}-done",
        "hostKeys": [bank.fingerprint],
    }
    given = {"name": path, "provider": "sftp", "sftp": server, "processing": processing}
    answer = await fetching.ask(place.user, CREATE, input=given)
    assert answer["userErrors"] == []
    found = decode(answer["connection"]["id"])
    assert found is not None
    return Pickups(
        world=graph.world.altered(pickup=access, clock=time),
        place=replace(place, connection_id=found.key),
        time=time,
    )


async def change(graph: Graph, files: Pickups, **processing: Any) -> Any:
    answer = await graph.ask(
        files.place.user,
        UPDATE,
        id=encode("Connection", files.place.connection_id),
        processing=processing,
    )
    assert answer["userErrors"] == []
    return answer["connection"]["processing"]


async def currencies(files: Pickups) -> dict[str, int]:
    rows = await files.world.owner.fetch(
        "select currency, count(*) from app.transactions where tenant_id = $1 group by 1",
        files.place.tenant_id,
    )
    return {row["currency"]: row["count"] for row in rows}


async def test_rows_that_name_no_currency_have_that_of_the_connection(
    graph: Graph, bank: Bank
) -> None:
    files = await made(graph, await graph.world.place(), bank, "/out")
    for name, content in FILES.items():
        bank.put(name, content)
    await files.look_twice()
    first = {job["file_name"]: job for job in await files.import_all()}
    assert {name: job["error_code"] for name, job in first.items()} == {
        "a.bai": None,
        "b.xml": None,
        "c.qif": "currency-required",
        "d.csv": "currency-required",
    }
    await files.look()
    assert bank.names() == ["c.qif", "d.csv"]

    assert (await change(graph, files, defaultCurrency="JPY"))["defaultCurrency"] == "JPY"
    for name in ("c.qif", "d.csv"):
        again = await graph.ask(
            files.place.user, RETRY, id=encode("IngestionJob", first[name]["id"])
        )
        assert again["userErrors"] == []
    await files.import_all()
    await files.look()

    assert bank.names() == []
    assert await currencies(files) == {"EUR": 2, "JPY": 3}
    shown = await change(graph, files, defaultCurrency=None, autoImport=None)
    assert (shown["defaultCurrency"], shown["autoImport"]) == (None, True)


async def test_files_wait_for_a_review_until_they_need_none(graph: Graph, bank: Bank) -> None:
    place = await graph.world.place()
    files = await made(graph, place, bank, "/out", autoImport=False, defaultCurrency="EUR")
    for name in ("a.bai", "c.qif"):
        bank.put(name, FILES[name])
    await files.look_twice()
    waiting = await files.import_all()
    await files.look()
    assert {job["state"] for job in waiting} == {"awaiting_review"}
    assert (await currencies(files), bank.names()) == ({}, ["a.bai", "c.qif"])

    assert (await change(graph, files, autoImport=True))["autoImport"] is True
    bank.put("d.csv", FILES["d.csv"])
    await files.look_twice()
    await files.import_all()
    await files.look()
    assert (await currencies(files), bank.names()) == ({"EUR": 2}, ["a.bai", "c.qif"])

    for job in waiting:
        await files.world.approve(files.place, job["id"])
    await files.look()
    assert (await currencies(files), bank.names()) == ({"EUR": 4}, [])


def _paid(number: str, code: str, day: int) -> bytes:
    account = Account(details=[Detail(code, 12_000, "INVOICE MILLER")], number=number, closing=0)
    return bai2(Group(accounts=[account], day=f"2603{day:02}"))


@pytest.mark.parametrize(("of_books", "of_bank"), [(True, True), (False, False), (False, True)])
async def test_transactions_are_reconciled_by_themselves_unless_they_are_left_to_people(
    graph: Graph, bank: Bank, *, of_books: bool, of_bank: bool
) -> None:
    place = await graph.world.place()
    (bank.folder / "books").mkdir()
    books = await made(graph, place, bank, "/books", autoReconcile=of_books)
    banks = await made(graph, place, bank, "/out", autoReconcile=of_bank)
    (bank.folder / "books" / "a.bai").write_bytes(_paid("11112222", "142", 2))
    bank.put("b.bai", _paid("33334444", "142", 4))

    for files in (books, banks):
        files.time.now = files.time.now.replace(month=3, day=20)
        await files.look_twice()
        await files.import_all()
        if files is books:
            account_id = await graph.world.owner.fetchval("select id from app.accounts")
            rule = {"mode": "AUTO", "scoreMin": 60, "dayWindow": 10}
            rule |= {"leftAccountIds": [encode("Account", account_id)]}
            assert (await graph.ask(place.user, RULE, input=rule))["userErrors"] == []

    reconciled = await graph.world.owner.fetch("select reconciled from app.transactions")
    assert [row["reconciled"] for row in reconciled] == [of_books and of_bank] * 2
