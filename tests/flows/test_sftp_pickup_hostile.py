"""Files on an SFTP server where something goes wrong: two workers, a kill, names, links."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from pipeline.run import run
from providers.pickup.access import PickupAccess
from providers.pickup.settings import SftpCredentials
from tests.fixtures.all_logs import AllLogs
from tests.fixtures.bai2_file import COFFEE, SALARY, statement
from tests.fixtures.database import DatabaseUrls
from tests.fixtures.picking_up import Pickups, of_bank
from tests.fixtures.sftp_server import PASSWORD, Bank, sftp_bank
from tests.fixtures.worker_process import ROOT
from tests.fixtures.world import World

WAIT_S = 20


@pytest.fixture
async def bank(tmp_path: Path) -> AsyncIterator[Bank]:
    async with sftp_bank(tmp_path / "bank") as bank:
        yield bank


def blobs(files: Pickups, folder: Path) -> list[str]:
    raw = folder / str(files.place.tenant_id) / "raw"
    return sorted(path.name for path in raw.iterdir()) if raw.exists() else []


async def test_of_two_workers_at_one_job_one_fetches(world: World, bank: Bank) -> None:
    files = await of_bank(world, bank)
    for name in ("a.bai", "b.bai"):
        bank.put(name, statement(COFFEE))
    await files.look()
    files.time.pass_(minutes=2)
    job_id = await files.request()

    services = files.world.services
    did = await asyncio.gather(
        *(run(files.place.tenant_id, job_id, services=services) for _ in range(4))
    )

    assert sorted(did) == [False, False, False, True]
    assert len(await files.imports()) == 2
    assert sorted(bank.opened) == ["a.bai", "b.bai"]


async def test_a_worker_that_lost_its_lease_keeps_nothing(
    world: World, bank: Bank, tmp_path: Path
) -> None:
    files = await of_bank(world, bank)
    bank.put("march.bai", statement(COFFEE))
    await files.look()
    files.time.pass_(minutes=2)
    job_id = await files.request()
    is_reading, may_go_on = asyncio.Event(), asyncio.Event()

    async def pause() -> None:
        bank.on_read = None  # the other worker is not held up
        is_reading.set()
        await may_go_on.wait()

    bank.on_read = pause
    slow = asyncio.create_task(run(files.place.tenant_id, job_id, services=files.world.services))
    await asyncio.wait_for(is_reading.wait(), WAIT_S)
    await files.world.make_due(files.place, job_id)  # its lease is over
    other = await files.world.run(files.place, job_id)
    may_go_on.set()
    await asyncio.wait_for(slow, WAIT_S)

    assert (other["state"], other["fetched"]) == ("completed", 1)
    [job] = await files.import_all()
    assert (job["state"], job["imported"]) == ("completed", 1)
    assert blobs(files, tmp_path) == [job["blob_path"].rpartition("/")[2]]


async def test_a_kill_between_the_bytes_and_the_ledger_loses_and_doubles_nothing(
    world: World, bank: Bank, tmp_path: Path, database: DatabaseUrls
) -> None:
    files = await of_bank(world, bank)
    files.time.pass_(hours=-48)  # the worker's own clock is the real one
    bank.put("march.bai", statement(COFFEE, SALARY))
    await files.look()
    files.time.pass_(hours=48)
    bank.put("march.bai", statement(COFFEE, SALARY))
    job_id = await files.request()
    async with files.world.owner.acquire() as lock, lock.transaction():
        await lock.execute("lock table app.uploads in exclusive mode")
        worker = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.fixtures.import_once",
            database.login,
            str(tmp_path),
            str(files.place.tenant_id),
            str(job_id),
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=asyncio.subprocess.DEVNULL,
        )
        async with asyncio.timeout(WAIT_S):
            while not blobs(files, tmp_path):  # noqa: ASYNC110 - it is another process
                await asyncio.sleep(0.05)
        worker.kill()
        await worker.wait()
    assert await files.imports() == []
    [left] = blobs(files, tmp_path)

    row = await files.world.finish(files.place, job_id)

    assert (row["state"], row["fetched"]) == ("completed", 1)
    [job] = await files.import_all()
    assert (job["state"], job["imported"]) == ("completed", 2)
    assert blobs(files, tmp_path) == [job["blob_path"].rpartition("/")[2]]
    assert left not in blobs(files, tmp_path)
    await files.look()
    assert (bank.names(), bank.names("done")) == ([], ["march.bai"])


@pytest.mark.parametrize(
    "name",
    [b"../evil.bai", b"/etc/evil.bai", b"two\nlines.bai", b"\xff\xfe.bai", b"x" * 300 + b".bai"],
)
async def test_a_name_that_is_none_is_refused_and_told(
    world: World, bank: Bank, name: bytes
) -> None:
    files = await of_bank(world, bank)
    bank.extra = [name, name]
    bank.put("good.bai", statement(COFFEE))

    ended = await files.look_twice()

    assert (ended["state"], bank.opened) == ("completed", ["good.bai"])
    items = await files.items()
    assert items.pop("good.bai") == ("fetched", None)
    [(shown, told)] = items.items()
    assert told == ("refused", "name-refused")
    assert "\n" not in shown
    assert shown.isascii()


async def test_a_name_of_255_bytes_is_a_name(world: World, bank: Bank) -> None:
    files = await of_bank(world, bank)
    name = "ä" * 125 + "b.bai"
    assert len(name.encode()) == 255
    for number in range(2):
        bank.put(name, statement(COFFEE, day=f"26030{number + 1}"), at=1_800_000_000 + number)
        await files.look_twice()
        await files.import_all()
        await files.look()

    first, second = bank.names("done")
    assert {first, second} > {name}
    assert all(len(one.encode()) <= 255 for one in (first, second))


async def test_links_are_not_followed(world: World, bank: Bank, tmp_path: Path) -> None:
    files = await of_bank(world, bank)
    secret = tmp_path / "secret.bai"
    secret.write_bytes(statement(COFFEE))
    (bank.folder / "elsewhere.bai").write_bytes(statement(SALARY))
    (bank.folder / "out" / "outside.bai").symlink_to(secret)
    (bank.folder / "out" / "inside.bai").symlink_to(bank.folder / "elsewhere.bai")
    (bank.folder / "out" / "folder.bai").mkdir()

    await files.look_twice()

    assert (await files.imports(), bank.opened) == ([], [])
    assert await files.items() == {
        "outside.bai": ("refused", "no-regular-file"),
        "inside.bai": ("refused", "no-regular-file"),
    }


async def test_a_file_that_becomes_a_link_is_not_read(
    world: World, bank: Bank, tmp_path: Path
) -> None:
    files = await of_bank(world, bank)
    path = bank.put("march.bai", statement(COFFEE))
    await files.look()
    secret = tmp_path / "secret.bai"
    path.rename(secret)
    bank.on_open = None
    path.symlink_to(secret)
    files.time.pass_(minutes=2)

    await files.look()

    assert await files.imports() == []


async def test_nor_one_that_becomes_a_link_once_it_was_listed(
    world: World, bank: Bank, tmp_path: Path
) -> None:
    files = await of_bank(world, bank)
    path = bank.put("march.bai", statement(COFFEE))
    await files.look()

    def become_a_link() -> None:
        path.rename(tmp_path / "secret.bai")
        path.symlink_to(tmp_path / "secret.bai")

    files.time.pass_(minutes=2)
    bank.on_listed = become_a_link

    await files.look()

    assert (bank.opened, await files.imports()) == ([], [])


async def test_a_file_that_is_too_large_is_refused_and_the_others_are_not(
    world: World, bank: Bank
) -> None:
    access = PickupAccess(private_allowed=True, bytes_max=1_000)
    files = await of_bank(world, bank, access=access)
    bank.put("large.bai", b"x" * 1_001)
    bank.put("march.bai", statement(COFFEE))

    await files.look_twice()

    assert [job["file_name"] for job in await files.imports()] == ["march.bai"]
    assert (await files.items())["large.bai"] == ("refused", "too-large")
    assert bank.opened == ["march.bai"]


async def test_only_public_addresses_are_connected_to(world: World, bank: Bank) -> None:
    async def inward(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    access = PickupAccess(private_allowed=False, resolve=inward)
    for host in ("127.0.0.1", "files.bank.example"):
        files = await of_bank(world, bank, access=access, settings={"host": host})
        ended = await files.look()
        assert (ended["state"], ended["error_code"]) == ("failed", "address-refused")
    assert bank.logins == []


async def test_no_secret_is_told(world: World, bank: Bank, all_logs: AllLogs) -> None:
    phrase = "a phrase of the key"
    key = bank.client_key.export_private_key("pkcs8-pem", passphrase=phrase).decode()
    for held in (
        SftpCredentials(password=PASSWORD),  # type: ignore[arg-type]  # of a text
        SftpCredentials(password="another one"),  # type: ignore[arg-type]
        SftpCredentials(private_key=key, passphrase=phrase),  # type: ignore[arg-type]
        SftpCredentials(private_key=key, passphrase="no phrase of it"),  # type: ignore[arg-type]
    ):
        files = await of_bank(world, bank, held=held)
        bank.put("march.bai", statement(COFFEE))
        ended = await files.look_twice()
        told = f"{dict(ended)} {dict(await files.connection())} {held!r}"
        rows = await world.owner.fetch("select row_to_json(i)::text from app.pickup_items i")
        logged = [f"{record.getMessage()} {record.__dict__}" for record in all_logs.records]
        said = "\n".join([told, *logged, *(row[0] for row in rows)])
        assert "job.claimed" in said
        for secret in (PASSWORD, "another one", phrase, "no phrase of it", key.split("\n")[1]):
            assert secret not in said
