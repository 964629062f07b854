"""The places where something is sealed: none is forgotten, and each can be read and exchanged."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from uuid import uuid4

import asyncpg
import pytest

from core.vault import Aad
from core.webhook_secrets import secret_aad
from db import sealed
from db.sealed import FIRST, OPERATOR, PLACES, Place, Sealed
from db.tenant_keys import data_key
from tests.fixtures.database import DatabaseUrls
from tests.fixtures.personas import a_persona
from tests.fixtures.world import KEY_ID, World
from tests.fixtures.world import Place as Tenant
from tests.sql.plans import plan, whole_table_scans

KEYS, CREDENTIALS = PLACES[:2]

# Sealed under the tenant's data key, which is what a key-encryption key seals.
UNDER_A_DATA_KEY = {
    ("app.raw_ingestion_data", "sealed"),
    ("app.connection_links", "sealed"),
    ("app.webhook_events", "sealed"),
}


async def test_every_column_with_sealed_bytes_is_a_place(database: DatabaseUrls) -> None:
    connection = await asyncpg.connect(database.owner)
    rows = await connection.fetch(
        "select a.attrelid::regclass::text as name, a.attname as column from pg_attribute as a"
        " join pg_class as c on c.oid = a.attrelid"
        " join pg_namespace as n on n.oid = c.relnamespace"
        " where n.nspname in ('app', 'private') and c.relkind in ('r', 'p')"
        " and a.atttypid = 'bytea'::regtype and a.attname like 'sealed%' and not a.attisdropped"
    )
    await connection.close()

    there = {(row["name"], row["column"]) for row in rows}
    assert there - UNDER_A_DATA_KEY == {(place.table, place.column) for place in PLACES}
    assert there >= UNDER_A_DATA_KEY


def test_places_are_told_apart() -> None:
    assert len({place.name for place in PLACES}) == len(PLACES)
    assert all(place.keys[0] == "tenant_id" for place in PLACES)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
async def test_every_statement_of_a_place_is_allowed_and_goes_by_an_index(
    database: DatabaseUrls, place: Place
) -> None:
    connection = await asyncpg.connect(database.login)
    try:
        await connection.execute("begin; set local role worker")
        for statement in sealed.statements(place):
            top = await plan(connection, statement)
            assert top is not None
            assert whole_table_scans(top) == [], statement
    finally:
        await connection.close()


async def test_all_tenants_are_gone_through_page_by_page(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.sealed.TENANTS_PAGE", 2)
    places = [await world.place() for _ in range(5)]

    found = [tenant_id async for tenant_id in sealed.tenants(world.database)]

    assert found == [OPERATOR, *sorted(place.tenant_id for place in places)]


async def test_usage_is_of_one_tenant_by_key_and_place(world: World) -> None:
    here, there = await world.place(), await world.place()
    for tenant in (here, there):
        await _credentials(world, tenant, b"token")
    await data_key(partial(world.database.as_, here.worker), world.services.vault)

    async with world.database.as_(here.worker) as tx:
        used = await sealed.usage(tx)

    assert used == {(KEY_ID, KEYS.name): 1, (KEY_ID, CREDENTIALS.name): 1}


async def test_bytes_that_name_no_key_are_counted_under_none(world: World) -> None:
    tenant = await world.place()
    await _put(world, tenant, b"\x00" * 40)

    async with world.database.as_(tenant.worker) as tx:
        assert await sealed.usage(tx) == {("", CREDENTIALS.name): 1}


async def test_what_is_stale_is_listed_by_record_and_without_what_is_not(world: World) -> None:
    tenant = await world.place()
    await _credentials(world, tenant, b"token")

    async with world.database.as_(tenant.worker) as tx:
        stale = await sealed.stale(tx, CREDENTIALS, key_id="new", after=FIRST, most=9)
        behind = await sealed.stale(
            tx, CREDENTIALS, key_id="new", after=tenant.connection_id, most=9
        )
        fresh = await sealed.stale(tx, CREDENTIALS, key_id=KEY_ID, after=FIRST, most=9)

    assert [one.record_id for one in stale] == [tenant.connection_id]
    assert await world.services.vault.open(stale[0].content, aad=stale[0].aad) == b"token"
    assert (behind, fresh) == ([], [])
    assert "content" not in repr(stale[0])


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
async def test_what_somebody_else_changed_is_not_exchanged(world: World, place: Place) -> None:
    tenant = await world.place()
    await data_key(partial(world.database.as_, tenant.worker), world.services.vault)
    await _credentials(world, tenant, b"token")
    await _endpoint(world, tenant)
    await _channel(world, tenant)
    await _session(world, tenant)
    one = await _only(world, tenant, place)

    async with world.database.as_(tenant.worker) as tx:
        known = replace(one, content=one.content + b"?")
        assert await sealed.exchange(tx, place, [(known, b"new" * 20)]) == 0
        assert await sealed.exchange(tx, place, [(one, b"new" * 20)]) == 1

    assert (await _only(world, tenant, place)).content == b"new" * 20


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
async def test_another_tenants_secrets_are_not_exchanged(world: World, place: Place) -> None:
    here, there = await world.place(), await world.place()
    await data_key(partial(world.database.as_, there.worker), world.services.vault)
    await _credentials(world, there, b"token")
    await _endpoint(world, there)
    await _channel(world, there)
    await _session(world, there)
    theirs = await _only(world, there, place)

    async with world.database.as_(here.worker) as tx:
        assert await sealed.exchange(tx, place, [(theirs, b"new" * 20)]) == 0

    assert await _only(world, there, place) == theirs


async def _only(world: World, tenant: Tenant, place: Place) -> Sealed:
    async with world.database.as_(tenant.worker) as tx:
        (one,) = await sealed.stale(tx, place, key_id="none", after=FIRST, most=9)
    return one


async def _credentials(world: World, tenant: Tenant, secret: bytes) -> None:
    aad = Aad(
        tenant_id=tenant.tenant_id, purpose=CREDENTIALS.purpose, record_id=tenant.connection_id
    )
    await _put(world, tenant, await world.services.vault.seal(secret, aad=aad))


async def _endpoint(world: World, tenant: Tenant) -> None:
    """An endpoint of webhooks during a rotation."""
    endpoint_id = uuid4()
    aad = secret_aad(tenant_id=tenant.tenant_id, endpoint_id=endpoint_id)
    seal = world.services.vault.seal
    await world.owner.execute(
        "insert into private.webhook_endpoints (tenant_id, connection_id, id, provider, kind,"
        " token_hash, sealed_secret, sealed_previous, previous_until)"
        " values ($1, $2, $3, 'file', 'connection', sha256('token'), $4, $5, now())",
        tenant.tenant_id,
        tenant.connection_id,
        endpoint_id,
        await seal(b"secret", aad=aad),
        await seal(b"previous", aad=aad),
    )


async def _channel(world: World, tenant: Tenant) -> None:
    """A channel of notifications during a rotation."""
    channel_id = uuid4()
    aad = Aad(tenant_id=tenant.tenant_id, purpose="notification.channel", record_id=channel_id)
    seal = world.services.vault.seal
    await world.owner.execute(
        "insert into app.notification_channels (tenant_id, id, type, name, host, ending)"
        " values ($1, $2, 'webhook', 'Alarms', 'hooks.example', 'abcd')",
        tenant.tenant_id,
        channel_id,
    )
    await world.owner.execute(
        "insert into app.notification_channel_secrets (tenant_id, channel_id, sealed_url,"
        " sealed_secret, sealed_previous, previous_until) values ($1, $2, $3, $4, $5, now())",
        tenant.tenant_id,
        channel_id,
        await seal(b"https://hooks.example/", aad=aad),
        await seal(b"secret", aad=aad),
        await seal(b"previous", aad=aad),
    )


async def _session(world: World, tenant: Tenant) -> None:
    """An open session at Quiltt."""
    session_id, profile_id = uuid4(), uuid4()
    persona_id = await a_persona(world, tenant)
    aad = Aad(tenant_id=tenant.tenant_id, purpose="quiltt.session", record_id=session_id)
    await world.owner.execute(
        "insert into app.quiltt_profiles (tenant_id, id, persona_id, environment)"
        " values ($1, $2, $3, 'sandbox')",
        tenant.tenant_id,
        profile_id,
        persona_id,
    )
    await world.owner.execute(
        "insert into app.quiltt_sessions (tenant_id, id, persona_id, profile_id, user_id, sealed,"
        " issued_at, expires_at) values ($1, $2, $3, $4, $5, $6, now(), now() + interval '1 min')",
        tenant.tenant_id,
        session_id,
        persona_id,
        profile_id,
        tenant.user_id,
        await world.services.vault.seal(b"token", aad=aad),
    )


async def _put(world: World, tenant: Tenant, content: bytes) -> None:
    await world.owner.execute(
        "insert into app.connection_credentials (tenant_id, connection_id, sealed)"
        " values ($1, $2, $3)",
        tenant.tenant_id,
        tenant.connection_id,
        content,
    )
