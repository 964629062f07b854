"""How compiled reads write values: the same in all versions of Postgres."""

from __future__ import annotations

import json
from uuid import UUID

import asyncpg
from graphql import GraphQLString

from core.global_id import global_id
from db.pool import connect
from db.session import POSTGRES_OLDEST
from schema import json_sql
from tests.fixtures.database import DatabaseUrls

KEY = UUID("01234567-89ab-cdef-0123-456789abcdef")
CONTROLS = "".join(map(chr, range(1, 32)))
TEXTS = ("", "plain", '"', "\\", "a\nb\tc", CONTROLS, "\x7f", "é€😀\u2028", "</script>", "null")


async def test_each_version_writes_a_text_as_the_oldest_does(database: DatabaseUrls) -> None:
    async with connect(database.login, size=1) as opened:
        newest = json_sql.form(GraphQLString, "t", postgres=opened.postgres)
    oldest = json_sql.form(GraphQLString, "t", postgres=POSTGRES_OLDEST)
    connection = await asyncpg.connect(database.owner)
    rows = await connection.fetch(
        f"select t, {newest.sql} as newest, {oldest.sql} as oldest"
        " from unnest($1::text[]) as one (t)",
        [*TEXTS, None],
    )
    await connection.close()

    assert [row["newest"] for row in rows] == [row["oldest"] for row in rows]
    assert [row["t"] and json.loads(row["newest"]) for row in rows] == [*TEXTS, None]


async def test_the_pool_knows_the_version_that_answers(database: DatabaseUrls) -> None:
    connection = await asyncpg.connect(database.owner)
    version = connection.get_server_version().major
    await connection.close()

    async with connect(database.login, size=1) as opened:
        assert opened.postgres == version


async def test_ids_begin_alike_whatever_the_length_of_the_type(database: DatabaseUrls) -> None:
    connection = await asyncpg.connect(database.owner)
    for length in range(1, 40):
        name = "T" * length
        same, rest = json_sql.global_id(name, "k")

        written = await connection.fetchval(f"select {rest} from (select $1::uuid) as one (k)", KEY)

        assert same + written == global_id(name, KEY)
        assert await connection.fetchval(
            f"select {json_sql.whole_id(name, 'k')} from (select $1::uuid) as one (k)", KEY
        ) == global_id(name, KEY)
    await connection.close()
