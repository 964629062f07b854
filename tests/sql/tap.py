"""Runs pgTAP files through psql and reads what they print (the Test Anything Protocol)."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

TESTS = Path(__file__).resolve().parents[2] / "supabase" / "tests"
SHARED = Path("/usr/share/postgresql")
PACKAGE = "postgresql-15-pgtap (Debian)"
TIMEOUT_S = 60

_LINE = re.compile(r"^(not )?ok \d+(?: - (.*))?$", re.MULTILINE)
_PLAN = re.compile(r"^1\.\.(\d+)$", re.MULTILINE)
_FULL_SCRIPT = re.compile(r"pgtap--\d+\.\d+\.\d+\.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one pgTAP file found."""

    passed: tuple[str, ...]
    failed: tuple[str, ...]
    diagnosis: str


async def install_pgtap(superuser: str) -> None:
    """Puts pgTAP into schema `extensions`: the extension, or its script on another version.

    Skips the test where this machine has neither.
    """
    connection = await asyncpg.connect(superuser)
    try:
        if await connection.fetchval(
            "select exists (select from pg_available_extensions where name = 'pgtap')"
        ):
            await connection.execute("create extension if not exists pgtap with schema extensions")
            return
        await connection.execute(f"set search_path = extensions; {_script()}")
    finally:
        await connection.close()


def _script() -> str:
    scripts = [p for p in SHARED.glob("*/extension/*.sql") if _FULL_SCRIPT.fullmatch(p.name)]
    if not scripts:
        pytest.skip(f"pgTAP is not here: install {PACKAGE}")
    lines = max(scripts).read_text(encoding="utf-8").splitlines()
    # psql's own commands only guard against running the script by hand.
    return "\n".join(line for line in lines if not line.startswith("\\"))


def psql_of(bindir: Path) -> Path:
    """psql of an installation, else the one on PATH; skips where there is none."""
    found = shutil.which("psql", path=bindir) or shutil.which("psql")
    if found is None:
        pytest.skip(f"no psql in {bindir} or on PATH")
    return Path(found)


def run(psql: Path, url: str, sql: str) -> Outcome:
    """What the TAP of `sql` says; a script that stops before its plan is an AssertionError."""
    done = subprocess.run(
        [psql, url, "-XqAt", "-v", "ON_ERROR_STOP=1", "-f", "-"],
        input=sql, cwd=TESTS, capture_output=True, text=True, timeout=TIMEOUT_S, check=False,
    )  # fmt: skip
    lines = _LINE.findall(done.stdout)
    plan = _PLAN.findall(done.stdout)
    assert done.returncode == 0 and plan == [str(len(lines))], done.stdout + done.stderr
    return Outcome(
        passed=tuple(name for failed, name in lines if not failed),
        failed=tuple(name for failed, name in lines if failed),
        diagnosis=done.stdout,
    )
