"""An OFX document while it is read: which bank, statement and account an entry belongs to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from core.records import (
    AccountRecord,
    BalanceRecord,
    Finding,
    Record,
    RemovalRecord,
    Severity,
    TransactionRecord,
)
from statements.base import ParseOptions
from statements.findings import Findings
from statements.ofx_balances import INVESTED, read_balance, read_cash, read_closing, read_listed
from statements.ofx_invest import CASHLESS, Portfolio, left_out, read_trade
from statements.ofx_proof import Proof
from statements.ofx_repeats import Repeats
from statements.ofx_rows import Booking, read_row
from statements.ofx_scan import Entry
from statements.ofx_tags import ACCOUNTS, INVESTING, POSITIONS, ROWS, STATEMENTS
from statements.ofx_values import Moment, Moments, currency_of, shortened, text_of

CURRENCY_UNKNOWN: Final = "XXX"  # ISO 4217: no currency
_TYPES: Final = {  # the words of `AccountRecord.type`
    "MONEYMRKT": "money market",
    "CREDITLINE": "line of credit",
    "CCACCTFROM": "credit card",
    "INVACCTFROM": "investment",
    "LOANACCTFROM": "loan",
}
_READ_SETS: Final = frozenset(
    [
        "SIGNONMSGSRSV1",
        "SIGNUPMSGSRSV1",
        "BANKMSGSRSV1",
        "CREDITCARDMSGSRSV1",
        "INVSTMTMSGSRSV1",
        "SECLISTMSGSRSV1",
        "PROFMSGSRSV1",
        "LOANMSGSRSV1",
    ]
)
_UNREAD: Final = frozenset({"INVOOLIST", "INV401K", "INV401KBAL"})  # open orders, pension plans


class Document:
    """Takes the entries of a document in order and yields what they say."""

    def __init__(self, options: ParseOptions, findings: Findings) -> None:
        self._options = options
        self._findings = findings
        self._moments = Moments(options.dates)
        self._known: set[str] = set()  # keys of the accounts yielded so far
        self._bank: Mapping[str, str] = {}  # FI
        self._account: Entry | None = None
        self._curdef = ""
        self._as_of: Moment | None = None
        self._in_statement = False
        self._proof = Proof(0)
        self._codes: set[str] = set()  # of the balances that this statement names itself
        self._portfolio = Portfolio()
        self._repeats = Repeats()
        self._left_out: dict[str, tuple[int, int]] = {}
        self._statements = self._listed = self._open = 0
        self._rooted = False  # whether <OFX> has come
        self._booking: Booking | None = None  # of the account come to; None before its first row

    def row(self, entry: Entry) -> TransactionRecord | RemovalRecord | None:
        """Take a STMTTRN whose account was announced."""
        assert self._booking is not None
        record = read_row(self._booking, entry)
        if record is None:
            return None
        if isinstance(record, RemovalRecord):
            self._proof.delete(record.external_id)
            return record
        self._proof.add(record, self._booking.currency)
        return None if self._repeats.holds(record) else record

    @property
    def announced(self) -> bool:
        """Whether the account of the next row has been yielded."""
        return self._booking is not None

    def take(self, entry: Entry) -> Iterator[Record]:
        """Take an entry of any kind."""
        tag = entry.tag
        if tag in ROWS or tag in INVESTING or tag in POSITIONS:
            yield from self._row(entry)
        elif tag in ACCOUNTS:
            self._come_to(entry)
        elif tag in STATEMENTS:
            yield from self._begin(entry)
        elif tag.startswith("/"):
            if tag[1:] in STATEMENTS:
                yield from self._end_statement(entry.line)
            self._open -= tag == "/OFX"
        elif entry.fields is not None:
            yield from self._aggregate(entry, entry.fields)
        else:
            yield from self._element(entry)

    def end(self, line: int) -> Iterator[Record]:
        """What is to be said at the end, `line`."""
        yield from self._end_statement(line)
        yield from self._portfolio.records()
        yield from left_out(self._left_out)
        if self._open > 0:
            self._findings.control(
                Severity.ERROR,
                "truncated",
                "The file ends without </OFX>: it was cut off. Fetch it again from the bank.",
                line,
            )
        if not self._rooted:
            self._findings.control(
                Severity.WARNING,
                "root-missing",
                "The file does not begin with <OFX>: what was before may be lost. Fetch it again "
                "from the bank.",
                1,
            )
        if self._listed:
            self._findings.info(
                "accounts-listed",
                f"The file lists {self._listed} accounts without a statement of them.",
                line,
            )
        if not self._statements:
            self._findings.info("no-statement", "The file has no statement of an account.", line)

    def _begin(self, entry: Entry) -> Iterator[Record]:
        yield from self._end_statement(entry.line)
        self._in_statement = True
        self._statements += 1
        self._repeats.begin()
        self._proof = Proof(entry.line)
        self._account, self._booking, self._curdef, self._as_of = None, None, "", None
        self._codes = set()

    def _end_statement(self, line: int) -> Iterator[Record]:
        """An account is yielded even where its statement has neither rows nor balances."""
        if self._in_statement and self._account is not None:
            yield from self._announce(line)
        elif self._in_statement and self._booking is None:
            self._report_no_number(line)
        self._repeats.tell(self._findings)
        proof = self._proof.record(line)
        if proof is not None:
            yield proof
        self._proof = Proof(line)
        self._in_statement = False

    def _come_to(self, entry: Entry) -> None:
        if self._in_statement:
            self._account, self._booking = entry, None
        else:
            self._listed += 1

    def _row(self, entry: Entry) -> Iterator[Record]:
        tag = entry.tag
        if tag in CASHLESS or tag == "LOANSTMTTRN":
            self._leave_out(entry)
            return
        yield from self._announce(entry.line)
        assert self._booking is not None
        if tag in POSITIONS:
            self._portfolio.take(self._booking, entry, self._as_of)
            return
        if tag in ROWS:
            row = self.row(entry)
            if row is not None:
                yield row
            return
        trade = read_trade(self._booking, entry)
        if trade is not None and not self._repeats.holds(trade):
            yield trade

    def _leave_out(self, entry: Entry) -> None:
        count, line = self._left_out.get(entry.tag, (0, entry.line))
        self._left_out[entry.tag] = (count + 1, line)

    def _aggregate(self, entry: Entry, fields: Mapping[str, str]) -> Iterator[Record]:
        tag = entry.tag
        if tag == "STATUS":
            self._status(entry, fields)
        elif tag == "FI":
            self._bank = fields
        elif tag == "SECINFO":
            self._portfolio.name(entry)
        else:
            yield from self._announce(entry.line)
            assert self._booking is not None
            if tag == "BAL":
                yield from read_listed(self._booking, entry, self._as_of, self._codes)
            elif tag in {"LEDGERBAL", "AVAILBAL"}:
                self._as_of = self._as_of or self._moments.read(fields.get("DTASOF", ""))
                for record in read_balance(self._booking, entry):
                    if isinstance(record, BalanceRecord):
                        self._proof.close(record)
                    yield record
            else:
                yield from read_closing(self._booking, entry)

    def _element(self, entry: Entry) -> Iterator[Record]:
        tag = entry.tag
        if tag == "OFX":
            self._open += 1
            self._rooted = True
        elif tag == "CURDEF" and self._in_statement:
            self._curdef, self._booking = entry.value.strip(), None
        elif tag == "DTASOF" and self._in_statement:
            self._as_of = self._moments.read(entry.value)
        elif tag in {"DTSTART", "DTEND"} and self._in_statement:
            moment = self._moments.read(entry.value)
            if moment is not None and tag == "DTSTART":
                self._proof.from_date = moment.day
            elif moment is not None:
                self._proof.to_date = moment.day
        elif tag == "INVPOSLIST" and self._in_statement:
            yield from self._announce(entry.line)
            assert self._booking is not None
            self._portfolio.open(self._booking.account, self._as_of, entry.line)
        elif tag in INVESTED and self._in_statement:
            yield from self._announce(entry.line)
            assert self._booking is not None
            yield from read_cash(self._booking, entry, self._as_of)
        elif tag in _UNREAD:
            self._leave_out(entry)
        elif tag.endswith("MSGSRSV1") and tag not in _READ_SETS:
            self._findings.info(
                "message-set-left-out", f"{shortened(tag)} holds no statements.", entry.line
            )

    def _announce(self, line: int) -> Iterator[AccountRecord]:
        """Have a booking for the account come to, and yield the account the first time."""
        if self._booking is not None:
            return
        if not self._in_statement:
            self._statements += 1
            self._in_statement = True
            self._findings.warn(
                "statement-missing", "Rows stand outside of any statement; they were read.", line
            )
        record = self._account_record(line)
        self._booking = Booking(
            account=record.key,
            currency=record.currency,
            moments=self._moments,
            findings=self._findings,
        )
        if record.key not in self._known:
            self._known.add(record.key)
            yield record

    def _account_record(self, line: int) -> AccountRecord:
        entry = self._account
        fields = {} if entry is None or entry.fields is None else entry.fields
        tag = "" if entry is None else entry.tag
        number = text_of(fields, "ACCTID") or text_of(fields, "LOANACCTID")
        bank = text_of(fields, "BANKID") or text_of(fields, "BROKERID")
        kind = text_of(fields, "ACCTTYPE").upper() or tag
        currency = self._currency(line)
        if not number:
            self._report_no_number(line)
        hidden = any(mark in number.casefold() for mark in ("*", "xxx", "•"))
        parts = (bank, text_of(fields, "BRANCHID"), number, kind)
        return AccountRecord(
            key="|".join([*(_escaped(part) for part in parts), currency]),
            number=None if hidden else number or None,
            currency=currency,
            institution=bank or text_of(self._bank, "FID") or None,
            line=line if entry is None else entry.line,
            institution_name=text_of(self._bank, "ORG") or None,
            mask=_digits_at_end(number) if hidden else None,
            type=_TYPES.get(kind, kind.casefold()) or None,
        )

    def _report_no_number(self, line: int) -> None:
        self._findings.warn(
            "account-number-missing", "The statement names no account.", line, "ACCTID"
        )

    def _currency(self, line: int) -> str:
        """CURDEF, else that of the connection, else none, with a finding."""
        stated = currency_of(self._curdef)
        if stated is not None:
            return stated
        currency = self._options.currency or CURRENCY_UNKNOWN
        self._findings.warn(
            "currency-assumed",
            f"The statement names no currency: {currency} was taken. Set the currency of the "
            "connection if that is wrong.",
            line,
            "CURDEF",
            shortened(self._curdef) or None,
        )
        return currency

    def _status(self, entry: Entry, fields: Mapping[str, str]) -> None:
        code, severity = text_of(fields, "CODE"), text_of(fields, "SEVERITY").upper()
        if severity not in {"ERROR", "WARN"} or not code.strip("0"):
            return
        message = shortened(text_of(fields, "MESSAGE")) or "no reason given"
        text = f"The bank answered with status {shortened(code)}: {message}."
        if severity == "ERROR":
            self._findings.pending.append(
                Finding(Severity.ERROR, "bank-refused", text, line=entry.line)
            )
        else:
            self._findings.warn("bank-warns", text, entry.line)


def _escaped(part: str) -> str:
    return part.replace("%", "%25").replace("|", "%7C")


def _digits_at_end(number: str) -> str | None:
    digits = ""
    for character in reversed(number.rstrip()):
        if not (character.isdigit() or character in "- ") or len(digits) >= 4:
            break
        digits = character + digits
    return digits.replace("-", "").replace(" ", "") or None
