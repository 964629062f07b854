"""QIF investments: what moves cash of the account becomes a row; what moves securities does not."""

from __future__ import annotations

from typing import Final

from core.records import TransactionRecord
from statements.qif_rows import EXTRA_MAX, Booking, read_row
from statements.qif_scan import Entry

# The sign of the cash, by action; amounts of most actions are written without one.
_CASH: Final = {
    **dict.fromkeys(("buy", "cvrshrt", "miscexp", "margint", "xout", "withdrwx"), -1),
    **dict.fromkeys(
        ("sell", "shtsell", "div", "intinc", "cglong", "cgmid", "cgshort", "miscinc", "rtrncap"), 1
    ),
    **dict.fromkeys(("xin", "contribx"), 1),
    "cash": 1,
}
# These leave the account's cash as it was: securities move, or another account pays or is paid.
_NO_CASH: Final = frozenset(
    (
        *("shrsin", "shrsout", "stksplit", "reminder", "grant", "vest", "expire"),
        *("reinvdiv", "reinvint", "reinvlg", "reinvmd", "reinvsh"),
        *("buyx", "sellx", "divx", "intincx", "cglongx", "cgmidx", "cgshortx"),
        *("miscincx", "miscexpx", "margintx", "rtrncapx", "shtsellx", "cvrshrtx"),
    )
)
_DETAILS: Final = {"Y": "security", "I": "price", "Q": "quantity", "O": "commission"}


def read_investment(booking: Booking, entry: Entry) -> TransactionRecord | None:
    """The cash that an investment moves; None where there is none, or a finding."""
    first = {letter: text.strip() for letter, text in reversed(entry.fields) if text.strip()}
    action = first.get("N", "")
    if action.casefold() in _NO_CASH:
        return None
    sign = _CASH.get(action.casefold())
    if sign is None:
        booking.findings.reject(
            "action-unknown",
            f'The investment has the action "{action[:40]}", which does not say whether cash comes '
            "or goes; it was left out. Book it by hand.",
            entry.line,
            "N",
            entry.raw,
        )
        return None
    row = read_row(booking, entry._replace(fields=_of_cash(entry, first)))
    if row is None:
        return None
    extra = dict(row.extra or {})
    extra |= {
        name: first[letter][:EXTRA_MAX] for letter, name in _DETAILS.items() if letter in first
    }
    texts = (action, first.get("Y"), row.description_raw.strip())
    raw = "\n".join(text for text in texts if text)
    return row._replace(
        amount=row.amount if sign > 0 or not row.amount else row.amount.copy_negate(),
        description=" ".join(raw.split()),
        description_raw=raw,
        type_code=action,
        customer_reference=None,
        extra=extra or None,
    )


def moves_no_cash(entry: Entry) -> bool:
    """Whether the action of an investment leaves the cash of its account as it was."""
    return any(
        letter == "N" and text.strip().casefold() in _NO_CASH for letter, text in entry.fields
    )


def _of_cash(entry: Entry, first: dict[str, str]) -> list[tuple[str, str]]:
    """The fields that a row has; what is transferred ($) is the amount where there is no other."""
    stated = "T" in first or "U" in first
    return [
        ("T" if letter == "$" else letter, text)
        for letter, text in entry.fields
        if letter not in _DETAILS and not (letter == "$" and stated)
    ]
