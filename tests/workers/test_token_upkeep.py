"""Access tokens are renewed before they end: each once, and kept before anybody uses them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from redis.asyncio import Redis

from core.jobs import JobTrigger
from db import credentials as stored
from db import syncs
from db.provider_states import failed
from db.throttle import Throttle
from pipeline.access_tokens import usable_credentials
from pipeline.provider_access import ProviderAccess, open_http
from providers.http import Client, Retries
from sandbox.serving import serving
from tests.fixtures.database import DatabaseUrls
from tests.fixtures.plaid_feed import ANYTHING
from tests.fixtures.renewing import (
    RENEWING,
    SLUG,
    RenewingApp,
    RenewingBank,
    RenewingCredentials,
    installed,
)
from tests.fixtures.world import Place, World
from workers.token_upkeep import renew_tokens

SOON = timedelta(minutes=9)
LATE = timedelta(minutes=30)


@dataclass(slots=True)
class Woken:
    """A queue that remembers whom it woke."""

    jobs: list[UUID] = field(default_factory=list)

    async def wake(self, tenant_id: UUID, job_id: UUID) -> None:
        self.jobs.append(job_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """A connection to the provider whose tokens run out."""

    world: World
    bank: RenewingBank
    place: Place

    async def keep(self, *, ends_in: timedelta) -> None:
        tenant_id, connection_id = self.place.tenant_id, self.place.connection_id
        held = self.bank.credentials(ends_in=ends_in)
        aad = stored.aad(tenant_id, connection_id)
        sealed = await self.world.services.vault.seal(held.to_bytes(), aad=aad)
        async with self.world.database.as_(self.place.worker) as tx:
            await stored.put(
                tx,
                tenant_id=tenant_id,
                connection_id=connection_id,
                sealed=sealed,
                expires_at=held.ends_at,
            )

    async def held(self) -> tuple[str, int, datetime | None]:
        """The access token that is kept, its version, and when it ends."""
        tenant_id, connection_id = self.place.tenant_id, self.place.connection_id
        async with self.world.database.as_(self.place.worker) as tx:
            found = await stored.find(tx, tenant_id=tenant_id, connection_id=connection_id)
        assert found is not None
        plain = await self.world.services.vault.open(
            found.sealed, aad=stored.aad(tenant_id, connection_id)
        )
        token = RenewingCredentials.from_bytes(plain).access_token.get_secret_value()
        return token, found.version, found.expires_at

    async def usable(self) -> str:
        """An access token, as a worker that needs one gets it."""
        access = self.world.services.providers
        assert access is not None
        client: Client = access.client(
            RENEWING, connection_id=self.place.connection_id, policy=ANYTHING
        )
        held, _ = await usable_credentials(
            RENEWING,
            client,
            tenant_id=self.place.tenant_id,
            connection_id=self.place.connection_id,
            database=self.world.database,
            vault=self.world.services.vault,
            now=datetime.now(UTC),
        )
        assert isinstance(held, RenewingCredentials)
        return held.access_token.get_secret_value()


@pytest.fixture
async def linked(world: World, redis_url: str, tmp_path: Path) -> AsyncIterator[Linked]:
    folder = tmp_path / "connector"
    folder.mkdir()
    bank = RenewingBank()
    with installed(folder), serving(bank.app) as url:
        async with open_http() as http, Redis.from_url(redis_url) as redis:
            access = ProviderAccess(
                http=http,
                apps={SLUG: RenewingApp(url=url)},
                throttle=Throttle(redis),
                retries=Retries(attempts=1),
            )
            place = await world.place(provider=SLUG, status="active")
            yield Linked(world=world.altered(providers=access), bank=bank, place=place)


async def test_a_token_that_ends_within_ten_minutes_is_renewed(linked: Linked) -> None:
    await linked.keep(ends_in=SOON)

    assert await renew_tokens(linked.world.services, Woken()) == 1
    again = await renew_tokens(linked.world.services, Woken())

    token, version, ends_at = await linked.held()
    assert (token, version, again, linked.bank.renewals) == ("access-1", 2, 0, 1)
    assert ends_at is not None
    assert ends_at > datetime.now(UTC) + LATE


async def test_one_that_ends_later_is_left_alone(linked: Linked) -> None:
    await linked.keep(ends_in=LATE)

    assert await renew_tokens(linked.world.services, Woken()) == 0
    assert (await linked.held())[:2] == ("access-0", 1)


@pytest.mark.parametrize("status", ["paused", "reauth", "disconnected"])
async def test_one_that_nobody_needs_is_left_alone(linked: Linked, status: str) -> None:
    await linked.keep(ends_in=SOON)
    await linked.world.owner.execute("update app.connections set status = $1", status)

    assert await renew_tokens(linked.world.services, Woken()) == 0
    assert linked.bank.renewals == 0


async def test_however_many_need_a_token_at_once_it_is_renewed_once(linked: Linked) -> None:
    await linked.keep(ends_in=timedelta(0))

    tokens = await asyncio.gather(*(linked.usable() for _ in range(8)))

    assert tokens == ["access-1"] * 8
    assert linked.bank.renewals == 1
    assert (await linked.held())[:2] == ("access-1", 2)


async def test_a_token_is_kept_though_the_database_goes_away_while_the_bank_answers(
    linked: Linked, database: DatabaseUrls
) -> None:
    await linked.keep(ends_in=timedelta(0))
    linked.bank.thinks_s = 0.5
    superuser = await asyncpg.connect(database.superuser)
    renewing = asyncio.create_task(linked.usable())
    await _renewed_at_the_bank(linked)

    cut = await superuser.fetchval(
        "select count(pg_terminate_backend(l.pid)) from pg_locks as l"
        " where l.locktype = 'advisory'"
        " and l.database = (select oid from pg_database where datname = current_database())"
    )

    await superuser.close()

    assert cut == 1
    assert await asyncio.wait_for(renewing, 10) == "access-1"
    assert (await linked.held())[:2] == ("access-1", 2)


async def test_a_worker_that_is_told_to_end_keeps_the_token_that_it_asked_for(
    linked: Linked,
) -> None:
    await linked.keep(ends_in=timedelta(0))
    linked.bank.thinks_s = 0.5
    renewing = asyncio.create_task(linked.usable())
    await _renewed_at_the_bank(linked)

    renewing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(renewing, 10)

    assert (await linked.held())[:2] == ("access-1", 2)


async def test_a_grant_that_is_gone_is_said_by_a_sync(linked: Linked) -> None:
    await linked.keep(ends_in=SOON)
    linked.bank.is_gone = True
    queue = Woken()

    assert await renew_tokens(linked.world.services, queue) == 0
    assert await renew_tokens(linked.world.services, queue) == 0
    (job_id,) = queue.jobs
    job = await linked.world.ledger(linked.place, job_id)

    assert (job["kind"], job["trigger"]) == ("sync", "system")
    assert (await linked.held())[0] == "access-0"


async def test_a_provider_that_fails_for_a_while_is_asked_in_the_next_round(
    linked: Linked,
) -> None:
    await linked.keep(ends_in=SOON)
    linked.bank.status = 503

    failed_rounds = [await renew_tokens(linked.world.services, Woken()) for _ in range(2)]
    linked.bank.status = 200
    renewed = await renew_tokens(linked.world.services, Woken())

    assert (failed_rounds, renewed) == ([0, 0], 1)


async def test_a_token_that_ends_before_it_could_be_renewed_is_told_of_once(
    linked: Linked,
) -> None:
    told = "select connection_id, data->>'code' as code from app.notifications"
    linked.bank.status = 503
    await linked.keep(ends_in=SOON)
    await renew_tokens(linked.world.services, Woken())
    before = await linked.world.owner.fetch(told)

    await linked.keep(ends_in=timedelta(minutes=-1))
    for _ in range(2):
        await renew_tokens(linked.world.services, Woken())

    assert before == []
    (notification,) = await linked.world.owner.fetch(told)
    assert notification["connection_id"] == linked.place.connection_id
    assert notification["code"] == "provider-unavailable"


async def test_a_provider_whose_circuit_is_open_is_not_asked(linked: Linked) -> None:
    await linked.keep(ends_in=SOON)
    async with linked.world.database.as_(linked.place.worker) as tx:
        for _ in range(5):
            await failed(tx, provider=SLUG, at=datetime.now(UTC))

    assert await renew_tokens(linked.world.services, Woken()) == 0
    assert linked.bank.renewals == 0


async def test_a_token_that_the_provider_refuses_too_soon_is_renewed_by_the_sync(
    linked: Linked,
) -> None:
    await linked.keep(ends_in=LATE)
    linked.bank.access = "of somebody else"

    job = await _sync(linked)

    assert (job["state"], linked.bank.renewals) == ("completed", 1)
    assert (await linked.held())[:2] == ("access-1", 2)


async def test_a_token_that_is_refused_again_ends_the_sync(linked: Linked) -> None:
    await linked.keep(ends_in=LATE)
    linked.bank.access, linked.bank.is_gone = "of somebody else", True

    job = await _sync(linked)

    status = await linked.world.owner.fetchval("select status from app.connections")
    assert (job["state"], job["error_kind"], status) == ("failed", "authentication", "reauth")


async def _renewed_at_the_bank(linked: Linked) -> None:
    for _ in range(500):
        if linked.bank.renewals:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("nobody asked the bank")


async def _sync(linked: Linked) -> asyncpg.Record:
    async with linked.world.database.as_(linked.place.worker) as tx:
        job_id = await syncs.request(
            tx,
            tenant_id=linked.place.tenant_id,
            connection_id=linked.place.connection_id,
            trigger=JobTrigger.USER,
        )
    assert job_id is not None
    return await linked.world.run(linked.place, job_id)
