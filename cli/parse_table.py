"""The tables of `bankfeeds parse`: accounts with counts and sums, balances, findings."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from core.records import (
    AccountRecord,
    BalanceRecord,
    Finding,
    Record,
    TransactionRecord,
    TransactionStatus,
    WithdrawalRecord,
)

FINDINGS_SHOWN: Final = 50
BALANCES_SHOWN: Final = 200
_STYLES: Final = {"error": "red", "warning": "yellow", "info": "dim"}


@dataclass(slots=True, kw_only=True)
class _Account:
    record: AccountRecord
    count: int = 0
    pending: int = 0
    sums: dict[str, Decimal] = field(default_factory=dict)  # currency → sum of amounts
    first: date | None = None
    last: date | None = None

    def add(self, row: TransactionRecord) -> None:
        self.count += 1
        self.pending += row.status is TransactionStatus.PENDING
        self.sums[row.currency] = self.sums.get(row.currency, Decimal(0)) + row.amount
        if row.posted_date is not None:
            self.first = min(self.first or row.posted_date, row.posted_date)
            self.last = max(self.last or row.posted_date, row.posted_date)


class TableReport:
    """Counts records and prints a summary; the transactions themselves are in the JSON."""

    def __init__(self, console: Console | None = None) -> None:
        self.format: str | None = None
        self._console = console or Console()
        self._accounts: dict[str, _Account] = {}
        self._balances: list[BalanceRecord] = []
        self._balance_count = 0
        self._findings: list[Finding] = []
        self._finding_count = 0
        self._rejected = 0

    def add(self, record: Record) -> None:
        """Takes one record in."""
        match record:
            case TransactionRecord():
                self._accounts[record.account].add(record)
            case AccountRecord():
                self._accounts.setdefault(record.key, _Account(record=record))
            case BalanceRecord():
                self._balance_count += 1
                if len(self._balances) < BALANCES_SHOWN:
                    self._balances.append(record)
            case Finding():
                self._note(record)
            case WithdrawalRecord():
                from cli.parse_json import withdrawal_finding

                self._note(withdrawal_finding(record))
            case _:
                pass  # summaries are in the JSON

    def write(self) -> None:
        """Prints the tables to standard output."""
        self._console.print(f"Format: {self.format or 'not recognised'}")
        if self._accounts:
            self._console.print(self._account_table())
        if self._balances:
            self._console.print(self._balance_table())
        for finding in self._findings:
            style = _STYLES[finding.severity.value]
            place = f" (line {finding.line})" if finding.line is not None else ""
            text = f"{finding.severity.value}: {finding.code}{place}: {finding.message}"
            self._console.print(f"[{style}]{escape(text)}[/{style}]", highlight=False)
        if self._finding_count > len(self._findings):
            self._console.print(f"… and {self._finding_count - len(self._findings)} more findings.")
        count = sum(account.count for account in self._accounts.values())
        self._console.print(f"{count} transactions read, {self._rejected} rows rejected.")

    def _note(self, finding: Finding) -> None:
        self._finding_count += 1
        self._rejected += finding.rejected
        if len(self._findings) < FINDINGS_SHOWN:
            self._findings.append(finding)

    def _account_table(self) -> Table:
        table = Table("Account", "From", "To", title="Accounts")
        table.add_column("Transactions", justify="right")
        table.add_column("Pending", justify="right")
        table.add_column("Sum", justify="right")
        for account in self._accounts.values():
            sums = [f"{amount:f} {currency}" for currency, amount in account.sums.items()]
            table.add_row(
                escape(account.record.number or account.record.key),
                str(account.first or ""),
                str(account.last or ""),
                str(account.count),
                str(account.pending),
                "\n".join(sums) or f"0 {account.record.currency}",
            )
        return table

    def _balance_table(self) -> Table:
        title = "Balances"
        if self._balance_count > len(self._balances):
            title = f"Balances (the first {len(self._balances)} of {self._balance_count})"
        table = Table("Account", "Kind", "As of", title=title)
        table.add_column("Amount", justify="right")
        for balance in self._balances:
            account = self._accounts[balance.account].record
            table.add_row(
                escape(account.number or account.key),
                balance.kind.value,
                str(balance.as_of),
                f"{balance.amount:f} {balance.currency}",
            )
        return table
