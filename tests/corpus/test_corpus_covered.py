"""Every file of the corpus is expected by a test, or listed here with the reason why not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CORPUS = HERE.parents[1] / "../shared/corpus"
# Folders whose files no list of expectations names.
ELSEWHERE = {
    "json": "declared mappings read them; tests of these name files of their own",
    "xml": "declared mappings read them; tests of these name files of their own",
    "qif": "no reader of this format is here yet",
    "LICENSES": "licences, no statements",
    "MANIFEST.md": "the list of the corpus",
}

pytestmark = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the corpus is not beside the repository"
)


def expected(folder: str) -> set[str]:
    """The names that the expectations of a format have, below the corpus."""
    names = json.loads((HERE / f"{folder}_expected.json").read_text("utf-8"))
    return {name if name.startswith("mt94") else f"{folder}/{name}" for name in names}


def test_every_file_is_expected() -> None:
    listed: set[str] = set().union(
        *(expected(folder) for folder in ("bai2", "camt", "csv", "mt940", "ofx"))
    )
    found = {
        str(path.relative_to(CORPUS))
        for path in CORPUS.rglob("*")
        if path.is_file() and not path.name.endswith(".expected.json")
    }

    missed = {name for name in found - listed if name.split("/")[0] not in ELSEWHERE}
    assert missed == set()
    assert listed <= found
