"""OFX transactions: STMTTRN (booked) and STMTTRNP (pending) become records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from core.errors import InvalidMoney
from core.records import (
    Finding,
    RemovalRecord,
    Severity,
    TransactionRecord,
    TransactionStatus,
)
from statements.findings import Findings
from statements.ofx_scan import Entry
from statements.ofx_values import (
    Moments,
    currency_of,
    read_amount,
    shortened,
    text_of,
    unescaped,
)

_EXTRA_MAX: Final = 500  # characters of one further element that are kept
_INFLOWS: Final = frozenset({"CREDIT", "DEP", "DIRECTDEP"})
_OUTFLOWS: Final = frozenset({"DEBIT", "FEE", "SRVCHG", "CHECK"})
# Elements that have a place of their own in a record, or none at all.
_PLACED: Final = frozenset(
    [
        "STMTTRN",
        "STMTTRNP",
        "TRNTYPE",
        "DTPOSTED",
        "DTUSER",
        "DTAVAIL",
        "DTTRAN",
        "DTPENDING",
        "TRNAMT",
        "FITID",
        "NAME",
        "MEMO",
        "CHECKNUM",
        "REFNUM",
        "CURRENCY",
        "ORIGCURRENCY",
        "CURRATE",
        "CURSYM",
        "BANKACCTTO",
        "CCACCTTO",
        "BANKID",
        "ACCTID",
        "ACCTTYPE",
        "PAYEE",
        "EXTDNAME",
        "CORRECTFITID",
        "CORRECTACTION",
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """What every row of one statement shares."""

    account: str
    currency: str
    moments: Moments
    findings: Findings


def read_row(booking: Booking, entry: Entry) -> TransactionRecord | RemovalRecord | None:
    """The transaction (OFX 1.6, section 11.4.2.3.1), or which one the bank takes back; None, with a
    finding, where it is left out.
    """
    fields = entry.fields
    assert fields is not None
    corrects = None
    if "CORRECTACTION" in fields or "CORRECTFITID" in fields:
        corrects = _corrects(booking, fields, entry)
        if entry.whole and text_of(fields, "CORRECTACTION").upper() == "DELETE":
            return (
                None if corrects is None else RemovalRecord(booking.account, corrects, entry.line)
            )
    amount = amount_of(booking, fields, "TRNAMT", entry)
    if amount is None:
        return None
    kind = text_of(fields, "TRNTYPE").upper()
    external_id = _external_id(booking, fields, entry)
    _check_sign(booking, kind, amount, entry)
    pending = entry.tag == "STMTTRNP" or ("DTPENDING" in fields and "DTPOSTED" not in fields)
    posted = None if pending else _day(booking, fields, "DTPOSTED", entry)
    used = "DTUSER" if not pending else "DTTRAN" if "DTTRAN" in fields else "DTPENDING"
    description, raw = described(fields)
    check = text_of(fields, "CHECKNUM")
    return TransactionRecord(
        account=booking.account,
        amount=amount,
        currency=_currency(booking, fields, entry),
        posted_date=posted,
        status=TransactionStatus.PENDING if pending else TransactionStatus.POSTED,
        description=description or " ".join(filter(None, (kind, check))),
        description_raw=raw,
        line=entry.line,
        line_end=entry.line_end,
        external_id=external_id,
        transaction_date=_day(booking, fields, used, entry) if used in fields else None,
        value_date=_day(booking, fields, "DTAVAIL", entry) if "DTAVAIL" in fields else None,
        reference=text_of(fields, "REFNUM") or None,
        customer_reference=check or None,
        type_code=kind or None,
        merchant_name=text_of(fields, "NAME") or None if "PAYEE" in fields else None,
        extra=None if fields.keys() <= _USUAL else _extra(fields, kind, check),
        pending_external_id=corrects,
    )


_USUAL: Final = _PLACED - {
    "CURRENCY",
    "ORIGCURRENCY",
    "CURRATE",
    "CURSYM",
    "CHECKNUM",
    "BANKACCTTO",
    "CCACCTTO",
    "ACCTID",
    "BANKID",
    "CORRECTFITID",
    "CORRECTACTION",
}


def amount_of(
    booking: Booking, fields: Mapping[str, str], tag: str, entry: Entry
) -> Decimal | None:
    """The amount of a row; None, with a finding that rejects the row, where it is none."""
    findings = booking.findings
    if not entry.whole:
        findings.reject(
            "row-cut-off",
            f"The file ends inside of this {entry.tag}, which was left out.",
            entry.line,
        )
        return None
    text = text_of(fields, tag)
    if not text:
        findings.reject(
            "amount-missing", f"The {entry.tag} has no {tag} and was left out.", entry.line, tag
        )
        return None
    try:
        value, odd = read_amount(text)
    except InvalidMoney as error:
        findings.reject(
            "amount-unreadable",
            f"The amount {error}; the {entry.tag} was left out. Ask the bank for a corrected file.",
            entry.line,
            tag,
            shortened(text),
        )
        return None
    if odd is not None and findings.first(f"{booking.account} amount {odd}"):
        findings.warn(
            "amount-format",
            f"The amount {odd}. Later ones of the account are not reported.",
            entry.line,
            tag,
            shortened(text),
        )
    return value


def described(fields: Mapping[str, str]) -> tuple[str, str]:
    """The description on one line, and the name and the memo as delivered, one below the other.

    A memo that goes on with the name stands for both. Entities that were escaped twice, as many
    banks do, are read twice in the description only.
    """
    name, memo = text_of(fields, "NAME"), text_of(fields, "MEMO")
    if not name and "EXTDNAME" in fields:
        name = text_of(fields, "EXTDNAME")
    raw = f"{name}\n{memo}" if name and memo else name or memo
    shown = memo if memo.startswith(name) else raw
    if "&" in shown:
        shown = unescaped(shown)
    return " ".join(shown.split()), raw


def _external_id(booking: Booking, fields: Mapping[str, str], entry: Entry) -> str | None:
    """FITID; None where a bank writes nothing, or nothing but zeros, in it."""
    text = text_of(fields, "FITID")
    if text.strip("0"):
        return text
    if entry.tag != "STMTTRNP" and booking.findings.first(f"{booking.account} fitid"):
        booking.findings.info(
            "fitid-missing",
            "The bank gives this row no id: it is told apart by day, amount and text. Later ones "
            "of the account are not reported.",
            entry.line,
            text or None,
        )
    return None


def _corrects(booking: Booking, fields: Mapping[str, str], entry: Entry) -> str | None:
    """The id of the row that this one replaces or deletes; None where it says of none."""
    action, old = text_of(fields, "CORRECTACTION").upper(), text_of(fields, "CORRECTFITID")
    if not entry.whole:
        return None  # it is left out
    if action not in {"REPLACE", "DELETE"} or not old.strip("0"):
        tell = booking.findings.reject if action == "DELETE" else booking.findings.warn
        tell(
            "correction-unreadable",
            "This row corrects another one, but says neither REPLACE nor DELETE, or not the id "
            "of that one, which stands as it was. Look which row does not count.",
            entry.line,
            "CORRECTACTION",
            shortened(f"{action} {old}".strip()),
        )
        return None
    done = "deletes" if action == "DELETE" else "replaces"
    booking.findings.pending.append(
        Finding(
            Severity.INFO,
            f"correction-{done}",
            f"The bank {done} the row with the id given here.",
            entry.line,
            "CORRECTFITID",
            shortened(old),
        )
    )
    return old


def _check_sign(booking: Booking, kind: str, amount: Decimal, entry: Entry) -> None:
    against = (amount < 0 and kind in _INFLOWS) or (amount > 0 and kind in _OUTFLOWS)
    if against and booking.findings.first(f"{booking.account} sign {kind}"):
        booking.findings.warn(
            "sign-against-type",
            f"A row of type {kind} has the amount {amount}. The sign counts, as the standard has "
            "it; look whether this bank turns signs round. Later ones are not reported.",
            entry.line,
            "TRNTYPE",
        )


def _day(booking: Booking, fields: Mapping[str, str], tag: str, entry: Entry) -> date | None:
    moment = booking.moments.read(fields.get(tag, ""))
    if moment is not None:
        return moment.day
    booking.findings.warn(
        "date-unreadable",
        f"{tag} is no date of the years allowed; it was left empty.",
        entry.line,
        tag,
        shortened(fields.get(tag, "").strip()),
    )
    return None


def _currency(booking: Booking, fields: Mapping[str, str], entry: Entry) -> str:
    """CURRENCY says in what the amount is; ORIGCURRENCY in what it was before it was converted."""
    if "CURRENCY" not in fields:
        return booking.currency
    stated = currency_of(fields.get("CURSYM") or fields["CURRENCY"])
    if stated is None or stated == booking.currency:
        return booking.currency
    if booking.findings.first(f"{booking.account} in {stated}"):
        booking.findings.warn(
            "row-in-other-currency",
            f"The account is in {booking.currency}, this row in {stated}; it was kept so. Later "
            "ones are not reported.",
            entry.line,
            "CURSYM",
        )
    return stated


def _extra(fields: Mapping[str, str], kind: str, check: str) -> dict[str, str] | None:
    """What else the bank says, under the names of its elements; account numbers only in part."""
    extra = {}
    if check and kind == "CHECK":
        extra["check_number"] = check
    if "ORIGCURRENCY" in fields or "CURRENCY" in fields:
        extra["currency_rate"] = text_of(fields, "CURRATE")
        extra["original_currency" if "ORIGCURRENCY" in fields else "currency"] = text_of(
            fields, "CURSYM"
        )
    if "BANKACCTTO" in fields or "CCACCTTO" in fields:
        extra["to_bank"] = text_of(fields, "BANKID")
        extra["to_account"] = _tail(text_of(fields, "ACCTID"))
    for tag in fields.keys() - _PLACED:
        extra[tag.casefold()] = text_of(fields, tag)[:_EXTRA_MAX]
    return {name: extra[name] for name in sorted(extra) if extra[name]} or None


def _tail(number: str) -> str:
    """The end of an account number of somebody else: four characters, and never more than half."""
    shown = min(4, len(number) // 2)
    return f"…{number[-shown:]}" if shown else ""
