"""The table of a CSV statement: rows of cells with their lines; preamble and footer left out."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator
from itertools import chain
from typing import Final, NamedTuple

from core.errors import Unreadable
from core.records import Finding, Severity
from statements.csv_text import QuoteUnclosed, TextLines
from statements.profile import COLUMNS_MAX, PREAMBLE_LINES_MAX, CsvProfile
from statements.profile_rules import folded

RAW_MAX: Final = 500  # characters of a rejected row that its finding keeps
# A date or an amount with cents; years, numbers and codes are names of columns somewhere.
_VALUE: Final = re.compile(
    r"[-+]?\d{1,3}(?:[.,' ]?\d{3})*[.,]\d\d|\d{4}-\d\d-\d\d.*|\d\d?[./-]\d\d?[./-]\d{2,4}"
)
RECOVERIES_MAX: Final = 1_000  # re-reading after a lost quote costs; more is another format


class Row(NamedTuple):
    """The cells of one record and the physical lines that it stands on."""

    cells: list[str]
    line: int
    line_end: int
    raw: list[str]  # the physical lines


class Run(NamedTuple):
    """Records that follow each other, each of one physical line."""

    cells: list[list[str]]
    line: int  # of the first
    raw: list[str]

    def rows(self) -> Iterator[Row]:
        """The records one by one."""
        for line, (cells, raw) in enumerate(zip(self.cells, self.raw, strict=True), self.line):
            yield Row(cells, line, line, [raw])


class Table:
    """The rows below the header. What cannot be split into cells comes as a rejecting finding."""

    def __init__(self, lines: TextLines, profile: CsvProfile) -> None:
        self._lines = lines
        self._profile = profile
        self._recoveries = 0
        self.findings: list[Finding] = []  # about the text and about rows without cells
        self.header, self.header_line = self._header()

    def rows(self) -> Iterator[Row | None]:
        """Each data row; None where only findings are new."""
        rows = self._all()
        if self._profile.footer_rows:
            rows = _without_last(rows, self._profile.footer_rows)
        if not self._profile.footer_starts_with and not self.header:
            return rows
        return self._wanted(rows)

    def runs(self) -> Iterator[Run | Row | None]:
        """As `rows`, but what can come together comes as a run: whole blocks of plain rows.

        Each run costs a call where each row would cost several. A row that spans lines, or that
        cannot be split, makes the rows of its block come one by one.
        """
        rows = self.rows()
        if not self._profile.footer_rows and not self._profile.footer_starts_with:
            lines, findings = self._lines, self.findings
            while waiting := lines.waiting():
                run = self._run(waiting)
                if run is not None:
                    if lines.findings:
                        findings.extend(lines.findings)
                        lines.findings.clear()
                        yield None
                    yield run
                    continue
                end = lines.number + len(waiting)
                while lines.number < end:
                    yield next(rows)
        yield from rows

    def _run(self, waiting: list[str]) -> Run | None:
        lines = self._lines
        try:
            # The empty line at the end would be part of a quoted cell that is still open there.
            cells = list(self._split(chain(waiting, [""])))
        except csv.Error:
            return None
        if len(cells) != len(waiting) + 1 or cells.pop():
            return None
        repeated = self._profile.header and self._profile.repeated_headers
        if max(map(len, cells)) > COLUMNS_MAX or (repeated and self.header in cells):
            return None
        run = Run(cells, lines.number + 1, waiting)
        lines.pass_over(len(waiting))
        return run

    def _split(self, lines: Iterator[str]) -> Iterator[list[str]]:
        quote = self._profile.quote
        return csv.reader(
            lines,
            delimiter=self._profile.delimiter,
            quotechar=quote,
            quoting=csv.QUOTE_NONE if quote is None else csv.QUOTE_MINIMAL,
        )

    def _header(self) -> tuple[list[str], int]:
        profile = self._profile
        if isinstance(profile.preamble, int):
            for _ in range(profile.preamble):
                self._lines.begin()
                next(self._lines, None)
        if not profile.header:
            return list(profile.header_names), 0
        wanted = {folded(name) for name in profile.columns.named()}
        searching = profile.preamble == "until-header"
        for count, row in enumerate(self._all()):
            if row is None or not any(map(str.strip, row.cells)) or _is_excel_hint(row):
                continue
            if not searching or wanted <= {folded(cell) for cell in row.cells}:
                self._look_for_values(row)
                return row.cells, row.line
            if count >= PREAMBLE_LINES_MAX:
                break
        names = ", ".join(sorted(profile.columns.named())) or "anything"
        raise Unreadable(
            "header-missing",
            f"No header row with {names} was found; check `delimiter`, `preamble`, `encoding` and "
            "`columns` of the profile, or set `header` to false.",
        )

    def _look_for_values(self, header: Row) -> None:
        """A line break that is missing after the header makes column names of the first row."""
        value = next(filter(_VALUE.fullmatch, map(str.strip, header.cells)), None)
        if value is None:
            return
        self.findings.append(
            Finding(
                Severity.WARNING,
                "header-with-values",
                f"Line {header.line} is the header and has the value {value!r}: a row on the same "
                "line is not read. Break the line behind the last name.",
                line=header.line,
                raw=header.raw[0][:RAW_MAX],
            )
        )

    def _all(self) -> Iterator[Row | None]:
        lines, findings = self._lines, self.findings
        reader = self._split(lines)
        while True:
            line = lines.begin()
            try:
                cells = next(reader)
            except StopIteration:
                findings.extend(lines.findings)
                lines.findings.clear()
                yield None
                return
            except QuoteUnclosed:
                self._recover(line, "quote-unclosed", "opens a quote that no line closes")
                yield None
                continue
            except csv.Error as error:
                self._recover(line, "row-unreadable", f"cannot be split into cells ({error})")
                yield None
                continue
            if lines.findings:
                findings.extend(lines.findings)
                lines.findings.clear()
                yield None
            if len(cells) > COLUMNS_MAX:
                findings.append(_too_wide(len(cells), line, lines.record))
                yield None
                continue
            yield Row(cells, line, lines.number, lines.record)

    def _recover(self, line: int, code: str, reason: str) -> None:
        self._recoveries += 1
        if self._recoveries > RECOVERIES_MAX:
            raise Unreadable(
                "quotes-broken",
                f"More than {RECOVERIES_MAX} rows have broken quotes; if quotes are plain text in "
                "this file, set `quote` to null in the profile.",
                line=line,
            )
        lines = self._lines
        raw = lines.record[0][:RAW_MAX] if lines.record else ""
        lines.retreat()
        self.findings.append(
            Finding(
                Severity.ERROR,
                code,
                f"Line {line} {reason}; it was left out and reading went on after it.",
                line=line,
                raw=raw,
                rejected=True,
            )
        )

    def _wanted(self, rows: Iterator[Row | None]) -> Iterator[Row | None]:
        header = self.header if self._profile.header and self._profile.repeated_headers else None
        footers = tuple(self._profile.footer_starts_with)
        for row in rows:
            if row is not None:
                if row.cells == header:
                    continue
                if footers and _first_cell(row.cells).startswith(footers):
                    continue
            yield row


def _without_last(rows: Iterator[Row | None], count: int) -> Iterator[Row | None]:
    held: deque[Row] = deque()
    for row in rows:
        if row is None:
            yield None
        elif any(map(str.strip, row.cells)):
            held.append(row)
            if len(held) > count:
                yield held.popleft()


def _is_excel_hint(row: Row) -> bool:
    """Excel's own first line, "sep=;", which tells it the delimiter."""
    return row.line == 1 and len(row.raw[0]) == 5 and row.raw[0].casefold().startswith("sep=")


def _first_cell(cells: list[str]) -> str:
    return next((cell.strip() for cell in cells if cell.strip()), "")


def _too_wide(count: int, line: int, raw: list[str]) -> Finding:
    return Finding(
        Severity.ERROR,
        "too-many-columns",
        f"Line {line} has {count} cells, more than {COLUMNS_MAX}; it was left out.",
        line=line,
        raw=raw[0][:RAW_MAX],
        rejected=True,
    )
