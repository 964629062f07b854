"""One row of a CSV statement: cells become a transaction, or a reason why they do not."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Final

from core.account_number import masked
from core.errors import Unreadable
from core.money import is_currency
from core.records import (
    AccountRecord,
    Finding,
    Severity,
    TransactionRecord,
    TransactionStatus,
)
from statements.base import ParseOptions
from statements.csv_date import date_reader
from statements.csv_places import Places
from statements.csv_sign import RowAmounts, RowRejected, short
from statements.profile import CsvProfile
from statements.profile_rules import folded, folded_words

ACCOUNT_DEFAULT: Final = "default"  # the one account of a file that names none
ACCOUNTS_MAX: Final = 10_000
ACCOUNT_LENGTH_MAX: Final = 200
DATES_CACHED: Final = 4_096
_ACCOUNT_NUMBER: Final = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{8,30}|[0-9][0-9./\-]{3,32}[0-9]")


class RowIgnored(Exception):
    """The status of the row says that it never books."""


class RowReader:
    """Reads rows under one profile. `accounts` and `findings` collect what is new; drain them."""

    def __init__(self, profile: CsvProfile, header: Sequence[str], options: ParseOptions) -> None:
        self.places = places = Places(profile, header)
        self.accounts: list[AccountRecord] = []
        self.findings: list[Finding] = list(places.findings)
        self._profile = profile
        self.width = places.width
        self.header_width = len(header)
        self.earliest, self.latest = options.dates
        self.date: Callable[[str], date] = lru_cache(DATES_CACHED)(date_reader(profile.date_format))
        self.amounts = RowAmounts(profile, places)
        self._currency = profile.currency or options.currency
        if places.currency is None and self._currency is None:
            raise Unreadable(
                "currency-required",
                "Nothing names a currency: set `currency` or columns.currency in the profile, or "
                "the currency of the connection.",
            )
        self._pending = folded_words(profile.pending_values)
        self._ignored = folded_words(profile.ignored_values)
        self._keys: dict[str, str] = {}  # account cell → key
        self._currencies: dict[str, str | None] = {}  # key → currency; None: told to differ

    def read(self, cells: list[str], line: int, line_end: int) -> TransactionRecord:
        """The transaction of a row. Raises RowRejected or RowIgnored."""
        if len(cells) < self.width:
            cells = cells + [""] * (self.width - len(cells))
        elif len(cells) > self.header_width > 0:
            self._check_surplus(cells)
        places = self.places
        status = TransactionStatus.POSTED
        if places.status is not None:
            status = self.status(cells[places.status])
        posted = self._posted(cells[places.posted_date], status, line)
        currency = self.currency(cells)
        amount = self.amounts.of(cells, currency)
        account = self.account(cells, currency, line)
        raw = self.description(cells)
        return TransactionRecord(
            account,
            amount,
            currency,
            posted,
            status,
            " ".join(raw.split()),
            raw,
            line,
            line_end,
            _text(cells, places.external_id),
            self._other_date(cells, places.transaction_date, "transactionDate", line),
            self._other_date(cells, places.value_date, "valueDate", line),
            _text(cells, places.reference),
            _text(cells, places.customer_reference),
            _text(cells, places.type_code),
            _text(cells, places.merchant),
            _text(cells, places.category),
            self._balance(cells, currency, line),
            self.extras(cells) if places.extra else None,
        )

    def continues(self, cells: list[str]) -> str | None:
        """The text of a row that has neither date nor amount; None for any other row."""
        places = self.places
        needed = (places.posted_date, places.amount, places.debit, places.credit)
        if any(index is not None and _text(cells, index) for index in needed):
            return None
        padded = cells + [""] * (self.width - len(cells))
        return self.description(padded) or None

    def _check_surplus(self, cells: list[str]) -> None:
        if any(cell.strip() for cell in cells[self.header_width :]):
            raise RowRejected(
                "surplus-cells",
                f"has {len(cells)} cells under a header of {self.header_width}: an unquoted "
                "delimiter would shift amounts",
            )

    def status(self, cell: str) -> TransactionStatus:
        """Where the row stands. Raises RowIgnored."""
        value = folded(cell)
        if value in self._ignored:
            raise RowIgnored
        return TransactionStatus.PENDING if value in self._pending else TransactionStatus.POSTED

    def _posted(self, cell: str, status: TransactionStatus, line: int) -> date | None:
        try:
            posted = self.date(cell)
        except ValueError as error:
            if status is TransactionStatus.PENDING:
                message = f"Line {line} is pending and has no booking date yet."
                self.findings.append(
                    Finding(Severity.INFO, "pending-without-date", message, line=line)
                )
                return None
            if not cell.strip():
                raise RowRejected("date-missing", "has no date", field="postedDate") from error
            raise RowRejected(
                "date-unreadable", f'has the date "{short(cell)}": {error}', field="postedDate"
            ) from error
        if not self.earliest <= posted <= self.latest:
            raise RowRejected(
                "date-out-of-range",
                f"is dated {posted}, outside {self.earliest} to {self.latest}",
                field="postedDate",
            )
        return posted

    def _other_date(
        self, cells: list[str], index: int | None, field: str, line: int
    ) -> date | None:
        if index is None:
            return None
        cell = cells[index]
        try:
            found = self.date(cell)
        except ValueError as error:
            if cell.strip():
                message = f'Line {line} has the {field} "{short(cell)}": {error}; it was left out.'
                self._warn("date-unreadable", message, field, line)
            return None
        if self.earliest <= found <= self.latest:
            return found
        message = f"Line {line} has the {field} {found}, out of range; it was left out."
        self._warn("date-out-of-range", message, field, line)
        return None

    def _balance(self, cells: list[str], currency: str, line: int) -> Decimal | None:
        index = self.places.running_balance
        if index is None or not cells[index].strip():
            return None
        try:
            return self.amounts.marked(cells[index], "runningBalance", currency)
        except RowRejected as rejection:
            message = f"Line {line} {rejection.message}; the balance was left out."
            self._warn("balance-unreadable", message, "runningBalance", line)
            return None

    def currency(self, cells: list[str]) -> str:
        """The currency of the row. Raises RowRejected."""
        if self.places.currency is None:
            assert self._currency is not None
            return self._currency
        cell = cells[self.places.currency]
        if is_currency(cell):
            return cell
        code = cell.strip().upper()
        if is_currency(code):
            return code
        if not code and self._currency is not None:
            return self._currency
        raise RowRejected(
            "currency-unreadable",
            f'has the currency "{short(cell)}", which is no ISO 4217 code',
            field="currency",
        )

    def shown(self, raw: str, cells: list[str]) -> str:
        """The row's text for a finding: whatever becomes of the row, its account stays masked."""
        index = self.places.account
        cell = "" if index is None or index >= len(cells) else cells[index].strip()
        return raw.replace(cell, _shown(cell)) if cell else raw

    def known_accounts(self, cells: Sequence[str], currencies: Sequence[str]) -> Sequence[str]:
        """The keys of rows' accounts. Raises KeyError where one is new, or has a new currency."""
        keys = [self._keys[cell] for cell in cells]
        for key, currency in set(zip(keys, currencies, strict=True)):
            if self._currencies[key] not in (None, currency):
                raise KeyError(key)
        return keys

    def account(self, cells: list[str], currency: str, line: int) -> str:
        """The key of the row's account; `accounts` has it where it is new. Raises RowRejected."""
        cell = "" if self.places.account is None else cells[self.places.account]
        key = self._keys.get(cell)
        if key is None:
            key = self._new_account(cell, currency, line)
        known = self._currencies[key]
        if known != currency and known is not None:
            self._currencies[key] = None
            message = (
                f"Account {_shown(key)} has rows in {known} and in {currency}; if these are "
                "accounts of their own, map columns.account to the currency column."
            )
            self._warn("account-mixed-currencies", message, "currency", line)
        return key

    def _new_account(self, cell: str, currency: str, line: int) -> str:
        # A row that lost its opening quote keeps the closing one in its first cell.
        key = cell.strip().strip('"').strip()
        fixed = self._profile.account
        if not key:
            if self.places.account is not None and fixed is None:
                raise RowRejected(
                    "account-missing",
                    "names no account; set `account` in the profile for such rows",
                    field="account",
                )
            key = fixed or ACCOUNT_DEFAULT
        if len(cell) > ACCOUNT_LENGTH_MAX:
            raise RowRejected(
                "account-unreadable",
                f"names an account in more than {ACCOUNT_LENGTH_MAX} characters",
                field="account",
            )
        if len(self._keys) >= ACCOUNTS_MAX:
            raise Unreadable(
                "too-many-accounts",
                f"More than {ACCOUNTS_MAX} accounts; is columns.account the right column?",
                line=line,
            )
        number = number_of(key)
        self._keys[cell] = key = number or key
        if key not in self._currencies:
            self._currencies[key] = currency
            self.accounts.append(
                AccountRecord(key=key, number=number, currency=currency, line=line)
            )
        return key

    def description(self, cells: list[str]) -> str:
        """The text of a row, a line for each of its columns."""
        places = self.places.description
        if len(places) == 1:
            return cells[places[0]]
        return "\n".join(cell for index in places if (cell := cells[index]).strip())

    def extras(self, cells: list[str]) -> dict[str, str] | None:
        """What else the row says; None where that is nothing."""
        found = {name: cells[index] for name, index in self.places.extra if cells[index].strip()}
        return found or None

    def _warn(self, code: str, message: str, field: str, line: int) -> None:
        self.findings.append(Finding(Severity.WARNING, code, message, line=line, field=field))


def _text(cells: list[str], index: int | None) -> str | None:
    if index is None or index >= len(cells):
        return None
    return cells[index].strip() or None


def _shown(account: str) -> str:
    return account if number_of(account) is None else masked(account)


def number_of(key: str) -> str | None:
    """The account number that this is, in capital letters; None where it is a name."""
    number = key.upper()
    return number if _ACCOUNT_NUMBER.fullmatch(number.replace(" ", "")) else None
