"""What ends an export midway: the client must see that it is no whole, and nothing is held."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import httpx
import pytest

from api.exports import EXPORTS_OF_USER_MAX
from db.bootstrap import LOGIN
from tests.fixtures.api_server import Api
from tests.fixtures.database import DatabaseUrls
from tests.fixtures.exporting import PATH, exported, exporting, filled, ids, keys, objects
from tests.fixtures.world import Place, World

ROWS = 40_000  # more bytes than the sockets of both sides hold
LIFETIME = timedelta(seconds=2)

_BUSY = """
select count(*)
from pg_stat_activity
where datname = current_database() and usename = $1 and state <> 'idle'
"""


@pytest.fixture
async def place(world: World) -> Place:
    return await filled(world, rows=ROWS)


async def test_a_client_that_reads_slowly_holds_nothing_of_the_database(
    api: Api, world: World, place: Place, database: DatabaseUrls
) -> None:
    async with exporting(api, api.headers(place.user_id), format="ndjson") as pieces:
        body = await anext(pieces)
        await asyncio.sleep(0.5)  # the server has filled the sockets, and waits

        assert await _busy(database) == 0
        assert await api.ask(place.user_id, "{ viewer { role } }")
        body += await _rest(pieces)

    assert keys(objects(body)) == await ids(world, place)


async def test_who_leaves_frees_their_place(api: Api, place: Place, database: DatabaseUrls) -> None:
    headers = api.headers(place.user_id)
    for _ in range(2 * EXPORTS_OF_USER_MAX):
        async with exporting(api, headers) as pieces:
            await anext(pieces)
        await asyncio.sleep(0.2)

    assert await _busy(database) == 0
    assert (await exported(api, place, postedTo="2000-01-01")).status_code == 200


async def test_one_user_has_two_exports_at_most(api: Api, world: World, place: Place) -> None:
    other = await filled(world, rows=1)
    headers = api.headers(place.user_id)
    async with exporting(api, headers) as one, exporting(api, headers) as two:
        await anext(one)
        await anext(two)

        refused = await exported(api, place)
        of_another = await exported(api, other)

    assert (refused.status_code, of_another.status_code) == (429, 200)
    assert refused.headers["retry-after"] == "10"
    assert refused.json()["errors"][0]["extensions"]["code"] == "LIMIT"


@pytest.mark.parametrize("form", ["csv", "ndjson"])
async def test_a_removed_member_gets_no_whole_file(
    api: Api, world: World, place: Place, form: str
) -> None:
    async with exporting(api, api.headers(place.user_id), format=form) as pieces:
        await anext(pieces)
        await world.owner.execute(
            "delete from app.tenant_members where user_id = $1", place.user_id
        )

        with pytest.raises(httpx.RemoteProtocolError, match="incomplete chunked read"):
            await _rest(pieces)


async def test_an_export_does_not_outlive_its_token(api: Api, place: Place) -> None:
    token = api.token(place.user_id, lifetime=LIFETIME)
    async with exporting(api, {"authorization": f"Bearer {token}"}) as pieces:
        await anext(pieces)
        await asyncio.sleep(LIFETIME.total_seconds())

        with pytest.raises(httpx.RemoteProtocolError, match="incomplete chunked read"):
            await _rest(pieces)


async def test_a_database_that_is_away_for_a_moment_is_waited_for(
    api: Api, world: World, place: Place, database: DatabaseUrls
) -> None:
    expected = await ids(world, place)
    async with exporting(api, api.headers(place.user_id), format="ndjson") as pieces:
        body = await anext(pieces)
        admin = await asyncpg.connect(database.superuser.replace(database.name, "postgres"))
        await admin.execute(f"alter database {database.name} with allow_connections false")
        await _end_connections(admin, database)
        reading = asyncio.create_task(_rest(pieces))
        await asyncio.sleep(1)
        await admin.execute(f"alter database {database.name} with allow_connections true")
        await admin.close()
        body += await reading

    assert keys(objects(body)) == expected


async def test_rows_that_come_meanwhile_are_left_out(api: Api, world: World, place: Place) -> None:
    expected = await ids(world, place)
    async with exporting(api, api.headers(place.user_id), format="ndjson") as pieces:
        body = await anext(pieces)
        await world.take_in(place, b"Date,Amount,Text\n2029-01-01,-1.00,Late\n")
        body += await _rest(pieces)

    assert keys(objects(body)) == expected


async def test_an_export_without_a_database_is_answered_as_an_outage(
    api: Api, place: Place, database: DatabaseUrls
) -> None:
    headers = api.headers(place.user_id)
    admin = await asyncpg.connect(database.superuser.replace(database.name, "postgres"))
    await admin.execute(f"alter database {database.name} with allow_connections false")
    await _end_connections(admin, database)

    response = await api.http.get(PATH, headers=headers)
    await admin.execute(f"alter database {database.name} with allow_connections true")
    await admin.close()

    assert response.status_code == 503
    assert response.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"


async def _rest(pieces: AsyncIterator[bytes]) -> bytes:
    return b"".join([piece async for piece in pieces])


async def _busy(database: DatabaseUrls) -> int:
    """How many connections of the application do something, or hold a transaction."""
    admin = await asyncpg.connect(database.superuser)
    try:
        return int(await admin.fetchval(_BUSY, LOGIN))
    finally:
        await admin.close()


async def _end_connections(admin: asyncpg.Connection, database: DatabaseUrls) -> None:
    await admin.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = $1 and usename = $2",
        database.name,
        LOGIN,
    )
