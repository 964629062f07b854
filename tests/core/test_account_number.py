"""Account numbers: masked where they are shown, and hidden in lines of files."""

from __future__ import annotations

import pytest

from core.account_number import masked, plain_number, shown_tail, without_numbers


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("0004-1234 5678", "••••5678"),
        ("GB29 NWBK 6016 1331 9268 19", "••••6819"),
        ("123456", "••••456"),
        ("1234", "••••34"),
        ("7", "••••"),
        ("", "••••"),
    ],
)
def test_at_most_four_characters_and_never_more_than_half_are_shown(
    number: str, shown: str
) -> None:
    assert masked(number) == shown


def test_a_number_is_compared_without_blanks_and_dashes() -> None:
    assert plain_number("gb29 nwbk-6016") == "GB29NWBK6016"


def test_a_field_that_is_a_known_number_is_masked_and_nothing_else() -> None:
    line = "03,0012345678,EUR,015,0012345678901,,/"

    assert without_numbers(line, {"0012345678"}) == "03,••••5678,EUR,015,0012345678901,,/"


def test_numbers_between_tags_are_masked() -> None:
    line = "<ACCTID>0012345678</ACCTID><FITID>0012345678901"

    assert without_numbers(line, {"0012345678"}) == (
        "<ACCTID>••••5678</ACCTID><FITID>0012345678901"
    )


@pytest.mark.parametrize("around", ["L[{}]", "<row n='{}'>", '{{"n": {}}}', '"{}"', "n={}"])
def test_numbers_in_other_marks_are_masked(around: str) -> None:
    masked_line = without_numbers(around.format("0012345678"), {"0012345678"})

    assert masked_line.replace(" ", "") == around.format("••••5678").replace(" ", "")


@pytest.mark.parametrize(
    ("number", "tail"),
    [
        ("****2051", "2051"),
        ("XXXX-XXXX 2051", "2051"),
        ("4111 11xx xxxx 1111", "1111"),
        ("DE02••••2051", "2051"),
        ("...051", "051"),
        ("DE02120300000000202051", None),
        ("Savings 2051", None),
        ("****51", None),
        ("MAXX2051", None),
    ],
)
def test_a_source_that_hides_a_number_tells_its_end(number: str, tail: str | None) -> None:
    assert shown_tail(number) == tail
