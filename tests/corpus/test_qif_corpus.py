"""Real QIF files of another reader's tests, against what stands in them.

`qif_expected.json` has the rows as their lines have them. Where that reader fails (a security
without symbol, categories in a circle), nothing of a transaction is in question, and the file is
read. Files are not part of this repository.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.errors import Unreadable
from statements.qif import QIF
from tests.fixtures.csv_reading import codes, rows
from tests.fixtures.qif_file import read_qif

CORPUS = Path(__file__).resolve().parents[2] / "../shared/corpus/qif"
FOLDER = CORPUS / "isaacharrisholt+quiffen/tests/test_files"
EXPECTED: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("qif_expected.json").read_text("utf-8")
)
READABLE = sorted(name for name, expected in EXPECTED.items() if "unreadable" not in expected)

pytestmark = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the corpus is not beside the repository"
)


def test_every_file_of_the_corpus_is_expected() -> None:
    assert {path.name for path in CORPUS.rglob("*") if path.is_file()} == set(EXPECTED)


@pytest.mark.parametrize("name", READABLE)
def test_rows_and_findings_are_those_of_the_file(name: str) -> None:
    content = (FOLDER / name).read_bytes()

    records = read_qif(content)

    assert [
        [str(row.posted_date), str(row.amount), row.merchant_name] for row in rows(records)
    ] == (EXPECTED[name]["rows"])
    assert codes(records) == EXPECTED[name]["findings"]
    assert QIF.recognise(content) >= 60


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(Unreadable) as refused:
        read_qif((FOLDER / "empty.qif").read_bytes())

    assert refused.value.code == EXPECTED["empty.qif"]["unreadable"]
