"""The simulated providers beside `up`: what they are told, what leads to them, when they serve."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest

from cli.children import children
from cli.listener import PortTaken
from cli.simulated import _free_ports, simulates
from db.supervisor import Command, Supervised

DEMO = {
    "PATH": os.defpath,
    "BANKFEEDS_DEMO": "true",
    "DATABASE_URL": "postgresql://somebody:secret@127.0.0.1/postgres",
    "REDIS_URL": "redis://:secret@127.0.0.1",
    "BANKFEEDS_KEY_FILE": "/keys.json",
}
ADDRESS = "http://127.0.0.1:8000/webhooks/plaid/abc"


def beside(environ: Mapping[str, str]) -> dict[str, Command]:
    commands = children(
        environ, listener=0, url="http://127.0.0.1:8000", webhooks={"plaid": ADDRESS}
    )
    return {command.name: command for command in commands}


def test_it_knows_its_own_secret_and_none_of_ours() -> None:
    sandbox = beside(DEMO)["sandbox"]

    assert set(sandbox.env) <= {
        *("PATH", "PYTHONPATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "LD_LIBRARY_PATH"),
        "BANKFEEDS_SANDBOX_SECRET",
    }
    assert not any("secret@" in value for value in sandbox.env.values())


@pytest.mark.parametrize("name", ["api", "worker"])
def test_api_and_worker_are_led_to_it_and_new_links_to_the_endpoint(name: str) -> None:
    commands = beside(DEMO)

    env = commands[name].env
    assert env["BANKFEEDS_PROVIDER_PLAID_WEBHOOK_URL"] == ADDRESS
    assert (
        env["BANKFEEDS_PROVIDER_PLAID_SECRET"]
        == (commands["sandbox"].env["BANKFEEDS_SANDBOX_SECRET"])
    )
    assert env["BANKFEEDS_PROVIDER_QUILTT_URL"].startswith("http://127.0.0.1:")


@pytest.mark.parametrize(
    "environ",
    [
        {**DEMO, "BANKFEEDS_DEMO": ""},
        {**DEMO, "BANKFEEDS_PROVIDER_PLAID_CLIENT_ID": "mine"},
    ],
)
def test_there_is_none_without_the_demo_or_beside_real_ones(environ: dict[str, str]) -> None:
    assert not simulates(environ)
    assert set(beside(environ)) == {"api", "worker"}


def test_an_empty_setting_is_none() -> None:
    assert simulates({**DEMO, "BANKFEEDS_PROVIDER_PLAID_CLIENT_ID": ""})


async def test_it_is_ready_when_all_of_it_answers() -> None:
    commands = beside(DEMO)
    env = commands["api"].env

    assert not await commands["sandbox"].ready(0)
    async with Supervised(commands["sandbox"]):
        statuses = [
            httpx.get(f"{env[f'BANKFEEDS_PROVIDER_{slug}_URL']}/").status_code
            for slug in ("PLAID", "QUILTT")
        ]

    assert statuses == [404, 404]


def test_neighbouring_ports_are_looked_for_within_bounds() -> None:
    first, second = _free_ports(2)

    assert second == first + 1
    with pytest.raises(PortTaken, match="set up a provider of your own"):
        _free_ports(2, tries=0)


def test_it_ends_when_told(tmp_path: Path) -> None:
    port, _ = _free_ports(2)
    process = subprocess.Popen(
        [sys.executable, "-m", "cli.main", "sandbox", "--port", str(port)],
        cwd=Path(__file__).resolve().parents[2],
        env={"PATH": os.defpath, "HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == f"BANKFEEDS_PROVIDER_PLAID_URL=http://127.0.0.1:{port}\n"

    process.send_signal(signal.SIGTERM)

    assert process.wait(10) == 0
    process.stdout.close()
