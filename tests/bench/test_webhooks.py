"""The benchmark of webhooks stays runnable, and loses nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.webhooks import met

ROOT = Path(__file__).resolve().parents[2]
WITHIN_S = 90
GOOD: dict[str, Any] = {
    "requests": 40,
    "statuses": {"200": 40},
    "events": 38,
    "kept": 38,
    "done": 38,
    "p99_ms": 249.9,
}


def test_a_second_of_it_loses_nothing(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"

    done = subprocess.run(
        [
            *(sys.executable, "bench/webhooks.py", "--rate", "40", "--seconds", "1"),
            *("--json", str(figures)),
        ],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )

    found = json.loads(figures.read_text(encoding="utf-8"))
    assert done.returncode in (0, 1), done.stderr  # a busy machine may miss the goal
    assert found["statuses"] == {"200": 40}
    assert (found["events"], found["kept"], found["done"], found["lost"]) == (38, 38, 38, 0)


@pytest.mark.parametrize(
    ("wrong", "is_met"),
    [
        ({}, True),
        ({"statuses": {"200": 39, "503": 1}}, False),
        ({"kept": 39}, False),
        ({"kept": 37}, False),
        ({"done": 37}, False),
        ({"p99_ms": 250.0}, False),
    ],
)
def test_the_goal_is_met_by_what_is_whole_and_soon(wrong: dict[str, Any], *, is_met: bool) -> None:
    assert met({**GOOD, **wrong}) is is_met
