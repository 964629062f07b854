"""The lock: pins what pyproject.toml asks for, and each pin by its hashes."""

from __future__ import annotations

import re
import tomllib
from typing import Final

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.tidy.tree import ROOT

LOCK: Final = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PROJECT: Final = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ASKED: Final = [*PROJECT["project"]["dependencies"], *PROJECT["dependency-groups"]["dev"]]
PINS: Final = dict(re.findall(r"^([\w.-]+)==([\w.+!-]+)", LOCK, re.MULTILINE))


@pytest.mark.parametrize("line", ASKED)
def test_what_is_asked_for_is_pinned(line: str) -> None:
    asked = Requirement(line)

    pinned = PINS[canonicalize_name(asked.name)]

    assert asked.specifier.contains(pinned), "make the lock anew, as its first lines say"


def test_every_pin_has_a_hash() -> None:
    entries = re.split(r"\n(?=\S)", re.sub(r"^#.*\n", "", LOCK, flags=re.MULTILINE).strip())

    assert len(entries) >= len(PINS)
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []
