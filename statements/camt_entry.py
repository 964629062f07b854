"""CAMT entries: what was booked becomes transactions, one for each detail where that adds up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

from core.errors import InvalidMoney
from core.records import TransactionRecord, TransactionStatus
from statements.camt_details import combined, extra_of, party_of, text_of
from statements.camt_events import Fields
from statements.camt_statement import Statement
from statements.camt_values import (
    Dates,
    currency_of,
    direction,
    is_plain,
    is_true,
    read_amount,
    reference,
    type_code,
)
from statements.findings import Findings

ENTRY_REFERENCE_MIN: Final = 10  # a shorter NtryRef only counts the entries of its statement
RAW_MAX: Final = 100
# What a detail states, most binding first; an amount in another currency proves nothing.
_STATED: Final = (
    ("amount", "currency"),
    ("transacted", "transacted_currency"),
    ("countervalue", "countervalue_currency"),
    ("instructed", "instructed_currency"),
)
_UNIQUE: Final = ("servicer_reference", "uetr", "transaction_id")
_STATUSES: Final = {
    "BOOK": TransactionStatus.POSTED,
    "PDNG": TransactionStatus.PENDING,
    "INFO": TransactionStatus.PENDING,
    "FUTR": TransactionStatus.PENDING,
}
_NONE: Final[Fields] = {}
_MARKS: Final = {"CRDT": "", "DBIT": "-"}
_new: Final = tuple.__new__


class Booked(NamedTuple):
    """What all transactions of one entry share."""

    account: str
    amount: Decimal
    currency: str
    status: TransactionStatus
    posted: date | None
    valued: date | None
    reference: str | None
    external_id: str | None
    fields: Fields
    line: int
    line_end: int


class Entries:
    """Reads entries. What cannot be read, or was read otherwise than it stands, is a finding."""

    def __init__(self, dates: Dates, findings: Findings) -> None:
        self._dates = dates
        self._findings = findings

    def read(
        self,
        statement: Statement,
        fields: Fields,
        details: Sequence[Fields],
        dropped: int,
        lines: tuple[int, int],
    ) -> list[TransactionRecord]:
        """The transactions of one entry; none where it cannot be read."""
        entry = self._entry(statement, fields, details, lines)
        if entry is None:
            statement.rejected += 1
            return []
        if "cut" in fields:
            self.cut(fields["cut"], lines[0])
        for detail in details:
            if "cut" in detail:
                self.cut(detail["cut"], int(detail["line"]))
        if len(details) <= 1 and not dropped:
            return [self._transaction(entry, details[0] if details else _NONE)]
        amounts = None if dropped else self._amounts(entry, details)
        if amounts is None:
            if dropped:
                self._too_many(len(details) + dropped, lines[0])
            return [self._transaction(entry, combined(details))]
        return list(self._split(entry, details, amounts))

    def cut(self, field: str, line: int) -> None:
        """Says that a text was too long."""
        self._findings.warn(
            "text-cut", "A text is longer than can be kept; its end was left out.", line, field
        )

    def _entry(
        self,
        statement: Statement,
        fields: Fields,
        details: Sequence[Fields],
        lines: tuple[int, int],
    ) -> Booked | None:
        get = fields.get
        line = lines[0]
        money = self._money(statement, fields, line)
        if money is None or statement.key is None:
            return None
        amount, currency = money
        status, stated = TransactionStatus.POSTED, get("status")
        if stated != "BOOK":
            status = self._status(statement, stated, line)
        booked = status is TransactionStatus.POSTED
        credit = amount > 0 or (not amount and direction(get("direction")) == 1)
        statement.count(amount, currency, credit=credit, booked=booked)
        if booked and is_true(get("reversal")):
            statement.reversed += amount
        known = self._dates.known.get
        valued = known(get("valued")) or self._date(fields, "valued", "ValDt", line)
        posted = known(get("booked")) or self._date(fields, "booked", "BookgDt", line)
        if posted is None and booked:
            posted = self._assumed(statement, valued, line)
        own = reference(get("servicer_reference"))
        if own is None and len(details) == 1:
            own = reference(details[0].get("servicer_reference"))
        return _new(
            Booked,
            (
                statement.key,
                amount,
                currency,
                status,
                posted,
                valued,
                own,
                own or _counting_reference(get("entry_reference")),
                fields,
                *lines,
            ),
        )

    def _money(self, statement: Statement, fields: Fields, line: int) -> tuple[Decimal, str] | None:
        """The signed amount and its currency; None where the entry is left out."""
        get = fields.get
        text, mark = get("amount", ""), _MARKS.get(get("direction", ""))
        if mark is not None and get("currency") == statement.currency and is_plain(text):
            amount = Decimal(mark + text)
            return amount or abs(amount), fields["currency"]  # there is no minus nought
        try:
            amount = read_amount(text)
        except InvalidMoney as error:
            self._reject("amount-unreadable", f"its amount has {error}", "Amt", get("amount"), line)
            return None
        currency: str | None = get("currency")
        if currency != statement.currency or currency is None:
            currency = currency_of(currency) or statement.currency
        if currency is None or statement.key is None:
            what = "nothing names its currency"
            self._reject("currency-unreadable", what, "Ccy", get("currency"), line)
            return None
        if get("currency") != currency and self._findings.first("entry-currency"):
            self._findings.warn(
                "currency-assumed",
                f"An entry names no currency; {currency} was taken, that of the account.",
                line,
                "Ccy",
                get("currency", "")[:RAW_MAX],
            )
        sign = direction(get("direction"))
        if sign is None:
            what = "it is neither CRDT nor DBIT"
            self._reject("direction-missing", what, "CdtDbtInd", get("direction"), line)
            return None
        if amount < 0:
            self._findings.warn(
                "amount-signed",
                "The amount of an entry has a minus; it was read as turning the direction round.",
                line,
                "Amt",
                get("amount"),
            )
        if sign == -1 and amount:
            amount = -amount
        return amount, currency

    def _status(self, statement: Statement, text: str | None, line: int) -> TransactionStatus:
        if text is None:
            if self._findings.first("status-missing"):
                self._findings.info(
                    "status-missing",
                    "An entry has no status; it and all like it were read as booked.",
                    line,
                )
            return TransactionStatus.POSTED
        found = _STATUSES.get(text.upper())
        if found is None:
            self._findings.warn(
                "status-unknown",
                "The status of an entry is none that is known; it was read as pending.",
                line,
                "Sts",
                text[:RAW_MAX],
            )
            return TransactionStatus.PENDING
        if text.upper() == "INFO" and self._findings.first(f"informational {statement.line}"):
            self._findings.info(
                "entry-informational",
                "Entries of this statement are for information (INFO) and not booked on the "
                "account; they were read as pending.",
                line,
            )
        return found

    def _assumed(self, statement: Statement, valued: date | None, line: int) -> date | None:
        if not statement.undated_told:
            statement.undated_told = True
            self._findings.warn(
                "booking-date-assumed",
                "An entry has no booking date; for it and all like it in this statement the value "
                "date was taken, or else the day of the statement.",
                line,
                "BookgDt",
            )
        if valued is not None or statement.as_of is not None:
            return valued or statement.as_of
        stated = (
            statement.fields.get("until"),
            statement.fields.get("created"),
            statement.message.get("created"),
        )
        return next(filter(None, (self._dates.read(text or "") for text in stated)), None)

    def _date(self, fields: Fields, name: str, element: str, line: int) -> date | None:
        text = fields.get(name)
        if text is None:
            return None
        found = self._dates.read(text)
        if found is None:
            self._findings.warn(
                "date-unreadable",
                "A date is none, or is out of range; it was left out.",
                line,
                element,
                text[:RAW_MAX],
            )
        return found

    def _amounts(self, entry: Booked, details: Sequence[Fields]) -> list[Decimal] | None:
        """The signed amounts of the details, where each has one and they make the entry's."""
        overall = 1 if entry.fields["direction"].upper() == "CRDT" else -1
        stated = [_stated(detail, entry.currency) for detail in details]
        amounts = []
        for detail, amount in zip(details, stated, strict=True):
            if amount is None:
                self._findings.info(
                    "batch-without-amounts",
                    f"{len(details)} details of an entry do not all state an amount in "
                    f"{entry.currency}: the entry was read as one transaction.",
                    entry.line,
                )
                return None
            amounts.append(amount * (direction(detail.get("direction")) or overall))
        total = sum(amounts, Decimal(0))
        if total == entry.amount:
            return amounts
        self._findings.warn(
            "batch-mismatch",
            f"{len(details)} details of an entry come to {total}, the entry is {entry.amount}: it "
            "was read as one transaction.",
            entry.line,
            "TxDtls",
        )
        return None

    def _split(
        self, entry: Booked, details: Sequence[Fields], amounts: Sequence[Decimal]
    ) -> Iterator[TransactionRecord]:
        seen = {
            name: Counter(detail[name] for detail in details if name in detail) for name in _UNIQUE
        }
        for number, (detail, amount) in enumerate(zip(details, amounts, strict=True), start=1):
            external_id = None
            for name in _UNIQUE:
                own = reference(detail.get(name))
                if own is not None and seen[name][own] == 1 and own != entry.reference:
                    external_id = own
                    break
            if external_id is None and entry.external_id is not None:
                external_id = f"{entry.external_id}/{number}"
            yield self._transaction(
                entry,
                detail,
                amount=amount,
                external_id=external_id,
                lines=(int(detail["line"]), int(detail["line_end"])),
            )

    def _transaction(
        self,
        entry: Booked,
        detail: Fields,
        *,
        amount: Decimal | None = None,
        external_id: str | None = None,
        lines: tuple[int, int] | None = None,
    ) -> TransactionRecord:
        if lines is None:
            amount, external_id = entry.amount, entry.external_id
            if external_id is None:
                external_id = reference(detail.get("uetr"))
            lines = entry.line, entry.line_end
        assert amount is not None
        get = detail.get
        party = party_of(detail, credit=amount >= 0)
        raw = text_of(detail, entry.fields) or party.name or ""
        done = get("transaction_date") or get("acceptance_date")
        return _new(
            TransactionRecord,
            (  # in the order of `TransactionRecord`: by name it takes twice as long
                entry.account,
                amount,
                entry.currency,
                entry.posted,
                entry.status,
                " ".join(raw.split()),
                raw,
                *lines,
                external_id,
                None if done is None else self._dates.read(done),
                entry.valued,
                reference(get("servicer_reference")) or entry.reference,
                reference(get("end_to_end_id")) or reference(get("instruction_id")),
                type_code(detail) or type_code(entry.fields),
                party.name,
                None,
                None,
                extra_of(entry.fields, detail, party),
                None,
            ),
        )

    def _too_many(self, count: int, line: int) -> None:
        self._findings.warn(
            "batch-too-large",
            f"An entry has {count} details, more than can be held: it was read as one transaction.",
            line,
            "TxDtls",
        )

    def _reject(self, code: str, what: str, field: str, raw: str | None, line: int) -> None:
        self._findings.reject(
            code,
            f"An entry was left out: {what}; ask the bank for a corrected file.",
            line,
            field,
            (raw or "")[:RAW_MAX],
        )


def _stated(detail: Fields, currency: str) -> Decimal | None:
    for amount, unit in _STATED:
        if amount in detail and detail.get(unit, currency) == currency:
            try:
                return read_amount(detail[amount])
            except InvalidMoney:
                return None
    return None


def _counting_reference(text: str | None) -> str | None:
    """An NtryRef that is more than a number within its statement."""
    found = reference(text)
    return found if found is not None and len(found.lstrip("0")) >= ENTRY_REFERENCE_MIN else None
