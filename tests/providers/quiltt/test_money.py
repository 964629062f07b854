"""Money of Quiltt: exact where it is exact, and free of what binary sums leave behind."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidMoney
from core.money import minor_units
from providers.http import read_json
from providers.quiltt.money import exact, without_noise


@pytest.mark.parametrize(
    ("text", "currency", "expected"),
    [
        ("-56.78", "USD", "-56.78"),
        ("12.00", "USD", "12.00"),
        ("100", "USD", "100"),
        ("0", "USD", "0"),
        ("-0.0", "USD", "-0.0"),
        ("0.30000000000000004", "USD", "0.30"),
        ("56.780000000000001", "USD", "56.78"),
        ("1234.5599999999997", "USD", "1234.56"),
        ("-99.99000000000001", "USD", "-99.99"),
        ("512000", "JPY", "512000"),
        ("512000.00000000006", "JPY", "512000"),
        ("905.125", "KWD", "905.125"),
        ("905.1250000000001", "KWD", "905.125"),
        ("1e3", "USD", "1E+3"),
        # Nothing of this is noise: somebody means the third decimal, or the eighth.
        ("3.999", "USD", "3.999"),
        ("0.005", "USD", "0.005"),
        ("12.345", "USD", "12.345"),
        ("0.00000001", "USD", "0.00000001"),
        ("0.12345678000000001", "USD", "0.12345678"),
    ],
)
def test_an_amount_is_what_its_text_means(text: str, currency: str, expected: str) -> None:
    assert exact(read_json(text.encode()), currency) == Decimal(expected)


@pytest.mark.parametrize(
    "text",
    ["12.3456789123", "1e15", "100000000000000", "1e-9", "1e999999", "true", "null", '"12.00"'],
)
def test_what_cannot_be_kept_exactly_is_no_amount(text: str) -> None:
    with pytest.raises(InvalidMoney):
        exact(read_json(text.encode()), "USD")


@given(minor=st.integers(-(10**12), 10**12), currency=st.sampled_from(["USD", "JPY", "KWD", "CLF"]))
def test_every_amount_of_minor_units_comes_through_a_float_unharmed(
    minor: int, currency: str
) -> None:
    amount = Decimal(minor).scaleb(-minor_units(currency))

    said = read_json(json.dumps(float(amount)).encode())

    assert exact(said, currency) == amount


@given(st.lists(st.integers(-10_000_00, 10_000_00), min_size=2, max_size=200))
def test_a_sum_of_floats_is_the_sum_of_the_amounts(minors: list[int]) -> None:
    total = 0.0
    for minor in minors:
        total += minor / 100

    said = read_json(json.dumps(total).encode())

    # A sum around zero may have lost more than its own digits tell of.
    if abs(sum(minors)) > 100_00:
        assert exact(said, "USD") == Decimal(sum(minors)).scaleb(-2)


@given(st.decimals(allow_nan=False, allow_infinity=False), st.integers(0, 4))
def test_taking_noise_away_twice_takes_nothing_more(number: Decimal, decimals: int) -> None:
    once = without_noise(number, decimals=decimals)

    assert without_noise(once, decimals=decimals) == once
    assert abs(once - number) <= Decimal("0.0005").scaleb(-decimals) or once == number
