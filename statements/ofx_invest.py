"""OFX investments: rows that move cash, positions, and what the securities are called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Final

from core.records import (
    Finding,
    HoldingRecord,
    PortfolioRecord,
    Record,
    Severity,
    TransactionRecord,
    TransactionStatus,
)
from statements.ofx_rows import Booking, amount_of
from statements.ofx_scan import Entry
from statements.ofx_values import Moment, currency_of, shortened, text_of

POSITIONS_MAX: Final = 20_000  # that wait for the names of their securities
# They move securities alone, or cash from one pocket of the account into another.
CASHLESS: Final = frozenset({"TRANSFER", "SPLIT", "JRNLFUND", "JRNLSEC", "CLOSUREOPT", "REINVEST"})
_DIGITS_MAX: Final = 64
_NUMBERS: Final = ("UNITS", "UNITPRICE", "COMMISSION", "FEES", "TAXES", "LOAD", "WITHHOLDING")
_WORDS: Final = ("UNIQUEID", "UNIQUEIDTYPE", "SUBACCTSEC", "SUBACCTFUND", "BUYTYPE", "SELLTYPE")


def read_trade(booking: Booking, entry: Entry) -> TransactionRecord | None:
    """What a purchase, a sale, an income or an expense does to the cash (OFX 1.6, section 13.9)."""
    fields = entry.fields
    assert fields is not None
    amount = amount_of(booking, fields, "TOTAL", entry)
    if amount is None:
        return None
    traded = booking.moments.read(fields.get("DTTRADE", ""))
    settled = booking.moments.read(fields.get("DTSETTLE", ""))
    if traded is None:
        booking.findings.warn(
            "date-unreadable",
            "DTTRADE is no date of the years allowed; it was left empty.",
            entry.line,
            "DTTRADE",
            shortened(fields.get("DTTRADE", "").strip()),
        )
    memo = text_of(fields, "MEMO")
    shown = (memo or entry.tag, text_of(fields, "INCOMETYPE"), text_of(fields, "UNIQUEID"))
    return TransactionRecord(
        account=booking.account,
        amount=amount,
        currency=_currency(booking, fields),
        posted_date=traded.day if traded else None,
        status=TransactionStatus.POSTED,
        description=" ".join(" ".join(filter(None, shown)).split()),
        description_raw=memo,
        line=entry.line,
        line_end=entry.line_end,
        external_id=text_of(fields, "FITID") or None,
        transaction_date=traded.day if traded else None,
        value_date=settled.day if settled else None,
        type_code=entry.tag,
        extra=_extra(fields),
    )


class Portfolio:
    """The positions of a document, which come before the list that says what they are."""

    def __init__(self) -> None:
        self._positions: dict[tuple[str, str], HoldingRecord] = {}
        self._wholes: dict[str, PortfolioRecord] = {}
        self._partial: set[str] = set()  # accounts of which a position could not be read
        self._held: set[str] = set()
        self._names: dict[str, tuple[str | None, str | None]] = {}

    def open(self, account: str, as_of: Moment | None, line: int) -> None:
        """The account tells all that it holds from here on."""
        if as_of is not None:
            self._wholes.setdefault(account, PortfolioRecord(account, as_of.day, line))

    def take(self, booking: Booking, entry: Entry, as_of: Moment | None) -> None:
        """A position. Cash and margin, long and short ones of one security are added up."""
        record = self._read(booking, entry, as_of)
        if record is None:
            self._partial.add(booking.account)
            return
        place = (record.account, record.security)
        self._held.add(record.security)
        old = self._positions.get(place)
        self._positions[place] = record if old is None else _sum(old, record)

    def name(self, entry: Entry) -> None:
        """What a security that is held is called (SECINFO)."""
        fields = entry.fields
        assert fields is not None
        security = _security(fields)
        if security in self._held:
            named = (text_of(fields, "SECNAME") or None, text_of(fields, "TICKER") or None)
            self._names[security] = named

    def records(self) -> Iterator[Record]:
        """All positions, and which accounts have told all of theirs."""
        for record in self._positions.values():
            name, ticker = self._names.get(record.security, (None, None))
            yield record._replace(name=name, ticker=ticker)
        for account, whole in self._wholes.items():
            if account not in self._partial:
                yield whole

    def _read(self, booking: Booking, entry: Entry, as_of: Moment | None) -> HoldingRecord | None:
        fields = entry.fields
        assert fields is not None
        quantity, security = _number(fields, "UNITS"), _security(fields)
        priced = booking.moments.read(fields.get("DTPRICEASOF", "")) or as_of
        problem = next(
            (
                what
                for what, missing in (
                    ("is where the file ends", not entry.whole),
                    ("names no security", not security),
                    ("has no quantity", quantity is None),
                    ("has no date", priced is None),
                    ("is one too many", len(self._positions) >= POSITIONS_MAX),
                )
                if missing
            ),
            None,
        )
        if problem is not None:
            booking.findings.reject(
                "position-unreadable",
                f"A position {problem}; it was left out.",
                entry.line,
                raw=shortened(text_of(fields, "UNITS")) or None,
            )
            return None
        assert quantity is not None and priced is not None
        if text_of(fields, "POSTYPE").upper() == "SHORT" and quantity > 0:
            quantity = -quantity
        return HoldingRecord(
            account=booking.account,
            security=security,
            quantity=quantity,
            currency=_currency(booking, fields),
            as_of=(as_of or priced).day,
            type=entry.tag.removeprefix("POS").casefold(),
            price=_number(fields, "UNITPRICE"),
            value=_number(fields, "MKTVAL"),
            line=entry.line,
        )


def left_out(counts: Mapping[str, tuple[int, int]]) -> Iterator[Finding]:
    """What the document has of rows that records cannot say: by tag, how many and the first."""
    for tag, (count, line) in counts.items():
        yield Finding(
            Severity.INFO,
            "rows-left-out",
            f"{count} of {tag} were left out: they are neither cash nor a position. Look at the "
            "bank's own statement.",
            line=line,
        )


def _security(fields: Mapping[str, str]) -> str:
    kind, name = text_of(fields, "UNIQUEIDTYPE"), text_of(fields, "UNIQUEID")
    return f"{kind}:{name}" if kind and name else name


def _currency(booking: Booking, fields: Mapping[str, str]) -> str:
    stated = currency_of(fields.get("CURSYM", "")) if "CURRENCY" in fields else None
    return stated or booking.currency


def _number(fields: Mapping[str, str], tag: str) -> Decimal | None:
    text = text_of(fields, tag).replace(",", ".")
    try:
        found = Decimal(text) if text.isascii() and len(text) <= _DIGITS_MAX else None
    except InvalidOperation:
        return None
    return found if found is not None and found.is_finite() else None


def _sum(one: HoldingRecord, other: HoldingRecord) -> HoldingRecord:
    value = None
    if one.value is not None and other.value is not None:
        value = one.value + other.value
    return one._replace(quantity=one.quantity + other.quantity, value=value)


def _extra(fields: Mapping[str, str]) -> dict[str, str] | None:
    extra = {tag.casefold(): text for tag in (*_NUMBERS, *_WORDS) if (text := text_of(fields, tag))}
    if "CURRENCY" in fields and (rate := text_of(fields, "CURRATE")):
        extra["currency_rate"] = rate
    return extra or None
