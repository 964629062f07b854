"""A page costs what it shows: plans on a filled table, as the role that reads it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from decimal import Decimal
from uuid import uuid4

import pytest
import pytest_asyncio

from core.page import encode_cursor
from core.records import TransactionStatus
from db import select, summaries, transactions
from db.select import Arguments, Asked, Condition
from db.summaries import TransactionGrouping
from db.transaction_filter import FEW_MAX, Duplicates, TransactionFilter, conditions
from db.transactions import LISTING, ORDERS, TransactionOrder
from resolvers.transactions import merchant_name
from tests.fixtures.many_rows import ROWS, ManyRows, many_rows
from tests.fixtures.servers import Servers
from tests.sql.plans import Node

pytestmark = pytest.mark.asyncio(loop_scope="module")

Plan = Callable[[ManyRows, Asked, str | None], Awaitable[list[Node]]]

FIRST = 51
BY_DAY = (TransactionOrder.POSTED_DATE_DESC, TransactionOrder.POSTED_DATE_ASC)
FEW = uuid4()
# Rows that no page of the other tests comes by.
_MARK = """
update app.transactions
set
  status = case when raw_line between 3123 and 3125 then 'removed' else status end,
  duplicate_of = case when raw_line between 3133 and 3135 then tenant_id end,
  reconciled = raw_line between 3143 and 3145,
  reconciled_at = case when raw_line between 3143 and 3145 then now() end,
  currency = case when raw_line between 3127 and 3129 then 'GBP' else currency end
where tenant_id = $1 and raw_line between 3123 and 3145
"""
TENANT = {"sort_date": "transactions_order_idx", "amount_key": "transactions_amount_idx"}
ACCOUNT = {"sort_date": "transactions_account_idx", "amount_key": "transactions_account_amount_idx"}


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["servers", "servers_15"])
async def rows(request: pytest.FixtureRequest) -> AsyncIterator[ManyRows]:
    servers: Servers = request.getfixturevalue(request.param)
    async with many_rows(servers) as rows:
        await rows.superuser.execute(_MARK, rows.tenant_id)
        await rows.superuser.execute("vacuum (analyze) app.transactions")
        yield rows


async def _plan(rows: ManyRows, asked: Asked, after: str | None) -> list[Node]:
    """Every node of the plan of a page, as it was run."""
    arguments = Arguments(rows.tenant_id)
    sql = select.rows(arguments, "t.id", listing=LISTING, asked=asked, after=after, limit=FIRST)
    async with rows.database.as_(rows.user, read_only=True) as tx:
        answer = await tx.value(f"explain (analyze, format json) {sql}", *arguments.values)
    plan = json.loads(answer) if isinstance(answer, str) else answer
    return list(_nodes(plan[0]["Plan"]))


async def _plan_for_any_values(rows: ManyRows, asked: Asked, after: str | None) -> list[Node]:
    """The same of the plan that Postgres keeps, whatever the values will be."""
    arguments = Arguments(rows.tenant_id)
    sql = select.rows(arguments, "t.id", listing=LISTING, asked=asked, after=after, limit=FIRST)
    values = ", ".join(map(_literal, arguments.values))
    async with rows.database.as_(rows.user, read_only=True) as tx:
        await tx.run("set local plan_cache_mode = force_generic_plan")
        await tx.run(f"prepare page as {sql}")
        answer = await tx.value(f"explain (analyze, format json) execute page ({values})")
        await tx.run("deallocate page")
    plan = json.loads(answer) if isinstance(answer, str) else answer
    return list(_nodes(plan[0]["Plan"]))


def _literal(value: object) -> str:
    if isinstance(value, list):
        return f"'{{{', '.join(map(str, value))}}}'"
    return f"'{value}'"


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in node.get("Plans", []):
        yield from _nodes(child)


def _read(nodes: list[Node]) -> int:
    """How many transactions were looked at."""
    return sum(
        (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
        for node in nodes
        if node.get("Relation Name") == "transactions"
    )


async def _middle(rows: ManyRows, order: TransactionOrder) -> str:
    key = ORDERS[order].keys[0].sql
    row = await rows.superuser.fetchrow(
        f"select ({key})::text as key, t.id::text as id from app.transactions as t"
        f" where t.tenant_id = $1 order by {key}, t.id offset {ROWS // 2} limit 1",
        rows.tenant_id,
    )
    assert row is not None
    return encode_cursor(ORDERS[order].name, [row["key"], row["id"]])


@pytest.mark.parametrize("deep", [False, True], ids=["first page", "deep page"])
@pytest.mark.parametrize("of_account", [False, True], ids=["tenant", "account"])
@pytest.mark.parametrize("order", TransactionOrder)
async def test_a_page_reads_its_own_rows_alone(
    rows: ManyRows, order: TransactionOrder, *, of_account: bool, deep: bool
) -> None:
    where = conditions(TransactionFilter())
    if of_account:
        where.insert(0, Condition("t.account_id = {}", (rows.account_ids[0],)))
    after = await _middle(rows, order) if deep else None

    nodes = await _plan(rows, Asked(where=where, order=ORDERS[order]), after)

    kinds = {node["Node Type"] for node in nodes}
    indexes = {node["Index Name"] for node in nodes if "Index Name" in node}
    key = ORDERS[order].keys[0].sql.removeprefix("t.")
    assert (ACCOUNT if of_account else TENANT)[key] in indexes
    assert not kinds & {"Sort", "Seq Scan", "Bitmap Heap Scan"}, kinds
    assert _read(nodes) == FIRST


@pytest.mark.parametrize("order", TransactionOrder)
@pytest.mark.parametrize(
    ("text", "most"), [("rf18", 1), ("rare", 3), ("nothing", 0), ("common", 3 * FIRST)]
)
async def test_a_page_of_a_search_reads_little_more_than_it_shows(
    rows: ManyRows, order: TransactionOrder, text: str, most: int
) -> None:
    asked = transactions.asked(TransactionFilter(text=text), order)

    nodes = await _plan(rows, asked, after=None)

    assert _read(nodes) <= most


async def test_a_search_is_looked_up_in_the_index_of_texts(rows: ManyRows) -> None:
    scans = "select pg_stat_get_xact_numscans('app.transaction_texts_text_idx'::regclass)"

    async with rows.superuser.transaction():
        await rows.superuser.execute("set local enable_seqscan = off")
        await rows.superuser.execute("set local role authenticated")
        await rows.superuser.execute(
            "select set_config('request.jwt.claims', $1, true)", rows.user.claims
        )
        before = await rows.superuser.fetchval(scans)
        found = await rows.superuser.fetchval(
            "select private.transactions_like('%RF18%', null, null, null, null)"
        )
        after = await rows.superuser.fetchval(scans)

    assert len(found) == 1
    assert after == before + 1


@pytest.mark.parametrize("order", TransactionOrder)
async def test_a_page_of_a_connection_with_few_rows_reads_those_alone(
    rows: ManyRows, order: TransactionOrder
) -> None:
    await rows.superuser.execute(
        "insert into app.account_mappings"
        " (tenant_id, id, connection_id, lineage_id, external_account_id, currency)"
        " values ($1, $2, $2, $2, 'few', 'EUR') on conflict do nothing",
        rows.tenant_id,
        FEW,
    )
    await rows.superuser.execute(
        "update app.transactions set mapping_id = $2"
        " where tenant_id = $1 and raw_line in (5, 6000, 11995)",
        rows.tenant_id,
        FEW,
    )
    asked = transactions.asked(TransactionFilter(connection_id=FEW), order)

    nodes = await _plan(rows, asked, after=None)

    assert _read(nodes) <= 3 * 3  # counted, then found, then shown
    assert nodes[0]["Actual Rows"] == 3


@pytest.mark.parametrize("order", TransactionOrder)
@pytest.mark.parametrize(
    ("wanted", "looked_at"),
    [
        (TransactionFilter(amount_from=Decimal(-50), amount_to=Decimal(50)), FEW_MAX + 1),
        (TransactionFilter(amount_from=Decimal("20.84"), amount_to=Decimal("20.84")), 0),
        (TransactionFilter(amount_to=Decimal("-99.9")), 0),
    ],
    ids=["amounts of many", "one amount", "the least amounts"],
)
async def test_a_page_by_amounts_is_not_sorted_out_of_all_of_them(
    rows: ManyRows, wanted: TransactionFilter, looked_at: int, order: TransactionOrder
) -> None:
    """Nor by the plan for any values, which takes each range of amounts for a small one."""
    nodes = await _plan_for_any_values(rows, transactions.asked(wanted, order), None)

    shown = nodes[0]["Actual Rows"]
    assert shown > 0
    assert _read(nodes) <= looked_at + 3 * max(shown, FIRST)


@pytest.mark.parametrize("plan", [_plan, _plan_for_any_values])
@pytest.mark.parametrize("order", BY_DAY)
async def test_a_page_by_amounts_of_most_rows_is_walked(
    rows: ManyRows, order: TransactionOrder, plan: Plan
) -> None:
    wanted = TransactionFilter(amount_from=Decimal(-90), amount_to=Decimal(390))

    nodes = await plan(rows, transactions.asked(wanted, order), None)

    assert nodes[0]["Actual Rows"] == FIRST
    assert _read(nodes) <= FEW_MAX + 1 + 3 * FIRST


@pytest.mark.parametrize("order", TransactionOrder)
async def test_a_page_of_a_job_costs_what_it_shows_of_large_and_small_ones(
    rows: ManyRows, order: TransactionOrder
) -> None:
    await rows.superuser.execute(
        "update app.transactions set job_id = $2 where tenant_id = $1 and raw_line in (6, 6001)",
        rows.tenant_id,
        FEW,
    )
    large = await rows.superuser.fetchval(
        "select t.job_id from app.transactions as t where t.tenant_id = $1 and t.raw_line = 7",
        rows.tenant_id,
    )

    few = await _plan_for_any_values(
        rows, transactions.asked(TransactionFilter(job_id=FEW), order), None
    )
    many = await _plan_for_any_values(
        rows, transactions.asked(TransactionFilter(job_id=large), order), None
    )

    assert (few[0]["Actual Rows"], many[0]["Actual Rows"]) == (2, FIRST)
    assert _read(few) <= 3 * 2  # counted, then found, then shown
    assert _read(many) <= FEW_MAX + 1 + 3 * FIRST


def _states(*names: str) -> TransactionFilter:
    return TransactionFilter(status=tuple(map(TransactionStatus, names)))


def _merchant(text: str) -> TransactionFilter:
    return TransactionFilter(merchant=merchant_name(text))


def _category(*names: str) -> TransactionFilter:
    return TransactionFilter(categories=names)


FILTERS = {  # and how many rows a first page shows
    "category of nothing": (_category("of nothing"), 0),
    "currency of nothing": (TransactionFilter(currency="JPY"), 0),
    "currency of few": (TransactionFilter(currency="GBP"), 3),
    "category of few": (_category("few"), 3),
    "category of rows that nobody has looked at": (_category("new"), 3),
    "category of the oldest": (_category("old"), FIRST),
    "category of most": (_category("common"), FIRST),
    "several categories": (_category("few", "common"), FIRST),
    "merchant of nothing": (_merchant("Nobody"), 0),
    "merchant of few": (_merchant("FEW shop"), 3),
    "merchant without a key": (_merchant("Rare Shop"), 3),
    "merchant of the oldest": (_merchant("Old Shop"), FIRST),
    "merchant of most": (_merchant("Common Shop"), FIRST),
    "removed": (_states("removed"), 3),
    "pending": (_states("pending"), 0),
    "posted": (_states("posted"), FIRST),
    "removed or pending": (_states("removed", "pending"), 3),
    "removed or posted": (_states("removed", "posted"), FIRST),
    "any state": (_states("removed", "pending", "posted"), FIRST),
    "reconciled": (TransactionFilter(reconciled=True), 3),
    "not reconciled": (TransactionFilter(reconciled=False), FIRST),
    "duplicates": (TransactionFilter(duplicates=Duplicates.ONLY), 3),
    "duplicates too": (TransactionFilter(duplicates=Duplicates.INCLUDE), FIRST),
}


@pytest.mark.parametrize("plan", [_plan, _plan_for_any_values])
@pytest.mark.parametrize("name", FILTERS)
async def test_a_page_of_any_filter_reads_little_more_than_it_shows(
    rows: ManyRows, name: str, plan: Plan
) -> None:
    """Whether few rows pass it, or most, or only those at the other end of the list."""
    wanted, shown = FILTERS[name]
    for order in BY_DAY:
        asked = transactions.asked(wanted, order)

        first = await plan(rows, asked, None)
        deep = await plan(rows, asked, await _middle(rows, order))

        assert first[0]["Actual Rows"] == shown
        assert max(_read(first), _read(deep)) <= 2 * FIRST


@pytest.mark.parametrize("plan", [_plan, _plan_for_any_values])
@pytest.mark.parametrize("name", [one for one in FILTERS if one.startswith(("cat", "mer", "sev"))])
async def test_a_page_of_categories_or_a_merchant_by_amount_reads_little_more_than_it_shows(
    rows: ManyRows, name: str, plan: Plan
) -> None:
    """Wherever their amounts are in the list of all."""
    wanted, shown = FILTERS[name]
    for order in (TransactionOrder.AMOUNT_DESC, TransactionOrder.AMOUNT_ASC):
        asked = transactions.asked(wanted, order)

        first = await plan(rows, asked, None)
        deep = await plan(rows, asked, await _middle(rows, order))

        assert first[0]["Actual Rows"] == shown
        assert max(_read(first), _read(deep)) <= 2 * FIRST


async def test_sums_of_a_currency_are_read_from_their_index_alone(rows: ManyRows) -> None:
    arguments = Arguments(rows.tenant_id)
    by = {TransactionGrouping.MONTH}
    sql = summaries.statement(
        arguments, wanted=TransactionFilter(currency="EUR"), by=by, most=FIRST
    )

    async with rows.database.as_(rows.user, read_only=True) as tx:
        answer = await tx.value(f"explain (analyze, format json) {sql}", *arguments.values)

    plan = json.loads(answer) if isinstance(answer, str) else answer
    (read,) = [one for one in _nodes(plan[0]["Plan"]) if "Index Name" in one]
    assert (read["Node Type"], read["Index Name"]) == (
        "Index Only Scan",
        "transactions_summary_idx",
    )


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ("reconciled = true, reconciled_at = now()", TransactionFilter(reconciled=False)),
        ("status = 'removed'", TransactionFilter()),
        (
            "derived_category = null,"
            " source_category = case when raw_line % 5000 = 1 then 'rare' else 'waiting' end",
            _category("rare"),
        ),
    ],
    ids=["reconciled", "removed", "not looked at"],
)
async def test_a_page_of_what_is_left_reads_that_alone(
    rows: ManyRows, change: str, wanted: TransactionFilter
) -> None:
    """Where nearly all of a tenant's rows are reconciled, taken back, or wait to be looked at."""
    arguments = Arguments(rows.tenant_id)
    asked = transactions.asked(wanted, TransactionOrder.POSTED_DATE_DESC)
    sql = select.rows(arguments, "t.id", listing=LISTING, asked=asked, after=None, limit=FIRST)
    transaction = rows.superuser.transaction()
    await transaction.start()
    try:
        await rows.superuser.execute(
            f"update app.transactions set {change} where tenant_id = $1"
            " and raw_line not in (7, 3000, 9000)",
            rows.tenant_id,
        )
        await rows.superuser.execute("analyze app.transactions")
        await rows.superuser.execute("set local role authenticated")
        await rows.superuser.execute(
            "select set_config('request.jwt.claims', $1, true)", rows.user.claims
        )
        answer = await rows.superuser.fetchval(
            f"explain (analyze, format json) {sql}", *arguments.values
        )
    finally:
        await transaction.rollback()

    nodes = list(_nodes(json.loads(answer)[0]["Plan"]))
    assert nodes[0]["Actual Rows"] == 3
    assert _read(nodes) == 3
