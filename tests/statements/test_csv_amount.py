"""Amounts in cells: the forms that banks write, and what is never guessed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidMoney
from statements.csv_amount import AmountReader

POINT = AmountReader(decimal_mark=".", thousands=",")
COMMA = AmountReader(decimal_mark=",", thousands=".")


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        ("12.50", "12.50"),
        ("-110.7", "-110.7"),
        ("+50.00", "50.00"),
        ("(12.50)", "-12.50"),
        ("$(5.00)", "-5.00"),
        ("( 5.00 )", "-5.00"),
        ("12.50-", "-12.50"),
        ("12.50 -", "-12.50"),
        ("1,183.23", "1183.23"),
        ("+ £1,100.00", "1100.00"),
        ("1'234'567.80", "1234567.80"),
        ("1\u2019234.80", "1234.80"),
        ("1 234.56", "1234.56"),
        ("1\u00a0234.56", "1234.56"),
        ("\u00a01\u202f234.56\u00a0", "1234.56"),
        ("\u221212.50", "-12.50"),
        ("CHF 12.50", "12.50"),
        ("12.50 kr", "12.50"),
        ("R$ 5.00", "5.00"),
        (".50", "0.50"),
        ("1,000.-", "1000"),
        ("1000.--", "1000"),
        ("0.00", "0.00"),
        ("1.500000000000", "1.50000000"),
    ],
)
def test_amounts_with_a_decimal_point(cell: str, amount: str) -> None:
    assert str(POINT.read(cell).value) == amount


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        ("1.234", "1234"),
        ("-3.000", "-3000"),
        ("1.234,56", "1234.56"),
        ("1000,-", "1000"),
        ("-1.000,--", "-1000"),
        ("€ 12,50", "12.50"),
        ("12,50 €", "12.50"),
        ("1 234 567,8", "1234567.8"),
    ],
)
def test_amounts_with_a_decimal_comma(cell: str, amount: str) -> None:
    assert COMMA.read(cell).value == Decimal(amount)


@pytest.mark.parametrize(
    "cell",
    [
        "12,50",
        "1,23",
        "1.234,56",
        "1,23,456.78",
        "0,123.00",
        "1,2345",
        "1,234 567.00",
        "1.",
        "12.34.56",
        "--5",
        "(-5)",
        "-5-",
        "1e5",
        "NaN",
        "Infinity",
        "",
        "twelve",
        "=1+1",
        "+1+1",
        "@SUM(A1:A9)",
        "=cmd|'/c calc'!A1",
        "12.345678901",
        "9" * 30,
        "1234567890123456789012345.123456789",
        "USD 1.00 EUR",
        "1" + " " * 100_000 + "2",
        "\u0661\u0662",
    ],
)
def test_what_does_not_fit_the_profile_is_rejected(cell: str) -> None:
    with pytest.raises(InvalidMoney):
        POINT.read(cell)


def test_a_point_parts_thousands_only_where_the_profile_says_so() -> None:
    strict = AmountReader(decimal_mark=",")

    assert COMMA.read("1.234").value == 1234
    with pytest.raises(InvalidMoney):
        strict.read("1.234")


def test_whole_numbers_only() -> None:
    whole = AmountReader(decimal_mark="none")

    assert whole.read("-350").value == -350
    for cell in ("1.5", "1,500", "3.50"):
        with pytest.raises(InvalidMoney, match="whole numbers"):
            whole.read(cell)


def test_indian_grouping() -> None:
    indian = AmountReader(decimal_mark=".", thousands=",", indian=True)

    assert indian.read("12,34,567.00").value == 1234567
    assert indian.read("1,234.00").value == 1234
    with pytest.raises(InvalidMoney):
        indian.read("1,234,567.00")


def test_the_currency_and_the_side_beside_the_number_are_told() -> None:
    assert POINT.read("EUR 1.00").currency == "EUR"
    assert POINT.read("1.00 €").currency == "EUR"
    assert POINT.read("$1.00").currency is None
    assert POINT.read("1.00 CR").side == "C"
    assert POINT.read("1.00 dr").side == "D"


def test_zero_has_no_sign() -> None:
    assert str(POINT.read("-0.00").value) == "0.00"


@given(
    cents=st.integers(min_value=-(10**14) + 1, max_value=10**14 - 1),
    scale=st.integers(min_value=1, max_value=8),
    grouped=st.booleans(),
    style=st.sampled_from([("minus", "-{}"), ("trailing", "{}-"), ("brackets", "({})")]),
)
def test_every_written_amount_is_read_back(
    cents: int, scale: int, grouped: bool, style: tuple[str, str]
) -> None:
    amount = Decimal(cents).scaleb(-scale)
    digits = f"{abs(amount):,.{scale}f}" if grouped else f"{abs(amount):.{scale}f}"
    text = style[1].format(digits) if amount < 0 else digits
    swapped = text.translate(str.maketrans(".,", ",."))

    assert POINT.read(text).value == amount
    assert COMMA.read(swapped).value == amount


@given(st.text(max_size=80))
def test_any_text_is_an_amount_or_rejected(cell: str) -> None:
    for reader in (POINT, COMMA):
        try:
            value = reader.read(cell).value
        except InvalidMoney:
            continue
        assert value.is_finite()
        assert any(map(str.isdigit, cell))
