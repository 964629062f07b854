"""The directory of one embedded server: claimed by one process at a time, with a socket in it."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import hashlib
import os
import re
import secrets
import signal
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from core.errors import BankfeedsError
from db.identity import LINUX, Identity

SOCKET_DIR_CHARACTERS_MAX: Final = 80  # sockaddr_un holds 103 on macOS; the file name needs 20
LOG_BYTES_MAX: Final = 10 * 1024 * 1024
LEFTOVER_PROBE_S: Final = 0.05
LEFTOVER_PROBES: Final = 60


class DirectoryInUse(BankfeedsError):
    """Another process uses the directory; the message names it and the remedy."""


class DirectoryUnusable(BankfeedsError):
    """The directory cannot serve as data of a server; the message says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerDirectory:
    """Paths of one server's files; made by `claimed`."""

    path: Path
    data: Path
    run: Path  # holds the socket; short, and closed to other users
    log: Path


@contextlib.contextmanager
def claimed(path: Path, identity: Identity) -> Iterator[ServerDirectory]:
    """Make the directory where needed and hold it until the end of the block.

    Raises `DirectoryInUse` where another process holds it, and `DirectoryUnusable` where the
    server's user cannot get there. The claim ends with this process, however it ends.
    """
    path = path.absolute()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise DirectoryUnusable(
            f"cannot make {path}: {error.strerror}; give another --data-dir"
        ) from error
    if identity.user is not None:
        _let_in(path)
    with _locked(path / "lock"):
        for inside in (path / "data", path / "run"):
            identity.take_over(inside)
        directory = ServerDirectory(
            path=path, data=path / "data", run=_run_dir(path, identity), log=path / "server.log"
        )
        if directory.log.exists() and directory.log.stat().st_size > LOG_BYTES_MAX:
            directory.log.replace(path / "server.log.1")
        yield directory


def password(path: Path, *, may_create: bool) -> str:
    """The secret kept in the file `path`, readable by its owner alone; made on first use.

    Raises `DirectoryUnusable` where it is gone but `may_create` is false.
    """
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        if not may_create:
            raise DirectoryUnusable(
                f"{path} is gone, but the data that it opens is there; restore the file, "
                "or start with another --data-dir"
            ) from None
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(24))
    return path.read_text().strip()


async def end_leftover(pid_file: Path, data: Path) -> None:
    """End the server that a killed predecessor left running on `data`, as `pid_file` tells.

    A process id that meanwhile belongs to some other program makes the file void: Postgres would
    otherwise refuse to start, which happens in containers, where ids are small and return.
    """
    if (pid := _leftover(pid_file, data)) is None:
        return
    for sign in (signal.SIGINT, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, sign)
        for _ in range(LEFTOVER_PROBES):
            if not _serves(pid, data):
                return
            await asyncio.sleep(LEFTOVER_PROBE_S)


@contextlib.contextmanager
def _locked(lock: Path) -> Iterator[None]:
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 20, 0).decode().strip() or "unknown"
            raise DirectoryInUse(
                f"{lock.parent} is in use by process {holder}; stop it, or give another --data-dir"
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _run_dir(path: Path, identity: Identity) -> Path:
    run = path / "run"
    plain = re.fullmatch(r"[\w./-]+", str(run), re.ASCII)  # goes into URLs unquoted
    if not plain or len(str(run)) > SOCKET_DIR_CHARACTERS_MAX:
        digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
        run = Path("/tmp") / f"bankfeeds-{os.geteuid()}-{digest}"  # noqa: S108  # checked below
    run.mkdir(mode=0o700, exist_ok=True)
    owners = {os.geteuid(), identity.user}
    state = run.lstat()
    if not stat.S_ISDIR(state.st_mode) or state.st_uid not in owners or state.st_mode & 0o077:
        raise DirectoryUnusable(f"{run} is not closed to other users; remove it and start again")
    identity.own(run)
    return run


def _let_in(path: Path) -> None:
    path.chmod(0o711)
    for parent in path.parents:
        if not parent.stat().st_mode & stat.S_IXOTH:
            raise DirectoryUnusable(
                f"user nobody, as whom Postgres runs for root, may not enter {parent}; give a "
                "--data-dir elsewhere, or run as an ordinary user"
            )


def _leftover(pid_file: Path, data: Path) -> int | None:
    try:
        pid = int(pid_file.read_text().split(maxsplit=1)[0])
        os.kill(pid, 0)
    except (FileNotFoundError, ValueError, IndexError, ProcessLookupError):
        return None  # a dead server's file is left to Postgres: it looks for surviving sessions
    except PermissionError:  # some other user's process
        pid_file.unlink()
        return None
    if _serves(pid, data):
        return pid
    pid_file.unlink()
    return None


def _serves(pid: int, data: Path) -> bool:
    """Whether the process lives and was started on the directory `data`."""
    if LINUX:
        try:
            arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            return False
        return os.fsencode(data) in arguments
    listing = subprocess.run(  # noqa: S603
        ["/bin/ps", "-o", "command=", "-p", str(pid)], check=False, capture_output=True, text=True
    )
    return str(data) in listing.stdout
