"""The wheel: complete, alone and working, installed away from the checkout.

Its dependencies come from the environment of the tests, by a path file instead of a download.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.fixtures.memory import base
from tests.tidy.tree import PACKAGES, ROOT

SAMPLE: Final = ROOT / "docs" / "samples" / "northbank.bai"
PIP: Final = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")
OFFLINE: Final = ("--no-deps", "--no-index", "--no-cache-dir")
ENDS_WITHIN_S: Final = 5


@pytest.fixture(scope="module")
def directory() -> Iterator[Path]:
    """A directory that the servers of `up` may pass through, whoever they run as."""
    with tempfile.TemporaryDirectory(prefix="bf-", dir=base()) as name:
        path = Path(name)
        path.chmod(0o755)
        yield path


@pytest.fixture(scope="module")
def wheel(directory: Path) -> Path:
    """The wheel of the checkout."""
    run(*PIP, "wheel", *OFFLINE, "--no-build-isolation", "--wheel-dir", str(directory), str(ROOT))
    (path,) = directory.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def programs(directory: Path, wheel: Path) -> Path:
    """The directory of the programs of an environment with the wheel in it."""
    environment = directory / "environment"
    run(sys.executable, "-m", "venv", "--without-pip", str(environment))
    here = {"base": str(environment), "platbase": str(environment)}
    packages = Path(sysconfig.get_path("purelib", scheme="venv", vars=here))
    # What another environment's own path files name, such as a checkout, is not followed.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    programs = Path(sysconfig.get_path("scripts", scheme="venv", vars=here))
    run(*PIP, "--python", str(programs / "python"), "install", *OFFLINE, str(wheel))
    return programs


def run(*command: str) -> str:
    """What a command prints; it must succeed, away from the checkout and from its settings."""
    done = subprocess.run(
        command,
        cwd="/",
        env={"PATH": os.defpath, "HOME": tempfile.gettempdir()},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_holds_the_packages_their_data_and_nothing_else(wheel: Path) -> None:
    expected = {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    expected |= {f"db/_sql/{path.name}" for path in (ROOT / "sql").iterdir()}
    migrations = ROOT / "supabase" / "migrations"
    expected |= {f"db/_migrations/{path.name}" for path in migrations.iterdir()}

    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        about = {name.partition("/")[2] for name in archive.namelist() if ".dist-info/" in name}

    assert names == expected
    assert {"METADATA", "entry_points.txt", "licenses/LICENSE"} <= about


def test_what_is_imported_is_the_wheel_and_not_the_checkout(programs: Path) -> None:
    script = (
        "import importlib, sys; from db.files import *;"
        "print(*(importlib.import_module(name).__file__ for name in sys.argv[1:]),"
        "migrations_directory(), sql_directory(), sep='\\n')"
    )

    places = run(str(programs / "python"), "-P", "-c", script, *PACKAGES).split()

    assert len(places) == len(PACKAGES) + 2
    assert all(Path(place).is_relative_to(programs.parent) for place in places)


def test_the_command_explains_itself_and_parses_a_statement(programs: Path) -> None:
    bankfeeds = str(programs / "bankfeeds")

    usage = run(bankfeeds, "--help")
    statement = json.loads(run(bankfeeds, "parse", "--json", str(SAMPLE)))

    assert "Usage: bankfeeds" in usage
    assert statement["format"] == "bai2"
    assert any(account["transactions"] for account in statement["accounts"])


@pytest.mark.skipif(sys.platform == "win32", reason="ends by signals")
def test_up_answers_and_ends_when_told(directory: Path, programs: Path) -> None:
    log = directory / "log"
    with log.open("w") as errors:
        process = subprocess.Popen(
            [programs / "bankfeeds", "up", "--json", "--data-dir", directory / "data"],
            cwd="/",
            env={"PATH": os.defpath},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, log.read_text()
        ready = json.loads(line)
        owner = next(user for user in ready["users"] if user["role"] == "owner")

        answer = asked(ready["graphql"], owner["token"], "{ viewer { user { email } } }")

        assert answer["data"] == {"viewer": {"user": {"email": owner["email"]}}}
        began = time.monotonic()
        process.terminate()
        assert process.wait(10) == 0, log.read_text()
        assert time.monotonic() - began < ENDS_WITHIN_S
    finally:
        process.kill()
        process.communicate()


def asked(url: str, token: str, query: str) -> Any:
    """The answer to a GraphQL query."""
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.post(url, json={"query": query}, headers=headers, timeout=10).json()
