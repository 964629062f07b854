"""`bankfeeds up` as it comes: a bank that is linked there is moved on by webhooks."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fixtures.processes import eventually, using

ROOT = Path(__file__).resolve().parents[2]
MAIN = (sys.executable, "-m", "cli.main")
PERSON = f"/nowhere/browser:{sys.executable} {ROOT / 'tests' / 'fixtures' / 'person.py'} %s &"
ENV = {"PATH": os.defpath, "PYTHONPATH": str(ROOT), "BROWSER": PERSON}
QUERY = "{ ingestionJobs(first: 10) { edges { node { trigger state } } } }"
TOLD_WITHIN_S = 20  # a new link is asked every thirty seconds, were there no webhooks

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")


@pytest.fixture
def ready(place: Path) -> Iterator[dict[str, Any]]:
    """What a running `up` says."""
    data_dir = place / "data"
    with (place / "up.log").open("w") as log:
        process = subprocess.Popen(
            [*MAIN, "up", "--json", "--data-dir", str(data_dir)],
            env=ENV,
            cwd=place,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, (place / "up.log").read_text()
        yield json.loads(line)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.communicate(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
        assert eventually(lambda: not using(data_dir)), "a server was left behind"


def test_a_bank_that_is_linked_there_is_moved_on_by_webhooks(
    ready: dict[str, Any], place: Path
) -> None:
    token = ready["users"][0]["token"]
    linked = subprocess.run(
        [*MAIN, "link", "plaid", "--json", "--url", ready["graphql"]],
        env={**ENV, "BANKFEEDS_TOKEN": token},
        cwd=place,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert linked.returncode == 0, linked.stderr

    def moved() -> bool:
        answer = httpx.post(
            ready["graphql"], json={"query": QUERY}, headers={"authorization": f"Bearer {token}"}
        ).json()
        jobs = [edge["node"] for edge in answer["data"]["ingestionJobs"]["edges"]]
        return {"trigger": "WEBHOOK", "state": "COMPLETED"} in jobs

    assert eventually(moved, within_s=TOLD_WITHIN_S), (place / "up.log").read_text()
    imported = subprocess.run(
        [*MAIN, "import", str(ROOT / "docs" / "samples" / "northbank.bai")],
        env={**ENV, "BANKFEEDS_TOKEN": token, "BANKFEEDS_URL": ready["graphql"]},
        cwd=place,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert imported.returncode == 0, "a linked bank is taken for one of files:\n" + imported.stderr
