"""The proof of a statement with paths: opening + booked rows = closing, and the count of rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Context, Decimal
from typing import Final

from core.records import (
    BalanceKind,
    BalanceRecord,
    Record,
    Severity,
    SummaryRecord,
    TransactionRecord,
    TransactionStatus,
)
from statements.csv_row import RowReader
from statements.csv_sign import RowRejected
from statements.findings import Findings
from statements.profile import CsvProfile
from statements.profile_rules import folded, folded_words
from statements.tree_row import Cells

_EXACT: Final = Context(prec=100)
_KINDS: Final = {
    "opening": BalanceKind.OPENING_LEDGER,
    "closing": BalanceKind.CLOSING_LEDGER,
}


@dataclass(slots=True)
class Tally:
    """What the rows of one statement come to."""

    booked: Decimal = Decimal(0)
    seen: int = 0
    rejected: int = 0
    accounts: dict[str, str] = field(default_factory=dict)  # key → currency
    mixed: bool = False  # an account has rows in two currencies

    def add(self, row: TransactionRecord) -> None:
        """Takes a row in."""
        if self.accounts.setdefault(row.account, row.currency) != row.currency:
            self.mixed = True
        if row.status is TransactionStatus.POSTED:
            self.booked = _EXACT.add(self.booked, row.amount)


class Proof:
    """Reads the balances of statements, and holds them against their rows."""

    def __init__(
        self, rules: CsvProfile, reader: RowReader, cells: Cells, findings: Findings
    ) -> None:
        self._reader = reader
        self._cells = cells
        self._findings = findings
        self._negate = rules.negate
        self._debit = folded_words(rules.debit_values)
        self._credit = folded_words(rules.credit_values)

    def of(
        self, values: Mapping[str, str], tally: Tally, account: tuple[str, str] | None, line: int
    ) -> Iterator[Record]:
        """The balances that a statement states; findings where its rows do not lead there."""
        self._check_count(values.get("count", ""), tally, line)
        if not any(values.get(name, "").strip() for name in _KINDS):
            return
        if account is None or len(tally.accounts) > 1 or tally.mixed:
            self._findings.warn(
                "balance-without-account",
                "The statement states balances, but has rows of several accounts or currencies, or "
                "names no account: they were left out. Check statement.path and fields.account.",
                line,
            )
            return
        stated: dict[str, Decimal] = {}
        for name, kind in _KINDS.items():
            amount = self._amount(values, name, account[1], line)
            if amount is not None:
                stated[name] = amount
                yield self._dated(
                    values,
                    name,
                    BalanceRecord(
                        account=account[0],
                        kind=kind,
                        amount=amount,
                        currency=account[1],
                        as_of=date.min,
                        line=line,
                    ),
                )
        if len(stated) == len(_KINDS):
            self._hold(stated["opening"], stated["closing"], tally, line)

    def _amount(
        self, values: Mapping[str, str], name: str, currency: str, line: int
    ) -> Decimal | None:
        text = values.get(name, "")
        if not text.strip():
            return None
        try:
            flip = self._flip(values.get(f"{name}Indicator"))
            text = self._cells.money(text, currency, name)
            return self._reader.amounts.marked(text, name, currency, flip=flip)
        except RowRejected as rejection:
            self._findings.warn(
                "balance-unreadable",
                f"The statement {rejection.message}; the balance was left out.",
                line,
                name,
            )
            return None

    def _flip(self, indicator: str | None) -> bool:
        if indicator is None:
            return self._negate
        value = folded(indicator)
        if value in self._debit:
            return not self._negate
        if value not in self._credit:
            raise RowRejected(
                "indicator-unknown",
                f'has the indicator "{value[:40]}", which is neither in debitValues nor in '
                "creditValues",
            )
        return self._negate

    def _dated(self, values: Mapping[str, str], name: str, balance: BalanceRecord) -> Record:
        """The balance on its day; as a total where it has none."""
        text = self._cells.day(values.get(f"{name}Date", ""))
        try:
            return balance._replace(as_of=self._reader.date(text))
        except ValueError as error:
            if text.strip():
                self._findings.warn(
                    "balance-date",
                    f'The {name} balance has the date "{text.strip()[:40]}", which {error}: it is '
                    "shown as a total.",
                    balance.line,
                    name,
                )
        return SummaryRecord(
            account=balance.account,
            code=name,
            amount=balance.amount,
            item_count=None,
            currency=balance.currency,
            as_of=None,
            line=balance.line,
        )

    def _hold(self, opening: Decimal, closing: Decimal, tally: Tally, line: int) -> None:
        expected = _EXACT.add(opening, tally.booked)
        if expected == closing:
            return
        reason = (
            f" {tally.rejected} of its rows could not be read."
            if tally.rejected
            else " Ask the source whether rows are missing, and check debitValues and negate."
        )
        self._findings.control(
            Severity.WARNING,
            "balance-mismatch",
            f"The statement opens with {opening}, its booked rows come to {tally.booked}, which "
            f"makes {expected}, but it closes with {closing} (difference {closing - expected})."
            f"{reason}",
            line,
            str(closing),
        )

    def _check_count(self, text: str, tally: Tally, line: int) -> None:
        text = text.strip()
        if not text:
            return
        if text.isascii() and text.isdigit() and len(text) < 16 and int(text) == tally.seen:
            return
        self._findings.control(
            Severity.WARNING,
            "entry-count",
            f'The statement states "{text[:40]}" rows, but {tally.seen} were found.',
            line,
            text[:40],
        )
