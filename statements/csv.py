"""CSV statements: any delimited text, read under a profile that says what its columns mean.

The format has no standard beyond RFC 4180 for quoting; what a bank makes of it is in `CsvProfile`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from core.errors import Unreadable
from core.records import Finding, Record, Severity, TransactionRecord, TransactionStatus
from statements.base import ParseOptions
from statements.csv_balance import RunningBalance
from statements.csv_column import ColumnReader
from statements.csv_row import RowIgnored, RowReader
from statements.csv_sign import RowRejected
from statements.csv_table import RAW_MAX, Row, Table
from statements.csv_text import TextLines, byte_lines
from statements.profile import CsvProfile

CONTINUED_MAX: Final = 10_000  # characters that a description may have to be continued


class Csv:
    """`StatementFormat` for delimited text: commas, semicolons, tabs or any other character."""

    name = "csv"

    def recognise(self, head: bytes) -> int:
        """How surely these are the first bytes of a table of transactions, in percent."""
        from statements.csv_detect import resemblance

        return resemblance(head)

    def parse(self, chunks: Iterable[bytes], options: ParseOptions) -> Iterator[Record]:
        """See `StatementFormat.parse`; `options.profile` is needed."""
        if not isinstance(options.profile, CsvProfile):
            raise Unreadable(
                "profile-required",
                "A CSV file does not say what its columns mean: save a profile for the connection, "
                "starting from `bankfeeds parse FILE --propose`.",
            )
        return _Reading(chunks, options, options.profile).records()

    def lines(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """See `StatementFormat.lines`: without line ends; UTF-16 comes as UTF-8."""
        return byte_lines(chunks)


CSV = Csv()


class _Reading:
    """One pass over one file."""

    def __init__(self, chunks: Iterable[bytes], options: ParseOptions, profile: CsvProfile) -> None:
        self._chunks = chunks
        self._options = options
        self._profile = profile
        self._read = self._rejected = self._ignored = 0
        self._balances: dict[str, RunningBalance] = {}
        self._held: TransactionRecord | None = None  # may go on in the next row

    def records(self) -> Iterator[Record]:
        lines = TextLines(self._chunks, self._profile.encoding)
        table = Table(lines, self._profile)
        reader = RowReader(self._profile, table.header, self._options)
        yield from reader.findings
        reader.findings.clear()
        yield from self._rows(table, reader)
        if self._held is not None:
            yield self._booked(self._held)
        if reader.places.running_balance is not None:
            balances = (balance.newest() for balance in self._balances.values())
            yield from (balance for balance in balances if balance is not None)
            proofs = (balance.proof() for balance in self._balances.values())
            yield from (proof for proof in proofs if proof is not None)
        yield from self._totals(lines.number)

    def _rows(self, table: Table, reader: RowReader) -> Iterator[Record]:
        columns = None if self._profile.continuation_rows else ColumnReader(reader)
        balanced = reader.places.running_balance is not None
        for run in table.runs():
            if table.findings:
                self._rejected += sum(finding.rejected for finding in table.findings)
                yield from table.findings
                table.findings.clear()
            if run is None:
                continue
            if isinstance(run, Row):
                yield from self._one(run, reader, balanced=balanced)
                continue
            records = None if columns is None else columns.read(run)
            if records is None:
                for row in run.rows():
                    yield from self._one(row, reader, balanced=balanced)
                continue
            self._read += len(records)
            yield from map(self._booked, records) if balanced else records

    def _one(self, row: Row, reader: RowReader, *, balanced: bool) -> Iterator[Record]:
        try:
            record = reader.read(row.cells, row.line, row.line_end)
        except RowRejected as rejection:
            yield from self._left_out(row, reader, rejection)
            return
        except RowIgnored:
            self._ignored += 1
            return
        self._read += 1
        if reader.accounts or reader.findings:
            yield from reader.accounts
            yield from reader.findings
            reader.accounts.clear()
            reader.findings.clear()
        if self._profile.continuation_rows:
            if self._held is not None:
                yield self._booked(self._held)
            self._held = record
        else:
            yield self._booked(record) if balanced else record

    def _left_out(self, row: Row, reader: RowReader, rejection: RowRejected) -> Iterator[Record]:
        if not any(map(str.strip, row.cells)):
            return
        if self._held is not None:
            text = reader.continues(row.cells)
            if text is not None and len(self._held.description_raw) < CONTINUED_MAX:
                self._held = _continued(self._held, text, row.line_end)
                return
            yield self._booked(self._held)
            self._held = None
        reader.findings.clear()
        self._rejected += 1
        yield Finding(
            Severity.ERROR,
            rejection.code,
            f"Line {row.line} {rejection.message}; it was left out.",
            line=row.line,
            field=rejection.field,
            raw=reader.shown("\n".join(row.raw), row.cells)[:RAW_MAX],
            rejected=True,
        )

    def _booked(self, record: TransactionRecord) -> TransactionRecord:
        if record.status is TransactionStatus.POSTED:
            balance = self._balances.get(record.account)
            if balance is None:
                balance = self._balances[record.account] = RunningBalance()
            balance.follow(record)
        return record

    def _totals(self, lines: int) -> Iterator[Finding]:
        if lines == 0:
            raise Unreadable("empty", "The file is empty.")
        if self._ignored:
            yield Finding(
                Severity.INFO,
                "rows-ignored",
                f"{self._ignored} rows have a status of ignoredValues and were left out.",
            )
        if self._read:
            return
        if self._rejected:
            yield Finding(
                Severity.ERROR,
                "no-row-readable",
                f"None of the {self._rejected} rows could be read; the profile "
                f'"{self._profile.name}" probably does not fit this file.',
            )
        else:
            yield Finding(Severity.INFO, "no-rows", "The file has no rows below its header.")


def _continued(record: TransactionRecord, text: str, line_end: int) -> TransactionRecord:
    raw = f"{record.description_raw}\n{text}"
    return record._replace(
        description=" ".join(raw.split()), description_raw=raw, line_end=line_end
    )
