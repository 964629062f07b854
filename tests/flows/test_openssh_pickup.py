"""Files on Debian's OpenSSH server: let in with keys, its own key pinned, each file once."""

from __future__ import annotations

import asyncio
import gc
import os
from pathlib import Path

import pytest

from pipeline.run import run
from providers.pickup.access import PickupAccess
from providers.pickup.settings import SftpCredentials
from tests.fixtures.all_logs import AllLogs
from tests.fixtures.bai2_file import COFFEE, RENT, SALARY, statement
from tests.fixtures.cutting import Breaks, breaking_way
from tests.fixtures.openssh_server import OpenSsh, openssh
from tests.fixtures.picking_up import of_share
from tests.fixtures.ssh_keys import PHRASE, Form, exported
from tests.fixtures.world import World

__all__ = ["openssh"]


def key(text: str, phrase: str | None = None) -> SftpCredentials:
    return SftpCredentials(private_key=text, passphrase=phrase)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("algorithm", "form"),
    [("ssh-ed25519", "openssh"), ("ssh-rsa", "pkcs1-pem"), ("ecdsa-sha2-nistp256", "pkcs8-pem")],
)
async def test_every_kind_of_key_lets_in_and_the_file_is_archived(
    world: World, openssh: OpenSsh, all_logs: AllLogs, algorithm: str, form: Form
) -> None:
    share = openssh.share()
    text = exported(openssh.client_keys[algorithm], form, PHRASE)
    files = await of_share(world, share, held=key(text, PHRASE))
    share.put("march.bai", statement(COFFEE, SALARY))

    ended = await files.look_twice()
    [job] = await files.import_all()
    await files.look()

    assert (ended["state"], job["imported"]) == ("completed", 2)
    assert (share.names(), share.names("done")) == ([], ["march.bai"])
    told = f"{dict(ended)} {dict(job)} {dict(await files.connection())}"
    told += "".join(f"{record.getMessage()} {record.__dict__}" for record in all_logs.records)
    assert "job.claimed" in told
    assert not any(one in told for one in (PHRASE, text.split("\n")[2]))


async def test_a_key_that_the_server_does_not_know_asks_for_a_person(
    world: World, openssh: OpenSsh
) -> None:
    text = exported(openssh.host_keys["ssh-ed25519"], "openssh")  # of somebody else
    files = await of_share(world, openssh.share(), held=key(text))

    ended = await files.look()

    assert (ended["state"], ended["error_code"]) == ("failed", "login-refused")
    assert (await files.connection())["status"] == "reauth"


async def test_a_passphrase_that_is_wrong_goes_nowhere(world: World, openssh: OpenSsh) -> None:
    text = exported(openssh.client_keys["ssh-ed25519"], "openssh", PHRASE)
    files = await of_share(world, openssh.share(), held=key(text, "another one"))

    ended = await files.look()

    assert (ended["state"], ended["error_code"]) == ("failed", "key-unreadable")
    assert "another one" not in f"{dict(ended)} {dict(await files.connection())}"


@pytest.mark.parametrize("algorithm", ["ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"])
async def test_whichever_of_its_keys_is_pinned_is_believed(
    world: World, openssh: OpenSsh, algorithm: str
) -> None:
    pinned = [openssh.fingerprint(algorithm)]
    files = await of_share(world, openssh.share(), settings={"host_keys": pinned})

    assert (await files.look())["state"] == "completed"


async def test_a_server_that_changes_its_key_gets_nothing_until_that_is_confirmed(
    world: World, openssh: OpenSsh
) -> None:
    share = openssh.share()
    pinned = openssh.fingerprint("ssh-rsa")
    files = await of_share(world, share, settings={"host_keys": [pinned]})
    share.put("march.bai", statement(COFFEE))
    assert (await files.look())["state"] == "completed"
    openssh.stop()
    log = openssh.folder / "log"
    openssh.start("ssh-ed25519")
    before = log.read_text().count("Accepted")
    try:
        ended = await files.look()

        assert (ended["state"], ended["error_code"]) == ("failed", "host-key-changed")
        assert openssh.fingerprint("ssh-ed25519") in ended["error_message"]
        assert (await files.connection())["status"] == "reauth"
        said = log.read_text()
        assert said.count("Accepted") == before
        assert f"user {openssh.username}" not in said.rpartition("Server listening")[2]
    finally:
        openssh.stop()
        openssh.start()


async def test_a_file_that_grows_is_fetched_when_it_is_whole(
    world: World, openssh: OpenSsh
) -> None:
    share = openssh.share()
    files = await of_share(world, share)
    whole = statement(COFFEE, SALARY)
    path = share.put("march.bai", whole[:40])
    await files.look()
    with path.open("ab") as file:
        file.write(whole[40:])
    files.time.pass_(seconds=61)

    await files.look()
    assert await files.imports() == []
    files.time.pass_(seconds=61)
    await files.look()

    [job] = await files.import_all()
    assert (job["state"], job["imported"]) == ("completed", 2)


async def test_a_name_that_the_archive_has_is_not_written_over(
    world: World, openssh: OpenSsh
) -> None:
    share = openssh.share()
    files = await of_share(world, share)
    done = share.folder / "done"
    done.mkdir()
    openssh.identity.own(done)
    (done / "march.bai").write_bytes(b"of another day")
    share.put("march.bai", statement(COFFEE))
    share.put("other.txt", b"none that matches")

    await files.look_twice()
    await files.import_all()
    await files.look()

    assert share.names("done") == ["march-2.bai", "march.bai"]
    assert (done / "march.bai").read_bytes() == b"of another day"
    assert share.names() == ["other.txt"]


async def test_an_archive_that_cannot_be_keeps_no_file_from_being_fetched(
    world: World, openssh: OpenSsh
) -> None:
    share = openssh.share()
    files = await of_share(world, share, settings={"archive_path": "/dev/null"})
    share.put("march.bai", statement(COFFEE))
    await files.look_twice()
    await files.import_all()
    share.put("april.bai", statement(RENT, day="260401"))

    await files.look()
    files.time.pass_(minutes=2)
    ended = await files.look()

    assert (ended["error_code"], len(await files.imports())) == ("folder-missing", 2)
    assert share.names() == ["april.bai", "march.bai"]


async def test_of_many_workers_at_once_each_file_is_fetched_by_one(
    world: World, openssh: OpenSsh
) -> None:
    share = openssh.share()
    files = await of_share(world, share)
    for number in range(4):
        share.put(f"{number:02}.bai", statement(COFFEE, day=f"2603{number + 10}"))
    await files.look()
    files.time.pass_(minutes=2)
    job_id = await files.request()

    services = files.world.services
    await asyncio.gather(*(run(files.place.tenant_id, job_id, services=services) for _ in range(3)))

    names = [job["file_name"] for job in await files.import_all()]
    assert sorted(names) == [f"{number:02}.bai" for number in range(4)]
    assert len(await world.rows(files.place)) == 4


async def test_what_cannot_be_read_keeps_nothing_else_from_being_read(
    world: World, openssh: OpenSsh, tmp_path: Path
) -> None:
    share = openssh.share()
    files = await of_share(world, share)
    closed = share.put("closed.bai", statement(SALARY))
    closed.chmod(0o000)
    secret = tmp_path / "secret.bai"
    secret.write_bytes(statement(SALARY))
    (share.out / "link.bai").symlink_to(secret)
    (share.out / "loop.bai").symlink_to(share.out)
    os.mkfifo(share.out / "pipe.bai")
    names = [b"two\nlines.bai", b"\xff\xfe.bai", "a\u202eiab.bai".encode()]
    for name in names:
        share.put(name, statement(SALARY))
    good = ["-rf.bai", "Kontoauszug März (1).BAI", "ä" * 125 + "b.bai", "台北.bai"]
    for number, wanted in enumerate(good):
        share.put(wanted, statement(COFFEE, day=f"26030{number + 1}"))

    ended = await files.look_twice()
    await files.import_all()
    await files.look()

    assert ended["state"] == "completed"
    assert share.names("done") == sorted(good)
    items = await files.items()
    assert items["closed.bai"] == ("refused", "not-permitted")
    refused = {reason for state, reason in items.values() if state == "refused"}
    assert refused == {"not-permitted", "no-regular-file", "name-refused"}
    assert len(items) == len(good) + len(names) + 4
    assert len(await world.rows(files.place)) == len(good)

    closed.chmod(0o644)
    files.time.pass_(hours=25)
    assert (await files.look())["fetched"] == 1, "it is tried again after a day"


async def test_a_folder_that_vanishes_is_told_and_goes_on_when_it_is_back(
    world: World, openssh: OpenSsh
) -> None:
    share = openssh.share()
    files = await of_share(world, share)
    share.put("march.bai", statement(COFFEE))
    await files.look()
    away = share.folder / "away"
    share.out.rename(away)

    ended = await files.look()
    assert (ended["state"], ended["error_code"]) == ("failed", "folder-missing")
    assert str(share.out) in ended["error_message"]

    away.rename(share.out)
    assert (await files.look_twice())["state"] == "completed"
    assert [job["imported"] for job in await files.import_all()] == [1]


@pytest.mark.parametrize("breaks", list(Breaks))
async def test_a_transfer_that_breaks_is_made_again_from_the_start(
    world: World, openssh: OpenSsh, tmp_path: Path, all_logs: AllLogs, *, breaks: Breaks
) -> None:
    share = openssh.share()
    async with breaking_way(openssh.port) as way:
        files = await of_share(
            world,
            share,
            access=PickupAccess(private_allowed=True, patience_s=1),
            settings={"port": way.port},
        )
        share.put("march.bai", statement(*[COFFEE] * 40_000))
        await files.look()
        files.time.pass_(minutes=2)
        way.breaks, way.after = breaks, 300_000
        broken = await files.look()
        assert (broken["state"], broken["error_code"]) == ("queued", "connection-broken")
        raw = tmp_path / str(files.place.tenant_id) / "raw"
        assert (way.broken, await files.imports()) == (1, [])
        assert not raw.exists() or list(raw.iterdir()) == []

        ended = await files.world.finish(files.place, broken["id"])

    assert (ended["state"], ended["fetched"]) == ("completed", 1)
    [job] = await files.imports()
    assert job["size_bytes"] == (share.out / "march.bai").stat().st_size
    assert len(list(raw.iterdir())) == 1
    gc.collect()  # what was left running is told of then
    assert [one for one in all_logs.records if one.name == "asyncio"] == []
