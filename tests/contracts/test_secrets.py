"""Secrets, of every connector: in no log, repr, job or cache of ours."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import asyncpg
import pytest
from arq.connections import ArqRedis

from core.jobs import JobTrigger
from db import credentials as stored
from db import syncs
from db.queue import ArqQueue
from db.redis import connect
from db.throttle import Throttle
from pipeline.provider_access import ProviderAccess, open_http
from providers.base import Linked
from providers.http import Client, Retries
from sandbox.faults import FaultRule
from tests.contracts.base import Adapter, Bank, secrets_of
from tests.contracts.reading import Reader
from tests.fixtures.all_logs import AllLogs
from tests.fixtures.world import Place, World


async def test_linking_and_reading_log_no_secret(
    adapter: Adapter, bank: Bank, client: Client, all_logs: AllLogs
) -> None:
    linked = await bank.link(client)
    reader = Reader(
        connector=adapter.connector,
        client=client,
        credentials=linked.credentials,
        now=bank.now(),
    )
    await reader.pages()

    secrets = secrets_of(bank.app, linked.credentials)
    said = all_logs.said()
    assert "HTTP Request" in said
    assert secrets
    assert [secret for secret in secrets if secret in said] == []


async def test_nothing_shows_secrets_when_it_is_printed(
    bank: Bank, client: Client, linked: Linked, reader: Reader
) -> None:
    page = (await reader.pages())[0]

    shown = "".join(map(repr, (linked, linked.credentials, bank.app, client, vars(client), page)))

    assert [s for s in secrets_of(bank.app, linked.credentials) if s in shown] == []
    assert page.body.decode()[:40] not in shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """A world that reaches the provider, and what workers are woken over."""

    world: World
    redis: ArqRedis


@pytest.fixture
async def engine(
    world: World, redis_url: str, adapter: Adapter, bank: Bank
) -> AsyncIterator[Engine]:
    async with open_http() as http, connect(redis_url) as redis:
        access = ProviderAccess(
            http=http,
            apps={adapter.slug: bank.app},
            throttle=Throttle(redis),
            retries=Retries(initial=timedelta(milliseconds=1)),
        )
        yield Engine(world=world.altered(providers=access), redis=redis)


async def test_a_whole_sync_leaves_secrets_nowhere_but_sealed(
    engine: Engine,
    adapter: Adapter,
    bank: Bank,
    linked: Linked,
    all_logs: AllLogs,
) -> None:
    place = await _place(engine.world, adapter, linked)
    well = await _synced(engine, place)
    bank.faults.add(FaultRule(path="/", kind="status", status=401, times=None))
    badly = await _synced(engine, place)
    said = all_logs.said()
    kept = await _kept(engine.redis)
    rows = await _rows(engine.world)

    assert well["state"] == "completed"
    assert badly["error_code"] is not None
    assert str(well["id"]) in rows
    assert str(well["id"]).encode() in kept
    for secret in secrets_of(bank.app, linked.credentials):
        assert secret not in rows
        assert secret.encode().hex() not in rows
        assert secret not in said
        assert secret.encode() not in kept


async def _place(world: World, adapter: Adapter, linked: Linked) -> Place:
    """A connection with these credentials."""
    place = await world.place(
        provider=adapter.slug, status="active", external_id=linked.external_id
    )
    aad = stored.aad(place.tenant_id, place.connection_id)
    sealed = await world.services.vault.seal(linked.credentials.to_bytes(), aad=aad)
    async with world.database.as_(place.worker) as tx:
        await stored.put(
            tx,
            tenant_id=place.tenant_id,
            connection_id=place.connection_id,
            sealed=sealed,
            expires_at=None,
        )
    return place


async def _synced(engine: Engine, place: Place) -> asyncpg.Record:
    """A sync whose worker was woken over the queue."""
    world = engine.world
    async with world.database.as_(place.worker) as tx:
        job_id = await syncs.request(
            tx,
            tenant_id=place.tenant_id,
            connection_id=place.connection_id,
            trigger=JobTrigger.USER,
        )
    if job_id is None:
        job_id = await world.owner.fetchval(
            "select id from app.ingestion_jobs where state = 'queued' and connection_id = $1",
            place.connection_id,
        )
        await world.make_due(place, job_id)
    await ArqQueue(engine.redis).wake(place.tenant_id, job_id)
    return await world.run(place, job_id)


async def _rows(world: World) -> str:
    """All rows of ours, as text."""
    tables = await world.owner.fetch(
        "select format('%I.%I', table_schema, table_name) as name from information_schema.tables"
        " where table_schema in ('app', 'private') and table_type = 'BASE TABLE'"
    )
    found = [
        await world.owner.fetchval(f"select string_agg(t::text, ' ') from {table['name']} as t")
        for table in tables
    ]
    return " ".join(text or "" for text in found)


async def _kept(redis: ArqRedis) -> bytes:
    """All that Redis holds, keys and values, without compression."""
    await redis.config_set("rdbcompression", "no")
    found = b""
    async for key in redis.scan_iter():
        found += bytes(key) + bytes(await redis.dump(key) or b"")
    return found
