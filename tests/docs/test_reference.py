"""The reference: generated, complete and not stale."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_group

from cli.generate_reference import reference_files
from cli.main import app
from core.settings import COMMAND_LINE_NAMES, names
from tests.docs.blocks import ROOT

REFERENCE = ROOT / "docs" / "reference"


@pytest.mark.parametrize("path", list(reference_files()), ids=lambda path: path.name)
def test_the_committed_reference_is_what_the_code_says(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == reference_files()[path], "run `make generate`"


def test_every_command_and_option_is_there_and_explained() -> None:
    text = (REFERENCE / "cli.md").read_text(encoding="utf-8")
    for name, command in _commands(get_group(app)).items():
        _, found, section = text.partition(f"## bankfeeds {name}\n")
        section = section.partition("\n## ")[0]
        options = {way for one in command.params for way in one.opts if way.startswith("--")}

        assert found
        assert command.help
        assert options == set(re.findall(r"^\| `(--[\w-]+)", section, re.MULTILINE))
        assert "|  |" not in section, "an option without help"


def test_every_setting_is_there_and_explained() -> None:
    text = (REFERENCE / "settings.md").read_text(encoding="utf-8")

    explained = re.findall(r"^\| `([A-Z_]+)` \|.*\| (\S.*) \|$", text, re.MULTILINE)

    assert [name for name, _ in explained] == list(names())


def test_a_variable_of_an_option_is_no_unknown_setting() -> None:
    variables = {
        one.envvar for command in _commands(get_group(app)).values() for one in command.params
    }

    assert variables - {None} <= set(COMMAND_LINE_NAMES)


def _commands(group: Any) -> dict[str, Any]:
    """The commands that are shown, by all the words that call them."""
    found: dict[str, Any] = {}
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            found |= {f"{name} {inner}": one for inner, one in _commands(command).items()}
        elif not command.hidden:
            found[name] = command
    return found
