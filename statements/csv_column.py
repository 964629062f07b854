"""Columns of a CSV statement: rows with nothing odd about them, read a column at a time.

`RowReader` says what a row means. This says the same of thousands of rows at once, in a quarter of
the time, because what is done with a whole column is a loop in C. Where any row of them needs more
(a finding, a new account, a cell that is no plain value) it leaves them all to the other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from itertools import repeat
from typing import Final

from core.money import is_currency
from core.records import TransactionRecord, TransactionStatus
from statements.csv_row import DATES_CACHED, RowIgnored, RowReader
from statements.csv_sign import RowRejected
from statements.csv_table import Run

_APART: Final = "|"  # between texts that are looked at together
_DOUBLED: Final = ("  ", f"{_APART} ", f" {_APART}")


class ColumnReader:
    """Reads runs of rows under the profile of a `RowReader`, and with the accounts it has met."""

    def __init__(self, reader: RowReader) -> None:
        self._reader = reader
        self._places = reader.places
        self._other_date: Callable[[str], date | None] = lru_cache(DATES_CACHED)(self._optional)
        self._status: Callable[[str], TransactionStatus] = lru_cache(DATES_CACHED)(reader.status)

    def read(self, run: Run) -> Sequence[TransactionRecord] | None:
        """The transactions of a run; None where its rows must be read one by one."""
        width = len(run.cells[0])
        reader = self._reader
        if width < reader.width or (reader.header_width and width > reader.header_width):
            return None
        if any(len(cells) != width for cells in run.cells):
            return None
        try:
            return self._records(run, list(zip(*run.cells, strict=True)))
        except (KeyError, ValueError, RowIgnored, RowRejected):
            return None

    def _records(self, run: Run, columns: Sequence[Sequence[str]]) -> Sequence[TransactionRecord]:
        """Raises what says that some row is not plain."""
        rows, places = run.cells, self._places
        count = len(rows)
        statuses: Sequence[TransactionStatus] = [TransactionStatus.POSTED] * count
        if places.status is not None:
            statuses = list(map(self._status, columns[places.status]))
        dates = list(map(self._reader.date, columns[places.posted_date]))
        self._check(set(dates))
        currencies = self._currencies(columns, count)
        amounts = self._reader.amounts.column(rows, currencies)
        names = [""] * count if places.account is None else columns[places.account]
        accounts = self._reader.known_accounts(names, currencies)
        raw = self._raw(rows, columns)
        lines = range(run.line, run.line + count)
        fields = zip(
            accounts,
            amounts,
            currencies,
            dates,
            statuses,
            folded(raw),
            raw,
            lines,
            lines,
            _texts(columns, places.external_id, count),
            self._dates(columns, places.transaction_date, count),
            self._dates(columns, places.value_date, count),
            _texts(columns, places.reference, count),
            _texts(columns, places.customer_reference, count),
            _texts(columns, places.type_code, count),
            _texts(columns, places.merchant, count),
            _texts(columns, places.category, count),
            self._balances(columns, currencies),
            list(map(self._reader.extras, rows)) if places.extra else [None] * count,
            [None] * count,
            strict=True,
        )
        # What the named tuple itself does, without a call of Python for each row.
        return list(map(tuple.__new__, repeat(TransactionRecord), fields))

    def _check(self, dates: set[date]) -> None:
        if not self._reader.earliest <= min(dates) <= max(dates) <= self._reader.latest:
            raise ValueError("out of range")

    def _optional(self, cell: str) -> date | None:
        if not cell.strip():
            return None
        found = self._reader.date(cell)
        self._check({found})
        return found

    def _dates(
        self, columns: Sequence[Sequence[str]], place: int | None, count: int
    ) -> Sequence[date | None]:
        return [None] * count if place is None else list(map(self._other_date, columns[place]))

    def _currencies(self, columns: Sequence[Sequence[str]], count: int) -> Sequence[str]:
        if self._places.currency is None:
            return [self._reader.currency([])] * count
        found = columns[self._places.currency]
        if not all(map(is_currency, set(found))):
            raise ValueError("no plain currency")
        return found

    def _raw(self, rows: Sequence[list[str]], columns: Sequence[Sequence[str]]) -> Sequence[str]:
        places = self._places.description
        if len(places) == 1:
            return columns[places[0]]
        return list(map(self._reader.description, rows))

    def _balances(
        self, columns: Sequence[Sequence[str]], currencies: Sequence[str]
    ) -> Sequence[Decimal | None]:
        place = self._places.running_balance
        if place is None:
            return [None] * len(currencies)
        cells = columns[place]
        plain = self._reader.amounts.plain(cells)
        if plain is not None:
            return plain
        marked = self._reader.amounts.marked
        return [
            marked(cell, "runningBalance", currency) if cell.strip() else None
            for cell, currency in zip(cells, currencies, strict=True)
        ]


def folded(texts: Sequence[str]) -> Sequence[str]:
    """Each text on one line, with single blanks. Most are so already, which is seen at once.

    Of all white space only the blank is printable.
    """
    joined = f"{_APART}{_APART.join(texts)}{_APART}"
    if joined.isprintable() and not any(doubled in joined for doubled in _DOUBLED):
        return texts
    return [" ".join(text.split()) for text in texts]


def _texts(columns: Sequence[Sequence[str]], place: int | None, count: int) -> Sequence[str | None]:
    if place is None:
        return [None] * count
    return [cell.strip() or None for cell in columns[place]]
