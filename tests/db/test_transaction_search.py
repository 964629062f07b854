"""Search is exact: every match once, in order, whether one row has the text or thousands."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from core.models import Transaction
from db import transactions
from db.transaction_filter import TransactionFilter
from db.transactions import TransactionOrder
from tests.fixtures.many_rows import ManyRows, many_rows
from tests.fixtures.servers import Servers
from workers.text_index import index_texts

pytestmark = pytest.mark.asyncio(loop_scope="module")

ORDER_BY = {
    TransactionOrder.POSTED_DATE_DESC: "sort_date desc, id desc",
    TransactionOrder.POSTED_DATE_ASC: "sort_date, id",
    TransactionOrder.AMOUNT_DESC: "amount_key desc, id desc",
    TransactionOrder.AMOUNT_ASC: "amount_key, id",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def rows(servers: Servers) -> AsyncIterator[ManyRows]:
    async with many_rows(servers) as rows:
        yield rows


async def _walk(rows: ManyRows, order: TransactionOrder, **wanted: Any) -> list[Transaction]:
    found: list[Transaction] = []
    after = None
    async with rows.database.as_(rows.user, read_only=True) as tx:
        while True:
            page = await transactions.page(
                tx,
                tenant_id=rows.tenant_id,
                wanted=TransactionFilter(**wanted),
                order=order,
                first=100,
                after=after,
            )
            found += page.items
            if not page.has_next:
                return found
            after = page.cursors[-1]


async def _truth(rows: ManyRows, order: TransactionOrder, test: str) -> list[UUID]:
    answer = await rows.superuser.fetch(
        f"select id from app.transactions where tenant_id = $1 and {test}"
        f" order by {ORDER_BY[order]}",
        rows.tenant_id,
    )
    return [row["id"] for row in answer]


@pytest.mark.parametrize("order", TransactionOrder)
@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("nothing at all", 0),
        ("rf18", 1),
        ("RARE", 3),
        ("edge", 5_000),
        ("over", 5_001),
        ("common", 6_000),
        ("re", 3),
        ("Row 1199", 11),
    ],
)
async def test_pages_of_a_search_hold_every_match_once_in_order(
    rows: ManyRows, order: TransactionOrder, text: str, matches: int
) -> None:
    test = f"concat_ws(' ', description, merchant_name, reference) ilike '%{text}%'"

    found = await _walk(rows, order, text=text)

    assert len(found) == matches
    assert [row.id for row in found] == await _truth(rows, order, test)


async def test_search_under_other_filters_loses_no_match(rows: ManyRows) -> None:
    order = TransactionOrder.POSTED_DATE_DESC
    account_id = rows.account_ids[2]

    found = await _walk(
        rows, order, text="late", account_ids=(account_id,), amount_from=Decimal(300)
    )

    test = f"description ilike '%late%' and account_id = '{account_id}' and amount >= 300"
    truth = await _truth(rows, order, test)
    assert [row.id for row in found] == truth
    assert truth


@pytest.mark.parametrize(
    ("text", "matches"), [("rare", 3), ("edge", 5_000), ("over", 5_001), ("common", 6_000)]
)
async def test_count_of_a_search_is_exact(rows: ManyRows, text: str, matches: int) -> None:
    async with rows.database.as_(rows.user, read_only=True) as tx:
        count = await transactions.count(
            tx, tenant_id=rows.tenant_id, wanted=TransactionFilter(text=text)
        )

    assert count == matches


async def test_search_in_each_account_is_that_accounts(rows: ManyRows) -> None:
    async with rows.database.as_(rows.user, read_only=True) as tx:
        pages = await transactions.of_accounts(
            tx,
            tenant_id=rows.tenant_id,
            account_ids=rows.account_ids,
            wanted=TransactionFilter(text="rare"),
            order=TransactionOrder.AMOUNT_DESC,
            first=5,
            after=None,
        )

    found = [(account, row.account_id) for account, page in pages.items() for row in page.items]
    assert len(found) == 3
    assert all(asked == is_of for asked, is_of in found)


async def test_pages_by_amount_are_complete_where_hundredths_tie(rows: ManyRows) -> None:
    order = TransactionOrder.AMOUNT_ASC

    found = await _walk(rows, order, text="edge", amount_to=Decimal("-99.9"))

    assert len({row.id for row in found}) == len(found) == 10
    assert {row.amount for row in found} == {Decimal("-100.000")}


async def test_long_texts_and_few_days_are_searched_to_the_last_match(rows: ManyRows) -> None:
    """Beyond the index of days, within it, and with texts that have no room in it."""
    await rows.superuser.execute(
        "update app.transactions set description = repeat('long ', 600) || 'needle'"
        " where tenant_id = $1 and raw_line in (3, 5999)",
        rows.tenant_id,
    )
    await rows.superuser.execute(
        "insert into app.unindexed_texts (tenant_id, transaction_ids)"
        " select tenant_id, array_agg(id) from app.transactions"
        " where tenant_id = $1 and raw_line in (3, 5999) group by tenant_id",
        rows.tenant_id,
    )
    await index_texts(rows.database)
    order = TransactionOrder.POSTED_DATE_DESC
    first, last = date(2020, 1, 1), date(2020, 3, 31)

    everywhere = await _walk(rows, order, text="NEEDLE")
    early = await _walk(rows, order, text="needle", posted_from=first, posted_to=last)
    common = await _walk(
        rows, order, text="common", posted_to=last, amount_from=Decimal("7.5"), amount_to=Decimal(9)
    )

    assert [one.raw_line for one in everywhere] == [5999, 3]
    assert [one.raw_line for one in early] == [3]
    assert [one.id for one in common] == await _truth(
        rows,
        order,
        "description ilike '%common%' and sort_date <= '2020-03-31' and amount between 7.5 and 9",
    )
