"""What docs/graphql.md shows is valid in the schema, and what it names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from graphql import build_schema, parse, validate

from core.jobs import JobState
from core.models import Role
from resolvers.refusal import RefusalCode
from schema import export

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "graphql.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```graphql\n(.*?)```", TEXT, re.DOTALL)
SCHEMA = build_schema(export.text())


@pytest.mark.parametrize("example", EXAMPLES)
def test_example_is_valid(example: str) -> None:
    errors = [error.message for error in validate(SCHEMA, parse(example))]

    assert errors == []


def test_every_role_and_every_code_is_explained() -> None:
    for name in [*(role.name for role in Role), *(code.name for code in RefusalCode)]:
        assert f"`{name}`" in TEXT


def test_states_that_wait_for_a_decision_are_explained() -> None:
    for state in (JobState.QUEUED, JobState.AWAITING_REVIEW, JobState.FAILED, JobState.COMPLETED):
        assert f"`{state.name}`" in TEXT
