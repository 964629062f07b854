"""Pages of one tenant's transactions by filters that few rows pass, or only the oldest.

    python bench/page_latency.py [--rows N]

A database of its own with 1,000,000 rows. Each filter is asked for its first page of 50 as the API
does, under the policies, on one connection: the quickest and the last of several times, in
milliseconds, the last with the plan that Postgres keeps for any values.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

import asyncpg
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.import_speed import Bench
from core.records import TransactionStatus
from core.scope import UserScope
from db import transactions
from db.binaries import postgres_binaries
from db.embedded import embedded_postgres
from db.pool import connect
from db.session import Database
from db.transaction_filter import Duplicates, TransactionFilter
from db.transactions import TransactionOrder
from resolvers.transactions import merchant_name

NAME: Final = "bench_pages"
ACCOUNTS: Final = 20
BATCH: Final = 100_000
TIMES: Final = 8  # after five plans for the values at hand, Postgres makes one for any
TOO_SLOW_S: Final = 0.3
# The first rows are the oldest.
_FILL: Final = """
insert into app.transactions (
  tenant_id, id, account_id, mapping_id, job_id, raw_id, raw_line, raw_line_end, fingerprint,
  occurrence, content_key, status, amount, currency, sort_date, description, description_raw,
  merchant_name, merchant, merchant_key, derived_category, reconciled, reconciled_at, duplicate_of
)
select
  $1::uuid, gen_random_uuid(), ($2::uuid[])[1 + n % 20], $1::uuid, $1::uuid, $1::uuid, n, n,
  decode(md5(n::text), 'hex'), 0, 0,
  case when n between 1000 and 1019 then 'removed' else 'posted' end,
  (n % 5000) * 1.007 - 100, 'EUR', date '2010-01-01' + (n * 5000::bigint / $3::integer)::integer,
  'Row ' || n, 'raw', m.name, m.name, lower(m.name),
  case
    when n between 3000 and 3002 then 'RARE' when n < $3 / 25 then 'OLD'
    when n % 3 = 0 then 'COMMON' else 'CATEGORY_' || n % 97
  end,
  n between 5000 and 5030, case when n between 5000 and 5030 then now() end,
  case when n between 6000 and 6003 then $1::uuid end
from generate_series($4::integer, $5::integer) as n
cross join lateral (
  select case
    when n between 2000 and 2002 then 'Rare Shop' when n < $3 / 20 then 'Old Shop'
    else 'Shop ' || chr(65 + n % 20)
  end as name
) as m
"""
_FILTERS: Final = {
    "none": TransactionFilter(),
    "category of 3 rows": TransactionFilter(categories=("RARE",)),
    "category of none": TransactionFilter(categories=("NONE",)),
    "category of the oldest 4 %": TransactionFilter(categories=("OLD",)),
    "category of a third": TransactionFilter(categories=("COMMON",)),
    "three categories": TransactionFilter(categories=("RARE", "CATEGORY_1", "NONE")),
    "merchant of 3 rows": TransactionFilter(merchant=merchant_name("Rare Shop")),
    "merchant of the oldest 5 %": TransactionFilter(merchant=merchant_name("Old Shop")),
    "merchant of many": TransactionFilter(merchant=merchant_name("Shop B")),
    "removed, 20 rows": TransactionFilter(status=(TransactionStatus.REMOVED,)),
    "pending, none": TransactionFilter(status=(TransactionStatus.PENDING,)),
    "in any state": TransactionFilter(status=tuple(TransactionStatus)),
    "reconciled, 31 rows": TransactionFilter(reconciled=True),
    "not reconciled, most": TransactionFilter(reconciled=False),
    "duplicates, 4 rows": TransactionFilter(duplicates=Duplicates.ONLY),
}


async def main(*, rows: int) -> None:
    """Prints the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        async with embedded_postgres(folder / "postgres", postgres_binaries(None)) as postgres:
            bench = Bench(postgres=postgres, folder=folder)
            tenant_id, _ = await bench.database(NAME)
            user = UserScope(user_id=uuid4(), tenant_id=tenant_id)
            await _fill(postgres.url(database=NAME), user, tenant_id, rows)
            table = Table(title=f"The first page of {rows:,} transactions")
            for column in ("filter", "order", "rows", "quickest ms", "last ms"):
                table.add_column(column, justify="left" if column == "filter" else "right")
            async with connect(bench.login(NAME), size=1) as database:
                for label, wanted in _FILTERS.items():
                    for order in (TransactionOrder.POSTED_DATE_DESC, TransactionOrder.AMOUNT_DESC):
                        found, times = await _measured(database, user, tenant_id, wanted, order)
                        milliseconds = (f"{each * 1_000:.2f}" for each in (min(times), times[-1]))
                        table.add_row(label, order.value, str(found), *milliseconds)
    Console(width=110).print(table)


async def _fill(dsn: str, user: UserScope, tenant_id: UUID, rows: int) -> None:
    admin = await asyncpg.connect(dsn)
    await admin.execute("set session_replication_role = replica")
    accounts = [uuid4() for _ in range(ACCOUNTS)]
    for first in range(1, rows + 1, BATCH):
        last = min(first + BATCH - 1, rows)
        await admin.execute(_FILL, tenant_id, accounts, rows, first, last)
    await admin.execute(
        "insert into app.tenant_members (tenant_id, user_id, email, role)"
        " values ($1, $2, 'a@example.test', 'viewer')",
        tenant_id,
        user.user_id,
    )
    await admin.execute("vacuum (analyze)")
    await admin.close()


async def _measured(
    database: Database,
    user: UserScope,
    tenant_id: UUID,
    wanted: TransactionFilter,
    order: TransactionOrder,
) -> tuple[int, list[float]]:
    found, times = 0, list[float]()
    while len(times) < TIMES and not (len(times) > 1 and times[-1] > TOO_SLOW_S):
        async with database.as_(user, read_only=True, timeout_s=60) as tx:
            started = time.perf_counter()
            page = await transactions.page(
                tx, tenant_id=tenant_id, wanted=wanted, order=order, first=50, after=None
            )
            times.append(time.perf_counter() - started)
        found = len(page.items)
    return found, times


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    asyncio.run(main(rows=parser.parse_args().rows))
