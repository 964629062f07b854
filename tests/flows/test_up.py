"""`bankfeeds up`: ready from nothing, healed after kill -9, and gone without a trace.

API, worker and demo are stubs here; everything else is what users run.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.fixtures.api_server import KEYS
from tests.fixtures.database import DatabaseUrls
from tests.fixtures.processes import children_of, eventually, lives, using

ROOT = Path(__file__).resolve().parents[2]
STUB = ROOT / "tests" / "fixtures" / "stub_up.py"
ENDS_WITHIN_S = 5

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Up:
    """A running `up`."""

    process: subprocess.Popen[str]
    data_dir: Path
    log: Path

    def ready(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.log.read_text()
        answer: dict[str, Any] = json.loads(line)
        return answer

    def children(self) -> dict[str, int]:
        """The process ids of its children, by what they are."""
        marks = {"postgres": "/postgres ", "valkey": "valkey-server", "api": "uvicorn"}
        names = {}
        for pid, arguments in children_of(self.process.pid).items():
            name = next((name for name, mark in marks.items() if mark in arguments), "worker")
            names[name] = pid
        return names


@contextmanager
def up(place: Path, *options: str, **environ: str) -> Iterator[Up]:
    """Starts it on a data directory in `place`; kills it at the end if the test did not end it."""
    data_dir = place / "data"
    log = place / f"{time.monotonic_ns()}.log"
    with log.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, STUB, "--data-dir", data_dir, "--json", *options],
            env={"PATH": os.defpath, "PYTHONPATH": str(ROOT), **environ},
            cwd=place,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    try:
        yield Up(process=process, data_dir=data_dir, log=log)
    finally:
        process.kill()
        process.communicate()
        assert eventually(lambda: not using(data_dir)), "a server was left behind"


def webhook_endpoint(running: Up) -> str:
    """The path to which new links at the simulated Plaid have events sent."""
    environ = Path(f"/proc/{running.children()['worker']}/environ").read_bytes().split(b"\0")
    variables = dict(one.decode().split("=", 1) for one in environ if one)
    return urlsplit(variables["BANKFEEDS_PROVIDER_PLAID_WEBHOOK_URL"]).path


def told_to_end(running: Up, number: signal.Signals = signal.SIGTERM) -> float:
    """The seconds that it took to end; the status must be 0."""
    began = time.monotonic()
    running.process.send_signal(number)
    assert running.process.wait(10) == 0, running.log.read_text()
    return time.monotonic() - began


def failed(running: Up) -> str:
    """What it said when it ended with status 1."""
    assert running.process.wait(30) == 1
    assert running.process.stdout is not None
    assert running.process.stdout.read() == ""
    return running.log.read_text()


def test_it_says_one_line_when_ready_and_ends_when_told(place: Path) -> None:
    with up(place) as running:
        answer = running.ready()
        pids = running.children()
        page = httpx.get(answer["graphql"])

        seconds = told_to_end(running)

        assert answer["graphql"].startswith("http://127.0.0.1:")
        assert answer["users"] == [
            {"email": "a@example.com", "role": "owner", "tenant": "A", "token": "token-1"}
        ]
        assert answer["connections"] == [{"id": "1", "name": "Files", "tenant": "A"}]
        assert page.status_code == 200
        assert set(pids) == {"postgres", "valkey", "api", "worker"}
        assert seconds < ENDS_WITHIN_S
        assert not any(map(lives, pids.values()))
        assert running.process.stdout is not None
        assert running.process.stdout.read() == ""
        assert "Starting Postgres" in running.log.read_text()


def test_a_second_start_goes_on_with_the_data_of_the_first(place: Path) -> None:
    with up(place) as running:
        running.ready()
        keys = (running.data_dir / "keys.json").read_bytes()
        endpoint = webhook_endpoint(running)
        told_to_end(running, signal.SIGINT)

    with up(place) as running:
        answer = running.ready()

        assert answer["users"][0]["token"] == "token-2"
        assert (running.data_dir / "keys.json").read_bytes() == keys
        assert webhook_endpoint(running) == endpoint
        assert "No migration is pending" in running.log.read_text()


def test_an_endpoint_that_is_not_in_the_database_is_made_anew(place: Path) -> None:
    (place / "data").mkdir()
    (place / "data" / "sandbox-plaid-webhook").write_text("a" * 26)
    with up(place) as running:
        running.ready()

        assert webhook_endpoint(running).startswith("/webhooks/plaid/")
        assert webhook_endpoint(running) != f"/webhooks/plaid/{'a' * 26}"
        assert (running.data_dir / "sandbox-plaid-webhook").stat().st_mode & 0o077 == 0


def test_kill_9_of_any_process_heals(place: Path) -> None:
    with up(place) as running:
        url = running.ready()["graphql"]
        for name, pid in running.children().items():
            os.kill(pid, signal.SIGKILL)

            assert eventually(lambda: _replaced(running, name, pid) and _answers(url)), name  # noqa: B023


def test_kill_9_of_up_leaves_no_process(place: Path) -> None:
    with up(place) as running:
        running.ready()
        pids = running.children().values()

        running.process.kill()

        assert eventually(lambda: not any(map(lives, pids)), within_s=5)


def test_a_child_that_hangs_is_ended_all_the_same(place: Path) -> None:
    with up(place) as running:
        running.ready()
        os.kill(running.children()["api"], signal.SIGSTOP)

        assert told_to_end(running) < ENDS_WITHIN_S


def test_two_start_side_by_side(place: Path) -> None:
    (place / "a").mkdir()
    (place / "b").mkdir()
    with up(place / "a") as one, up(place / "b") as other:
        urls = {one.ready()["graphql"], other.ready()["graphql"]}

        assert len(urls) == 2
        assert all(map(_answers, urls))


def test_the_same_data_directory_serves_one(place: Path) -> None:
    with up(place) as running:
        running.ready()
        with subprocess.Popen(
            [sys.executable, STUB, "--data-dir", running.data_dir],
            env={"PATH": os.defpath, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as second:
            _, told = second.communicate(timeout=30)

        assert second.returncode == 1
        assert f"is in use by process {running.process.pid}; stop it" in told
        assert "Traceback" not in told


def test_a_port_that_was_asked_for_and_is_taken_is_an_error(place: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with up(place, "--port", str(port)) as running:
            told = failed(running)

    assert f"cannot listen on 127.0.0.1 port {port}" in told
    assert "give another --port" in told
    assert "Traceback" not in told


def test_a_port_that_was_asked_for_and_is_free_is_used(place: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with up(place, "--port", str(port)) as running:
        assert running.ready()["graphql"] == f"http://127.0.0.1:{port}/graphql"


def test_an_api_that_does_not_come_up_ends_all(place: Path) -> None:
    with up(place, STUB="api-dies") as running:
        told = failed(running)

    assert "bankfeeds: api ended with status 1" in told
    assert "no such table" in told
    assert "Traceback" not in told


def test_wrong_settings_are_told_before_anything_starts(place: Path) -> None:
    with up(place, BANKFEEDS_LOG_LEVEL="loud", REDIS_URL="http://cache") as running:
        told = failed(running)

    assert "BANKFEEDS_LOG_LEVEL" in told
    assert "REDIS_URL" in told
    assert "Traceback" not in told
    assert not running.data_dir.exists()


def test_wrong_operations_are_told_before_anything_starts(place: Path) -> None:
    (place / "operations.json").write_text('{"viewer": "{ viewer { role } }"}')

    with up(place, BANKFEEDS_OPERATIONS_FILE=str(place / "operations.json")) as running:
        told = failed(running)

    assert "BANKFEEDS_OPERATIONS_FILE: operations.json 'viewer' is no SHA-256" in told
    assert "Traceback" not in told
    assert not running.data_dir.exists()


def test_ctrl_c_while_it_starts_leaves_no_process(place: Path) -> None:
    with up(place) as running:
        assert eventually(lambda: "Starting Valkey" in running.log.read_text())

        seconds = told_to_end(running, signal.SIGINT)

        assert seconds < ENDS_WITHIN_S
        assert using(running.data_dir) == []


def test_production_needs_no_more_settings(place: Path) -> None:
    with up(place, BANKFEEDS_ENV="production") as running:
        assert _answers(running.ready()["graphql"])


async def test_given_services_are_used_and_get_no_demo(
    place: Path, database: DatabaseUrls, redis_url: str
) -> None:
    given = {
        "DATABASE_URL": database.login,
        "MIGRATION_DATABASE_URL": database.owner,
        "REDIS_URL": redis_url,
    }
    with up(place, **given) as running:
        answer = running.ready()

        assert _answers(answer["graphql"])
        assert answer["users"] == []
        assert set(running.children()) == {"api", "worker"}
        assert not (running.data_dir / "sandbox-plaid-webhook").exists()


async def test_given_services_with_simulated_banks_get_an_endpoint(
    place: Path, database: DatabaseUrls, redis_url: str
) -> None:
    given = {
        "DATABASE_URL": database.login,
        "MIGRATION_DATABASE_URL": database.owner,
        "REDIS_URL": redis_url,
        "BANKFEEDS_DEMO": "true",
        "BANKFEEDS_KEYS": KEYS,
    }
    with up(place, **given) as running:
        running.ready()

        assert webhook_endpoint(running).startswith("/webhooks/plaid/")


async def test_a_login_that_is_too_strong_is_refused(
    place: Path, database: DatabaseUrls, redis_url: str
) -> None:
    with up(place, DATABASE_URL=database.superuser, REDIS_URL=redis_url) as running:
        assert "supabase_admin of DATABASE_URL is superuser" in failed(running)


def _replaced(running: Up, name: str, killed: int) -> bool:
    return running.children().get(name, killed) != killed


def _answers(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 200
    except httpx.TransportError:
        return False
