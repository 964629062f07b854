"""`bankfeeds keys`: what each key has sealed, a new key, and what to do where it makes none."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.key_report import new_key_id
from cli.keys import keys
from core.errors import BankfeedsError
from core.vault import Vault
from db.keys import create_key_file, keys_from_file
from tests.fixtures.database import DatabaseUrls
from tests.fixtures.kms_server import ENVIRONMENT, KmsServer, kms, kms_service
from tests.fixtures.sealed_tenants import sealed_tenant
from tests.fixtures.world import World, opened

__all__ = ["kms", "kms_service"]

LISTED = f"listed:{base64.b64encode(bytes(range(32))).decode()}"


def run(*arguments: str, **environ: str) -> Result:
    return CliRunner().invoke(keys, arguments, env=environ)


def filled(database: DatabaseUrls, folder: Path, vault: Vault) -> None:
    """Two tenants with two credentials each."""

    async def fill(world: World) -> None:
        for _ in range(2):
            await sealed_tenant(world, vault, credentials=2)

    async def in_world() -> None:
        async with opened(database, folder) as world:
            await fill(world)

    asyncio.run(in_world())


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "keys.json"
    create_key_file(path)
    return path


def statuses(output: str) -> dict[str | None, dict[str, Any]]:
    return {one.pop("id"): one for one in json.loads(output)["keys"]}


def test_from_the_first_key_to_the_second(
    database: DatabaseUrls, tmp_path: Path, key_file: Path
) -> None:
    environ = {"DATABASE_URL": database.login, "BANKFEEDS_KEY_FILE": str(key_file)}
    filled(database, tmp_path, Vault(keys_from_file(key_file)))

    before = run("status", **environ)
    rotated = run("rotate", "--id", "k2", **environ)
    between = run("status", **environ)
    rewrapped = run("rewrap", "--json", **environ)
    after = run("status", "--json", **environ)

    assert before.stdout == (
        "k1: seals and opens\n          4 connection credentials\n          2 tenant keys\n"
    )
    assert f"{key_file} has a new key, k2" in rotated.stdout
    assert "k2: seals and opens\n  nothing\nk1: opens\n" in between.stdout
    assert "`bankfeeds keys rewrap` wraps all of it" in between.stdout
    assert json.loads(rewrapped.stdout) == {
        "tenants": 2, "rewrapped": 6, "changedMeanwhile": 0, "failed": 0, "faults": [],
    }  # fmt: skip
    assert "2 tenants looked through, 6 wrapped anew, 0 failed" in rewrapped.stderr
    assert statuses(after.stdout) == {
        "k2": {
            "current": True,
            "configured": True,
            "sealed": {"connection credentials": 4, "tenant keys": 2},
        },
        "k1": {"current": False, "configured": True, "sealed": {}},
    }
    results = (before, rotated, between, rewrapped, after)
    assert [one.exit_code for one in results] == [0] * 5


def test_a_key_in_use_that_is_not_configured_is_an_error(
    database: DatabaseUrls, tmp_path: Path, key_file: Path
) -> None:
    filled(database, tmp_path, Vault(keys_from_file(key_file)))
    environ = {"DATABASE_URL": database.login, "BANKFEEDS_KEYS": LISTED}

    told = run("status", **environ)
    as_json = run("status", "--json", **environ)
    rewrapped = run("rewrap", **environ)

    assert (told.exit_code, as_json.exit_code, rewrapped.exit_code) == (1, 1, 1)
    assert "k1: NOT CONFIGURED\n          4 connection" in told.stdout
    assert not statuses(as_json.stdout)["k1"]["configured"]
    assert "6 could not be wrapped anew" in rewrapped.stdout
    assert "'k1' is not configured here" in rewrapped.stdout


def test_a_key_that_does_not_work_is_an_error(database: DatabaseUrls, kms: KmsServer) -> None:
    arn = kms.key()
    environ = {
        **ENVIRONMENT,
        "DATABASE_URL": database.login,
        "BANKFEEDS_KMS_KEY": arn,
        "BANKFEEDS_KMS_ENDPOINT": kms.url,
    }

    working = run("status", **environ)
    kms.unusable[arn] = "DisabledException"
    broken = run("status", "--json", **environ)

    assert (working.exit_code, working.stdout) == (0, f"{arn}: seals and opens\n  nothing\n")
    assert broken.exit_code == 1
    assert json.loads(broken.stdout)["works"] is False
    assert "disabled" in json.loads(broken.stdout)["problem"]


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({"BANKFEEDS_KEYS": LISTED}, "add id:base64 of a new key"),
        ({"BANKFEEDS_KMS_KEY": "alias/bankfeeds"}, "add it at the end of BANKFEEDS_KMS_KEY"),
    ],
)
def test_keys_that_are_in_no_file_are_rotated_elsewhere(environ: dict[str, str], told: str) -> None:
    result = run("rotate", **environ)

    assert result.exit_code == 1
    assert told in result.stderr
    assert "bankfeeds keys rewrap" in result.stderr


def test_a_new_key_is_named_after_the_day(key_file: Path) -> None:
    ids = []
    for _ in range(3):
        assert run("rotate", BANKFEEDS_KEY_FILE=str(key_file)).exit_code == 0
        ids.append(keys_from_file(key_file).current_id)

    assert ids == [ids[0], f"{ids[0]}.2", f"{ids[0]}.3"]
    assert set(keys_from_file(key_file).keys) == {"k1", *ids}
    assert key_file.stat().st_mode & 0o777 == 0o600
    assert new_key_id(ids) == f"{ids[0]}.4"


def test_an_id_that_is_taken_changes_nothing(key_file: Path) -> None:
    before = key_file.read_bytes()

    result = run("rotate", "--id", "k1", BANKFEEDS_KEY_FILE=str(key_file))

    assert isinstance(result.exception, BankfeedsError)
    assert "holds a key 'k1' already" in str(result.exception)
    assert key_file.read_bytes() == before


@pytest.mark.parametrize("command", ["status", "rewrap", "rotate"])
def test_without_settings_it_says_what_to_set(command: str, key_file: Path) -> None:
    keyless = run(command, DATABASE_URL="postgresql://x@/y?host=/nowhere")
    without_database = run("status", BANKFEEDS_KEY_FILE=str(key_file))

    assert "BANKFEEDS_KEYS: no key-encryption key" in str(keyless.exception)
    assert "DATABASE_URL: is not set" in str(without_database.exception)


def test_a_login_that_could_do_more_is_refused(database: DatabaseUrls, key_file: Path) -> None:
    result = run("status", DATABASE_URL=database.owner, BANKFEEDS_KEY_FILE=str(key_file))

    assert "Use a role that is only granted" in str(result.exception)
