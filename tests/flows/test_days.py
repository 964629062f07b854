"""What a day is, where the database's own time zone is not UTC: that zone never counts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import uuid4

import asyncpg
import pytest

from core.scope import UserScope
from db.direct import connected
from db.pool import connect
from resolvers import account_proofs
from tests.fixtures.bai2_file import COFFEE, RENT, Account, Group, bai2
from tests.fixtures.context import context
from tests.fixtures.database import DatabaseUrls, cloned
from tests.fixtures.graph import Graph, graph_of
from tests.fixtures.servers import MIGRATED, Servers
from tests.fixtures.world import World

# Days begin 14 hours before those of UTC; here one, 2026-04-24, begins at one o'clock.
ZONES = ("Pacific/Kiritimati", "Africa/Cairo")
# Weekly, on both sides of midnight. In UTC the last of March is one of April.
EVENINGS, MORNINGS = ("03-03", "03-17", "03-31", "04-14"), ("03-10", "03-24", "04-07", "04-21")
INSTANTS = [
    *(f"2026-{day}T23:30:00-11:00" for day in EVENINGS),
    *(f"2026-{day}T00:30:00+14:00" for day in MORNINGS),
]
CSV = "Date,Amount,Currency,Text,Merchant,Category,Account\n" + "".join(
    f"{instant},-9.90,EUR,Gym,Gym Kwerl,,ONE\n" for instant in INSTANTS
)
LATE, EARLY = datetime(2026, 4, 24, 23, 30, tzinfo=UTC), datetime(2026, 4, 25, 0, 30, tzinfo=UTC)
ASKED = """
{
  transactionSummary(groupBy: [MONTH]) { month count }
  recurringTransactions { edges { node { period lastOn nextOn } } }
  transactions(orderBy: POSTED_DATE_ASC, filter: { postedTo: "2026-03-31" }) {
    edges { node { postedDate } }
  }
}
"""
BY_DAY = """
{ accounts { edges { node { balancesByDay(from: "2026-04-22", to: "2026-04-26") { day } } } } }
"""


@pytest.fixture(params=ZONES)
async def database(servers: Servers, request: pytest.FixtureRequest) -> AsyncIterator[DatabaseUrls]:
    """A migrated database whose sessions begin in another zone."""
    async with cloned(servers, MIGRATED) as urls:
        superuser = await asyncpg.connect(urls.superuser)
        await superuser.execute(f"alter database {urls.name} set timezone = '{request.param}'")
        await superuser.close()
        yield urls


@pytest.fixture
async def graph(world: World, redis_url: str) -> AsyncIterator[Graph]:
    """The schema on that database."""
    async with graph_of(world, redis_url) as graph:
        yield graph


async def test_every_session_is_of_utc(database: DatabaseUrls) -> None:
    scope = UserScope(user_id=uuid4(), tenant_id=None)
    asked = "select current_setting('timezone')"

    async with connect(database.login, size=1, readers=1) as opened, opened.as_(scope) as tx:
        read = await opened.first(scope, asked)
        assert (read and read[0], await tx.value(asked)) == ("UTC", "UTC")
    async with connected(database.login) as one:
        assert await one.fetchval(asked) == "UTC"


@pytest.mark.parametrize("now", [LATE, EARLY], ids=["2330", "0030"])
async def test_the_day_of_an_instant_is_the_one_that_its_source_writes(
    graph: Graph, now: datetime
) -> None:
    world = graph.world.altered(clock=lambda: now)
    place = await world.place()

    await world.take_in(place, CSV.encode())

    found = await graph.ask(place.user, ASKED)
    assert found["transactionSummary"] == [
        {"month": "2026-03-01", "count": 5},
        {"month": "2026-04-01", "count": 3},
    ]
    assert [edge["node"] for edge in found["recurringTransactions"]["edges"]] == [
        {"period": "WEEKLY", "lastOn": "2026-04-21", "nextOn": "2026-04-28"}
    ]
    posted = [edge["node"]["postedDate"][5:] for edge in found["transactions"]["edges"]]
    assert posted == sorted(day for day in (*EVENINGS, *MORNINGS) if day < "04")


async def test_a_series_of_days_ends_with_the_last_that_was_asked_for(graph: Graph) -> None:
    place = await graph.world.place()
    await graph.world.take_in(place, bai2(Group(accounts=[Account(details=[COFFEE])])))

    found = await graph.ask(place.user, BY_DAY)

    (edge,) = found["edges"]
    days = [one["day"] for one in edge["node"]["balancesByDay"]]
    assert days == [f"2026-04-{day}" for day in range(22, 27)]


@pytest.mark.parametrize("now", [LATE, EARLY], ids=["2330", "0030"])
async def test_what_adds_up_again_says_since_when_in_utc(world: World, now: datetime) -> None:
    world = world.altered(clock=lambda: now)
    place = await world.place()
    monday = Group(accounts=[Account(details=[COFFEE], closing=100_000)], day="260421")
    tuesday = Account(details=[RENT], closing=10_000 - 350)
    await world.take_in(place, bai2(monday, Group(accounts=[tuesday], day="260422")))

    mended = Group(accounts=[replace(tuesday, details=[RENT, COFFEE])], day="260422", status="3")
    await world.take_in(place, bai2(mended))

    (settled,) = await world.owner.fetch(
        "select data ->> 'settledAt' as at, data ->> 'day' as day from app.notifications"
        " where kind = 'data_anomaly'"
    )
    assert (settled["day"], settled["at"]) == ("2026-04-22", now.isoformat())
    account_id = await world.owner.fetchval("select id from app.accounts")
    shown = await account_proofs.of_account(
        context(world, place), account_id=account_id, first=date(2026, 4, 1), last=date(2026, 4, 30)
    )
    assert shown is not None
    assert [one.day.day for one in shown.days] == [21, 22]
