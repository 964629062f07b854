"""An embedded Postgres: for `bankfeeds up` and the tests, never for production."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from db.binaries import PostgresBinaries
from db.directory import DirectoryUnusable, ServerDirectory, claimed, end_leftover, password
from db.identity import LINUX, Identity, give_up_root
from db.supervisor import Command, Supervised, run

SUPERUSER: Final = "supabase_admin"  # as on hosted Supabase, where `postgres` is no superuser
BUILTIN_LOCALE_MAJOR: Final = 17

# Statements, parameters and row contents stay out of the log: they are people's money.
_ALWAYS: Final = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "TimeZone": "UTC",
    "log_timezone": "UTC",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "logging_collector": "off",
    "max_connections": "200",
    "jit": "off",
}
# A large import is bound by what it writes: fewer checkpoints write fewer whole pages.
_DURABLE: Final = {
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "wal_buffers": "16MB",
}
_FAST: Final = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",  # it would hold up `create database … template`
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresServer:
    """A running embedded Postgres."""

    supervised: Supervised
    socket_dir: Path
    superuser_password: str

    def url(self, *, user: str = SUPERUSER, password: str | None = None, database: str) -> str:
        """A connection URL over the Unix socket; `password` may be left out for the superuser."""
        secret = self.superuser_password if password is None else password
        return f"postgresql://{user}:{secret}@/{database}?host={self.socket_dir}"


@contextlib.asynccontextmanager
async def embedded_postgres(
    path: Path,
    binaries: PostgresBinaries,
    *,
    durable: bool = True,
    identity: Identity | None = None,
    notify: Callable[[str], None] | None = None,
) -> AsyncIterator[PostgresServer]:
    """Run Postgres on the directory `path`, on a Unix socket only, restarting it when it dies.

    Makes the cluster on first use. `durable=False` trades crash safety for speed, for tests.
    `identity` is chosen when not given: see `give_up_root`. Raises `DirectoryInUse`,
    `DirectoryUnusable`, `NoIdentity` or `ChildFailed`, each with its remedy.
    """
    postgres = binaries.bindir / "postgres"
    if identity is None:
        identity, postgres = give_up_root(postgres)
    with claimed(path, identity) as directory:
        secret = password(
            directory.path / "password", may_create=not (directory.data / "PG_VERSION").exists()
        )
        if not directory.data.exists():
            await _make_cluster(directory, binaries, postgres.parent, identity, secret)
        _check_major(directory.data, binaries)
        command = _server(directory, postgres, identity, durable=durable)
        async with Supervised(command, notify=notify) as supervised:
            yield PostgresServer(
                supervised=supervised, socket_dir=directory.run, superuser_password=secret
            )


async def _make_cluster(
    directory: ServerDirectory,
    binaries: PostgresBinaries,
    bindir: Path,
    identity: Identity,
    secret: str,
) -> None:
    """Make the cluster beside its place and move it there, so that it is whole or absent."""
    draft = directory.path / "data.new"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    identity.own(draft)
    with tempfile.NamedTemporaryFile("w", dir=directory.run) as password_file:
        password_file.write(secret)
        password_file.flush()
        identity.own(Path(password_file.name))
        await run(
            Command(
                name="initdb",
                argv=(
                    *(bindir / "initdb", "-D", draft, "-U", SUPERUSER, "-A", "scram-sha-256"),
                    *(f"--pwfile={password_file.name}", "--no-sync", "--no-instructions"),
                    *("--encoding=UTF8", *_locale(binaries.major)),
                ),
                env=_environment(),
                identity=identity,
                cwd=Path("/"),
                log=directory.log,
            )
        )
    draft.rename(directory.data)


def _locale(major: int) -> tuple[str, ...]:
    """One sort order and one notion of letters on every machine, where the version can."""
    if major >= BUILTIN_LOCALE_MAJOR:
        return ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
    return ("--locale=C.UTF-8",) if LINUX else ("--locale=C",)


def _check_major(data: Path, binaries: PostgresBinaries) -> None:
    found = (data / "PG_VERSION").read_text().strip() if (data / "PG_VERSION").exists() else "none"
    if found != str(binaries.major):
        raise DirectoryUnusable(
            f"{data} is of Postgres {found}, but the programs in {binaries.bindir} are of "
            f"{binaries.major}; set BANKFEEDS_PG_BINDIR to programs of version {found} "
            "(to dump it, for example), or start with another --data-dir"
        )


def _server(
    directory: ServerDirectory, postgres: Path, identity: Identity, *, durable: bool
) -> Command:
    pid_file = directory.data / "postmaster.pid"

    async def before() -> None:
        await end_leftover(pid_file, directory.data)

    async def ready(pid: int) -> bool:
        return _says_ready(pid_file, pid)

    options = {**_ALWAYS, **(_DURABLE if durable else _FAST)}
    return Command(
        name="postgres",
        argv=(
            *(postgres, "-D", directory.data, "-k", directory.run),
            *(part for name, value in options.items() for part in ("-c", f"{name}={value}")),
        ),
        env=_environment(),
        before=before,
        ready=ready,
        identity=identity,
        cwd=Path("/"),
        log=directory.log,
        stop_signal=signal.SIGINT,  # fast shutdown: sessions end, nothing is lost
        death_signal=signal.SIGINT,
        ready_within_s=60.0,  # a crash recovery is under way
        stop_within_s=2.0,
    )


def _says_ready(pid_file: Path, pid: int) -> bool:
    """The first line is the process id, the eighth the status, as pg_ctl reads it."""
    try:
        lines = pid_file.read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) >= 8 and lines[0].strip() == str(pid) and lines[7].strip() == "ready"


def _environment() -> dict[str, str]:
    """Nothing of ours: PG* and LC_* variables would change the server."""
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
