"""CAMT document: the fields of each scope become accounts, balances, entries and findings."""

from __future__ import annotations

import re
from typing import Final

from core.errors import InvalidMoney, Unreadable
from core.records import AccountRecord, BalanceKind, BalanceRecord, Record
from statements.base import ParseOptions
from statements.camt_entry import Entries
from statements.camt_events import Fields
from statements.camt_fields import Scope
from statements.camt_statement import BALANCE_KINDS, FINAL_IN_REPORTS, Stated, Statement
from statements.camt_totals import check_totals, proof, prove, summaries
from statements.camt_values import Dates, currency_of, direction, read_amount, time_of
from statements.findings import Findings

ACCOUNTS_MAX: Final = 10_000
BALANCES_PROVED_MAX: Final = 1_000
VERSION_MAX: Final = 14
NUMBER_CHARACTERS_MAX: Final = 200
_IBAN: Final = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}").fullmatch


class Document:
    """A `Sink`: what a message says, gathered in `records` in its order; drain them."""

    def __init__(self, options: ParseOptions, findings: Findings) -> None:
        self.records: list[Record] = []
        self._options = options
        self._findings = findings
        self._dates = Dates(options.dates)
        self._entries = Entries(self._dates, findings)
        self._kind = "053"
        self._accounts: set[str] = set()
        self._statement = Statement(kind="053", line=1)

    def begin(self, kind: str, version: str, line: int) -> None:
        """See `Sink.begin`."""
        self._kind = kind
        number = version.rpartition(".")[2]
        known = number.isdigit() and int(number) <= VERSION_MAX
        if version and not (known and version.startswith(f"camt.{kind}.001.")):
            self._findings.info(
                "version",
                f"The namespace says {version[:40]} and the content is camt.{kind}; it was read "
                f"as camt.{kind}, of which the versions .001.01 to .001.{VERSION_MAX} are known.",
                line,
            )
            self._drain()

    def statement(self, message: Fields, fields: Fields, line: int) -> None:
        """See `Sink.statement`."""
        self._statement = Statement(kind=self._kind, line=line, message=message, fields=fields)

    def entry(
        self, fields: Fields, details: list[Fields], dropped: int, line: int, line_end: int
    ) -> None:
        """See `Sink.entry`."""
        if self._statement.key is None:
            self._account(currency_of(fields.get("currency")), line)
        records = self._entries.read(self._statement, fields, details, dropped, (line, line_end))
        self._drain()
        self.records += records

    def end(self, scope: Scope, fields: Fields, line: int, line_end: int) -> None:
        """See `Sink.end`."""
        if "cut" in fields:
            self._entries.cut(fields["cut"], line)
        match scope:
            case Scope.ACCOUNT:
                self._take_account(fields, line)
            case Scope.BALANCE:
                self._balance(fields, line)
            case Scope.TOTALS:
                self._statement.totals, self._statement.totals_line = fields, line
            case Scope.STATEMENT:
                self._close(fields, line_end)
            case _:
                self._more_pages(fields, line)
        self._drain()

    def misplaced(self, line: int) -> None:
        """See `Sink.misplaced`."""
        if self._findings.first("entry-misplaced"):
            self._findings.reject(
                "entry-misplaced",
                "An entry stands outside of any statement; it was left out, as are all later ones "
                "like it. Ask the bank for a corrected file.",
                line,
                "Ntry",
            )

    def _drain(self) -> None:
        if self._findings.pending:
            self.records += self._findings.drain()

    def _take_account(self, fields: Fields, line: int) -> None:
        statement = self._statement
        number = fields.get("iban") or fields.get("other")
        if number is not None:
            number = "".join(number.split()) if "iban" in fields else number
            statement.number = number[:NUMBER_CHARACTERS_MAX]
        statement.institution = fields.get("bic") or fields.get("bank_id")
        statement.institution_name = fields.get("bank_name")
        # An IBAN is the account's everywhere; any other number only at its bank. Some banks write
        # an IBAN as any other number.
        everywhere = statement.number is not None and _IBAN(statement.number)
        statement.servicer = "" if everywhere else statement.institution or ""
        statement.name = fields.get("name") or fields.get("owner")
        statement.type = fields.get("type")
        stated = fields.get("currency")
        statement.currency = currency_of(stated)
        if stated is not None and statement.currency is None:
            self._findings.warn(
                "currency-unreadable",
                "The currency of the account is no ISO 4217 code; that of its balances and entries "
                "was taken.",
                line,
                "Ccy",
                stated[:100],
            )
        if statement.currency is not None:
            self._account(None, line)

    def _account(self, seen: str | None, line: int) -> None:
        """Hands the account over before the first record that names it."""
        statement = self._statement
        if statement.key is not None:
            return
        currency = statement.currency or seen or self._options.currency
        if currency is None:
            return
        statement.currency = currency
        if statement.number is None:
            self._findings.warn(
                "account-number-missing",
                "The statement names no account; its entries are read as those of one account "
                "without a number.",
                statement.line,
            )
        parts = (statement.servicer, statement.number or "", currency)
        statement.key = "|".join(parts[1:] if not statement.servicer else parts)
        if statement.key in self._accounts:
            return
        if len(self._accounts) >= ACCOUNTS_MAX:
            raise Unreadable(
                "too-many-accounts",
                f"More than {ACCOUNTS_MAX} accounts; split the file.",
                line=line,
            )
        self._accounts.add(statement.key)
        self.records.append(
            AccountRecord(
                key=statement.key,
                number=statement.number,
                currency=currency,
                name=statement.name,
                institution=statement.institution,
                line=statement.line,
                institution_name=statement.institution_name,
                type=statement.type,
            )
        )

    def _balance(self, fields: Fields, line: int) -> None:
        statement = self._statement
        code = fields.get("code") or fields.get("proprietary") or ""
        currency = currency_of(fields.get("currency")) or statement.currency
        self._account(currency, line)
        currency = currency or statement.currency
        as_of = self._dates.read(fields.get("date", ""))
        try:
            amount = read_amount(fields.get("amount", ""))
        except InvalidMoney as error:
            self._reject("amount-unreadable", f"amount has {error}", "Amt", fields, line)
            return
        if as_of is None or currency is None or statement.key is None:
            what = "Dt" if as_of is None else "Ccy"
            self._reject("balance-unreadable", f"{what} cannot be read", what, fields, line)
            return
        sign = direction(fields.get("direction"))
        if sign is None and amount and self._findings.first("balance-direction"):
            self._findings.warn(
                "balance-direction-assumed",
                "A balance says neither CRDT nor DBIT; it and all like it were read as credit.",
                line,
                "CdtDbtInd",
            )
        if sign == -1 and amount:
            amount = -amount
        kind = BALANCE_KINDS.get(code, BalanceKind.OTHER)
        report = statement.kind == "052" and code not in FINAL_IN_REPORTS
        interim = report or code in ("ITBD", "ITAV") or fields.get("subtype") == "INTM"
        time = time_of(fields.get("date", ""))
        balance = BalanceRecord(
            statement.key, kind, amount, currency, as_of, time, code[:35] or None, interim, line
        )
        self.records.append(balance)
        if code == "CLBD" or statement.as_of is None:
            statement.as_of = max(as_of, statement.as_of or as_of)
        if len(statement.balances) < BALANCES_PROVED_MAX:
            statement.balances.append(
                Stated(code=code, amount=amount, currency=currency, as_of=as_of, line=line)
            )

    def _reject(self, code: str, what: str, field: str, fields: Fields, line: int) -> None:
        balance = fields.get("code") or fields.get("proprietary") or "without a code"
        self._findings.reject(
            code,
            f"The balance {balance[:35]} was left out: its {what}; ask the bank for a corrected "
            "file.",
            line,
            field,
            fields.get("amount" if field == "Amt" else "date", "")[:100],
        )

    def _close(self, fields: Fields, line_end: int) -> None:
        statement = self._statement
        self._account(None, line_end)
        if fields.get("duplicate", "").startswith("DUPL") and self._findings.first("duplicate"):
            self._findings.info(
                "duplicate-statement",
                "The bank marks this statement as a duplicate of one that it sent before; rows "
                "that stand already add nothing.",
                statement.line,
            )
        self._more_pages(fields, statement.line)
        if statement.key is not None:
            self.records += summaries(statement)
        check_totals(statement, self._findings)
        holds = prove(statement, self._findings)
        self.records += proof(statement, self._dates, line_end, holds=holds)

    def _more_pages(self, fields: Fields, line: int) -> None:
        if fields.get("last_page") in ("false", "0") and self._findings.first("more-pages"):
            self._findings.info(
                "more-pages", "Further pages follow in other files; import them too.", line
            )
