"""Documents that run `make up`: everything in them is done, in order, and answers as they show."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.docs.blocks import ROOT, Block, blocks
from tests.docs.console import PLAIN, commands, matches

LAST_LINE = "Ctrl-C ends it; the data stays."
SERVICES = ("BANKFEEDS_", "DATABASE_URL", "MIGRATION_DATABASE_URL", "REDIS_URL", "SUPABASE_")
WALKED = sorted({block.path for block in blocks("console up")})


@dataclass(frozen=True, slots=True, kw_only=True)
class Up:
    """A running `bankfeeds up`: what it printed, and how to reach it as its first user."""

    output: str
    url: str
    token: str

    @property
    def as_documented(self) -> str:
        """What it printed, had port 8000 been free."""
        return re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:8000", self.output)


@pytest.mark.skipif(sys.platform != "linux", reason="embedded servers are tried on Linux alone")
@pytest.mark.parametrize("path", WALKED, ids=lambda path: path.name)
def test_a_walk_through_a_document_shows_what_it_says(path: Path, place: Path) -> None:
    query = ""
    with running(place) as up:
        for block in blocks():
            if block.path != path:
                continue
            match block.mark:
                case "console up":
                    _run(block, up)
                case "graphql":
                    query = block.text
                case "json answer":
                    assert _answer(up, query) == json.loads(block.text)["data"], str(block)


def _run(block: Block, up: Up) -> None:
    for words, expected in commands(block.text):
        match words:
            case ["make", "up"]:
                assert matches(expected, up.as_documented), up.output
            case ["export", _]:
                assert expected == []
            case ["bankfeeds", "link", *arguments]:
                assert matches(expected, _linked(arguments, up)), str(block)
            case ["bankfeeds" | ".venv/bin/bankfeeds", *arguments]:
                environment = {**PLAIN, "BANKFEEDS_TOKEN": up.token}
                with contextlib.chdir(ROOT):
                    result = CliRunner().invoke(app, [*arguments, "--url", up.url], env=environment)
                assert result.exit_code == 0, result.output
                assert matches(expected, result.stdout), result.stdout
            case _:
                pytest.fail(f"{block}: nothing runs {words[0]}")


def _linked(arguments: list[str], up: Up) -> str:
    """What the command prints while somebody is at the page that it opens."""
    browser = f"{sys.executable} {ROOT / 'tests' / 'fixtures' / 'person.py'} %s &"
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "link", *arguments, "--url", up.url, "--wait", "60"],
        env={**os.environ, **PLAIN, "BANKFEEDS_TOKEN": up.token, "BROWSER": browser},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _answer(up: Up, query: str) -> object:
    response = httpx.post(
        up.url, json={"query": query}, headers={"authorization": f"Bearer {up.token}"}, timeout=30
    )
    return response.json()["data"]


@contextmanager
def running(place: Path) -> Iterator[Up]:
    """`bankfeeds up` with data of its own, as `make up` runs it."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(SERVICES)
    }
    with (place / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli.main", "up", "--data-dir", str(place / "data")],
            env={**environment, **PLAIN, "PYTHONPATH": str(ROOT)},
            cwd=place,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith(LAST_LINE):
                break
        output = "".join(lines)
        url, token = re.search(r"http://\S+", output), re.search(r"eyJ\S+", output)
        assert url is not None, (place / "log").read_text()
        assert token is not None
        yield Up(output=output, url=url[0], token=token[0])
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
