"""BAI2 transaction details (16): one physical or several lines become one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from core.errors import InvalidMoney
from core.money import storable
from core.records import TransactionRecord, TransactionStatus
from statements.bai2_codes import CHECKS, TYPE_CODES, Kind, TypeCode
from statements.bai2_records import Logical, is_continuation
from statements.bai2_text import detail_text, split_detail
from statements.bai2_totals import Tally
from statements.bai2_values import (
    FUNDS_TYPES,
    Dates,
    Funds,
    funds_extra,
    minor_amount,
    read_funds,
    scaled,
    shortened,
)
from statements.findings import Findings

_MESSAGE_CHARACTERS_MAX: Final = 1_000
_SUMMARIES: Final = frozenset({Kind.CREDIT_SUMMARY, Kind.DEBIT_SUMMARY})


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """What every detail of one account record (03) shares."""

    account: str
    currency: str
    decimals: int
    as_of: date | None
    extra: Mapping[str, str]  # what the group says of each of its transactions
    dates: Dates
    tally: Tally
    findings: Findings


def read_detail(booking: Booking, record: Logical) -> TransactionRecord | None:
    """The transaction of a 16 record, looking at each field (BAI2 version 2, record 16).

    None, with a finding, where the row is rejected or is a message without money.
    """
    before = booking.tally.net()
    transaction = _read(booking, record)
    if transaction is None:
        booking.tally.left_out += 1
        booking.tally.left_out_net += booking.tally.net() - before
    return transaction


def _read(booking: Booking, record: Logical) -> TransactionRecord | None:
    _, text, more, line, line_end, cut = record
    booking.tally.records += 1
    booking.tally.detail_continuations += sum(map(is_continuation, more))
    fields, lines = split_detail(text, more, cut=cut)
    raw, description = detail_text("\n".join(lines))
    code = _type_code(fields, line, booking.findings)
    amount = _amount(fields, code, line, booking)
    if code is not None and code.kind == Kind.MESSAGE:
        booking.tally.messages += 1
        booking.findings.info(
            "non-monetary",
            "A message of the bank (type 890) came instead of a transaction.",
            line,
            description[:_MESSAGE_CHARACTERS_MAX],
        )
    if code is None or amount is None:
        return None
    funds = read_funds(fields, 2)
    _report_funds(funds, line, booking.findings)
    value, extra = _value_date(funds, line, booking)
    refs = [*fields[funds.next :], "", ""]
    if code.code in CHECKS and refs[1]:
        extra["check_number"] = refs[1]
    return TransactionRecord(
        account=booking.account,
        amount=amount,
        currency=booking.currency,
        posted_date=booking.as_of,
        status=TransactionStatus.POSTED,
        description=description or code.name,
        description_raw=raw,
        line=line,
        line_end=line_end,
        value_date=value,
        reference=refs[0] or None,
        customer_reference=refs[1] or None,
        type_code=code.code,
        extra=extra or None,
    )


def extra_of(booking: Booking, funds: Funds) -> Mapping[str, str] | None:
    """`TransactionRecord.extra` as far as group and funds type say it; shared, never changed."""
    return {**booking.extra, **funds_extra(funds, booking.decimals)} or None


def _type_code(fields: Sequence[str], line: int, findings: Findings) -> TypeCode | None:
    text = fields[0] if fields else ""
    code = TYPE_CODES.get(text)
    if code is None:
        findings.reject(
            "type-code-unreadable",
            "The type code is not three digits, so the direction of the money is not known.",
            line,
            "type code",
            shortened(text),
        )
        return None
    if code.sign is None and code.kind != Kind.MESSAGE:
        findings.reject(
            "type-code-without-direction",
            f"Type code {text} says neither credit nor debit; ask the bank what it means.",
            line,
            "type code",
            text,
        )
        return None
    if not code.listed and findings.first(f"type {text}"):
        findings.warn(
            "type-code-unknown",
            f"Type code {text} is in no published list; its range makes it a "
            f"{'debit' if code.sign else 'credit'}. Later rows of this code are not reported.",
            line,
            "type code",
            text,
        )
    elif code.kind in _SUMMARIES and findings.first(f"summary {text}"):
        findings.warn(
            "summary-code-in-detail",
            f"Type code {text} is for totals, yet it stands on a transaction; it was booked. "
            "Later rows of this code are not reported.",
            line,
            "type code",
            text,
        )
    return code


def _amount(
    fields: Sequence[str], code: TypeCode | None, line: int, booking: Booking
) -> Decimal | None:
    """The signed amount; what is readable is added up even where the row is rejected."""
    text = fields[1] if len(fields) > 1 else ""
    minor = minor_amount(text)
    if minor is not None:
        booking.tally.details += minor
        booking.tally.debits += minor if code is not None and code.sign == "-" else 0
    if code is None or code.sign is None:
        return None
    if minor is None:
        reason = "holds something else than digits" if text else "is missing"
        _reject_amount("amount-unreadable", reason, text, line, booking.findings)
        return None
    if text.startswith("-"):
        booking.findings.warn(
            "amount-signed",
            "The amount of a transaction has a minus, which BAI2 does not allow; the direction "
            "of its type code was turned round.",
            line,
            "amount",
            text,
        )
    try:
        return storable(scaled(-minor if code.sign else minor, booking.decimals))
    except InvalidMoney as error:
        _reject_amount("amount-too-large", f"has {error}", text, line, booking.findings)
        return None


def _reject_amount(code: str, reason: str, text: str, line: int, findings: Findings) -> None:
    findings.reject(
        code,
        f"The amount {reason}; ask the bank for a corrected file.",
        line,
        "amount",
        shortened(text),
    )


def _report_funds(funds: Funds, line: int, findings: Findings) -> None:
    counted = funds.kind != "D" or len(funds.subfields) > 1 or funds.subfields[:1] == ["0"]
    if funds.kind in FUNDS_TYPES and counted:
        return
    findings.warn(
        "funds-type",
        "The funds type or its count is none of BAI2; what follows it was read as references "
        "and text.",
        line,
        "funds type",
        shortened(",".join((funds.kind, *funds.subfields))),
    )


def _value_date(funds: Funds, line: int, booking: Booking) -> tuple[date | None, dict[str, str]]:
    """The value date, and `TransactionRecord.extra` as far as funds and group say it."""
    extra = dict(extra_of(booking, funds) or {})
    if funds.kind != "V":
        return None, extra
    stated = booking.dates.read(funds.subfields[0])
    if stated is None:
        booking.findings.warn(
            "value-date",
            "The value date is no date of the years allowed; it was left out.",
            line,
            "value date",
            shortened(funds.subfields[0]),
        )
        return None, extra
    # Earlier than the as-of date: "process as if equal" (BAI2 version 2, "Value Dated").
    if booking.as_of is not None and stated < booking.as_of:
        extra["value_date_stated"] = stated.isoformat()
        return booking.as_of, extra
    return stated, extra
