"""Code blocks: each is marked, and does what its mark says."""

from __future__ import annotations

import contextlib
import json
import re
from pathlib import Path

import pytest
from graphql import parse, validate
from typer.testing import CliRunner

from cli.main import app
from schema.build import schema
from statements.profiles import read_profile
from tests.docs.blocks import MARKS, ROOT, Block, blocks, documents, each, prose
from tests.docs.console import PLAIN, commands, matches


def test_every_block_says_what_it_is() -> None:
    unmarked = [str(block) for block in blocks() if not MARKS.fullmatch(block.mark)]

    assert not unmarked, "mark it as tests/docs/blocks.py says:\n" + "\n".join(unmarked)


def test_code_stands_in_fences() -> None:
    indented = re.compile(r"(?:\A|\n)\n {4,}(?![-*\d])\S.*")
    found = [
        f"{path.relative_to(ROOT)}: {match[0].strip()}"
        for path in documents()
        for match in indented.finditer(prose(path))
    ]

    assert not found, "put it between ``` and mark it:\n" + "\n".join(found)


@each("console")
def test_a_command_prints_what_the_document_shows(block: Block) -> None:
    for words, expected in commands(block.text):
        with contextlib.chdir(ROOT):
            result = CliRunner().invoke(app, words[1:], env=PLAIN)

        assert words[0] == "bankfeeds"
        assert result.exit_code == 0, result.output
        assert matches(expected, result.stdout), result.stdout


@each("graphql")
def test_a_query_fits_the_schema(block: Block) -> None:
    errors = validate(schema._schema, parse(block.text))

    assert not errors, errors


@each("json profile")
def test_a_profile_is_valid(block: Block) -> None:
    read_profile(json.loads(block.text))


@pytest.mark.parametrize("block", blocks("python sample"), ids=str)
def test_a_sample_is_the_file_that_is_tested(block: Block) -> None:
    name = block.mark.removeprefix("python sample: ")

    assert (ROOT / "docs" / "samples" / name).read_text(encoding="utf-8") == block.text


@pytest.mark.parametrize(
    "path",
    sorted(set(ROOT.glob("docs/samples/*.json")) - set(ROOT.glob("docs/samples/*.statement.json"))),
    ids=lambda p: p.name,
)
def test_a_sample_profile_is_valid(path: Path) -> None:
    read_profile(json.loads(path.read_bytes()))


def test_an_output_may_leave_lines_and_parts_of_lines_out() -> None:
    shown = ["a", "…", "token e…", "z"]

    assert matches(shown, "a  \nb\nc\ntoken eyJ\nz\n")
    assert matches(shown, "a\ntoken e\nz\n")
    assert not matches(shown, "a\nb\nz\n")
    assert not matches(shown, "a\ntoken eyJ\nz\nmore\n")
