"""Who a server runs as: Postgres refuses root, so a child of root gives root up first."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from core.errors import BankfeedsError

NOBODY: Final = 65534
LINUX: Final = sys.platform == "linux"
_PR_SET_PDEATHSIG: Final = 1
_CLONE_NEWUSER: Final = 0x10000000
_MAPPED_ID: Final = 1000  # any id but 0: only its being no root matters


class NoIdentity(BankfeedsError):
    """Root cannot be given up here; the message says what was tried and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """How a child process gives up root, if at all."""

    namespace: bool = False  # root of ours is an ordinary user inside a user namespace
    user: int | None = None  # setuid and setgid to this id

    def popen_arguments(self, death_signal: signal.Signals) -> dict[str, Any]:
        """Arguments for `subprocess.Popen`; the child gets `death_signal` when its parent dies.

        Linux alone tells a child so, and means the *thread* that forked: fork from one that
        lives as long as the child is needed. Elsewhere the next start ends what was left.
        """
        who: dict[str, Any] = {}
        if self.user is not None:
            who = {"user": self.user, "group": self.user, "extra_groups": []}
        return {**who, "preexec_fn": _before_exec(self.namespace, death_signal)}

    def own(self, path: Path) -> None:
        """Give the file or empty directory to the user that the child runs as."""
        if self.user is not None:
            os.chown(path, self.user, self.user)

    def take_over(self, path: Path) -> None:
        """Give it a whole directory that root had run in another way before."""
        owner = os.geteuid() if self.user is None else self.user
        if os.geteuid() != 0 or not path.exists() or path.stat().st_uid == owner:
            return
        for parent, _, names in os.walk(path):
            for name in (".", *names):
                os.lchown(Path(parent, name), owner, owner)


def give_up_root(program: Path, *, copies: Path = Path("/var/tmp")) -> tuple[Identity, Path]:  # noqa: S108
    """How `program` of an installation (`…/bin/program`) runs without root, and its path then.

    Tried in this order: nothing, where we are no root; a user namespace; setuid to nobody; the
    same with a copy of the installation below `copies`, for a virtual environment in root's home
    is closed to others. Raises `NoIdentity`.
    """
    if os.geteuid() != 0:
        return Identity(), program
    for identity in (Identity(namespace=True), Identity(user=NOBODY)):
        if _runs(program, identity):
            return identity, program
    if _runs(Path(shutil.which("true") or "/bin/true"), Identity(user=NOBODY)):
        copy = _copied(program.parents[1], copies) / program.parent.name / program.name
        if _runs(copy, Identity(user=NOBODY)):
            return Identity(user=NOBODY), copy
    raise NoIdentity(
        f"{program} cannot run without root: user namespaces are forbidden and user {NOBODY} may "
        "not execute it. Run as an ordinary user, or set DATABASE_URL to a Postgres server."
    )


def _copied(installation: Path, copies: Path) -> Path:
    """The copy is made once; one that is not ours alone is refused: others can write here."""
    copy = copies / f"bankfeeds-{installation.name}-{int(installation.stat().st_mtime)}"
    if not copy.exists():
        draft = Path(tempfile.mkdtemp(prefix="bankfeeds-", dir=copies))
        shutil.copytree(installation, draft, symlinks=True, dirs_exist_ok=True)
        draft.chmod(0o755)
        draft.rename(copy)
    state = copy.lstat()
    if not stat.S_ISDIR(state.st_mode) or state.st_uid != os.geteuid() or state.st_mode & 0o022:
        raise NoIdentity(f"{copy} is not ours alone; remove it and start again")
    return copy


def _runs(program: Path, identity: Identity) -> bool:
    try:
        ended = subprocess.run(  # noqa: S603  # the very server that we are about to start
            [program, "--version"],
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            cwd="/",
            timeout=10,
            **identity.popen_arguments(signal.SIGKILL),
        )
    except (OSError, subprocess.SubprocessError):  # not executable, or forbidden
        return False
    return ended.returncode == 0


def _before_exec(namespace: bool, death_signal: signal.Signals) -> Callable[[], None] | None:
    if not LINUX:
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    uid, gid, parent = os.geteuid(), os.getegid(), os.getpid()

    # Between fork and exec: only system calls on what was prepared above.
    def before_exec() -> None:
        if namespace:
            _enter_namespace(libc, uid, gid)
        libc.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != parent:  # died between fork and prctl: nobody would tell us
            os._exit(1)

    return before_exec


def _enter_namespace(libc: ctypes.CDLL, uid: int, gid: int) -> None:
    if libc.unshare(_CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    for name, text in (
        ("uid_map", f"{_MAPPED_ID} {uid} 1"),
        ("setgroups", "deny"),
        ("gid_map", f"{_MAPPED_ID} {gid} 1"),
    ):
        file = os.open(f"/proc/self/{name}", os.O_WRONLY)
        os.write(file, text.encode())
        os.close(file)
