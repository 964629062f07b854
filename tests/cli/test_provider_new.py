"""`bankfeeds provider new`: what it writes keeps the contract of connectors at once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.provider import provider
from core.errors import BadInput
from tests.tidy.tree import PACKAGES, ROOT

LINES_MAX = 250
WANTED = """
from core.syncs import SyncPhase
from providers.base import Wanted


async def test_nothing_is_asked_for_that_is_not_wanted(adapter, bank, client, linked):
    bank.faults.forget_requests()
    wanted = Wanted(
        cursor="1",
        phase=SyncPhase.INCREMENTAL,
        now=bank.now(),
        since=bank.now().date(),
        accounts=False,
        transactions=False,
    )

    [_ async for _ in adapter.connector.fetch(client, linked.credentials, wanted)]

    assert bank.faults.requests() == []
"""
TREE = (*PACKAGES, "tests", "sql", "supabase", "pyproject.toml", "docs", ".env.example")


def new(name: str, into: Path) -> Result:
    return CliRunner().invoke(provider, ["new", name, "--into", str(into)])


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what a connector needs."""
    ignore = shutil.ignore_patterns("__pycache__", "node_modules")
    for name in TREE:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / name, ignore=ignore)
        else:
            shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def ran(checkout: Path, *command: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(checkout), "PYTEST_ADDOPTS": ""}
    return subprocess.run(
        [sys.executable, "-P", "-m", *command],
        cwd=checkout,
        env=env,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_a_new_connector_keeps_the_contract(checkout: Path) -> None:
    before = {path: path.read_bytes() for path in checkout.rglob("*.py")}

    done = new("Acme Bank", checkout)

    assert done.exit_code == 0, done.output
    touched = {
        str(path.relative_to(checkout))
        for path in checkout.rglob("*.py")
        if before.get(path) != path.read_bytes()
    }
    assert touched == {
        "providers/acme_bank.py",
        "providers/registry.py",
        "sandbox/acme_bank.py",
        "sandbox/registry.py",
        "tests/contracts/acme_bank.py",
    }
    for path in ("providers/acme_bank.py", "sandbox/acme_bank.py"):
        assert len((checkout / path).read_text("utf-8").splitlines()) <= LINES_MAX
    (checkout / "tests/contracts/test_wanted.py").write_text(WANTED, encoding="utf-8")
    suite = ran(
        checkout,
        *("pytest", "-p", "no:cacheprovider", "-n0", "-v"),
        *("tests/contracts", "-k", "acme_bank and not whole_sync"),
    )
    assert suite.returncode == 0, suite.stdout[-6000:] + suite.stderr[-2000:]
    assert " passed" in suite.stdout
    assert "test_nothing_is_asked_for_that_is_not_wanted[acme_bank] PASSED" in suite.stdout
    assert "failed" not in suite.stdout


def test_what_is_written_is_linted_and_typed(checkout: Path) -> None:
    new("Zenith", checkout)

    files = ["providers/zenith.py", "sandbox/zenith.py", "tests/contracts/zenith.py"]
    registries = ["providers/registry.py", "sandbox/registry.py"]
    linted = ran(checkout, "ruff", "check", "--no-cache", *files, *registries)
    typed = ran(checkout, "mypy", "--cache-dir", str(checkout / ".mypy"), *files[:2])

    assert linted.returncode == 0, linted.stdout
    assert typed.returncode == 0, typed.stdout


def test_nothing_is_overwritten(checkout: Path) -> None:
    new("Acme", checkout)
    kept = (checkout / "providers/acme.py").read_bytes()
    registry = (checkout / "providers/registry.py").read_bytes()

    again = new("ACME", checkout)
    package = new("Plaid", checkout)

    assert isinstance(again.exception, BadInput)
    assert "there already" in str(again.exception)
    assert isinstance(package.exception, BadInput)
    assert (checkout / "providers/acme.py").read_bytes() == kept
    assert (checkout / "providers/registry.py").read_bytes() == registry


@pytest.mark.parametrize("name", ["", "9", "import", '"; import os', "a" * 40, "x\ny"])
def test_a_name_that_no_module_can_have_is_refused(tmp_path: Path, name: str) -> None:
    assert isinstance(new(name, tmp_path).exception, BadInput)
    assert list(tmp_path.iterdir()) == []


def test_elsewhere_than_in_a_checkout_nothing_is_written(tmp_path: Path) -> None:
    done = new("Acme", tmp_path)

    assert isinstance(done.exception, BadInput)
    assert "checkout" in str(done.exception)
    assert list(tmp_path.iterdir()) == []
