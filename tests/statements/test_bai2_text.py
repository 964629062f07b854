"""Where the fields of a BAI2 detail end and its text begins; continuation in every place."""

from __future__ import annotations

import pytest

from statements.bai2_text import detail_text, split_detail


def fields_and_text(*lines: str) -> tuple[list[str], list[str]]:
    return split_detail(lines[0], lines[1:], cut=False)


def test_text_holds_commas_and_slashes() -> None:
    fields, text = fields_and_text("16,447,60000,,SPB23,AB/GS/1,ACH, To: A/B; -, SEC: CCD")

    assert fields == ["447", "60000", "", "SPB23", "AB/GS/1"]
    assert text == ["ACH, To: A/B; -, SEC: CCD"]


def test_slash_at_the_end_of_a_line_stands_for_the_comma() -> None:
    # BAI2 version 2, "Continuation Record": the sample of a lockbox deposit
    fields, text = fields_and_text(
        "16,115,10000000,S,5000000,4000000,1000000/", "88,AX13612,B096132,AMALGAMATED CORP. LOCKBOX"
    )

    assert fields == ["115", "10000000", "S", "5000000", "4000000", "1000000", "AX13612", "B096132"]
    assert text == ["AMALGAMATED CORP. LOCKBOX"]


def test_text_may_begin_on_a_continuation_of_its_own() -> None:
    fields, text = fields_and_text("16,165,1,S,1,0,0/", "88,TRACE1,CUST REF 79/", "88,THE TEXT")

    assert fields[-2:] == ["TRACE1", "CUST REF 79"]
    assert text == ["THE TEXT"]


def test_comma_and_slash_leave_the_text_of_that_line_empty() -> None:
    fields, text = fields_and_text("16,174,25001,Z,,50848,/", "88,SAMPLE TEXT,/")

    assert fields == ["174", "25001", "Z", "", "50848"]
    assert text == ["SAMPLE TEXT,/"]


def test_continuation_inside_text_may_begin_with_a_slash() -> None:
    _, text = fields_and_text("16,195,1,,,,WIRE", "88,/MEXICO ;")

    assert text == ["WIRE", "/MEXICO ;"]


def test_line_without_a_code_goes_on_with_the_text() -> None:
    _, text = fields_and_text("16,142,2500,Z,,,ACH 111", "88:EREF: 0737", "88,B")

    assert text == ["ACH 111", "88:EREF: 0737", "B"]


def test_line_without_a_code_goes_on_with_the_field_it_broke() -> None:
    fields, text = fields_and_text("16,142,25", "00,Z,REF,CUST,TEXT")

    assert fields == ["142", "2500", "Z", "REF", "CUST"]
    assert text == ["TEXT"]


@pytest.mark.parametrize(
    ("funds", "count"),
    [
        ("Z", 0),
        ("", 0),
        ("0", 0),
        ("1", 0),
        ("2", 0),
        ("V,260316,", 2),
        ("S,1,,", 3),
        ("D,0", 1),
        ("D,2,0,5,1,6", 5),
        ("d,1,0,5", 3),
    ],
)
def test_references_follow_the_subfields_of_the_funds_type(funds: str, count: int) -> None:
    fields, text = fields_and_text(f"16,165,100,{funds},BANK,CUST,TEXT")

    assert len(fields) == 5 + count
    assert fields[-2:] == ["BANK", "CUST"]
    assert text == ["TEXT"]


def test_file_that_ends_inside_a_field_loses_that_field_alone() -> None:
    fields, _ = split_detail("16,165,15", [], cut=True)

    assert fields == ["165"]


@pytest.mark.parametrize(
    ("delivered", "raw", "description"),
    [
        ("RETURNED CHEQUE     /", "RETURNED CHEQUE     ", "RETURNED CHEQUE"),
        ("A//", "A/", "A/"),
        ("A/  ", "A", "A"),
        ("A /\n  B/", "A /\n  B", "A / B"),
        (" DEALER  PAYMENTS ", " DEALER  PAYMENTS ", "DEALER PAYMENTS"),
        ("NO\u00a0BREAK\tTAB", "NO\u00a0BREAK\tTAB", "NO BREAK TAB"),
        ("/", "", ""),
        (" /", "", ""),
        ("", "", ""),
    ],
)
def test_one_slash_is_taken_from_the_end_and_blanks_are_folded(
    delivered: str, raw: str, description: str
) -> None:
    assert detail_text(delivered) == (raw, description)
