"""Every query of `sql/` is planned by Postgres, as the role that runs it, and goes by an index."""

from __future__ import annotations

import asyncpg
import pytest

from db.bootstrap import OWNER
from tests.fixtures.database import DatabaseUrls
from tests.sql.plans import ROLES, Query, plan, queries, whole_table_scans

QUERIES = {query.name: query for query in queries()}


async def _faults(urls: DatabaseUrls, query: Query, role: str) -> list[str]:
    """What is wrong with a query under a role, in a transaction that is rolled back."""
    connection = await asyncpg.connect(urls.owner if role == "owner" else urls.login)
    try:
        await connection.execute(f"begin; set local role {OWNER if role == 'owner' else role}")
        if query.needs is not None:
            await plan(connection, QUERIES[query.needs].sql)
        top = await plan(connection, query.sql)
    except asyncpg.PostgresError as error:
        return [f"{query.name} as {role}: {error}"]
    finally:
        await connection.close()
    scans = whole_table_scans(top) if top is not None else []
    return [f"{query.name} as {role}: {scan}" for scan in scans]


def test_every_query_says_who_runs_it() -> None:
    unsaid = [query.name for query in QUERIES.values() if not query.roles]
    unknown = [query.name for query in QUERIES.values() if not ROLES.issuperset(query.roles)]

    assert QUERIES
    assert not unsaid, f"write `-- role: …` below the name of {unsaid}"
    assert not unknown, f"roles are {sorted(ROLES)}, not those of {unknown}"


async def test_every_query_is_planned_with_its_rights_and_an_index(
    every_database: DatabaseUrls,
) -> None:
    faults = [
        fault
        for query in QUERIES.values()
        for role in query.roles
        for fault in await _faults(every_database, query, role)
    ]

    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    ("sql", "role", "fault"),
    [
        ("select t.planted from app.transactions as t where t.tenant_id = $1", "worker", "planted"),
        ("select k.sealed_key from private.tenant_keys as k", "authenticated", "denied"),
        ("delete from app.transactions as t where t.tenant_id = $1", "authenticated", "denied"),
        ("update app.ingestion_jobs as j set fence = 1 where j.id = $1", "authenticated", "denied"),
        ("select t.id from app.transactions as t", "owner", "Scan of transactions"),
        (
            "select t.id from app.transactions as t where t.description = $1",
            "owner",
            "Scan of transactions",
        ),
    ],
)
async def test_planted_fault_is_found(
    database: DatabaseUrls, sql: str, role: str, fault: str
) -> None:
    planted = Query(name="planted", sql=sql, roles=(role,), needs=None)

    faults = await _faults(database, planted, role)

    assert len(faults) == 1
    assert fault in faults[0]
