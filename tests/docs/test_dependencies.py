"""Dependencies: each has a reason on record, and nothing is on record that is no dependency."""

from __future__ import annotations

import re
import tomllib

from tests.docs.blocks import ROOT

RECORD = ROOT / "docs" / "decisions" / "0008-dependencies.md"


def test_the_record_lists_exactly_what_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [entry for extra in project["optional-dependencies"].values() for entry in extra]
    entries = [*project["dependencies"], *extras]
    declared = {re.split(r"[\[<>=~;! ]", entry)[0] for entry in entries}

    recorded = set(re.findall(r"^\| `([\w-]+)` \|", RECORD.read_text("utf-8"), re.MULTILINE))

    assert recorded == declared
