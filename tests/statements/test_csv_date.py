"""Dates in cells: one order or pattern for a file, month names, no shifting between days."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statements.csv_date import date_reader, month_number


@pytest.mark.parametrize(
    ("date_format", "cell", "expected"),
    [
        ("DMY", "18.09.2017", date(2017, 9, 18)),
        ("DMY", "2/3/18", date(2018, 3, 2)),
        ("MDY", "2/3/18", date(2018, 2, 3)),
        ("YMD", "2018-02-03", date(2018, 2, 3)),
        ("YMD", "2019.04.19.", date(2019, 4, 19)),
        ("YMD", "20180226", date(2018, 2, 26)),
        ("DMY", "26022018", date(2018, 2, 26)),
        ("YMD", "1900-01-01", date(1900, 1, 1)),
        ("YMD", "2199-12-31", date(2199, 12, 31)),
        ("DMY", "27 Feb 2018", date(2018, 2, 27)),
        ("DMY", "10Feb18", date(2018, 2, 10)),
        ("DMY", "12-Dec-2019", date(2019, 12, 12)),
        ("DMY", "3. März 2020", date(2020, 3, 3)),
        ("DMY", "5 août 2020", date(2020, 8, 5)),
        ("DMY", "12 de marzo de 2024", date(2024, 3, 12)),
        ("DMY", "1 giugno 2021", date(2021, 6, 1)),
        ("DMY", "7 mrt. 2021", date(2021, 3, 7)),
        ("MDY", "Feb 27, 2018", date(2018, 2, 27)),
        ("%d.%m.%y", "22.02.18", date(2018, 2, 22)),
        ("%d%m%Y", "01022018", date(2018, 2, 1)),
        ("%d %b %y", "10 Feb 18", date(2018, 2, 10)),
        ("%Y-%m-%d %H:%M:%S +0000", "2018-02-25 12:34:56 +0000", date(2018, 2, 25)),
    ],
)
def test_dates_are_read(date_format: str, cell: str, expected: date) -> None:
    assert date_reader(date_format)(cell) == expected


@pytest.mark.parametrize(
    "cell",
    ["2025-03-01T23:59:59-11:00", "2025-03-01T00:00:01+14:00", "2025-03-01 00:30:00Z"],
)
def test_a_time_and_its_zone_never_move_the_day(cell: str) -> None:
    assert date_reader("YMD")(cell) == date(2025, 3, 1)


@pytest.mark.parametrize(
    ("date_format", "cell"),
    [
        ("DMY", "31.02.2018"),
        ("DMY", "2018-02-03"),
        ("DMY", "Feb 27, 2018"),
        ("DMY", "01/02-2018"),
        ("DMY", "1 jui 2020"),
        ("DMY", ""),
        ("DMY", "yesterday"),
        ("MDY", "13/01/2020"),
        ("YMD", "10 Feb 18"),
        ("%d%m%Y", "1022018"),
        ("%d.%m.%Y", "1.2.18"),
        ("DMY", "1" + " " * 100_000),
    ],
)
def test_what_does_not_fit_is_no_date(date_format: str, cell: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        date_reader(date_format)(cell)


def test_two_digit_years_pivot_as_posix_does() -> None:
    read = date_reader("DMY")

    assert read("01.01.68").year == 2068
    assert read("01.01.69").year == 1969


@pytest.mark.parametrize("pattern", ["%d.%m", "%d.%m.%Y %Q", "dd.mm.yyyy", "%d%d%m%Y", "%"])
def test_a_pattern_without_day_month_and_year_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="%"):
        date_reader(pattern)


def test_month_names_that_fit_two_months_are_refused() -> None:
    assert month_number("jui") is None
    assert month_number("juil") == 7
    assert month_number("ma") is None
    assert month_number("DÉC.") == 12


@given(st.dates(min_value=date(1000, 1, 1)), st.sampled_from("./- "))
def test_every_written_date_is_read_back(day: date, separator: str) -> None:
    parts = {"D": f"{day.day:02}", "M": f"{day.month:02}", "Y": f"{day.year:04}"}

    for order in ("DMY", "MDY", "YMD"):
        text = separator.join(parts[part] for part in order)
        assert date_reader(order)(text) == day


@given(st.text(max_size=70))
def test_any_text_is_a_date_or_a_value_error(cell: str) -> None:
    for date_format in ("DMY", "MDY", "YMD", "%d %b %Y"):
        try:
            found = date_reader(date_format)(cell)
        except ValueError:
            continue
        assert isinstance(found, date)
