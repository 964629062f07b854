"""BAI2 control totals, record counts and missing trailers."""

from __future__ import annotations

import pytest

from core.records import Finding, TransactionRecord
from statements.bai2 import BAI2
from statements.base import ParseOptions

HEADER = "01,BANK,ME,040621,0200,1,,,2/"
GROUP = "02,R,O,1,040620,,USD,/"
# 03 has one continuation, the details have two; credits of 400 and a debit of 100.
ACCOUNT = (
    "03,1,,010,1000/",
    "88,,,015,1200,,/",
    "16,165,400,,,,A",
    "88,B",
    "16,455,100,,,,C",
    "88,D",
)


def findings(*lines: str) -> list[Finding]:
    records = BAI2.parse(["\n".join(lines).encode() + b"\n"], ParseOptions())
    return [record for record in records if isinstance(record, Finding)]


def trailers(account: str, group: str, file: str) -> list[Finding]:
    return findings(HEADER, GROUP, *ACCOUNT, account, group, file)


def test_totals_and_counts_of_the_specification_say_nothing() -> None:
    assert trailers("49,2700,7/", "98,2700,1,9/", "99,2700,1,11/") == []


@pytest.mark.parametrize(
    ("account", "group", "file"),
    [
        ("49,,/", "98,,,/", "99,,,/"),
        ("49,2700,/", "98,2700,,9/", "99,2700,,/"),
        ("49/", "98/", "99/"),
        ("49,+0000000002700,7/", "98,+2700,1,9/", "99,2700,1,11"),
        ("49,2700,7/", "98,2700,9,/", "99,2700,1,11/"),  # no number of accounts
        ("49,2700,7/", "98,2700,9/", "99,2700,1,11/"),
    ],
)
def test_blank_and_abridged_trailers_are_accepted(account: str, group: str, file: str) -> None:
    assert trailers(account, group, file) == []


@pytest.mark.parametrize(
    ("account", "group", "file", "code", "convention"),
    [
        ("49,500,7/", "98,500,1,9/", "99,500,1,11/", "control-total-convention", "details only"),
        (
            "49,300,7/",
            "98,300,1,9/",
            "99,300,1,11/",
            "control-total-convention",
            "credits less debits of details",
        ),
        (
            "49,2700,4/",
            "98,2700,1,6/",
            "99,2700,1,8/",
            "record-count-convention",
            "no continuations",
        ),
        (
            "49,2700,5/",
            "98,2700,1,7/",
            "99,2700,1,9/",
            "record-count-convention",
            "continuations of headers only",
        ),
        (
            "49,2700,6/",
            "98,2700,1,8/",
            "99,2700,1,10/",
            "record-count-convention",
            "continuations of details only",
        ),
    ],
)
def test_other_known_convention_is_a_note_once(
    account: str, group: str, file: str, code: str, convention: str
) -> None:
    (note,) = trailers(account, group, file)

    assert (note.severity, note.code, note.control) == ("info", code, False)
    assert convention in note.message


@pytest.mark.parametrize(
    ("account", "group", "file", "codes"),
    [
        ("49,2701,7/", "98,2701,1,9/", "99,2701,1,11/", ["control-total"]),
        ("49,2700,8/", "98,2700,1,10/", "99,2700,1,12/", ["record-count"]),
        ("49,2700,7/", "98,2701,1,9/", "99,2701,1,11/", ["control-total"]),
        ("49,2700,7/", "98,2700,2,9/", "99,2700,1,11/", ["account-count"]),
        ("49,2700,7/", "98,2700,1,9/", "99,2700,2,11/", ["group-count"]),
        ("49,2700,7/", "98,2700,1,9/", "99,2701,2,12/", ["control-total", "record-count"]),
        ("49,x,7/", "98,2700,1,9/", "99,2700,1,11/", ["control-total"]),
        ("49,2700,y/", "98,2700,1,9/", "99,2700,1,11/", ["record-count"]),
    ],
)
def test_mismatch_is_a_control_finding_where_it_first_shows(
    account: str, group: str, file: str, codes: list[str]
) -> None:
    found = trailers(account, group, file)

    assert [finding.code for finding in found][: len(codes)] == codes
    assert all(finding.control and finding.severity == "warning" for finding in found)
    assert not any(finding.rejected for finding in found)


def test_mismatch_tells_what_is_stated_what_was_found_and_what_is_closest() -> None:
    mismatch, *_ = trailers("49,501,7/", "98,501,1,9/", "99,501,1,11/")

    assert mismatch.raw == "501"
    assert mismatch.line == 9
    assert "states 501" in mismatch.message
    assert "2700 (specification)" in mismatch.message
    assert "500 (details only)" in mismatch.message
    assert "300 (credits less debits of details)" in mismatch.message
    assert "closest is details only" in mismatch.message


def test_availability_is_not_in_the_total() -> None:
    assert (
        findings(
            HEADER,
            GROUP,
            "03,1,,100,400,1,S,400,0,0/",
            "16,165,400,S,400,0,0,,,A",
            "49,800,3/",
            "98,800,1,5/",
            "99,800,1,7/",
        )
        == []
    )


FILE = (HEADER, GROUP, *ACCOUNT, "49,2700,7/", "98,2700,1,9/", "99,2700,1,11/")


@pytest.mark.parametrize("kept", range(1, len(FILE)))
def test_file_without_its_last_lines_is_reported_as_truncated(kept: int) -> None:
    found = findings(*FILE[:kept])

    assert [(f.severity, f.code, f.control) for f in found] == [("error", "truncated", True)]


@pytest.mark.parametrize(("lost", "name"), [(8, "49"), (9, "98")])
def test_trailer_that_is_missing_in_the_middle_is_reported(lost: int, name: str) -> None:
    first, *_ = findings(*FILE[:lost], *FILE[lost + 1 :])

    assert (first.severity, first.code, first.control) == ("error", "missing-trailer", True)
    assert name in first.message


def test_file_that_ends_inside_an_amount_does_not_book_a_part_of_it() -> None:
    lines = [HEADER, GROUP, "03,1,,010,1000,,/", "16,165,400,,,,A", "16,165,123456"]
    records = list(BAI2.parse(["\n".join(lines).encode()], ParseOptions()))

    booked = [record for record in records if isinstance(record, TransactionRecord)]
    codes = [record.code for record in records if isinstance(record, Finding)]
    assert [str(record.amount) for record in booked] == ["4.00"]
    assert codes == ["amount-unreadable", "truncated"]
