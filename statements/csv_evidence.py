"""Evidence in cells: which date orders, decimal marks and signs they allow."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Final

from core.errors import InvalidMoney
from statements.csv_amount import AmountReader
from statements.csv_date import ORDERS, split_date
from statements.csv_sample import Sample, fits_order

SPREAD: Final = 4  # that many different numbers in one place, and two in another: the years
ROWS_PROVING: Final = 3  # one step between two balances may add up by chance
_NUMBER: Final = re.compile(r"[0-9][0-9.,'\u2019\s]*(?:-{1,2}$)?|[.,][0-9]+")


def date_orders(cells: Sequence[str]) -> tuple[str, ...]:
    """The orders that read every one of the dates; more than one: they are ambiguous."""
    dates = [cell for cell in cells if any(fits_order(cell, order) for order in ORDERS)]
    orders = [order for order in ORDERS if all(fits_order(cell, order) for cell in dates)]
    if not dates or len(orders) < 2:
        return tuple(orders) if dates else ()
    return tuple(_without_varied_years(orders, dates))


def _without_varied_years(orders: list[str], dates: list[str]) -> list[str]:
    """Two-digit years: the place that hardly varies while another does holds the year."""
    parts = [split for cell in dates if (split := split_date(cell)) is not None]
    first = len({split[0] for split in parts})
    last = len({split[2] for split in parts})
    if first >= SPREAD and last <= 2:
        return [order for order in orders if order != "YMD"]
    if last >= SPREAD and first <= 2:
        return [order for order in orders if order == "YMD"]
    return orders


def decimal_marks(cells: Sequence[str]) -> tuple[str, ...]:
    """The decimal marks that the amounts allow: one, or both where they are ambiguous.

    ("none",) where there is no mark at all; () where the amounts contradict each other.
    """
    votes = {decimal_mark_of(cell) for cell in cells}
    certain = votes & {".", ","}
    if len(certain) > 1:
        return ()
    if certain:
        return (certain.pop(),)
    return (".", ",") if "ambiguous" in votes else ("none",)


def decimal_mark_of(cell: str) -> str:
    """The decimal mark of an amount, "none" where it has no mark, else "ambiguous"."""
    found = _NUMBER.search(cell)
    number = found[0].strip() if found else ""
    marks: list[str] = re.findall(r"[.,]", number)
    if not marks:
        return "none"
    last = marks[-1]
    other = "," if last == "." else "."
    if other in marks:
        return last
    if len(marks) > 1:
        return other
    integer, fraction = number.split(last)
    grouped = len(fraction) == 3 and re.fullmatch(r"[1-9][0-9]{0,2}", integer)
    return "ambiguous" if grouped else last


def sign_by_balance(sample: Sample, single: Mapping[str, int], mark: str) -> int | None:
    """1 or -1: what the amounts must be multiplied with for the running balances to add up.

    None where there are no balances, too few rows, or neither sign fits all rows.
    """
    if "runningBalance" not in single:
        return None
    reader = AmountReader(decimal_mark=mark, thousands={",": ".", ".": ","}.get(mark, ""))
    rows: list[tuple[Decimal, Decimal]] = []
    for row in sample.data:
        amount = _read(reader, row[single["amount"]])
        balance = _read(reader, row[single["runningBalance"]])
        if amount is None or balance is None:
            return None
        rows.append((amount, balance))
    if len(rows) < ROWS_PROVING:
        return None
    fitting = {
        sign
        for sign in (1, -1)
        for steps in (rows, rows[::-1])
        if all(before[1] + sign * after[0] == after[1] for before, after in pairwise(steps))
    }
    return fitting.pop() if len(fitting) == 1 else None


def _read(reader: AmountReader, cell: str) -> Decimal | None:
    try:
        return reader.read(cell).value
    except InvalidMoney:
        return None
