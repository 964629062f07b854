"""A sample of a delimited file: how its text, its header and its first rows look."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from core.errors import InvalidMoney, Unreadable
from statements.base import HEAD_BYTES
from statements.csv_amount import AmountReader
from statements.csv_date import ORDERS, date_reader, split_date
from statements.csv_headers import is_known
from statements.csv_text import FALLBACK, QuoteUnclosed, TextLines, wide_encoding
from statements.profile import COLUMNS_MAX

ROWS_MAX: Final = 300
COLUMNS_LOOKED_AT: Final = 100
DELIMITERS: Final = (",", ";", "\t", "|")
ENCODINGS: Final = (FALLBACK, "cp1250", "iso8859-2", "cp1257", "cp1251", "cp1253", "cp1254")

_COMPACT: Final = re.compile("(?:19|20|21)[0-9]{6}")
_FIRST_YEAR, _LAST_YEAR = 1900, 2199
_READERS: Final = (
    AmountReader(decimal_mark=".", thousands=","),
    AmountReader(decimal_mark=",", thousands="."),
    AmountReader(decimal_mark=".", thousands=",", indian=True),
)
_ORDERED: Final = {order: date_reader(order) for order in ORDERS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The first rows under the delimiter that fits best."""

    encoding: str | None  # None: UTF-8, or told by a byte order mark
    delimiter: str
    header: tuple[str, ...]  # empty: the file has none
    preamble: int  # physical lines before the header, or before the first row
    rows: tuple[tuple[str, ...], ...]  # below the header, all of one width
    data: tuple[tuple[str, ...], ...]  # those with a date and an amount

    def column(self, index: int) -> list[str]:
        """The cells of a column in the data rows, without the blank ones."""
        return [cell.strip() for row in self.data if (cell := row[index]).strip()]


def take_sample(head: bytes) -> Sample | None:
    """What the first bytes of a file look like as a table; None where they do not."""
    if not head or head.count(0) == len(head):
        return None
    encoding: str | None = None
    if wide_encoding(head) is None and not _is_utf8(head):
        encoding = max(ENCODINGS, key=lambda name: _known_names(_lines(head, name)))
    lines = _lines(head, encoding)
    candidates = [_candidate(lines, delimiter, encoding) for delimiter in DELIMITERS]
    found = [candidate for candidate in candidates if candidate is not None]
    return max(found, key=_fitness, default=None)


def is_date(cell: str) -> bool:
    """Whether the cell is a date under some order; of digits alone, only like 20240131."""
    if _COMPACT.fullmatch(cell):
        return fits_order(cell, "YMD")
    if len(cell) > 40 or split_date(cell) is None:
        return False
    return any(fits_order(cell, order) for order in ORDERS)


def fits_order(cell: str, order: str) -> bool:
    """Whether the cell is a date under this order; without separators, one of our times."""
    try:
        found = _ORDERED[order](cell)
    except ValueError:
        return False
    return not cell.isdigit() or _FIRST_YEAR <= found.year <= _LAST_YEAR


def is_amount(cell: str) -> bool:
    """Whether the cell is an amount under some decimal mark."""
    return any(_reads(reader, cell) for reader in _READERS)


def _reads(reader: AmountReader, cell: str) -> bool:
    try:
        reader.read(cell)
    except InvalidMoney:
        return False
    return True


def _is_utf8(head: bytes) -> bool:
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        # The head may end within a character.
        return len(head) >= HEAD_BYTES and error.start >= len(head) - 4
    return True


def _lines(head: bytes, encoding: str | None) -> list[str]:
    try:
        lines = list(TextLines([head], encoding or None).each(ROWS_MAX))
    except (Unreadable, QuoteUnclosed):
        return []
    if len(head) >= HEAD_BYTES and len(lines) < ROWS_MAX:
        lines = lines[:-1]
    return lines


def _known_names(lines: Sequence[str]) -> int:
    best = 0
    for line in lines[:20]:
        for delimiter in DELIMITERS:
            names = line.split(delimiter)[:COLUMNS_LOOKED_AT]
            best = max(best, sum(is_known(name.strip('" ')) for name in names))
    return best


def _candidate(lines: list[str], delimiter: str, encoding: str | None) -> Sample | None:
    rows = _rows(lines, delimiter)
    widths = Counter(len(cells) for _, cells in rows if len(cells) > 1)
    if not widths:
        return None
    width = max(widths, key=lambda size: (widths[size], size))
    if width > COLUMNS_MAX:
        return None
    facts = [_numbers(cells) for _, cells in rows]
    data_at = [
        index
        for index, (dates, amounts) in enumerate(facts)
        if dates and amounts and len(rows[index][1]) > 1
    ]
    first = data_at[0] if data_at else len(rows)
    header_at = _header_index(rows, facts, first, width)
    header = rows[header_at][1] if header_at is not None else []
    start = first if header_at is None else header_at + 1
    width = max([width, len(header), *(len(rows[index][1]) for index in data_at)])
    line = rows[header_at if header_at is not None else min(first, len(rows) - 1)][0]
    return Sample(
        encoding=encoding,
        delimiter=delimiter,
        header=tuple(header),
        preamble=line - 1,
        rows=tuple(_padded(cells, width) for _, cells in rows[start:]),
        data=tuple(_padded(rows[index][1], width) for index in data_at if index >= start),
    )


def _rows(lines: list[str], delimiter: str) -> list[tuple[int, list[str]]]:
    reader = csv.reader([line + "\n" for line in lines], delimiter=delimiter)
    rows: list[tuple[int, list[str]]] = []
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return rows
        except csv.Error:
            continue
        if any(cell.strip() for cell in cells):
            rows.append((line, cells))


def _numbers(cells: list[str]) -> tuple[int, int]:
    dates = amounts = 0
    for cell in cells[:COLUMNS_LOOKED_AT]:
        text = cell.strip()
        if not text or len(text) > 40 or not any(map(str.isdigit, text)):
            continue
        if is_date(text):
            dates += 1
        elif is_amount(text):
            amounts += 1
    return dates, amounts


def _header_index(
    rows: list[tuple[int, list[str]]], facts: list[tuple[int, int]], first: int, width: int
) -> int | None:
    """The row before the first data row that knows most header names; two at the least."""
    known = [
        (sum(map(is_known, cells[:COLUMNS_LOOKED_AT])), -index)
        for index, (_, cells) in enumerate(rows[:first])
        if len(cells) > 1 and facts[index] == (0, 0)
    ]
    if not known:
        return None
    count, negative_index = max(known)
    if count >= 2:
        return -negative_index
    before = first - 1
    alike = len(rows[before][1]) == width and facts[before] == (0, 0) and first < len(rows)
    filled = all(cell.strip() for cell in rows[before][1][:-1])
    return before if alike and filled else None


def _padded(cells: list[str], width: int) -> tuple[str, ...]:
    return tuple(cells) + ("",) * (width - len(cells))


def _fitness(sample: Sample) -> tuple[int, int, int, int]:
    names = sum(map(is_known, sample.header[:COLUMNS_LOOKED_AT]))
    width = len(sample.rows[0]) if sample.rows else len(sample.header)
    return len(sample.data), names, len(sample.rows), width
