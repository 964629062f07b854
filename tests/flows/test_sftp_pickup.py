"""Files on an SFTP server, a real one: seen, settled, fetched once, imported, archived."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from asyncssh import SFTPFailure, SFTPPermissionDenied

from providers.pickup.settings import SftpCredentials
from tests.fixtures.bai2_file import COFFEE, RENT, SALARY, statement
from tests.fixtures.graph import Wakes
from tests.fixtures.picking_up import Pickups, of_bank
from tests.fixtures.sftp_server import PASSWORD, Bank, sftp_bank
from tests.fixtures.world import World
from workers.scheduler import schedule_syncs


@pytest.fixture
async def bank(tmp_path: Path) -> AsyncIterator[Bank]:
    async with sftp_bank(tmp_path / "bank") as bank:
        yield bank


async def test_a_file_is_fetched_when_it_has_settled_and_archived_when_it_is_imported(
    world: World, bank: Bank
) -> None:
    files = await of_bank(world, bank)
    bank.put("march.bai", statement(COFFEE, SALARY))

    first = await files.look()
    assert (first["state"], await files.imports()) == ("completed", [])
    assert (await files.items())["march.bai"] == ("waiting", None)

    files.time.pass_(seconds=61)
    second = await files.look()
    assert (second["state"], second["fetched"]) == ("completed", 1)
    [job] = await files.import_all()
    assert (job["state"], job["imported"], job["file_name"]) == ("completed", 2, "march.bai")
    assert job["trigger"] == "schedule"
    assert bank.names() == ["march.bai"], "it stays until its rows are written"

    await files.look()
    assert (bank.names(), bank.names("done")) == ([], ["march.bai"])
    assert (await files.items())["march.bai"] == ("archived", None)
    assert len(await world.rows(files.place)) == 2


async def test_a_key_lets_in_as_a_password_does(world: World, bank: Bank) -> None:
    key = bank.client_key.export_private_key("pkcs8-pem", passphrase="secret phrase").decode()
    held = SftpCredentials(private_key=key, passphrase="secret phrase")  # type: ignore[arg-type]
    files = await of_bank(world, bank, held=held)
    bank.put("march.bai", statement(COFFEE))

    ended = await files.look_twice()

    assert (ended["state"], ended["fetched"]) == ("completed", 1)
    assert bank.passwords == []


async def test_a_changed_host_key_stops_the_connection_and_nothing_is_sent(
    world: World, bank: Bank, tmp_path: Path
) -> None:
    async with sftp_bank(tmp_path / "other") as other:
        files = await of_bank(world, bank, settings={"port": other.port})
        ended = await files.look()

        assert (ended["state"], ended["error_code"]) == ("failed", "host-key-changed")
        assert other.fingerprint in ended["error_message"]
        assert (other.logins, other.passwords) == ([], [])
        connection = await files.connection()
        assert (connection["status"], connection["next_sync_at"]) == ("reauth", None)


async def test_without_a_pinned_key_nobody_logs_in(world: World, bank: Bank) -> None:
    files = await of_bank(world, bank, settings={"host_keys": []})

    ended = await files.look()

    assert ended["error_code"] == "host-key-unconfirmed"
    assert (bank.logins, bank.passwords) == ([], [])


async def test_a_wrong_password_asks_for_a_person(world: World, bank: Bank) -> None:
    held = SftpCredentials(password="wrong one")  # type: ignore[arg-type]
    files = await of_bank(world, bank, held=held)

    ended = await files.look()

    assert ended["error_code"] == "login-refused"
    assert (await files.connection())["status"] == "reauth"


async def test_a_server_that_is_away_is_tried_again(world: World, bank: Bank) -> None:
    files = await of_bank(world, bank, settings={"port": 1})

    ended = await files.look()

    assert (ended["state"], ended["error_code"]) == ("queued", "unreachable")
    assert await world.owner.fetchval("select count(*) from private.provider_states") == 0


async def test_a_file_that_grows_is_not_fetched_before_it_rests(world: World, bank: Bank) -> None:
    files = await of_bank(world, bank)
    whole = statement(COFFEE, SALARY)
    bank.put("march.bai", whole[:40])
    await files.look()
    bank.put("march.bai", whole, at=1_800_000_060)
    files.time.pass_(seconds=61)
    await files.look()
    assert await files.imports() == []

    files.time.pass_(seconds=30)
    await files.look()
    assert await files.imports() == [], "half the time is not the time"

    files.time.pass_(seconds=31)
    await files.look()
    [job] = await files.import_all()
    assert job["imported"] == 2


@pytest.mark.parametrize(
    "other", [statement(COFFEE, RENT), statement(COFFEE).replace(b"COFFEE", b"CINEMA")]
)
async def test_a_file_that_changes_while_it_is_read_is_another(
    world: World, bank: Bank, other: bytes
) -> None:
    files = await of_bank(world, bank)
    bank.put("march.bai", statement(COFFEE))
    await files.look()
    files.time.pass_(minutes=2)
    bank.on_open = lambda: bank.put("march.bai", other, at=1_800_000_900)

    await files.look()
    assert (await files.imports(), await files.items()) == ([], {})

    bank.on_open = None
    await files.look_twice()
    [job] = await files.import_all()
    assert job["imported"] == other.count(b"\n16,")


async def test_a_file_whose_name_does_not_match_is_left_alone(world: World, bank: Bank) -> None:
    files = await of_bank(world, bank, settings={"pattern": "*.bai"})
    for name in ("march.bai", "march.bai.part", "march.BAI.gpg"):
        bank.put(name, statement(COFFEE))

    await files.look_twice()
    await files.import_all()
    await files.look()

    assert bank.opened == ["march.bai"]
    assert bank.names() == ["march.BAI.gpg", "march.bai.part"]
    assert list(await files.items()) == ["march.bai"]


async def test_equal_content_under_another_name_doubles_no_row(world: World, bank: Bank) -> None:
    files = await of_bank(world, bank)
    bank.put("march.bai", statement(COFFEE, COFFEE))
    bank.put("copy of march.bai", statement(COFFEE, COFFEE))

    await files.look_twice()
    jobs = await files.import_all()

    assert sorted((job["imported"], job["duplicate"]) for job in jobs) == [(0, 2), (2, 0)]
    assert len(await world.rows(files.place)) == 2


async def test_a_name_that_the_archive_has_gets_a_number(world: World, bank: Bank) -> None:
    files = await of_bank(world, bank)
    for number, detail in enumerate((COFFEE, RENT, SALARY)):
        bank.put(
            "today.bai", statement(detail, day=f"26030{number + 1}"), at=1_800_000_000 + number
        )
        await files.look_twice()
        await files.import_all()
        await files.look()

    assert bank.names("done") == ["today-2.bai", "today-3.bai", "today.bai"]
    assert len(await world.rows(files.place)) == 3


async def test_without_an_archive_files_stay_and_are_fetched_once(world: World, bank: Bank) -> None:
    files = await of_bank(world, bank, settings={"archive_path": None})
    bank.put("march.bai", statement(COFFEE))

    await files.look_twice()
    await files.import_all()
    await files.look_twice()

    assert (bank.names(), len(await files.imports())) == (["march.bai"], 1)
    bank.put("march.bai", statement(COFFEE, RENT), at=1_800_000_500)
    await files.look_twice()
    assert [job["imported"] for job in await files.import_all()] == [1, 1]


async def test_a_file_that_fails_stays_until_it_changes_or_somebody_retries(
    world: World, bank: Bank
) -> None:
    files = await of_bank(world, bank)
    bank.put("march.bai", b"01,broken")
    await files.look_twice()
    [job] = await files.import_all()
    assert job["state"] == "failed"

    await files.look_twice()
    assert (bank.names(), len(await files.imports())) == (["march.bai"], 1)

    bank.put("march.bai", statement(COFFEE), at=1_800_000_500)
    await files.look_twice()
    assert [job["state"] for job in await files.import_all()] == ["failed", "completed"]
    await files.look()
    assert (bank.names(), bank.names("done")) == ([], ["march.bai"])


async def test_auto_import_off_has_files_wait_for_a_review(world: World, bank: Bank) -> None:
    files = await of_bank(world, bank, auto_import=False)
    bank.put("march.bai", statement(COFFEE))

    await files.look_twice()
    [job] = await files.import_all()
    assert (job["state"], await world.rows(files.place)) == ("awaiting_review", [])
    await files.look_twice()
    assert bank.names() == ["march.bai"]

    await world.approve(files.place, job["id"])
    await files.look()
    assert (bank.names(), bank.names("done")) == ([], ["march.bai"])


async def test_a_run_takes_fifty_files_and_the_next_goes_on(world: World, bank: Bank) -> None:
    files = await of_bank(world, bank)
    for number in range(53):
        bank.put(f"{number:02}.bai", b"01,broken", at=1_800_000_000 + number)

    first = await files.look_twice()
    assert first["fetched"] == 50
    assert (await files.connection())["next_sync_at"] == files.time.now
    second = await files.look()

    assert second["fetched"] == 3
    assert len({job["file_name"] for job in await files.imports()}) == 53


async def test_an_empty_folder_and_one_that_is_missing(world: World, bank: Bank) -> None:
    files = await of_bank(world, bank)
    assert (await files.look())["state"] == "completed"

    lost = await of_bank(world, bank, settings={"path": "/nowhere"})
    ended = await lost.look()
    assert (ended["state"], ended["error_code"]) == ("failed", "folder-missing")


async def test_an_archive_that_is_not_permitted_stops_no_fetching(world: World, bank: Bank) -> None:
    files = await of_bank(world, bank)
    bank.rename_error = SFTPPermissionDenied("no")
    bank.put("march.bai", statement(COFFEE))
    await files.look_twice()
    await files.import_all()
    bank.put("april.bai", statement(RENT, day="260401"))

    ended = await files.look_twice()

    assert ended["error_code"] == "not-permitted"
    assert len(await files.imports()) == 2


async def test_an_archive_that_fails_is_tried_again_and_stops_no_fetching(
    world: World, bank: Bank
) -> None:
    files = await of_bank(world, bank)
    bank.rename_error = SFTPFailure("no room")
    bank.put("march.bai", statement(COFFEE))
    await files.look_twice()
    await files.import_all()
    bank.put("april.bai", statement(RENT, day="260401"))

    tried = await files.look()
    assert (tried["state"], tried["error_code"]) == ("queued", "not-archived")
    assert "march.bai" in tried["error_message"]
    files.time.pass_(minutes=2)
    await files.world.make_due(files.place, tried["id"])
    tried = await files.world.run(files.place, tried["id"])
    assert (tried["state"], len(await files.imports())) == ("queued", 2)

    bank.rename_error = None
    await files.import_all()
    assert (await files.world.finish(files.place, tried["id"]))["state"] == "completed"
    assert bank.names("done") == ["april.bai", "march.bai"]


async def test_what_the_bank_takes_away_is_let_go(world: World, bank: Bank) -> None:
    files = await of_bank(world, bank)
    path = bank.put("march.bai", statement(COFFEE))
    await files.look_twice()
    await files.import_all()
    path.unlink()

    await files.look()

    assert (await files.items())["march.bai"] == ("archived", "gone")


async def test_another_version_is_not_archived_in_place_of_the_imported_one(
    world: World, bank: Bank
) -> None:
    files = await of_bank(world, bank)
    bank.put("march.bai", statement(COFFEE))
    await files.look_twice()
    await files.import_all()
    bank.put("march.bai", statement(COFFEE, RENT), at=1_800_000_777)

    await files.look_twice()
    assert bank.names("done") == []
    await files.import_all()
    await files.look()

    assert bank.names("done") == ["march.bai"]
    assert len(await world.rows(files.place)) == 2


async def test_the_schedule_asks_for_pickups_as_for_syncs(world: World, bank: Bank) -> None:
    files = await of_bank(world, bank)
    wakes = Wakes()
    await files.set(next_sync_at=files.time.now - timedelta(days=30))

    assert await schedule_syncs(files.world.services, wakes) == 1

    [job_id] = wakes.jobs
    ended = await files.world.run(files.place, job_id)
    assert (ended["kind"], ended["trigger"], ended["state"]) == ("sync", "schedule", "completed")
    assert (await files.connection())["last_sync_at"] == files.time.now


@pytest.mark.parametrize("soon", ["waiting", "importing"])
async def test_the_next_look_comes_soon_while_something_goes_on(
    world: World, bank: Bank, soon: str
) -> None:
    files: Pickups = await of_bank(world, bank, sync_frequency="manual")
    assert (await files.look())["state"] == "completed"
    assert (await files.connection())["next_sync_at"] is None

    bank.put("march.bai", statement(COFFEE))
    await files.look()
    if soon == "importing":
        files.time.pass_(minutes=2)
        await files.look()

    wait = (await files.connection())["next_sync_at"] - files.time.now
    assert wait.total_seconds() == (61 if soon == "waiting" else 15)
    assert PASSWORD not in str(await files.connection())
