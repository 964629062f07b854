"""Decision records: one page each, with the same sections, numbered without a gap, all listed."""

from __future__ import annotations

import re

import pytest

from tests.docs.blocks import ROOT

FOLDER = ROOT / "docs" / "decisions"
RECORDS = sorted(FOLDER.glob("[0-9]*.md"))
SECTIONS = ["Context", "Decision", "Consequences", "Alternatives"]
PAGE_LINES_MAX = 75


def test_numbers_have_no_gap() -> None:
    numbers = [int(record.name[:4]) for record in RECORDS]

    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.stem)
def test_a_record_is_one_page_in_the_agreed_form(record: object) -> None:
    assert isinstance(record, type(ROOT))
    text = record.read_text(encoding="utf-8")
    first, _, status, *_ = text.splitlines()

    assert re.fullmatch(rf"# {record.name[:4]} \S.+", first)
    assert re.fullmatch(r"Status: (accepted|superseded by \d{4}) · Date: \d{4}-\d\d-\d\d", status)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS
    assert len(text.splitlines()) <= PAGE_LINES_MAX


def test_the_list_names_every_record_by_its_title() -> None:
    listed = (FOLDER / "README.md").read_text(encoding="utf-8")
    titles = [record.read_text(encoding="utf-8").splitlines()[0][2:] for record in RECORDS]

    missing = [
        title
        for title, record in zip(titles, RECORDS, strict=True)
        if f"[{title}]({record.name})" not in listed
    ]

    assert not missing, "list it in docs/decisions/README.md:\n" + "\n".join(missing)
