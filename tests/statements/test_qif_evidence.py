"""QIF dates and amounts: one order and one mark for a whole file, told or asked, never guessed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from core.errors import Unreadable
from tests.fixtures.csv_reading import codes, rows
from tests.fixtures.qif_file import read_qif


def file_of(*dates: str, amount: str = "-1.50") -> str:
    return "!Type:Bank\n" + "".join(f"D{day}\nT{amount}\n^\n" for day in dates)


def days(text: str, **profile: str) -> list[date | None]:
    return [row.posted_date for row in rows(read_qif(text, **profile))]


def amounts(*texts: str, **profile: str) -> list[Decimal]:
    text = "!Type:Bank\n" + "".join(f"D2026-01-31\nT{each}\n^\n" for each in texts)
    return [row.amount for row in rows(read_qif(text, **profile))]


def refusal(text: str) -> Unreadable:
    with pytest.raises(Unreadable) as refused:
        read_qif(text)
    return refused.value


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("31/12/2025", date(2025, 12, 31)),
        ("12/31/2025", date(2025, 12, 31)),
        ("12/31/97", date(1997, 12, 31)),
        ("12/31'05", date(2005, 12, 31)),
        ("12/31' 5", date(2005, 12, 31)),
        (" 6/30'07", date(2007, 6, 30)),
        ("1/ 1'00", date(2000, 1, 1)),
        ("31.12.2025", date(2025, 12, 31)),
        ("31-12-25", date(2025, 12, 31)),
        ("2025-12-01", date(2025, 12, 1)),
        ("2025/12/01", date(2025, 12, 1)),
        ("20251201", date(2025, 12, 1)),
        ("1 Dec 2025", date(2025, 12, 1)),
        ("Dec 1, 2025", date(2025, 12, 1)),
        ("31/12/2025 10:15", date(2025, 12, 31)),
    ],
)
def test_a_date_with_one_reading_needs_no_telling(written: str, day: date) -> None:
    assert days(file_of(written)) == [day]


def test_one_date_decides_for_all_of_them() -> None:
    assert days(file_of("01/02/2025", "13/02/2025")) == [date(2025, 2, 1), date(2025, 2, 13)]
    assert days(file_of("01/02/2025", "02/13/2025")) == [date(2025, 1, 2), date(2025, 2, 13)]


def test_a_date_far_down_decides_for_those_before_it() -> None:
    text = file_of(*["01/02/2025"] * 20_000, "02/13/2025")

    assert set(days(text)) == {date(2025, 1, 2), date(2025, 2, 13)}


def test_dates_of_a_list_decide_nothing() -> None:
    text = "!Type:Prices\nD13/02/2025\n^\n" + file_of("01/02/2025")

    assert refusal(text).code == "date-order-ambiguous"


def test_a_file_that_leaves_the_order_open_is_refused_with_the_remedy() -> None:
    error = refusal(file_of("01/02/2025", "03/04/2025"))

    assert error.code == "date-order-ambiguous"
    assert '"dateFormat": "DMY"' in error.message
    assert days(file_of("01/02/2025"), dateFormat="DMY") == [date(2025, 2, 1)]
    assert days(file_of("01/02/2025"), dateFormat="MDY") == [date(2025, 1, 2)]


def test_a_date_that_both_orders_read_alike_leaves_nothing_open() -> None:
    assert days(file_of("02/02/2025")) == [date(2025, 2, 2)]


def test_dates_that_contradict_each_other_end_the_reading() -> None:
    error = refusal(file_of("13/02/2025", "02/14/2025"))

    assert (error.code, error.line) == ("date-order-contradictory", 5)


def test_under_a_profile_a_misfit_is_a_finding() -> None:
    records = read_qif(file_of("13/02/2025", "02/14/2025"), dateFormat="DMY")

    assert [row.posted_date for row in rows(records)] == [date(2025, 2, 13), None]
    assert codes(records) == ["date-unreadable"]


def test_the_order_that_the_file_states_counts() -> None:
    assert days("!Option:MDY\n" + file_of("01/02/2025")) == [date(2025, 1, 2)]
    assert days("!Option:MDY\n" + file_of("01/02/2025"), dateFormat="DMY") == [date(2025, 2, 1)]
    error = refusal(file_of("13/02/2025") + "!Option:MDY\n")
    assert error.code == "date-order-contradictory"


def test_one_amount_decides_the_mark_of_all_of_them() -> None:
    assert amounts("1,234", "5.00") == [Decimal("1234"), Decimal("5.00")]
    assert amounts("1.234", "5,00") == [Decimal("1234"), Decimal("5.00")]
    assert amounts("-1,234.56", "1,000") == [Decimal("-1234.56"), Decimal("1000")]


def test_amounts_that_leave_the_mark_open_are_refused_with_the_remedy() -> None:
    text = "!Type:Bank\nD2026-01-31\nT1,234\n^\n"

    assert refusal(text).code == "decimal-mark-ambiguous"
    assert amounts("1,234", decimalMark=".") == [Decimal("1234")]
    assert amounts("1,234", decimalMark=",") == [Decimal("1.234")]


def test_amounts_that_contradict_each_other_end_the_reading() -> None:
    text = "!Type:Bank\nD2026-01-31\nT1,5\n^\nD2026-01-31\nT1.5\n^\n"

    assert refusal(text).code == "decimal-mark-contradictory"


def test_whole_amounts_need_no_mark() -> None:
    assert amounts("5", "-1000") == [Decimal("5"), Decimal("-1000")]


def test_rows_that_wait_for_a_date_are_bounded() -> None:
    long = "M" + "x" * 1_000 + "\n"
    row = f"D01/02/2025\nT1.50\n{long * 10}^\n"

    assert refusal("!Type:Bank\n" + row * 450 + "D02/13/2025\n").code == "date-order-ambiguous"


def test_empty_records_that_wait_are_bounded() -> None:
    text = "!Type:Bank\nD01/02/2025\nT1.50\n^\n" + "^\n" * 50_000 + "D02/13/2025\nT1.50\n^\n"

    assert refusal(text).code == "date-order-ambiguous"
