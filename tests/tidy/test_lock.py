"""The lock: pins what pyproject.toml asks for, and each pin by its hashes."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from typing import Final

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.tidy.tree import ROOT

LOCK: Final = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PROJECT: Final = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ASKED: Final = [*PROJECT["project"]["dependencies"], *PROJECT["dependency-groups"]["dev"]]
PINS: Final = dict(re.findall(r"^([\w.-]+)(?:\[[^]]*\])?==([\w.+!-]+)", LOCK, re.MULTILINE))
EXTRAS: Final = {
    name: {canonicalize_name(extra) for extra in extras.split(",")}
    for name, extras in re.findall(r"^([\w.-]+)\[([^]]*)\]==", LOCK, re.MULTILINE)
}


@pytest.mark.parametrize("line", ASKED)
def test_what_is_asked_for_is_pinned(line: str) -> None:
    asked = Requirement(line)

    pinned = PINS[canonicalize_name(asked.name)]

    assert asked.specifier.contains(pinned), "make the lock anew, as its first lines say"


def test_every_pin_has_a_hash() -> None:
    entries = re.split(r"\n(?=\S)", re.sub(r"^#.*\n", "", LOCK, flags=re.MULTILINE).strip())

    assert len(entries) >= len(PINS)
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []


def test_extras_that_packages_ask_of_each_other_are_pinned() -> None:
    # pip before 23.3 pins `coverage`, but takes the newest `coverage[toml]` and refuses its hash.
    missing = [
        f"{asked} of {name}"
        for name in PINS
        for asked in _asked_by(name)
        if not {canonicalize_name(extra) for extra in asked.extras}
        <= EXTRAS.get(canonicalize_name(asked.name), set())
    ]

    assert missing == [], "make the lock anew, as its first lines say, with --no-strip-extras"


def _asked_by(name: str) -> list[Requirement]:
    try:
        lines = requires(name) or []
    except PackageNotFoundError:  # of another platform
        return []
    extras = EXTRAS.get(canonicalize_name(name), set()) | {""}
    asked = [Requirement(line) for line in lines]
    return [
        each
        for each in asked
        if each.marker is None or any(each.marker.evaluate({"extra": extra}) for extra in extras)
    ]
