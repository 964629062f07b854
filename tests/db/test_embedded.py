"""The embedded servers: for root and for others, through kill -9, and never left behind."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from redis.asyncio import Redis

from db.binaries import PostgresBinaries, postgres_binaries, valkey_binary
from db.directory import DirectoryInUse, DirectoryUnusable
from db.embedded import PostgresServer, embedded_postgres
from db.identity import NOBODY, give_up_root
from db.supervisor import ChildFailed
from db.valkey import embedded_valkey
from tests.fixtures.processes import eventually, lives, until, using

ROOT = Path(__file__).resolve().parents[2]
HOLD = ROOT / "tests" / "fixtures" / "hold_servers.py"
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has root to give up")
linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of a parent's death")


@asynccontextmanager
async def postgres(place: Path, **options: object) -> AsyncIterator[PostgresServer]:
    binaries = postgres_binaries()
    async with embedded_postgres(place / "pg", binaries, **options) as server:  # type: ignore[arg-type]
        yield server


async def value(server: PostgresServer, sql: str) -> object:
    connection = await asyncpg.connect(server.url(database="postgres"))
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def test_the_data_of_yesterday_is_there_today(place: Path) -> None:
    async with postgres(place) as server:
        await value(server, "create table kept as select 42 as n")

    async with postgres(place) as server:
        assert await value(server, "select n from kept") == 42
    assert using(place) == []


async def test_only_a_password_opens_it_and_only_on_a_socket_of_ours(place: Path) -> None:
    async with postgres(place, durable=False) as server:
        with pytest.raises(asyncpg.InvalidPasswordError):
            wrong = server.url(password="wrong", database="postgres")
            await asyncpg.connect(wrong)

        assert await value(server, "show listen_addresses") == ""
        assert server.socket_dir.stat().st_mode & 0o777 == 0o700
        assert (place / "pg" / "password").stat().st_mode & 0o777 == 0o600


async def test_the_log_holds_no_statement_and_no_row(place: Path) -> None:
    async with postgres(place, durable=False) as server:
        await value(server, "create table secret (iban text primary key)")
        with pytest.raises(asyncpg.UniqueViolationError):
            await value(server, "insert into secret values ('DE89'), ('DE89')")

    log = (place / "pg" / "server.log").read_text()
    assert "secret_pkey" in log
    assert "DE89" not in log
    assert "insert" not in log


async def test_postgres_comes_back_after_kill_9(place: Path) -> None:
    said: list[str] = []
    async with postgres(place, notify=said.append) as server:
        await value(server, "create table kept as select 42 as n")
        killed = server.supervised.pid
        os.kill(killed, signal.SIGKILL)

        await until(lambda: server.supervised.pid != killed and _accepts(server))

        assert await value(server, "select n from kept") == 42
    assert said == ["postgres was ended by SIGKILL; starting it again"]


async def test_valkey_comes_back_after_kill_9_with_what_it_had(place: Path) -> None:
    async with embedded_valkey(place / "valkey", valkey_binary()) as server:
        async with Redis.from_url(server.url()) as redis:
            await redis.set("kept", "42")
            await asyncio.sleep(1.1)  # appendfsync everysec
        killed = server.supervised.pid
        os.kill(killed, signal.SIGKILL)

        await until(lambda: server.supervised.pid != killed and _loaded(place / "valkey"))

        async with Redis.from_url(server.url()) as redis:
            assert await redis.get("kept") == b"42"
            assert (await redis.config_get("maxmemory-policy"))["maxmemory-policy"] == "noeviction"
            assert (await redis.config_get("port"))["port"] == "0"
    assert using(place) == []


@linux
@pytest.mark.parametrize("user", [None, pytest.param(NOBODY, marks=needs_root)])
def test_killing_the_parent_leaves_nothing_behind_and_it_starts_again(
    place: Path, user: int | None
) -> None:
    if user is not None:
        os.chown(place, user, user)
    for _ in ("first", "after kill -9"):
        holder, pids = _held(place, user)
        assert all(map(lives, pids))

        holder.kill()
        holder.wait()

        assert eventually(lambda: not using(place / "postgres") and not using(place / "valkey"))
        assert not any(map(lives, pids))


@linux
async def test_a_leftover_server_is_ended_first(place: Path) -> None:
    async with postgres(place) as server:
        await value(server, "create table kept as select 42 as n")
    leftover = _unsupervised(place)

    async with postgres(place) as server:
        assert not lives(leftover)
        assert await value(server, "select n from kept") == 42


async def test_a_process_id_that_now_is_another_program_does_not_hinder(place: Path) -> None:
    async with postgres(place):
        pass
    pid_file = place / "pg" / "data" / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{place / 'pg' / 'data'}\n0\n5432\n\n\n\nready   \n")

    async with postgres(place) as server:
        assert await value(server, "select 1") == 1


async def test_a_half_made_cluster_is_made_anew(place: Path) -> None:
    draft = place / "pg" / "data.new"
    draft.mkdir(parents=True)
    (draft / "PG_VERSION").write_text("17\n")

    async with postgres(place, durable=False) as server:
        assert await value(server, "select 1") == 1
    assert not draft.exists()


async def test_one_directory_serves_one_process_at_a_time(place: Path) -> None:
    async with postgres(place, durable=False):
        with pytest.raises(DirectoryInUse, match=rf"in use by process {os.getpid()}; stop it"):
            async with postgres(place, durable=False):
                pass


async def test_data_of_another_major_version_is_refused(place: Path) -> None:
    async with postgres(place, durable=False):
        pass
    other = PostgresBinaries(bindir=postgres_binaries().bindir, major=18)

    with pytest.raises(DirectoryUnusable, match=r"is of Postgres 17.*BANKFEEDS_PG_BINDIR"):
        async with embedded_postgres(place / "pg", other):
            pass


async def test_a_lost_password_is_told(place: Path) -> None:
    async with postgres(place, durable=False):
        pass
    (place / "pg" / "password").unlink()

    with pytest.raises(DirectoryUnusable, match="restore the file"):
        async with postgres(place, durable=False):
            pass


async def test_a_long_or_odd_path_gets_a_short_socket(place: Path) -> None:
    odd = place / "päth with spaces & more" / ("x" * 100)

    async with postgres(odd, durable=False) as server:
        assert len(str(server.socket_dir)) < 80
        assert await value(server, "select 1") == 1
    shutil.rmtree(server.socket_dir)


async def test_a_server_that_cannot_start_says_why(place: Path) -> None:
    async with postgres(place, durable=False):
        pass
    (place / "pg" / "data" / "postgresql.conf").write_text("no_such_option = 1\n")

    with pytest.raises(ChildFailed, match="no_such_option"):
        async with postgres(place, durable=False):
            pass


def _accepts(server: PostgresServer) -> bool:
    return (server.socket_dir / ".s.PGSQL.5432").exists() and _status(server) == "ready"


def _status(server: PostgresServer) -> str:
    """What the running server says; the file of one that was killed says nothing of it."""
    lines = (server.socket_dir.parent / "data" / "postmaster.pid").read_text().splitlines()
    # Line 3 is when the server started: one that was just killed had its own.
    return lines[7].strip() if len(lines) > 7 and lives(int(lines[0])) else ""


def _loaded(valkey: Path) -> bool:
    """Whether each start has also said that it is ready."""
    log = (valkey / "server.log").read_text()
    return log.count("Ready to accept connections") == 2


def _held(place: Path, user: int | None) -> tuple[subprocess.Popen[str], list[int]]:
    holder = subprocess.Popen(
        [sys.executable, HOLD, place, *([] if user is None else [str(user)])],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    with holder.stdout as answer:
        return holder, [int(pid) for pid in answer.readline().split()]


def _unsupervised(place: Path) -> int:
    """A Postgres that outlives its parent, as on systems without a signal of its death."""
    identity, program = give_up_root(postgres_binaries().bindir / "postgres")
    data = place / "pg" / "data"
    server = subprocess.Popen(
        [program, "-D", data, "-k", place / "pg" / "run", "-c", "listen_addresses="],
        cwd="/",
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        **identity.popen_arguments(signal.SIGINT),
    )
    assert eventually((data / "postmaster.pid").exists)
    server.returncode = 0  # its end is for others to see to
    return server.pid
