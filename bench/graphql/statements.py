"""How many SQL statements a request takes: counted by Postgres, while nothing is timed."""

from __future__ import annotations

import asyncio
from typing import Final

import asyncpg

from bench.graphql.answers import ask
from bench.graphql.cluster import DATABASE, Cluster
from bench.graphql.questions import Question, Sample
from bench.graphql.systems import System

ASKED: Final = 100
RELOAD_S: Final = 0.3  # a signal to every backend, which heeds it before its next statement

_COUNT: Final = """
select coalesce(sum(s.calls), 0)
from pg_stat_statements as s
join pg_database as d on d.oid = s.dbid
where d.datname = $1 and s.query !~* '^(begin|start transaction|commit|rollback)'
  and s.userid <> 'supabase_admin'::regrole
"""


async def per_request(
    cluster: Cluster, system: System, question: Question, samples: list[Sample]
) -> float:
    """Statements of one request on average, `begin` and `commit` left out."""
    admin = await asyncpg.connect(cluster.postgres.url(database="postgres"))
    try:
        await _track(admin, "top")
        counter = await asyncpg.connect(cluster.superuser_url)
        for sample in samples[:ASKED]:
            ask(system, question, sample)  # who asks is remembered from then on, as in the runs
        await counter.execute("select pg_stat_statements_reset()")
        for sample in samples[:ASKED]:
            ask(system, question, sample)
        counted = await counter.fetchval(_COUNT, DATABASE)
        await counter.close()
    finally:
        await _track(admin, "none")
        await admin.close()
    return float(counted) / ASKED


async def _track(admin: asyncpg.Connection, what: str) -> None:
    await admin.execute(f"alter system set pg_stat_statements.track = '{what}'")
    await admin.execute("select pg_reload_conf()")
    await asyncio.sleep(RELOAD_S)
