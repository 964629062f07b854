"""What an operator is told to run, on a real database: first steps, watching, erasing."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg

from core.notifications import NotificationKind
from db import assets, notifications
from db.direct import connected
from db.files import migrations_directory
from db.login import grant_login, refuse_unsafe_login
from db.migrate import migrate
from tests.docs.blocks import ROOT, blocks
from tests.fixtures.context import an_account
from tests.fixtures.database import DatabaseUrls
from tests.fixtures.personas import a_group, a_persona
from tests.fixtures.post_office import office_of
from tests.fixtures.postbox import told as told_event
from tests.fixtures.world import Place, World
from workers.text_index import index_texts

STATEMENTS = {
    re.sub(r"\s+", " ", block.text).strip(): block.text
    for block in blocks("sql operator")
    if block.path == ROOT / "docs" / "operations.md"
}
SAMPLE = (ROOT / "docs" / "samples" / "northbank.bai").read_bytes()


def told(beginning: str) -> str:
    """The one block of the page that begins so."""
    (found,) = [text for line, text in STATEMENTS.items() if line.startswith(beginning)]
    return found


async def test_the_login_of_the_page_is_safe_and_gets_its_roles(
    bare_database: DatabaseUrls,
) -> None:
    async with _login_made_as_told(bare_database) as (owner_url, login):
        await migrate(owner_url, migrations_directory())
        await grant_login(owner_url, login)

        async with connected(_as(bare_database, login)) as connection:
            await refuse_unsafe_login(connection)
            may = await connection.fetchval("select pg_has_role('worker', 'member')")

    assert may


async def test_the_grant_by_hand_does_the_same(bare_database: DatabaseUrls) -> None:
    async with _login_made_as_told(bare_database) as (owner_url, login):
        await migrate(owner_url, migrations_directory())
        async with connected(owner_url) as owner:
            await owner.execute(told("grant ").replace("bankfeeds_login", login))

        async with connected(_as(bare_database, login)) as connection:
            await refuse_unsafe_login(connection)
            may = await connection.fetchval("select pg_has_role('authenticated', 'member')")

    assert may


async def test_overdue_jobs_are_seen(world: World) -> None:
    place = await world.place()
    await world.take_in(place, SAMPLE)
    await world.job(place, SAMPLE)
    await world.owner.execute(
        "update app.ingestion_jobs set next_run_at = now() - interval '1 hour'"
        " where state = 'queued'"
    )

    overdue = await world.owner.fetchrow(told("select count(*), min("))

    assert overdue is not None
    assert overdue["count"] == 1


async def test_an_erased_tenant_leaves_nothing_and_takes_nothing_else(world: World) -> None:
    gone, stays = await world.place(), await world.place()
    for place in (gone, stays):
        await world.take_in(place, SAMPLE)
    await index_texts(world.database)
    for place in (gone, stays):
        await world.take_in(place, SAMPLE.replace(b"KETTLE", b"TEAPOT"))
        await _tell(world, place)
        await _own(world, place)
        await _told(world, place)
    before = await _rows_of_all_tables(world.owner, stays.tenant_id)

    blobs = await world.owner.fetch(_for(told("select blob_path"), gone.tenant_id))
    await world.owner.execute(_for(told("delete from private.tenant_keys"), gone.tenant_id))
    await world.owner.execute(_for(told("begin;"), gone.tenant_id))

    assert [row["blob_path"].split("/")[0] for row in blobs] == [str(gone.tenant_id)] * 2
    assert {"app.transaction_texts", "app.unindexed_texts", "app.asset_personas"} <= before.keys()
    assert {"app.webhook_events", "private.webhook_endpoints"} <= before.keys()
    assert {f"app.notification_{name}" for name in ("reads", "deliveries")} <= before.keys()
    assert "app.notification_channel_secrets" in before
    assert await _rows_of_all_tables(world.owner, gone.tenant_id) == {}
    assert await _rows_of_all_tables(world.owner, stays.tenant_id) == before


async def test_late_deliveries_are_seen(world: World) -> None:
    (block,) = [one for one in blocks("sql operator") if one.path.name == "notifications.md"]
    await _tell(world, await world.place())
    before = await world.owner.fetchval(block.text)
    await world.owner.execute(
        "update app.notification_deliveries set next_attempt_at = now() - interval '1 hour'"
    )

    assert (before, await world.owner.fetchval(block.text)) == (0, 1)


async def _tell(world: World, place: Place) -> None:
    """A notification that is read, and on its way to a channel with a secret."""
    channel_id: object = await world.owner.fetchval(
        "insert into app.notification_channels (tenant_id, type, name, host, ending)"
        " values ($1, 'webhook', 'Alarms', 'hooks.example', 'abcd') returning id",
        place.tenant_id,
    )
    await world.owner.execute(
        "insert into app.notification_channel_secrets (tenant_id, channel_id, sealed_url)"
        " values ($1, $2, $3)",
        place.tenant_id,
        channel_id,
        bytes(40),
    )
    async with world.database.as_(place.worker) as tx:
        await notifications.put(
            tx,
            tenant_id=place.tenant_id,
            kind=NotificationKind.DATA_ANOMALY,
            connection_id=place.connection_id,
            data={},
            key="anomaly",
        )
    async with world.database.as_(place.user) as tx:
        await notifications.mark_all_read(tx, tenant_id=place.tenant_id, user_id=place.user_id)


async def _own(world: World, place: Place) -> None:
    """A persona of a group owns an account."""
    account_id = await an_account(world, place)
    persona_id = await a_persona(world, place)
    await a_group(world, place, persona_id)
    async with world.database.as_(place.worker) as tx:
        await assets.ensure_for_account(
            tx,
            tenant_id=place.tenant_id,
            account_id=account_id,
            persona_id=persona_id,
            connection_id=place.connection_id,
            name="Main",
            institution=None,
        )


async def _told(world: World, place: Place) -> None:
    """A provider told something of the connection, and something that waits."""
    office = office_of(world)
    office.services = world.services  # whose keys have sealed the tenant's
    box = await office.own_box(place)
    await office.link(place, str(place.connection_id))
    await office.receive(box, told_event())
    await office.process()
    await office.receive(box, told_event())


def _for(text: str, tenant_id: object) -> str:
    return text.replace(":'tenant'", f"'{tenant_id}'")


@asynccontextmanager
async def _login_made_as_told(urls: DatabaseUrls) -> AsyncIterator[tuple[str, str]]:
    """The owner's URL and a login of another name, as roles belong to the whole server."""
    login = f"login_{uuid4().hex}"
    async with connected(urls.owner) as owner:
        await owner.execute(told("create role").replace("bankfeeds_login", login))
        await owner.execute(f"alter role {login} password 'of-a-test'")
    try:
        yield urls.owner, login
    finally:
        async with connected(urls.superuser) as superuser:
            await superuser.execute(f"drop role {login}")


def _as(urls: DatabaseUrls, login: str) -> str:
    return re.sub(r"//[^:]+:", f"//{login}:", urls.login)


async def _rows_of_all_tables(
    owner: asyncpg.Pool[asyncpg.Record], tenant_id: object
) -> dict[str, int]:
    """How many rows each table has of a tenant, where it has any."""
    tables = await owner.fetch(
        "select format('%I.%I', table_schema, table_name) as name, column_name as key"
        " from information_schema.columns"
        " where table_schema in ('app', 'private')"
        " and (column_name = 'tenant_id' or (table_name = 'tenants' and column_name = 'id'))"
    )
    counts = {
        table["name"]: await owner.fetchval(
            f"select count(*) from {table['name']} where {table['key']} = $1", tenant_id
        )
        for table in tables
    }
    return {name: count for name, count in counts.items() if count}
