"""Leases: one worker has a job at a time, a dead one's job goes on elsewhere, no job is stuck."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from core.errors import BankfeedsError, KeysRefused, KeysUnavailable, UnknownKey
from core.jobs import ATTEMPTS_MAX
from core.vault import Aad, Vault
from db import ledger
from db.blobs import FolderBlobs
from tests.fixtures.bai2_file import COFFEE, RENT, statement
from tests.fixtures.database import DatabaseUrls
from tests.fixtures.faults import FaultyEvents, Killed, kill
from tests.fixtures.world import Place, World

SIX = statement(COFFEE, COFFEE, RENT, COFFEE, RENT, COFFEE)
SHORT = timedelta(milliseconds=300)


class UnusableKeys:
    """Keys that answer with an error whatever is asked."""

    current_id = "key"
    key_ids = ("key",)

    def __init__(self, error: BankfeedsError) -> None:
        self._error = error

    async def wrap(self, data_key: bytes, aad: Aad) -> bytes:
        raise self._error

    async def unwrap(self, key_id: str, wrapped: bytes, aad: Aad) -> bytes:
        raise self._error


async def test_of_two_workers_one_gets_the_job(world: World) -> None:
    place = await world.place()
    job_id = await world.job(place, SIX)

    claims = await asyncio.gather(
        *(
            ledger.claim(world.database, tenant_id=place.tenant_id, job_id=job_id, lease=SHORT)
            for _ in range(4)
        )
    )

    assert len([job for job in claims if job is not None]) == 1


async def test_a_worker_that_lost_its_lease_writes_nothing_more(world: World) -> None:
    place = await world.place()
    job_id = await world.job(place, SIX)
    rows: list[int] = []

    async def lose() -> None:
        await world.owner.execute("update app.ingestion_jobs set fence = fence + 1")
        rows.append(len(await world.rows(place)))

    slow = world.altered(batch_records=2, events=FaultyEvents({5: lose}))
    job = await slow.run(place, job_id)

    assert 0 < rows[0] < 6
    assert len(await world.rows(place)) == rows[0]
    assert (job["state"], job["imported"]) == ("running", rows[0])


async def test_a_worker_that_was_overtaken_and_the_one_that_took_over_write_each_row_once(
    world: World,
) -> None:
    place = await world.place()
    job_id = await world.job(place, SIX)
    small = world.altered(batch_records=2)

    async def overtake() -> None:
        await world.make_due(place, job_id)
        await small.run(place, job_id)

    slow = small.altered(events=FaultyEvents({4: overtake}))
    job = await slow.run(place, job_id)

    assert (job["state"], job["imported"], job["duplicate"]) == ("completed", 6, 0)
    assert len(await world.rows(place)) == 6


async def test_the_job_of_a_dead_worker_is_taken_over_when_its_lease_is_over(
    world: World,
) -> None:
    place = await world.place()
    job_id = await world.job(place, SIX)
    small = world.altered(batch_records=2, lease=SHORT)
    with pytest.raises(Killed):
        await small.altered(events=FaultyEvents({4: kill})).run(place, job_id)

    early = await small.run(place, job_id)
    await asyncio.sleep(SHORT.total_seconds())
    late = await small.run(place, job_id)

    assert early["state"] == "running"
    assert (late["state"], late["imported"], late["fence"]) == ("completed", 6, 2)


async def test_a_step_that_takes_longer_than_the_lease_keeps_the_job(world: World) -> None:
    place = await world.place()
    job_id = await world.job(place, SIX)
    others: list[object] = []

    async def dawdle() -> None:
        for _ in range(4):
            await asyncio.sleep(SHORT.total_seconds() / 2)
            others.append(
                await ledger.claim(
                    world.database, tenant_id=place.tenant_id, job_id=job_id, lease=SHORT
                )
            )

    job = await world.altered(lease=SHORT, events=FaultyEvents({2: dawdle})).run(place, job_id)

    assert others == [None] * 4
    assert (job["state"], job["fence"]) == ("completed", 1)


async def test_a_worker_that_is_told_to_stop_gives_the_job_back_at_once(world: World) -> None:
    place = await world.place()
    job_id = await world.job(place, SIX)
    small = world.altered(batch_records=2)

    async def stop() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await small.altered(events=FaultyEvents({4: stop})).run(place, job_id)
    given_back = await world.ledger(place, job_id)
    job = await small.run(place, job_id)

    assert (given_back["state"], given_back["lease_until"]) == ("queued", None)
    assert (job["state"], job["imported"], job["duplicate"]) == ("completed", 6, 0)


async def test_a_job_whose_workers_always_die_fails_in_the_end(world: World) -> None:
    place = await world.place()
    job_id = await world.job(place, SIX)
    deadly = world.altered(events=FaultyEvents(dict.fromkeys(range(1, 100), kill)))

    for _ in range(ATTEMPTS_MAX):
        with pytest.raises(Killed):
            await deadly.run(place, job_id)
        await world.make_due(place, job_id)
    job = await world.run(place, job_id)

    assert (job["state"], job["error_code"]) == ("failed", "attempts-exhausted")
    assert "retry" in job["error_message"]


async def test_a_preview_whose_workers_always_die_fails_in_the_end(world: World) -> None:
    place = await world.place()
    job_id = await world.job(place, SIX, review=True)
    for _ in range(ATTEMPTS_MAX):
        deadly = world.altered(batch_records=2, events=FaultyEvents({4: kill}))
        with pytest.raises(Killed):
            await deadly.run(place, job_id)
        await world.make_due(place, job_id)

    job = await world.run(place, job_id)

    assert (job["state"], job["error_code"]) == ("failed", "attempts-exhausted")


async def test_progress_makes_up_for_failed_tries(world: World) -> None:
    place = await world.place()
    job_id = await world.job(place, statement(*[COFFEE] * 40))
    small = world.altered(batch_records=2)

    for _ in range(ATTEMPTS_MAX + 2):
        with pytest.raises(Killed):
            await small.altered(events=FaultyEvents({3: kill})).run(place, job_id)
        await world.make_due(place, job_id)
    job = await small.finish(place, job_id)

    assert (job["state"], job["imported"]) == ("completed", 40)


@pytest.mark.parametrize("breaks_at", range(1, 7))
async def test_lost_database_connections_cost_a_try_and_no_row(
    world: World, database: DatabaseUrls, breaks_at: int
) -> None:
    place = await world.place()
    job_id = await world.job(place, SIX)
    small = world.altered(batch_records=2)

    async def terminate() -> None:
        admin = await asyncpg.connect(database.superuser)
        await admin.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )
        await admin.close()

    await small.altered(events=FaultyEvents({breaks_at: terminate})).run(place, job_id)
    job = await _finished(small, place, job_id)

    assert (job["state"], job["imported"], job["duplicate"]) == ("completed", 6, 0)
    assert len(await world.rows(place)) == 6
    assert await world.findings(place, job_id) == []


async def test_a_file_that_the_storage_lost_is_tried_again_and_then_named(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    place = await world.place()
    job_id = await world.job(place, SIX)
    path = await world.owner.fetchval("select blob_path from app.uploads")
    await world.services.blobs.delete(path)

    first = await world.run(place, job_id)
    with caplog.at_level(logging.WARNING):
        last = await world.finish(place, job_id)

    assert (first["state"], first["error_code"]) == ("queued", "document-missing")
    assert first["next_run_at"] is not None
    assert (last["state"], last["error_code"]) == ("failed", "document-missing")
    assert last["attempts"] == ATTEMPTS_MAX
    assert "upload the file again" in last["error_message"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (KeysUnavailable("away"), "keys-unavailable"),
        (KeysRefused("denied"), "keys-unavailable"),
        (UnknownKey("disabled"), "key-unknown"),
    ],
)
async def test_keys_that_cannot_be_used_now_are_waited_for(
    world: World, error: BankfeedsError, code: str
) -> None:
    place = await world.place()
    job_id = await world.job(place, SIX)

    first = await world.altered(vault=Vault(UnusableKeys(error))).run(place, job_id)
    await world.make_due(place, job_id)
    last = await world.run(place, job_id)

    assert (first["state"], first["error_code"]) == ("queued", code)
    assert first["next_run_at"] is not None
    assert last["state"] == "completed"
    assert await world.findings(place, job_id) == []


async def test_a_file_that_was_changed_in_the_storage_is_not_read(
    world: World, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = await world.place()
    job_id = await world.job(place, SIX)
    path = await world.owner.fetchval("select blob_path from app.uploads")
    root = tmp_path_factory.mktemp("other")
    sealed = [chunk async for chunk in world.services.blobs.read(path)]
    changed = bytearray(b"".join(sealed))
    changed[-20] ^= 1
    (root / path).parent.mkdir(parents=True)
    (root / path).write_bytes(changed)

    job = await world.altered(blobs=FolderBlobs(root)).run(place, job_id)

    assert (job["state"], job["error_code"], job["attempts"]) == ("failed", "seal-broken", 1)
    assert await world.rows(place) == []


@pytest.mark.parametrize("dies_at", range(1, 4))
async def test_an_upload_that_came_unsealed_is_sealed_and_nothing_unsealed_is_left(
    world: World, dies_at: int
) -> None:
    place = await world.place()
    job_id, path = await _unsealed(world, place, SIX)

    try:
        await world.altered(events=FaultyEvents({dies_at: kill})).run(place, job_id)
    except Killed:
        await world.finish(place, job_id)

    job = await world.ledger(place, job_id)
    assert (job["state"], job["imported"]) == ("completed", 6)
    assert not await world.services.blobs.exists(path)


async def test_an_upload_that_is_not_what_was_announced_fails_and_says_so(world: World) -> None:
    place = await world.place()
    job_id, _ = await _unsealed(world, place, SIX, announced=SIX + b"more")

    job = await world.run(place, job_id)

    assert (job["state"], job["error_code"]) == ("failed", "upload-mismatch")


async def test_an_upload_feeds_one_import_only(world: World) -> None:
    place = await world.place()
    first = await world.take_in(place, SIX)
    second = await world.job(place, b"")
    await world.owner.execute(
        "update app.ingestion_jobs set upload_id = $1 where id = $2", first["upload_id"], second
    )

    job = await world.run(place, second)

    assert (job["state"], job["error_code"]) == ("failed", "upload-used")


async def _finished(world: World, place: Place, job_id: UUID) -> asyncpg.Record:
    """The job at its end; terminated connections of the test itself are replaced on the way."""
    for _ in range(5):
        try:
            return await world.finish(place, job_id)
        except asyncpg.PostgresConnectionError:
            continue
    raise AssertionError("no connection lives")


async def _unsealed(
    world: World, place: Place, content: bytes, *, announced: bytes | None = None
) -> tuple[UUID, str]:
    """A job whose bytes a client put into the storage directly."""
    job_id = await world.job(place, announced or content)
    path = await world.owner.fetchval("select blob_path from app.uploads")
    await world.services.blobs.delete(path)

    async def sent() -> AsyncIterator[bytes]:
        yield content

    await world.services.blobs.write(path, sent())
    await world.owner.execute("update app.uploads set sealed = false")
    return job_id, path
