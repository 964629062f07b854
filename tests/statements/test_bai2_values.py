"""BAI2 field values: amounts, two-digit years, times."""

from __future__ import annotations

from datetime import date
from decimal import Context, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statements.bai2_codes import TYPE_CODES, Kind
from statements.bai2_values import Dates, clock, minor_amount, scaled, scaled_text

EXACT = Context(prec=60)
EVER = (date(1900, 1, 1), date(2199, 12, 31))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("260316", date(2026, 3, 16)),
        ("680101", date(2068, 1, 1)),
        ("690101", date(1969, 1, 1)),
        ("991231", date(1999, 12, 31)),
        ("000229", date(2000, 2, 29)),
        ("212209", None),
        ("260230", None),
        ("", None),
        ("2603", None),
        ("\u0662\u0666\u0660\u0663\u0661\u0666", None),
    ],
)
def test_two_digit_years_turn_at_69(text: str, expected: date | None) -> None:
    assert Dates(EVER).read(text) == expected


def test_window_of_the_connection_decides_the_century() -> None:
    this_century = Dates((date(2000, 1, 1), date(2099, 12, 31)))
    last_century = Dates((date(1900, 1, 1), date(1999, 12, 31)))

    assert this_century.read("991231") == date(2099, 12, 31)
    assert last_century.read("260316") == date(1926, 3, 16)
    assert Dates((date(2020, 1, 1), date(2030, 1, 1))).read("991231") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0944", "09:44"),
        ("14:59:35", "14:59"),
        ("14:59", "14:59"),
        ("145935", "14:59"),
        ("0000", "00:00"),
        ("2359", "23:59"),
        ("2575", None),
        ("abc", None),
        ("2400", None),
    ],
)
def test_times_of_the_day(text: str, expected: str | None) -> None:
    assert clock(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("001", 1),
        ("+000000000000", 0),
        ("-3500", -3500),
        ("9" * 30, int("9" * 30)),
        ("12.50", None),
        ("1_000", None),
        ("", None),
        ("9" * 5000, None),
        ("١٢", None),
    ],
)
def test_amounts_are_whole_minor_units(text: str, expected: int | None) -> None:
    assert minor_amount(text) == expected


@given(minor=st.integers(-(10**30), 10**30), decimals=st.integers(0, 8))
def test_scaling_is_exact(minor: int, decimals: int) -> None:
    amount = scaled(minor, decimals)

    assert int(amount.scaleb(decimals, context=EXACT)) == minor
    assert amount.as_tuple().exponent == -decimals
    assert Decimal(scaled_text(str(minor), decimals)) == amount


@given(digits=st.text("0123456789", min_size=1, max_size=25), decimals=st.integers(0, 8))
def test_amounts_as_text_read_as_the_amounts(digits: str, decimals: int) -> None:
    assert Decimal(scaled_text(digits, decimals)) == scaled(int(digits), decimals)


def test_every_code_there_can_be_has_a_kind_and_its_range_a_direction() -> None:
    listed = [code for code in TYPE_CODES.values() if code.listed]

    assert len(TYPE_CODES) == 1000
    assert len(listed) == 484
    for code in listed:
        if 100 <= int(code.code) < 400:
            assert code.kind in {Kind.CREDIT_DETAIL, Kind.CREDIT_SUMMARY}
        if 400 <= int(code.code) < 700:
            assert code.kind in {Kind.DEBIT_DETAIL, Kind.DEBIT_SUMMARY}


@pytest.mark.parametrize(
    ("code", "sign"),
    [
        ("165", ""),
        ("699", "-"),
        ("721", ""),
        ("728", ""),
        ("706", ""),
        ("760", "-"),
        ("829", ""),
        ("701", None),
        ("010", None),
        ("890", None),
        ("900", None),
        ("920", ""),
        ("960", "-"),
        ("850", None),
        ("199", ""),
        ("599", "-"),
    ],
)
def test_direction_comes_from_the_code(code: str, sign: str | None) -> None:
    assert TYPE_CODES[code].sign == sign
