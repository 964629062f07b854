"""An MT940 or MT942 document while it is read: statements, their accounts and their proof."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from core.errors import Unreadable
from core.records import (
    AccountRecord,
    BalanceRecord,
    ProofRecord,
    Record,
    Severity,
    SummaryRecord,
)
from statements.bai2_values import shortened
from statements.base import ParseOptions
from statements.findings import Findings
from statements.mt940_account import (
    NUMBERLESS,
    Header,
    Identification,
    read_header,
    read_identification,
)
from statements.mt940_entry import Entry, Standing, read_entry
from statements.mt940_fields import END, HEADER, OUTSIDE, Field, Usual
from statements.mt940_proof import Proof, check_continuity, report_missing
from statements.mt940_standing import BALANCES, PAGES, read_indication, read_stated
from statements.mt940_usual import UsualReader
from statements.mt940_values import (
    Calendar,
    Stated,
    read_balance,
    read_floor,
    read_sum,
)

ACCOUNTS_MAX: Final = 10_000
BLOCKS_MAX: Final = 4_096  # characters of the blocks before a message
ACCOUNT_MAX: Final = 35  # characters of a :25:
_NUMBERS: Final = frozenset({"28", "28C"})
_BEGINNINGS: Final = frozenset({"25", "25P", "28", "28C", "60", "60F", "60M"})


class Document:
    """The state of one document: takes its fields in order and yields what they say."""

    def __init__(self, options: ParseOptions, findings: Findings) -> None:
        self._options = options
        self._findings = findings
        self._calendar = Calendar(options.dates)
        self._known: set[str] = set()  # keys of the accounts yielded so far
        self._closings: dict[str, Stated] = {}  # the balance that each account closed with last
        self._header = Header(None, interim=False)
        self._proofs: list[ProofRecord] = []  # of statements that have ended
        self._blocks = ""  # before the text of the message
        self._enveloped = False  # in a message that -} has to end
        self._read_any = False
        self._before = self._last = 0  # lines at which the last two fields end
        self._reader = UsualReader(self._calendar)
        self._proof = Proof()
        self._clear()

    def take(self, field: Field) -> Iterator[Record]:
        """Take the next field of any tag but :86:."""
        if field.tag == "NS" or self._is_mistagged(field):
            self.text(field)
            return
        self._before, self._last = self._last, field.line_end
        if self._goes_on(field):
            return
        yield from self._flush()
        match field.tag:
            case "" | "-" | "{":
                self._frame(field)
            case "61":
                yield from self._open_account(field.line)
                self._entry(field)
            case _:
                self._read_any = True
                yield from self._head(field)
        if self._proofs:
            yield from self._proofs
            self._proofs.clear()

    def usual(self, usual: Usual) -> list[Record] | None:
        """The records of a usual entry; None where its fields have to be taken one by one."""
        if self._standing is None:
            return None
        row = self._reader.read(usual, self._standing, self._proof)
        if row is None:
            return None
        rows: list[Record] = [*self._flush(), row]
        self._before, self._last = usual.first, usual.last
        self._read_any, self._empty, self._rejected = True, False, False
        return rows

    def end(self, line: int) -> Iterator[Record]:
        """What still waits; `line` is the last one. Raises `Unreadable` if there was no field."""
        yield from self._flush()
        if not self._read_any:
            raise Unreadable(
                "no-statement",
                "No field of an MT940 or MT942 statement (such as :20: or :61:) begins a line; "
                "send the file as the bank made it, or choose the format that it really has.",
            )
        missing = [*self._missing(), *(["-}"] if self._enveloped else [])]
        if missing:
            self._findings.control(
                Severity.ERROR,
                "truncated",
                f"The file ends without {', '.join(missing)}: it was cut off. Fetch it again from "
                "the bank.",
                line,
            )
        self._end_statement(line)
        yield from self._proofs
        if not self._known and not missing:
            self._findings.warn(
                "no-rows", "The file holds neither entries nor balances that could be read.", line
            )

    def _clear(self) -> None:
        self._identification: Identification | None = None
        self._currency: str | None = None
        self._standing: Standing | None = None
        self._entry_open: Entry | None = None
        self._rejected = False  # the last :61: was left out, and what follows it with it
        self._interim = self._header.interim
        self._anchor: date | None = None
        self._proof = Proof()
        self._number: str | None = None  # what :28C: says
        self._empty = True

    def _frame(self, field: Field) -> None:
        self._rejected = False
        if field.tag == HEADER:
            self._open_message(field.lines[0], field.line)
        elif field.tag == END:
            self._close(field.line)
            self._enveloped, self._blocks = False, ""
            self._header = Header(None, interim=False)
            self._clear()
        elif field.tag == OUTSIDE and self._findings.first("outside-text"):
            self._findings.info(
                "outside-text",
                "Text stands outside any statement, here and maybe further on; it was left out.",
                field.line,
                shortened(field.lines[0]),
            )

    def _open_message(self, block: str, line: int) -> None:
        if block.startswith("{1:"):
            self._close(line)
            if self._enveloped:
                report_missing(["-}"], line, self._findings)
            self._enveloped, self._blocks = True, ""
            self._header = Header(None, interim=False)
            self._clear()
        self._blocks = (self._blocks + block)[:BLOCKS_MAX]
        self._header = read_header(self._blocks)
        self._interim |= self._header.interim

    def _missing(self) -> list[str]:
        return self._proof.missing(interim=self._interim)

    def _close(self, line: int) -> None:
        """Close the statement that is open, if one is."""
        if self._empty:
            return
        report_missing(self._missing(), line, self._findings)
        self._end_statement(self._before)
        self._empty = True

    def _end_statement(self, line: int) -> None:
        """Hold what was found against what was stated, and keep what came of it."""
        self._proof.check(self._findings)
        if self._standing is not None and not self._empty:
            self._proofs.append(
                self._proof.record(self._standing, self._number, self._calendar, line)
            )

    def _head(self, field: Field) -> Iterator[Record]:
        value = "\n".join(field.lines).strip()
        if field.tag == "20":
            self._close(field.line)
            self._clear()
            self._proof.begun = True
        elif self._begins_anew(field.tag):
            self._close(field.line)
            told, currency = self._identification, self._currency
            self._clear()
            self._identification, self._currency, self._proof.begun = told, currency, True
        self._empty = False
        self._rejected = False
        self._proof.line = self._proof.line or field.line
        if field.tag in _NUMBERS:
            self._number = value or None
        elif field.tag in {"25", "25P"}:
            self._identification = read_identification(field.lines)
            self._currency = self._identification.currency
            self._standing = None
        elif field.tag in BALANCES:
            yield from self._balance(field, value)
        elif field.tag == "34F":
            self._interim = True
            yield from self._sum(field, value)
        elif field.tag in {"90C", "90D"}:
            yield from self._sum(field, value)
        elif field.tag[:2] == "13":
            self._indication(field, value)
        else:
            assert field.tag in {"20", "21"}, field.tag

    def _begins_anew(self, tag: str) -> bool:
        """Whether another statement begins although no :20: says so."""
        if tag in {"25", "25P"} and self._identification is not None:
            return True
        return self._proof.closed and tag in _BEGINNINGS

    def text(self, field: Field) -> None:
        """Take a text (:86:, :NS:), which belongs to the entry before it."""
        self._before, self._last = self._last, field.line_end
        self._read_any = True
        self._empty = False
        if self._entry_open is not None:
            self._entry_open.add(field)
        elif not self._rejected:
            # Before the first entry or behind the balances it speaks of the statement as a whole.
            self._findings.info(
                "statement-text",
                "A text about the statement as a whole: it belongs to no entry.",
                field.line,
                shortened("\n".join(field.lines)),
            )

    def _goes_on(self, field: Field) -> bool:
        """Whether a dash that would end the statement, or what follows it, is text of an entry.

        A statement that has no closing balance yet does not end: the dash stands in a text.
        """
        dash = field.tag == END and field.lines[0].strip() == "-" and bool(self._missing())
        if self._entry_open is None:
            return dash
        if dash or field.tag == OUTSIDE:
            self._entry_open.add(field)
            return True
        return False

    def _is_mistagged(self, field: Field) -> bool:
        """Whether a :25: right behind an entry holds its text: one such file is known."""
        text = field.tag == "25" and max(map(len, field.lines)) > ACCOUNT_MAX
        if not text or self._entry_open is None:
            return False
        self._findings.warn(
            "misplaced-field",
            "A text stands under the tag of an account (:25:) behind an entry; it was read as the "
            "entry's text (:86:).",
            field.line,
            "25",
            shortened("\n".join(field.lines)),
        )
        return True

    def _entry(self, field: Field) -> None:
        self._read_any = True
        self._empty = False
        if self._standing is None:
            self._proof.broken = self._rejected = True
            self._findings.reject(
                "currency-missing",
                "Neither the statement nor the connection says the currency of this entry; it was "
                "left out. Set the connection's currency.",
                field.line,
                "entry",
                shortened("\n".join(field.lines)),
            )
            return
        entry = read_entry(field, self._anchor, self._calendar, self._findings)
        self._rejected = entry is None
        self._proof.broken |= entry is None
        if entry is not None:
            self._proof.add(entry.line.amount, entry.line.mark)
            self._entry_open = entry

    def _flush(self) -> Iterator[Record]:
        entry, self._entry_open = self._entry_open, None
        if entry is not None:
            assert self._standing is not None
            yield entry.record(self._standing)

    def _balance(self, field: Field, value: str) -> Iterator[Record]:
        stated = read_stated(read_balance, field, value, self._findings)
        if stated is None:
            if field.tag[:2] in {"60", "62"}:
                self._proof.unreadable(field.tag[:2])
            return
        day, _ = self._calendar.day(stated.day)
        opens = field.tag[:2] == "60"
        if opens:
            self._currency, self._standing = stated.currency, None
            self._anchor = day or self._anchor
        yield from self._open_account(field.line, stated.currency)
        if field.tag[:2] in {"60", "62"}:
            self._prove(stated, field, opens=opens)
        if self._standing is None:
            return
        if day is None:
            self._findings.warn(
                "balance-date",
                "The date of the balance is no date of the years allowed; it was left out.",
                field.line,
                field.tag,
                shortened(value),
            )
            return
        yield BalanceRecord(
            account=self._standing.account,
            kind=BALANCES[field.tag],
            amount=stated.amount,
            currency=stated.currency,
            as_of=day,
            code=field.tag,
            interim=field.tag in PAGES or self._interim,
            line=field.line,
        )

    def _prove(self, stated: Stated, field: Field, *, opens: bool) -> None:
        assert self._standing is not None
        account = self._standing.account
        if not opens:
            self._proof.close(stated, field)
            self._closings[account] = stated
            return
        self._proof.open(stated)
        check_continuity(self._closings.get(account), stated, field, self._findings)

    def _sum(self, field: Field, value: str) -> Iterator[Record]:
        stated = read_stated(
            read_floor if field.tag == "34F" else read_sum, field, value, self._findings
        )
        if stated is None:
            return
        yield from self._open_account(field.line, stated.currency)
        if field.tag != "34F":
            self._proof.state(field, stated)
        if self._standing is not None:
            yield SummaryRecord(
                account=self._standing.account,
                code=field.tag + stated.mark,
                amount=stated.amount,
                item_count=stated.entries,
                currency=stated.currency,
                as_of=self._anchor,
                line=field.line,
            )

    def _indication(self, field: Field, value: str) -> None:
        day = read_indication(field, value, self._calendar, self._findings)
        self._anchor = day or self._anchor

    def _open_account(self, line: int, currency: str | None = None) -> Iterator[Record]:
        """Yield the account once; afterwards `_standing` tells it, unless it has no currency."""
        self._proof.line = self._proof.line or line
        currency = self._currency or currency or self._options.currency
        if self._standing is not None or currency is None:
            return
        told = self._identification
        if told is None and self._findings.first("account-missing"):
            self._findings.warn(
                "account-missing",
                "No account (:25:) stands before this; its rows were read under one name.",
                line,
                "25",
            )
        told = told or Identification(NUMBERLESS, None, None, None)
        key = f"{told.key}|{currency}"
        self._standing = Standing(account=key, currency=currency, interim=self._interim)
        if key in self._known:
            return
        if len(self._known) >= ACCOUNTS_MAX:
            raise Unreadable(
                "too-many-accounts",
                f"The file speaks of more than {ACCOUNTS_MAX} accounts; split it.",
                line=line,
            )
        self._known.add(key)
        yield AccountRecord(
            key=key,
            number=told.number,
            currency=currency,
            institution=told.institution or self._header.sender,
            line=line,
        )
