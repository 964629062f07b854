"""Proposals for files of any format: CSV and QIF are looked at, JSON and XML are a person's."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from core.errors import Unreadable
from statements.base import ParseOptions
from statements.proposing import propose
from statements.qif import QIF
from tests.fixtures.csv_reading import rows
from tests.fixtures.qif_file import QifRow, QifStyle, qif

EARLY = QifRow(day=date(2026, 3, 4), amount=Decimal("-1.50"))
LATE = QifRow(day=date(2026, 3, 31), amount=Decimal("-1.50"))


def test_a_csv_file_is_proposed_for_by_its_columns() -> None:
    proposal = propose(b"Date,Text,Amount\n2024-01-31,Coffee,-4.50\n2024-02-01,Tea,-2.50\n")

    assert proposal.profile is not None
    assert proposal.profile.format == "csv"


@pytest.mark.parametrize("order", ["DMY", "MDY"])
def test_a_clear_qif_file_needs_no_question(order: str) -> None:
    content = qif([EARLY, LATE], style=QifStyle(order=order, mark=","))

    proposal = propose(content)

    assert proposal.draft == {"format": "qif", "dateFormat": order, "decimalMark": ","}
    assert proposal.profile is not None
    options = ParseOptions(currency="EUR", profile=proposal.profile)
    assert [row.posted_date for row in rows(list(QIF.parse([content], options)))] == [
        EARLY.day,
        LATE.day,
    ]


def test_an_ambiguous_qif_file_is_asked_about() -> None:
    proposal = propose(b"!Type:Bank\nD04/03/2026\nT1,234\n^\n")

    assert not proposal.complete
    assert [(one.field, one.answers, one.examples) for one in proposal.questions] == [
        ("dateFormat", ("DMY", "MDY"), ("04/03/2026",)),
        ("decimalMark", (".", ","), ("1,234",)),
    ]


def test_a_qif_file_that_contradicts_itself_is_asked_about() -> None:
    dates = propose(b"!Type:Bank\nD31/03/2026\nT1.5\n^\nD03/31/2026\nT1.5\n^\n")
    marks = propose(b"!Type:Bank\nD31/03/2026\nT1.5\n^\nD31/03/2026\nT1,5\n^\n")

    assert [one.field for one in dates.questions] == ["dateFormat"]
    assert [one.field for one in marks.questions] == ["decimalMark"]


@pytest.mark.parametrize(("content", "name"), [(b'{"a": 1}', "json"), (b"<a/>", "xml")])
def test_what_only_a_person_knows_is_not_proposed(content: bytes, name: str) -> None:
    with pytest.raises(Unreadable, match=f'"format": "{name}"') as refused:
        propose(content)

    assert refused.value.code == "profile-by-hand"
