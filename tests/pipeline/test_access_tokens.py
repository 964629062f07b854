"""Renewals of access tokens: one at a time over processes, kept before they are used."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from datetime import timedelta
from hashlib import sha256

from core.models import Connection
from db import credentials as stored
from providers.oauth import OAuthCredentials
from sandbox.faults import FaultRule
from tests.fixtures.database import DatabaseUrls
from tests.fixtures.oauth_bank import OAuthBank
from tests.fixtures.world import Place
from tests.tidy.tree import ROOT

TASKS = 20
WITHIN_S = 60


async def linked(bank: OAuthBank) -> tuple[Place, Connection]:
    place = await bank.world.place()
    return place, await bank.link(bank.context(place))


async def held(bank: OAuthBank, place: Place, connection: Connection) -> OAuthCredentials:
    """The credentials that are kept."""
    row = await bank.stored(connection.id)
    assert row is not None
    plain = await bank.world.services.vault.open(
        row["sealed"], aad=stored.aad(place.tenant_id, connection.id)
    )
    return OAuthCredentials.from_bytes(plain)


async def workers(
    bank: OAuthBank, database: DatabaseUrls, place: Place, connection: Connection, *more: str
) -> Process:
    """A process whose tasks need the access token at once."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.fixtures.renewal_process", database.login, bank.url),
        *(str(place.tenant_id), str(connection.id), str(TASKS), bank.time().isoformat(), *more),
        cwd=ROOT,
        stdout=PIPE,
    )


async def lines_of(process: Process) -> list[str]:
    async with asyncio.timeout(WITHIN_S):
        out, _ = await process.communicate()
    assert process.returncode == 0
    return out.decode().splitlines()


async def test_of_forty_tasks_in_two_processes_one_renews(
    oauth_bank: OAuthBank, database: DatabaseUrls
) -> None:
    place, connection = await linked(oauth_bank)
    oauth_bank.time.pass_(minutes=31)

    two = [await workers(oauth_bank, database, place, connection) for _ in range(2)]
    told = [line for process in two for line in await lines_of(process)]
    kept = await held(oauth_bank, place, connection)

    assert oauth_bank.oauth.renewals == 1
    assert len(told) == 2 * TASKS
    assert set(told) == {sha256(kept.access_token.get_secret_value().encode()).hexdigest()}


async def test_a_worker_that_dies_with_the_new_token_blocks_nobody(
    oauth_bank: OAuthBank, database: DatabaseUrls
) -> None:
    place, connection = await linked(oauth_bank)
    oauth_bank.time.pass_(minutes=31)
    dying = await workers(oauth_bank, database, place, connection, "hang")
    assert dying.stdout is not None
    async with asyncio.timeout(WITHIN_S):
        assert await dying.stdout.readline() == b"answered\n"

    dying.kill()
    await dying.wait()
    told = await lines_of(await workers(oauth_bank, database, place, connection))
    job = await oauth_bank.sync(place, connection.id)
    row = await oauth_bank.connection(connection.id)

    # The bank gave a refresh token that nobody has, so a person must come, and is told so.
    assert set(told) == {"grant-gone"}
    assert job["state"] == "failed"
    assert (row["status"], row["error_code"]) == ("reauth", "grant-gone")


async def test_a_new_token_is_kept_before_it_is_used(oauth_bank: OAuthBank) -> None:
    place, connection = await linked(oauth_bank)
    before = await held(oauth_bank, place, connection)
    oauth_bank.time.pass_(minutes=31)
    oauth_bank.sandbox.faults.add(
        FaultRule(path="/accounts", kind="status", status=500, times=None)
    )

    job = await oauth_bank.sync(place, connection.id)
    after = await held(oauth_bank, place, connection)

    assert job["error_code"] == "provider-unavailable"
    assert oauth_bank.oauth.renewals == 1
    assert after.access_token != before.access_token
    assert after.refresh_token != before.refresh_token


async def test_a_token_that_is_refused_too_early_is_renewed_once(oauth_bank: OAuthBank) -> None:
    place, connection = await linked(oauth_bank)
    oauth_bank.oauth.end_access()

    job = await oauth_bank.sync(place, connection.id)
    row = await oauth_bank.connection(connection.id)

    assert (job["state"], job["imported"]) == ("completed", 90)
    assert oauth_bank.oauth.renewals == 1
    assert row["status"] == "active"


async def test_a_history_that_outlives_several_tokens_is_read_to_its_end(
    oauth_bank: OAuthBank,
) -> None:
    place, connection = await linked(oauth_bank)
    for after in (1, 2):  # each when another page has come
        oauth_bank.sandbox.faults.add(
            FaultRule(path="/transactions", kind="status", status=401, after=after)
        )

    job = await oauth_bank.sync(place, connection.id)
    row = await oauth_bank.connection(connection.id)

    assert (job["state"], job["imported"], oauth_bank.oauth.renewals) == ("completed", 90, 2)
    assert row["status"] == "active"


async def test_a_token_that_is_refused_again_is_not_renewed_again(oauth_bank: OAuthBank) -> None:
    place, connection = await linked(oauth_bank)
    oauth_bank.sandbox.faults.add(
        FaultRule(path="/accounts", kind="status", status=401, times=None)
    )

    job = await oauth_bank.sync(place, connection.id)
    row = await oauth_bank.connection(connection.id)

    assert job["state"] == "failed"
    assert oauth_bank.oauth.renewals == 1
    assert (row["status"], row["error_code"]) == ("reauth", "credentials-refused")


async def test_a_grant_that_is_gone_needs_a_person_who_mends_it(oauth_bank: OAuthBank) -> None:
    place, connection = await linked(oauth_bank)
    await oauth_bank.sync(place, connection.id)
    oauth_bank.oauth.grants[0].revoked = True
    oauth_bank.time.pass_(minutes=31)

    job = await oauth_bank.sync(place, connection.id)
    broken = await oauth_bank.connection(connection.id)
    oauth_bank.oauth.subject = broken["external_id"]
    await oauth_bank.link(oauth_bank.context(place), connection.id)
    again = await oauth_bank.sync(place, connection.id)
    mended = await oauth_bank.connection(connection.id)

    assert job["state"] == "failed"
    assert (broken["status"], broken["error_code"]) == ("reauth", "grant-gone")
    assert "again" in broken["next_step"]
    assert (again["state"], mended["status"], mended["error_code"]) == ("completed", "active", None)


async def test_a_token_is_not_renewed_before_its_time(oauth_bank: OAuthBank) -> None:
    place, connection = await linked(oauth_bank)
    row = await oauth_bank.stored(connection.id)
    assert row is not None

    await oauth_bank.sync(place, connection.id)

    assert oauth_bank.oauth.renewals == 0
    assert timedelta(minutes=28) < row["expires_at"] - oauth_bank.time() <= timedelta(minutes=29)
