"""A document with paths: rows and what stands around them come in, records go out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from core.errors import Unreadable
from core.records import Finding, Record, Severity, TransactionRecord, TransactionStatus
from statements.base import ParseOptions
from statements.csv_balance import RunningBalance
from statements.csv_row import RowIgnored, RowReader
from statements.csv_sign import RowRejected
from statements.findings import Findings
from statements.tree_plan import AROUND, Plan
from statements.tree_proof import Proof, Tally
from statements.tree_row import Cells, TreeRow

RAW_MAX: Final = 500
HELD_ROWS_MAX: Final = 10_000
HELD_CHARACTERS_MAX: Final = 8 * 1024 * 1024


class TreeDocument:
    """Takes what a walk finds. `records` collects what came of it; the reader drains it."""

    def __init__(self, plan: Plan, options: ParseOptions, findings: Findings) -> None:
        rules = plan.rules()
        self.records: list[Record] = []
        self.findings = findings
        self.found = False  # something stood where the profile says
        try:
            self._reader = RowReader(rules, plan.header, options)
        except Unreadable as error:
            raise Unreadable(error.code, _worded(error.message), line=error.line) from error
        self._cells = Cells(plan, options)
        self._proof = Proof(rules, self._reader, self._cells, findings)
        self._plan = plan
        stated = plan.profile.statement.places()
        self._needed = [name for name in AROUND if name in stated]
        self._line = 1
        self._begin(1)
        self._balances: dict[str, RunningBalance] = {}
        self._read = self._rejected = self._ignored = 0

    def begin(self, line: int) -> None:
        """A statement begins."""
        self._end_statement()
        self._begin(line)

    def end(self) -> None:
        """A statement ends."""
        self._end_statement()
        self._begin(0)

    def value(self, keys: list[str], text: str, line: int) -> None:
        """Something that the statement says."""
        self.found = True
        for key in keys:
            known = self._values.setdefault(key, text)
            if known != text and self.findings.first(f"value-repeated {key}"):
                self.findings.warn(
                    "value-repeated",
                    f"The statement has two values for statement.{key}; the first one was read, as "
                    "wherever that comes again.",
                    line,
                    key,
                )
        self._line = self._line or line
        if self._held and not self._waits():
            self._flush()

    def row(self, row: TreeRow) -> None:
        """A row of the statement."""
        self.found = True
        self._tally.seen += 1
        self._line = self._line or row.line
        if not self._waits_for(row):
            self._take(row)
            return
        self._held.append(row)
        self._held_size += row.size
        if len(self._held) > HELD_ROWS_MAX or self._held_size > HELD_CHARACTERS_MAX:
            raise Unreadable(
                "account-after-rows",
                "The account or currency of a statement stands behind more rows than can wait for "
                "it: set `account` and `currency` in the profile instead of statement.account and "
                "statement.currency.",
                line=row.line,
            )

    def reject(self, code: str, message: str, line: int, raw: str | None = None) -> None:
        """A row cannot be read at all."""
        self.found = True
        self._tally.seen += 1
        self._tally.rejected += 1
        self._rejected += 1
        self.findings.reject(code, message, line, raw=raw)
        self.settle()

    def settle(self) -> None:
        """Puts findings that wait behind the records before them."""
        self.records.extend(
            found._replace(message=_worded(found.message)) for found in self.findings.drain()
        )

    def close(self) -> None:
        """The document ends. Raises Unreadable where nothing stood where the profile says."""
        self._end_statement()
        if self._reader.places.running_balance is not None:
            newest = (balance.newest() for balance in self._balances.values())
            self.records.extend(balance for balance in newest if balance is not None)
        if not self.found:
            raise Unreadable(
                "rows-missing",
                f'Nothing in the document stands at "{self._plan.profile.rows}", or where the '
                "statement should be; check `rows` and statement.path of the profile.",
            )
        if self._ignored:
            self.findings.info(
                "rows-ignored",
                f"{self._ignored} rows have a status of ignoredValues and were left out.",
                1,
            )
        if not self._read and self._rejected:
            self.findings.pending.append(
                Finding(
                    Severity.ERROR,
                    "no-row-readable",
                    f"None of the {self._rejected} rows could be read; the profile "
                    f'"{self._plan.profile.name}" probably does not fit this file.',
                )
            )
        elif not self._read and not self._ignored:
            self.findings.info("no-rows", "The document has no rows.", 1)
        self.settle()

    def _begin(self, line: int) -> None:
        self._values: dict[str, str] = {}
        self._held: list[TreeRow] = []
        self._held_size = 0
        self._tally = Tally()
        self._line = line

    def _end_statement(self) -> None:
        self._flush()
        if self._values:
            self.records.extend(
                self._proof.of(self._values, self._tally, self._account(), self._line)
            )
            self._drain_reader()
            self.settle()
        self._values = {}

    def _account(self) -> tuple[str, str] | None:
        """Key and currency of the statement's account; it may have no rows."""
        if self._tally.accounts:
            return next(iter(self._tally.accounts.items()))
        if "account" not in self._values and "account" in self._plan.by_field:
            return None
        row = TreeRow([()] * len(self._plan.cells), self._line, self._line, 0)
        try:
            cells = self._cells.of(row, self._values)
            currency = self._reader.currency(cells)
            key = self._reader.account(cells, currency, self._line)
        except RowRejected:
            return None
        self._drain_reader()
        return key, currency

    def _waits(self) -> bool:
        return any(name not in self._values for name in self._needed)

    def _waits_for(self, row: TreeRow) -> bool:
        if self._held:
            return True
        return any(
            name not in self._values and not any(row.values[self._plan.by_field[name]])
            for name in self._needed
        )

    def _flush(self) -> None:
        held, self._held, self._held_size = self._held, [], 0
        for row in held:
            self._take(row)

    def _take(self, row: TreeRow) -> None:
        cells: list[str] | None = None
        try:
            cells = self._cells.of(row, self._values)
            record = self._reader.read(cells, row.line, row.line_end)
        except RowIgnored:
            self._ignored += 1
            self._drain_reader()
            return
        except RowRejected as rejection:
            self._left_out(row, rejection)
            return
        self._drain_reader()
        self._read += 1
        self._tally.add(record)
        self.records.append(self._booked(record))

    def _left_out(self, row: TreeRow, rejection: RowRejected) -> None:
        self._reader.findings.clear()
        self._rejected += 1
        self._tally.rejected += 1
        cells = self._cells.plain(row)
        self.findings.reject(
            rejection.code,
            f"Line {row.line} {rejection.message}; it was left out.",
            row.line,
            rejection.field,
            self._reader.shown(" | ".join(cells), cells)[:RAW_MAX],
        )
        self.settle()

    def _booked(self, record: TransactionRecord) -> TransactionRecord:
        balanced = self._reader.places.running_balance is not None
        if balanced and record.status is TransactionStatus.POSTED:
            balance = self._balances.get(record.account)
            if balance is None:
                balance = self._balances[record.account] = RunningBalance()
            balance.follow(record)
        return record

    def _drain_reader(self) -> None:
        reader = self._reader
        if reader.accounts:
            self.records.extend(reader.accounts)
            reader.accounts.clear()
        if reader.findings:
            self.findings.pending.extend(reader.findings)
            reader.findings.clear()
            self.settle()


def drained(document: TreeDocument) -> Iterator[Record]:
    """What came of the document so far."""
    document.settle()
    yield from document.records
    document.records.clear()


def _worded(message: str) -> str:
    """Rows are read by the rules of CSV, whose places are called columns."""
    return message.replace("columns.", "fields.")
