"""Every file of the corpus is of its own format, or of none: no format takes another one's."""

from __future__ import annotations

from pathlib import Path

import pytest

from statements.registry import detect

CORPUS = Path(__file__).resolve().parents[2] / "../shared/corpus"
NAMES = {"mt942": "mt940"}  # told apart by what is in them, by one reader
KINDS = ("bai2", "camt", "csv", "json", "mt940", "mt942", "ofx", "qif", "xml")

pytestmark = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the corpus is not beside the repository"
)


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_is_of_its_own_format_or_of_none(kind: str) -> None:
    found = [
        None if (format := detect(path.read_bytes())) is None else format.name
        for path in sorted((CORPUS / kind).rglob("*"))
        if path.is_file() and not path.name.endswith(".expected.json")
    ]

    assert set(found) <= {NAMES.get(kind, kind), None}
    # Excerpts of single fields, empty files and the like are of no format.
    assert found.count(None) * 5 <= len(found)
