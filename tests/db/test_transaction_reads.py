"""Filters of transactions: each alone, all together, and with texts that look like patterns."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from core.records import TransactionStatus
from db import transactions
from db.transaction_filter import TransactionFilter
from db.transactions import TransactionOrder
from tests.fixtures.world import Place, World

CSV = b"""\
Date,Amount,Text,Merchant
2026-03-01,-1.00,50% off_all,Shop
2026-03-02,-1.01,Backslash \\\\ here,Cafe
2026-03-03,-0.999,Coffee,Cafe
2026-03-04,250.00,Salary,
2026-03-05,99999999999999.99,Everything,
"""


async def _found(world: World, place: Place, **wanted: Any) -> list[str]:
    async with world.database.as_(place.user, read_only=True) as tx:
        asked = TransactionFilter(**wanted)
        page = await transactions.page(
            tx,
            tenant_id=place.tenant_id,
            wanted=asked,
            order=TransactionOrder.POSTED_DATE_ASC,
            first=100,
            after=None,
        )
        count = await transactions.count(tx, tenant_id=place.tenant_id, wanted=asked)
    assert count == len(page.items)
    return [row.description.split()[0] for row in page.items]


@pytest.fixture
async def place(world: World) -> Place:
    place = await world.place(currency="EUR")
    job = await world.take_in(place, CSV)
    assert job["imported"] == 5
    return place


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, ["50%", "Backslash", "Coffee", "Salary", "Everything"]),
        ({"posted_from": date(2026, 3, 4)}, ["Salary", "Everything"]),
        ({"posted_to": date(2026, 3, 1)}, ["50%"]),
        ({"posted_from": date(2026, 3, 2), "posted_to": date(2026, 3, 2)}, ["Backslash"]),
        ({"amount_from": Decimal(250)}, ["Salary", "Everything"]),
        ({"amount_from": Decimal("-1.00"), "amount_to": Decimal("-0.999")}, ["50%", "Coffee"]),
        ({"amount_to": Decimal("-1.005")}, ["Backslash"]),
        ({"amount_from": Decimal("99999999999999.99")}, ["Everything"]),
        ({"text": "COFFEE"}, ["Coffee"]),
        ({"text": "0%"}, ["50%"]),
        ({"text": "f_a"}, ["50%"]),
        ({"text": "\\\\"}, ["Backslash"]),
        ({"text": "cafe"}, ["Backslash", "Coffee"]),
        ({"text": "{} {0} %s"}, []),
        (
            {"status": (TransactionStatus.POSTED,)},
            ["50%", "Backslash", "Coffee", "Salary", "Everything"],
        ),
        ({"status": (TransactionStatus.REMOVED, TransactionStatus.PENDING)}, []),
        ({"status": ()}, []),
        ({"reconciled": True}, []),
        ({"account_ids": ()}, []),
        ({"account_ids": (uuid4(),)}, []),
        ({"connection_id": uuid4()}, []),
        ({"job_id": uuid4()}, []),
        ({"text": "cafe", "posted_from": date(2026, 3, 3)}, ["Coffee"]),
    ],
)
async def test_filter_finds_what_it_says(
    world: World, place: Place, wanted: dict[str, Any], found: list[str]
) -> None:
    assert await _found(world, place, **wanted) == found


async def test_filter_by_connection_and_job_finds_theirs(world: World, place: Place) -> None:
    job_id = await world.owner.fetchval("select id from app.ingestion_jobs")
    assert isinstance(job_id, UUID)

    by_connection = await _found(world, place, connection_id=place.connection_id)
    by_job = await _found(world, place, job_id=job_id)

    assert len(by_connection) == len(by_job) == 5


async def test_removed_rows_are_left_out_unless_asked(world: World, place: Place) -> None:
    await world.owner.execute("update app.transactions set status = 'removed' where amount > 0")

    assert "Salary" not in await _found(world, place)
    assert await _found(world, place, status=(TransactionStatus.REMOVED,)) == [
        "Salary",
        "Everything",
    ]


async def test_worker_and_other_tenant_see_their_own_alone(world: World, place: Place) -> None:
    other = await world.place()

    async with world.database.as_(other.user, read_only=True) as tx:
        stolen = await transactions.count(tx, tenant_id=place.tenant_id, wanted=TransactionFilter())

    assert stolen == 0
