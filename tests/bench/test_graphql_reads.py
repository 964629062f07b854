"""The benchmark of GraphQL reads stays runnable: its data set, its questions, its load, its log."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from graphql import build_schema, parse, validate

from bench.graphql.answers import facts
from bench.graphql.floor import Statement, statements
from bench.graphql.questions import QUESTIONS, Question

ROOT = Path(__file__).resolve().parents[2]
WITHIN_S = 120

LOG = """\
2026-11-21 11:00:00.000 UTC [7] LOG:  statement: BEGIN READ ONLY;
2026-11-21 11:00:00.001 UTC [7] LOG:  execute __asyncpg_stmt_1__: select $1,
\t  $2
2026-11-21 11:00:00.001 UTC [7] DETAIL:  Parameters: $1 = 'it''s', $2 = NULL
2026-11-21 11:00:00.002 UTC [7] LOG:  duration: 1 ms
2026-11-21 11:00:00.003 UTC [7] LOG:  statement: COMMIT;
"""


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
def test_questions_are_valid_in_the_schema_that_users_see(question: Question) -> None:
    schema = build_schema((ROOT / "schema" / "schema.graphql").read_text())

    assert validate(schema, parse(question.ours)) == []


def test_what_our_server_sends_is_read_from_the_log_of_postgres() -> None:
    found = list(statements(LOG))

    assert found == [
        Statement(sql="BEGIN READ ONLY", parameters=[]),
        Statement(sql="select $1,\n  $2", parameters=["it's", None]),
        Statement(sql="COMMIT", parameters=[]),
    ]


def test_answers_of_two_servers_compare_whatever_their_shape() -> None:
    group = {"month": "2026-01-01", "currency": "EUR", "count": 2, "net": {"amount": "7.50"}}
    peer_group = {
        "keys": ["2026-01-01T00:00:00", "EUR"],
        "count": {"amount": "2"},
        "sum": {"amount": "7.5"},
    }
    ours = {"transactionSummary": [group]}
    peer = {"transactions": {"groupedAggregates": [peer_group]}}
    other = {"transactionSummary": [{**group, "count": 3}]}

    assert facts(ours) == facts(peer)
    assert facts(ours) != facts(other)


@pytest.mark.skipif(shutil.which("cc") is None, reason="the load generator needs a C compiler")
def test_a_quick_run_measures_our_server_without_a_failure(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    command = (
        *(sys.executable, str(ROOT / "bench" / "graphql" / "run.py"), "--quick"),
        *("--systems", "ours,asgi", "--clients", "2", "--place", str(tmp_path / "place")),
        *("--json", str(figures), "--seconds", "0.2"),
    )

    done = subprocess.run(command, capture_output=True, text=True, timeout=WITHIN_S, check=False)

    assert done.returncode == 0, done.stderr
    cells = json.loads(figures.read_text())["cells"]
    assert {(cell["question"], cell["system"]) for cell in cells} == {
        (question.name, system) for question in QUESTIONS for system in ("ours", "asgi")
    }
    assert all(cell["failed"] == 0 and cell["rate"] > 0 for cell in cells)
