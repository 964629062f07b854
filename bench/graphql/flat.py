"""Whether pages take the same time however many rows there are.

    python bench/graphql/flat.py [--rows 20,20000,1000000] [--seconds 2] [--place DIR]

One tenant holds all rows, in 20 accounts, and a handful of them, all among the oldest, are what
hardly any row is: removed, reconciled, of a category or a merchant of their own. One client asks
our server for pages of 50. What is shown is the median in milliseconds for each number of rows,
and that of the most rows as a multiple of that of the second fewest, where a page is full for the
first time. 10,000,000 rows take 20 GB and half an hour to make.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import asyncpg
from rich.console import Console
from rich.table import Table

ROOT: Final = Path(__file__).resolve().parents[2]
# This folder is called as a package is, and this file as a module of the standard library.
sys.path[0] = str(ROOT)

from bench.graphql import load, systems
from bench.graphql.cluster import Size, key, running
from bench.graphql.report import machine
from bench.graphql.tokens import signer
from core.page import encode_cursor
from schema.ids import encode

PLACE: Final = ROOT / ".data" / "bench"
ROWS: Final = (20, 20_000, 1_000_000)
RARE: Final = 4  # rows of each kind
GOAL: Final = 2.0
WARM_S: Final = 0.5
TENANT: Final = 1

_PAGE: Final = """query Page($filter: TransactionFilter, $order: TransactionOrder, $after: String) {
  transactions(first: 50, filter: $filter, orderBy: $order, after: $after) {
    edges { node { id amount { amount currency } postedDate description merchantName } }
    pageInfo { hasNextPage endCursor }
  }
}"""

# The oldest rows, a part of them for each change.
_MARK: Final = """
update app.transactions as t
set {change}
where t.tenant_id = $1 and t.id in (
  select o.id from app.transactions as o
  where o.tenant_id = $1 and o.status = 'posted'
  order by o.sort_date, o.id
  offset {offset} limit {many}
)
"""
_CHANGES: Final = (
    "merchant_name = 'Rare Goods', merchant = 'Rare Goods', merchant_key = 'rare goods'",
    "derived_category = 'Curiosities'",
    "derived_category = null, source_category = 'Seldom'",
    "reconciled = true, reconciled_at = now()",
    "status = 'removed'",  # last of these, as it moves the places of what comes after
)
# More of the oldest: the part of all rows that they are, and what changes.
_PARTS: Final = (
    (25, "derived_category = 'Bygone'"),
    (100, "derived_category = null, source_category = 'Waiting'"),  # for a worker to look at them
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One kind of page."""

    name: str
    filter: Mapping[str, object] = field(default_factory=dict)
    order: str = "POSTED_DATE_DESC"
    deep: bool = False  # continued after the cursor of the page before the last


_ACCOUNTS: Final = [encode("Account", key("account", number)) for number in (1, 2)]

PAGES: Final = (
    Page(name="all"),
    Page(name="all, oldest first", order="POSTED_DATE_ASC"),
    Page(name="all, far down", deep=True),
    Page(name="by amount", order="AMOUNT_DESC"),
    Page(name="one account", filter={"accountIds": _ACCOUNTS[:1]}),
    Page(name="two accounts", filter={"accountIds": _ACCOUNTS[:2]}),
    Page(name="days", filter={"postedFrom": "2024-03-01", "postedTo": "2024-06-30"}),
    Page(
        name="days, by amount",
        filter={"postedFrom": "2024-03-01", "postedTo": "2024-06-30"},
        order="AMOUNT_DESC",
    ),
    Page(name="amounts", filter={"amountFrom": "-60", "amountTo": "-5"}),
    Page(name="amounts that few have", filter={"amountFrom": "-0.5", "amountTo": "-0.01"}),
    Page(name="text that many have", filter={"text": "coffee"}),
    Page(name="text that nobody has", filter={"text": "zanzibar"}),
    Page(name="connection", filter={"connectionId": encode("Connection", key("connection", 1))}),
    Page(name="job", filter={"jobId": encode("IngestionJob", key("job", 1))}),
    Page(name="merchant that many have", filter={"merchantName": "Corner Coffee"}),
    Page(name="merchant that few have", filter={"merchantName": "Rare Goods"}),
    Page(name="category that many have", filter={"category": ["Groceries"]}),
    Page(name="category that few have", filter={"category": ["Curiosities"]}),
    Page(name="category of the oldest alone", filter={"category": ["Bygone"]}),
    Page(name="category that nobody has", filter={"category": ["Nothing"]}),
    Page(name="category of many that wait", filter={"category": ["Waiting"]}),
    Page(name="category of few that wait", filter={"category": ["Seldom"]}),
    Page(
        name="category that few have, by amount",
        filter={"category": ["Curiosities"]},
        order="AMOUNT_DESC",
    ),
    Page(
        name="category that many have, by amount",
        filter={"category": ["Groceries"]},
        order="AMOUNT_DESC",
    ),
    Page(
        name="merchant that many have, by amount",
        filter={"merchantName": "Corner Coffee"},
        order="AMOUNT_DESC",
    ),
    Page(name="currency that many have", filter={"currency": "EUR"}),
    Page(name="currency that nobody has", filter={"currency": "JPY"}),
    Page(name="not reconciled", filter={"reconciled": False}),
    Page(name="reconciled, as few are", filter={"reconciled": True}),
    Page(name="removed, as few are", filter={"status": ["REMOVED"]}),
    Page(name="pending, as few are", filter={"status": ["PENDING"]}),
)


async def main(sizes: Sequence[int], place: Path, seconds: float) -> None:
    """Measures and prints."""
    place.mkdir(parents=True, exist_ok=True)
    program = load.compiled(place)
    medians = {rows: await _measured(rows, place, program, seconds) for rows in sizes}
    _show(medians)


async def _measured(rows: int, place: Path, program: Path, seconds: float) -> dict[str, float]:
    """The median of each kind of page, in milliseconds."""
    found = {}
    async with running(place, Size(tenants=TENANT, transactions=rows)) as cluster:
        await _mark(cluster.superuser_url, rows)
        with signer() as keys:
            async with systems.ours(cluster, keys, place) as ours:
                token = keys.token(TENANT)
                for page in PAGES:
                    cursor = await _deep(cluster.superuser_url, rows) if page.deep else None
                    requests = place / "flat.requests"
                    load.write(requests, [_request(page, cursor, port=ours.port, token=token)])
                    run = await load.run(
                        program,
                        requests,
                        port=ours.port,
                        clients=1,
                        warm_s=WARM_S,
                        seconds=seconds,
                        between=lambda: None,
                    )
                    assert run.failed == 0, page.name
                    found[page.name] = run.p50 / 1000
                    print(f"{rows:,} rows, {page.name}: {found[page.name]:.2f} ms", flush=True)
    return found


def _request(page: Page, cursor: str | None, *, port: int, token: str) -> bytes:
    variables = {"filter": page.filter or None, "order": page.order, "after": cursor}
    body = json.dumps({"query": _PAGE, "variables": variables}).encode()
    return load.post(port, body, {"authorization": f"Bearer {token}"})


async def _mark(url: str, rows: int) -> None:
    """Makes the oldest rows what hardly any is; once."""
    owner = await asyncpg.connect(url)
    tenant = key("tenant", TENANT)
    marked = "select from app.transactions as t where t.tenant_id = $1 and t.status = 'removed'"
    if await owner.fetchrow(f"{marked} limit 1", tenant) is None:
        place = 0
        changes = [(RARE, change) for change in _CHANGES]
        for many, change in [*changes, *((rows // part, change) for part, change in _PARTS)]:
            await owner.execute(_MARK.format(change=change, offset=place, many=many), tenant)
            place += many
        await owner.execute("vacuum analyze app.transactions")
    await owner.close()


async def _deep(url: str, rows: int) -> str:
    """The cursor of the row that has a hundred after it, newest first."""
    owner = await asyncpg.connect(url)
    row = await owner.fetchrow(
        "select t.sort_date::text, t.id::text from app.transactions as t where t.tenant_id = $1"
        " order by t.sort_date, t.id offset $2 limit 1",
        *(key("tenant", TENANT), min(100, rows - 1)),
    )
    await owner.close()
    assert row is not None
    return encode_cursor("date.desc", list(row))


def _show(medians: Mapping[int, Mapping[str, float]]) -> None:
    sizes = sorted(medians)
    base, most = sizes[min(1, len(sizes) - 1)], sizes[-1]
    table = Table(title="Median of a page, in milliseconds")
    table.add_column("page")
    for rows in sizes:
        table.add_column(f"{rows:,} rows", justify="right")
    table.add_column(f"{most:,} as a multiple of {base:,}", justify="right")
    for page in PAGES:
        ratio = medians[most][page.name] / medians[base][page.name]
        times = (f"{medians[rows][page.name]:.2f}" for rows in sizes)
        table.add_row(page.name, *times, f"{ratio:.2f}{'' if ratio <= GOAL else ' !'}")
    Console(width=120).print(table)
    print(machine())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", default=",".join(map(str, ROWS)))
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--place", type=Path, default=PLACE)
    given = parser.parse_args()
    asyncio.run(main([int(one) for one in given.rows.split(",")], given.place, given.seconds))
