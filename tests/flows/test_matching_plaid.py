"""A feed of Plaid's and an OFX statement of the same account: each booking counts once."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import asyncpg

from tests.fixtures.ofx_file import statement
from tests.fixtures.plaid_feed import PlaidBank, connected
from tests.fixtures.two_sources import counting, feeds, links, second_source
from tests.fixtures.world import Place, World


async def test_a_feed_and_a_statement_of_one_account_count_once(
    world: World, bank: PlaidBank
) -> None:
    bank.control.set_history(days=20, per_day=3)
    feed = await connected(world, bank, await bank.link())
    await feed.sync()
    bank.control.advance(feed.item, added=2, pending=2)
    await feed.sync()
    account_id, rows = await _busiest(world, feed.place)
    pending = [row for row in rows if row["status"] == "pending"]
    before = len(await counting(world, feed.place))

    other = await second_source(world, feed.place, mapping_policy="ask")
    await world.take_in(other, statement(*[_ofx(number, row) for number, row in enumerate(rows)]))
    await feeds(world, other, account_id)

    made = await links(world, feed.place)
    hiding = [one for one in made if one["kind"] in {"duplicate", "pending_posted"}]
    assert len(await counting(world, feed.place)) == before
    assert len(hiding) == len(rows)
    assert sum(one["kind"] == "pending_posted" for one in hiding) == len(pending)
    hidden = await world.owner.fetch(
        "select t.status from app.transactions as t join app.account_mappings as m"
        " on m.id = t.mapping_id where m.connection_id = $1 and t.duplicate_of is null",
        other.connection_id,
    )
    # What the statement has booked counts instead of what the feed has as pending.
    assert [row["status"] for row in hidden] == ["posted"] * len(pending)


def _ofx(number: int, row: asyncpg.Record) -> str:
    """The row as a bank states it: booked, in capitals, with a branch."""
    late = 1 if row["status"] == "pending" else 0
    day = (row["sort_date"] + timedelta(days=late)).strftime("%Y%m%d")
    kind = "CREDIT" if row["amount"] > 0 else "DEBIT"
    name = (row["merchant_name"] or row["description"]).upper().replace("&", "and")[:32]
    return (
        f"<TRNTYPE>{kind}<DTPOSTED>{day}<TRNAMT>{row['amount']}<FITID>S{number}"
        f"<NAME>{name}<MEMO>{row['description'].upper().replace('&', 'and')}"
    )


async def _busiest(world: World, place: Place) -> tuple[UUID, list[asyncpg.Record]]:
    """The account with the most rows that count, one of which is pending."""
    rows = await world.owner.fetch(
        "select * from app.transactions where tenant_id = $1 and status <> 'removed'"
        " and currency = 'USD' order by sort_date, id",
        place.tenant_id,
    )
    by_account: dict[UUID, list[asyncpg.Record]] = {}
    for row in rows:
        by_account.setdefault(row["account_id"], []).append(row)
    return max(
        by_account.items(),
        key=lambda one: (any(row["status"] == "pending" for row in one[1]), len(one[1])),
    )
