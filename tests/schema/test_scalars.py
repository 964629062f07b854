"""Scalars: exact on the way out, strict on the way in."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis.strategies import decimals

from schema.scalars import (
    read_currency,
    read_date,
    read_decimal,
    read_instant,
    write_decimal,
    write_instant,
)


@given(decimals(min_value=-(10**14) + 1, max_value=10**14 - 1, places=8))
def test_decimal_that_is_written_is_read_as_it_was(value: Decimal) -> None:
    assert read_decimal(write_decimal(value)) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("0E-8"), "0.00000000"),
        (Decimal("1E+3"), "1000"),
        (Decimal("-12.50"), "-12.50"),
        (Decimal("99999999999999.99999999"), "99999999999999.99999999"),
    ],
)
def test_decimal_is_written_in_plain_notation(value: Decimal, text: str) -> None:
    assert write_decimal(value) == text


@pytest.mark.parametrize(
    "given",
    [
        "NaN",
        "Infinity",
        "-inf",
        "1e400",
        "1E2",
        "",
        " 1",
        "1,5",
        "\u0661",
        "1.123456789",
        1.5,
        1,
        None,
        True,
        "1" * 15,
        "9" * 10_000,
    ],
)
def test_decimal_that_cannot_be_exact_is_refused(given: object) -> None:
    with pytest.raises(ValueError, match="Give a decimal"):
        read_decimal(given)


def test_date_is_read_in_one_form_alone() -> None:
    assert read_date("2026-02-28") == date(2026, 2, 28)
    for text in ("20260228", "2026-W09-6", "28.02.2026", 20260228, ""):
        with pytest.raises(ValueError, match="Give a date"):
            read_date(text)
    with pytest.raises(ValueError, match="day"):
        read_date("2026-02-30")


def test_instant_is_told_in_utc() -> None:
    berlin = datetime(2026, 7, 1, 12, 0, tzinfo=timezone(timedelta(hours=2)))

    assert write_instant(berlin) == "2026-07-01T10:00:00Z"
    assert read_instant("2026-07-01T12:00:00+02:00") == datetime(2026, 7, 1, 10, tzinfo=UTC)
    with pytest.raises(ValueError, match="zone"):
        read_instant("2026-07-01T12:00:00")


@pytest.mark.parametrize("given", ["yesterday", "", "2026-02-30T00:00:00Z", "9" * 41, 1795266041])
def test_instant_of_another_shape_is_refused(given: object) -> None:
    with pytest.raises(ValueError, match="Give an instant as"):
        read_instant(given)


@pytest.mark.parametrize("given", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_instant_beyond_the_calendar_is_refused(given: str) -> None:
    with pytest.raises(ValueError, match="years 1 to 9999"):
        read_instant(given)


@pytest.mark.parametrize("given", ["eur", "EURO", "€", "", "ÄÖÜ", 978])
def test_currency_of_another_shape_is_refused(given: object) -> None:
    with pytest.raises(ValueError, match="three capital letters"):
        read_currency(given)
