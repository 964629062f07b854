"""Summaries by merchant add up in memory: the planner knows how many merchants there are."""

from __future__ import annotations

import json

from db.select import Arguments
from db.summaries import TransactionGrouping, statement
from db.transaction_filter import TransactionFilter
from tests.fixtures.world import World

MERCHANTS, EACH, MONTHS = 10, 100, 12
HEAD = "Date,Amount,Currency,Text,Merchant,Category,Account\n"
BY = {TransactionGrouping.MONTH, TransactionGrouping.MERCHANT}


async def test_a_summary_by_month_and_merchant_sorts_groups_alone(world: World) -> None:
    place = await world.place()
    rows = (
        f"2026-{1 + number % MONTHS:02}-0{1 + number % 9},-1.00,EUR,Row {number},"
        f"Zyxo Vantrill{chr(97 + number % MERCHANTS)},Shops,ONE\n"
        for number in range(MERCHANTS * EACH)
    )
    await world.take_in(place, (HEAD + "".join(rows)).encode())
    await world.owner.execute("analyze app.transactions")
    arguments = Arguments(place.tenant_id)
    sql = statement(arguments, wanted=TransactionFilter(), by=BY, most=1_001)

    async with world.database.as_(place.user, read_only=True) as tx:
        plan = await tx.value(f"explain (format json) {sql}", *arguments.values)

    nodes = [json.loads(plan)[0]["Plan"]]
    for node in nodes:
        nodes += node.get("Plans", [])
    (grouping,) = [one for one in nodes if one["Node Type"] == "Aggregate"]
    assert grouping["Strategy"] == "Hashed"
    assert grouping["Plan Rows"] <= MERCHANTS * MONTHS
