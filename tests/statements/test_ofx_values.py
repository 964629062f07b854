"""OFX field values: amounts as banks write them, days that stay days."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from core.errors import InvalidMoney
from core.money import storable
from statements.base import ParseOptions
from statements.ofx_values import Moments, read_amount, unescaped

MOMENTS = Moments(ParseOptions().dates)


@pytest.mark.parametrize(
    ("text", "amount", "odd"),
    [
        ("-12.34", "-12.34", False),
        ("+12.34", "12.34", False),
        ("-12,34", "-12.34", False),
        (".5", "0.5", False),
        ("5.", "5", False),
        ("-.5", "-0.5", False),
        (",5", "0.5", True),
        ("-30.000", "-30.000", False),
        ("1.234", "1.234", False),
        ("1,234", "1.234", True),
        ("1234,567", "1234.567", False),
        ("1.234,56", "1234.56", True),
        ("1,234.56", "1234.56", True),
        ("-1,234,567.8", "-1234567.8", True),
        ("1,234,567", "1234567", True),
        ("+1 006,60", "1006.60", True),
        ("1\u00a0006,60", "1006.60", True),
        ("\u2212 5.00", "-5.00", True),
        ("5.00-", "-5.00", True),
        ("(5.00)", "-5.00", True),
        ("5.00 DR", "-5.00", True),
        ("5.00 CR", "5.00", True),
        ("-00000000000000.9700", "-0.97", False),
        ("+00000000002571.450000000", "2571.45", False),
        ("-0.00", "0.00", False),
        ("99999999999999.99", "99999999999999.99", False),
    ],
)
def test_amounts_are_read_as_the_number_that_they_show(text: str, amount: str, odd: bool) -> None:
    found = read_amount(text)

    assert found.value == Decimal(amount) == storable(found.value)
    assert (found.odd is not None) == odd


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "1.2.3,4",
        "--5",
        "1e5",
        "NaN",
        "Infinity",
        "0x1",
        "1_000",
        "100000000000000",
        "\u0661",
        ".",
        "1.123456789",
        "5" * 65,
        "0" * 100_000,
        "12 34",
        "1,23,456",
    ],
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(InvalidMoney):
        read_amount(text)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("20260131", None),
        (" 20260131 ", None),
        ("20260131000000", None),
        ("20260131120000.000[-5:EST]", None),
        ("20260131235959[-12]", "23:59"),
        ("20260131003000.123[+13:NZDT]", "00:30"),
        ("202601310930", "09:30"),
        ("20260131240000", None),
        ("2026-01-31", None),
        ("2026-01-31T09:30:00Z", "09:30"),
        ("2026/01/31", None),
        ("20260131[-:EST]", None),
    ],
)
def test_a_day_is_that_which_the_bank_writes(text: str, time: str | None) -> None:
    moment = MOMENTS.read(text)

    assert moment is not None
    assert (moment.day, moment.time) == (date(2026, 1, 31), time)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "00000000",
        "20260230",
        "20261301",
        "2026013",
        "310126",
        "31/01/2026",
        "18991231",
        "22000101",
        "2026-0131",
        "\u0662\u0660260131",
        "9" * 100_000,
    ],
)
def test_what_is_no_day_of_the_years_allowed_is_none(text: str) -> None:
    assert MOMENTS.read(text) is None


def test_entities_are_read_once() -> None:
    assert unescaped("&amp;lt; &lt; &apos;&quot;&nbsp;&#x1F375;") == "&lt; < '\"\u00a0\U0001f375"
