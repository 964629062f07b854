"""OFX balances: LEDGERBAL, AVAILBAL, BALLIST, the cash of INVBAL, and closing statements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from core.errors import InvalidMoney
from core.records import BalanceKind, BalanceRecord, Finding, Record, Severity, SummaryRecord
from statements.ofx_rows import Booking
from statements.ofx_scan import Entry
from statements.ofx_values import Moment, currency_of, read_amount, shortened, text_of

CODE_MAX: Final = 20  # characters of a balance's code that can be stored
FIGURES_MAX: Final = 500  # that one statement may name itself
_KINDS: Final = {
    "LEDGERBAL": BalanceKind.CURRENT_LEDGER,
    "AVAILBAL": BalanceKind.CURRENT_AVAILABLE,
    "AVAILCASH": BalanceKind.CURRENT_AVAILABLE,
}
INVESTED: Final = frozenset({"AVAILCASH", "MARGINBALANCE", "SHORTBALANCE", "BUYPOWER"})
_TOTALS: Final = [
    "DEPANDCREDIT",
    "CHKANDDEBIT",
    "TOTALFEES",
    "TOTALINT",
    "PURANDADV",
    "PMTANDCREDIT",
    "FINCHG",
    "BALMIN",
    "CREDITLIMIT",
]


def read_balance(booking: Booking, entry: Entry) -> Iterator[Record]:
    """LEDGERBAL or AVAILBAL: what the account holds at DTASOF."""
    fields = entry.fields
    assert fields is not None
    text = text_of(fields, "BALAMT")
    if not text:
        booking.findings.info(
            "balance-missing", f"{entry.tag} has no amount; it was left out.", entry.line
        )
        return
    amount = _amount(booking, text, entry, "BALAMT")
    if amount is not None:
        yield _balance(booking, entry, amount, _as_of(booking, fields, "DTASOF", entry))


def read_cash(booking: Booking, entry: Entry, as_of: Moment | None) -> Iterator[Record]:
    """One amount of INVBAL, as of the day of the statement."""
    text = entry.value.strip()
    amount = _amount(booking, text, entry, entry.tag) if text else None
    if amount is not None:
        yield _balance(booking, entry, amount, as_of)


def read_listed(
    booking: Booking, entry: Entry, as_of: Moment | None, codes: set[str]
) -> Iterator[Record]:
    """BAL: a figure that the bank names. Money becomes a balance, a percentage or count a note."""
    fields = entry.fields
    assert fields is not None
    name, text = text_of(fields, "NAME") or "BAL", text_of(fields, "VALUE")
    money = text_of(fields, "BALTYPE").upper() in {"", "DOLLAR"}
    if not money or len(codes) >= FIGURES_MAX:
        what = f"is one more than {FIGURES_MAX}" if money else "is no amount of money"
        booking.findings.info(
            "figure-left-out",
            f"The bank states a figure that {what}: {shortened(name)}.",
            entry.line,
            shortened(text),
        )
        return
    amount = _amount(booking, text, entry, "VALUE")
    if amount is None:
        return
    stated = _as_of(booking, fields, "DTASOF", entry) if "DTASOF" in fields else as_of
    currency = currency_of(fields.get("CURSYM", "")) if "CURRENCY" in fields else None
    yield _balance(booking, entry, amount, stated, code=_code(name, codes), currency=currency)


def read_closing(booking: Booking, entry: Entry) -> Iterator[Record]:
    """CLOSING: a period with opening and closing balance, and the totals that lead there."""
    fields = entry.fields
    assert fields is not None
    closed = _as_of(booking, fields, "DTCLOSE", entry)
    opened = booking.moments.read(fields.get("DTOPEN", "")) or closed
    figures: dict[str, Decimal] = {}
    for tag in ("BALOPEN", "BALCLOSE", *_TOTALS):
        text = text_of(fields, tag)
        amount = _amount(booking, text, entry, tag) if text else None
        if amount is None:
            continue
        figures[tag] = amount
        day = opened if tag == "BALOPEN" else closed
        kind = _CLOSING_KINDS.get(tag)
        if kind is None or day is None:
            yield _summary(booking, entry, tag, amount, day)
        else:
            yield BalanceRecord(
                booking.account, kind, amount, booking.currency, day.day, None, tag, line=entry.line
            )
    yield from _proof(figures, entry)


_CLOSING_KINDS: Final = {
    "BALOPEN": BalanceKind.OPENING_LEDGER,
    "BALCLOSE": BalanceKind.CLOSING_LEDGER,
}


def _proof(figures: Mapping[str, Decimal], entry: Entry) -> Iterator[Finding]:
    """Whether opening balance and totals lead to the closing balance (OFX 1.6, section 11.5.2)."""
    credits = figures.get("DEPANDCREDIT", figures.get("PMTANDCREDIT"))
    debits = figures.get("CHKANDDEBIT", figures.get("PURANDADV"))
    if credits is None or debits is None or not figures.keys() >= {"BALOPEN", "BALCLOSE"}:
        return
    found = figures["BALOPEN"] + abs(credits) - abs(debits)
    # A card's finance charge stands beside its purchases; banks count it among them, or do not.
    charged = found - abs(figures.get("FINCHG", Decimal(0)))
    if figures["BALCLOSE"] not in {found, charged}:
        yield Finding(
            Severity.WARNING,
            "closing-balance",
            f"The closing balance {figures['BALCLOSE']} is not what opening balance, credits and "
            f"debits add up to, {found}. Compare with the bank's own statement.",
            line=entry.line,
            control=True,
        )


def _amount(booking: Booking, text: str, entry: Entry, tag: str) -> Decimal | None:
    try:
        if not entry.whole:
            raise InvalidMoney("is where the file ends")
        value, odd = read_amount(text)
    except InvalidMoney as error:
        booking.findings.warn(
            "balance-unreadable",
            f"The amount of {entry.tag} {error}; it was left out.",
            entry.line,
            tag,
            shortened(text),
        )
        return None
    if odd is not None and booking.findings.first(f"{booking.account} amount {odd}"):
        booking.findings.warn(
            "amount-format",
            f"The amount {odd}. Later ones of the account are not reported.",
            entry.line,
            tag,
            shortened(text),
        )
    return value


def _as_of(booking: Booking, fields: Mapping[str, str], tag: str, entry: Entry) -> Moment | None:
    moment = booking.moments.read(fields.get(tag, ""))
    if moment is None:
        booking.findings.warn(
            "balance-date",
            f"{tag} of {entry.tag} is no date of the years allowed; the balance was kept as a "
            "total without a day.",
            entry.line,
            tag,
            shortened(fields.get(tag, "").strip()),
        )
    return moment


def _balance(
    booking: Booking,
    entry: Entry,
    amount: Decimal,
    as_of: Moment | None,
    *,
    code: str | None = None,
    currency: str | None = None,
) -> BalanceRecord | SummaryRecord:
    if as_of is None:
        return _summary(booking, entry, code or entry.tag, amount, None)
    return BalanceRecord(
        account=booking.account,
        kind=_KINDS.get(entry.tag, BalanceKind.OTHER),
        amount=amount,
        currency=currency or booking.currency,
        as_of=as_of.day,
        as_of_time=as_of.time,
        code=code or entry.tag,
        line=entry.line,
    )


def _summary(
    booking: Booking, entry: Entry, code: str, amount: Decimal, as_of: Moment | None
) -> SummaryRecord:
    day = None if as_of is None else as_of.day
    return SummaryRecord(booking.account, code, amount, None, booking.currency, day, entry.line)


def _code(name: str, taken: set[str]) -> str:
    """The name as far as it can be kept, and unlike that of each other figure of the account."""
    code, number = name[:CODE_MAX].strip(), 1
    while code in taken:
        number += 1
        code = f"{name[: CODE_MAX - len(str(number)) - 1]}~{number}"
    taken.add(code)
    return code
