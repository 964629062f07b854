"""Search is exact: every match once, in order, whether one row has the text or thousands."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from core.models import Transaction
from core.records import TransactionStatus
from db import transactions
from db.transaction_filter import Duplicates, TransactionFilter
from db.transactions import TransactionOrder
from resolvers.transactions import merchant_name
from tests.fixtures.many_rows import ManyRows, many_rows
from tests.fixtures.servers import Servers
from workers.text_index import index_texts

pytestmark = pytest.mark.asyncio(loop_scope="module")

REMOVED, PENDING, POSTED = map(TransactionStatus, ("removed", "pending", "posted"))
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


_MARK = """
update app.transactions
set
  status = case when raw_line in (40, 4040) then 'removed' when raw_line = 41 then 'pending'
    else status end,
  duplicate_of = case when raw_line in (42, 4042) then tenant_id end,
  reconciled = raw_line in (43, 4043),
  reconciled_at = case when raw_line in (43, 4043) then now() end
where tenant_id = $1 and raw_line in (40, 4040, 41, 42, 4042, 43, 4043)
"""
_PARTS = """
insert into app.transaction_parts (
  tenant_id, transaction_id, position, amount, whole, currency, category, created_by
)
select t.tenant_id, t.id, n, round(t.amount / 2, 3), t.amount, t.currency, c, t.tenant_id
from app.transactions as t
cross join unnest(array['old', 'part']) with ordinality as p (c, n)
where t.tenant_id = $1 and t.raw_line = 5008
"""
SHOWN = "status <> 'removed' and duplicate_of is null"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def marked(rows: ManyRows) -> ManyRows:
    """With rows of every state, and one of the category of few in parts."""
    await rows.superuser.execute(_MARK, rows.tenant_id)
    await rows.superuser.execute(_PARTS, rows.tenant_id)
    return rows


@pytest.mark.parametrize(
    ("wanted", "test", "least"),
    [
        ({"categories": ("few",)}, f"{SHOWN} and raw_line in (8, 10008)", 2),
        ({"categories": ("part",)}, "raw_line = 5008", 1),
        ({"categories": ("new", "few")}, f"{SHOWN} and raw_line in (6, 8, 5006, 10006, 10008)", 5),
        ({"categories": ("none",)}, "false", 0),
        (
            {"categories": ("few", "old", "part", "few"), "posted_to": date(2020, 1, 9)},
            f"{SHOWN} and sort_date <= '2020-01-09' and raw_line <> 6",
            70,
        ),
        (
            {"categories": ("few", "part", "old"), "text": "late"},
            f"{SHOWN} and description like '%late%' and derived_category in ('few', 'old')",
            1_900,
        ),
        ({"categories": ("few", "part"), "text": "edge"}, f"{SHOWN} and raw_line = 8", 1),
        ({"merchant": merchant_name("FEW SHOP")}, f"{SHOWN} and merchant_key = 'few shop'", 3),
        ({"merchant": merchant_name("rare shop")}, f"{SHOWN} and merchant_name = 'Rare Shop'", 3),
        ({"merchant": merchant_name("Nobody 17")}, "false", 0),
        (
            {"merchant": merchant_name("Old Shop"), "categories": ("few", "none")},
            f"{SHOWN} and raw_line = 8",
            1,
        ),
        ({"status": (REMOVED,)}, "status = 'removed'", 2),
        ({"status": (REMOVED, PENDING)}, "status <> 'posted'", 3),
        (
            {"status": (REMOVED, POSTED), "posted_to": date(2020, 1, 9)},
            "status <> 'pending' and duplicate_of is null and sort_date <= '2020-01-09'",
            80,
        ),
        (
            {"status": tuple(TransactionStatus), "posted_to": date(2020, 1, 9)},
            "duplicate_of is null and sort_date <= '2020-01-09'",
            80,
        ),
        ({"reconciled": True}, "reconciled", 2),
        (
            {"reconciled": False, "posted_to": date(2020, 1, 9)},
            f"{SHOWN} and not reconciled and sort_date <= '2020-01-09'",
            80,
        ),
        ({"duplicates": Duplicates.ONLY}, "duplicate_of is not null", 2),
    ],
)
async def test_pages_of_any_filter_hold_every_match_once_in_order(
    marked: ManyRows, wanted: dict[str, Any], test: str, least: int
) -> None:
    for order in TransactionOrder:
        found = await _walk(marked, order, **wanted)

        assert [row.id for row in found] == await _truth(marked, order, test)
        assert len(found) >= least
    async with marked.database.as_(marked.user, read_only=True) as tx:
        count = await transactions.count(
            tx, tenant_id=marked.tenant_id, wanted=TransactionFilter(**wanted)
        )
    assert count == len(found)


async def test_pages_of_each_account_hold_every_match_of_few(marked: ManyRows) -> None:
    wanted = TransactionFilter(categories=("few", "part"))
    async with marked.database.as_(marked.user, read_only=True) as tx:
        pages = await transactions.of_accounts(
            tx,
            tenant_id=marked.tenant_id,
            account_ids=marked.account_ids,
            wanted=wanted,
            order=TransactionOrder.POSTED_DATE_ASC,
            first=5,
            after=None,
        )

    lines = {account: [row.raw_line for row in page.items] for account, page in pages.items()}
    assert lines == {account: [] for account in marked.account_ids} | {
        marked.account_ids[0]: [8, 5008, 10008]
    }


async def test_a_source_category_of_any_length_is_kept_and_found(marked: ManyRows) -> None:
    """Longer than an entry of an index may be."""
    long = "".join(uuid4().hex for _ in range(300))
    await marked.superuser.execute(
        "update app.transactions set derived_category = null, source_category = $2"
        " where tenant_id = $1 and raw_line = 44",
        marked.tenant_id,
        long,
    )

    found = await _walk(marked, TransactionOrder.POSTED_DATE_DESC, categories=(long, "none"))

    assert [row.raw_line for row in found] == [44]
