"""A QIF document: its headers say what the records are, and which account they belong to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from core.errors import InvalidMoney, Unreadable
from core.records import AccountRecord, BalanceKind, BalanceRecord, Record, Severity
from statements.base import ParseOptions
from statements.csv_row import ACCOUNT_DEFAULT, ACCOUNT_LENGTH_MAX, ACCOUNTS_MAX, number_of
from statements.findings import Findings
from statements.qif_evidence import Dates, Marks
from statements.qif_invest import moves_no_cash, read_investment
from statements.qif_profile import QifProfile
from statements.qif_rows import Booking, read_row, transfer_of
from statements.qif_scan import ACCOUNTS, LISTS, Entry, Header

INVESTMENTS: Final = "type:invst"
ROWS: Final = frozenset(
    ("type:bank", "type:cash", "type:ccard", "type:otha", "type:othl", "type:invoice", INVESTMENTS)
)
_OPENING: Final = frozenset(
    (
        *("opening balance", "saldo inicial", "anfangsbestand", "anfangssaldo", "beginsaldo"),
        *("solde d'ouverture", "solde initial", "saldo iniziale", "eröffnungssaldo"),
    )
)
_TYPES: Final = {"otha": "Oth A", "othl": "Oth L", "ccard": "CCard", "invst": "Invst"}


@dataclass(slots=True, kw_only=True)
class _Listed:
    """An account as its record has it."""

    name: str
    type: str | None
    description: str | None
    balance: str | None
    balance_date: str | None
    line: int


class Document:
    """Takes headers and records in order."""

    def __init__(
        self, options: ParseOptions, profile: QifProfile | None, dates: Dates, marks: Marks
    ) -> None:
        self.findings = Findings()
        self._dates = dates
        self._marks = marks
        self._section = ""
        self._profile = profile
        currency = (profile.currency if profile else None) or options.currency
        if currency is None:
            raise Unreadable(
                "currency-required",
                "QIF names no currency: set that of the connection, or `currency` in a profile.",
            )
        self._currency = currency
        self._listed: _Listed | None = None
        self._account: str | None = None  # of the section
        self._unnamed: str | None = None  # the type of the first section without an account
        self._booking: Booking | None = None
        self._known: set[str] = set()
        self._skipped: Counter[str] = Counter()
        self._no_cash = self._first_no_cash = 0
        self._rows = self._rejected = 0
        self._begun = False  # the section has had a record

    def header(self, header: Header) -> None:
        """Takes a header."""
        name = header.name
        if name.startswith(("option:", "clear:")):
            return
        self._section = name
        self._account, self._booking, self._begun = None, None, False
        if name != ACCOUNTS and name not in ROWS and name not in LISTS:
            self.findings.warn(
                "section-unknown",
                f'There is no section "!{name[:40]}" in QIF; its records were read as those of '
                "a bank account, as far as they have an amount.",
                header.line,
            )

    def take(self, entry: Entry) -> Iterator[Record]:
        """The records that come of one record of the file."""
        if not entry.fields:
            return
        if entry.end != "^":
            self.findings.warn(
                "record-unclosed", 'The record does not end with "^".', entry.line, raw=entry.raw
            )
        if self._section == ACCOUNTS:
            self._list(entry)
            return
        if self._section in LISTS or not any(letter in "DTU" for letter, _ in entry.fields):
            self._skipped[self._section] += 1
            return
        if not self._section and self.findings.first("section-missing"):
            self.findings.warn(
                "section-missing",
                "No line such as !Type:Bank stands before this record; it was read as one of a "
                "bank account.",
                entry.line,
            )
        yield from self._enter(entry)
        assert self._booking is not None
        if not self._begun and self._is_opening(entry):
            self._begun = True
            yield from self._opening(entry)
            return
        self._begun = True
        if self._section == INVESTMENTS and moves_no_cash(entry):
            self._no_cash += 1
            self._first_no_cash = self._first_no_cash or entry.line
            return
        reads = read_investment if self._section == INVESTMENTS else read_row
        row = reads(self._booking, entry)
        if row is None:
            self._rejected += 1
        else:
            self._rows += 1
            yield row

    def end(self) -> None:
        """Reports what the whole document came to."""
        for section, count in sorted(self._skipped.items()):
            self.findings.info(
                "records-without-money",
                f'{count} records under "!{section[:40]}" are no transactions and were left out.',
                1,
            )
        if self._no_cash:
            self.findings.info(
                "rows-left-out",
                f"{self._no_cash} investments move securities, or cash of another account, but no "
                "cash of their own account; they were left out.",
                self._first_no_cash,
            )
        if not self._rows:
            if self._rejected:
                self.findings.control(
                    Severity.ERROR,
                    "no-row-readable",
                    f"None of the {self._rejected} rows could be read.",
                    1,
                )
            else:
                self.findings.info("no-rows", "The file holds no transactions.", 1)

    def _list(self, entry: Entry) -> None:
        fields = {letter: text.strip() for letter, text in reversed(entry.fields)}
        name = fields.get("N", "")[:ACCOUNT_LENGTH_MAX]
        if not name:
            self.findings.warn(
                "account-unnamed", "An account of the list has no name.", entry.line, "N", entry.raw
            )
            return
        self._listed = _Listed(
            name=name,
            type=fields.get("T") or None,
            description=fields.get("D") or None,
            balance=fields.get("$") or None,
            balance_date=fields.get("/") or None,
            line=entry.line,
        )

    def _enter(self, entry: Entry) -> Iterator[Record]:
        """Finds the account of the section, and tells of it where it is new."""
        if self._booking is not None:
            return
        listed, self._listed = self._listed, None
        name = listed.name if listed is not None else self._name_without(entry)
        number = number_of(name)
        key = number or name
        self._booking = Booking(
            account=key,
            currency=self._currency,
            dates=self._dates,
            amounts=self._marks.reader(),
            negate=self._profile is not None and self._profile.negate,
            findings=self.findings,
        )
        if key in self._known:
            return
        if len(self._known) >= ACCOUNTS_MAX:
            raise Unreadable(
                "too-many-accounts", f"More than {ACCOUNTS_MAX} accounts.", line=entry.line
            )
        self._known.add(key)
        kind = self._section.partition(":")[2]
        yield AccountRecord(
            key=key,
            number=number,
            currency=self._currency,
            name=None if number or name == ACCOUNT_DEFAULT else name,
            line=entry.line if listed is None else listed.line,
            type=(listed.type if listed else None) or _TYPES.get(kind, kind.capitalize()) or None,
        )
        if listed is not None and listed.balance is not None:
            yield from self._balance(self._booking, listed)

    def _name_without(self, entry: Entry) -> str:
        """The name of an account that no record names: its opening balance may."""
        fields = dict(reversed(entry.fields))
        transfer = transfer_of(fields.get("L", "").strip())
        if transfer is not None and self._says_opening(fields):
            return transfer[:ACCOUNT_LENGTH_MAX]
        if self._unnamed is None:
            self._unnamed = self._section
        fixed = self._profile.account if self._profile is not None else None
        name = fixed or ACCOUNT_DEFAULT
        if self._section == self._unnamed:
            return name
        return f"{name} {self._section.partition(':')[2]}"

    def _says_opening(self, fields: dict[str, str]) -> bool:
        return " ".join(fields.get("P", "").split()).casefold() in _OPENING

    def _is_opening(self, entry: Entry) -> bool:
        """Quicken's first row of an account: its opening balance, a transfer from itself."""
        assert self._booking is not None
        fields = dict(reversed(entry.fields))
        transfer = transfer_of(fields.get("L", "").strip())
        if transfer is None or not self._says_opening(fields):
            return False
        return (number_of(transfer) or transfer) == self._booking.account

    def _opening(self, entry: Entry) -> Iterator[Record]:
        assert self._booking is not None
        row = read_row(self._booking, entry)
        if row is not None and row.posted_date is not None:
            yield BalanceRecord(
                account=row.account,
                kind=BalanceKind.OPENING_LEDGER,
                amount=row.amount,
                currency=row.currency,
                as_of=row.posted_date,
                line=entry.line,
            )
        elif row is not None:
            self.findings.warn(
                "balance-date", "The opening balance has no date; it was left out.", entry.line
            )

    def _balance(self, booking: Booking, listed: _Listed) -> Iterator[Record]:
        """The balance of the account list; what it counts in is up to the program."""
        try:
            amount = booking.amount(listed.balance or "")
            as_of = booking.dates.read(listed.balance_date or "")
        except (InvalidMoney, ValueError) as error:
            self.findings.warn(
                "balance-unreadable",
                f"The balance of the account, or its date, {error}; it was left out.",
                listed.line,
            )
            return
        yield BalanceRecord(
            account=booking.account,
            kind=BalanceKind.OTHER,
            amount=amount,
            currency=booking.currency,
            as_of=as_of,
            code="$",
            line=listed.line,
        )
