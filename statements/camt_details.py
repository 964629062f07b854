"""CAMT details: the other party, the text and all that a transaction says beyond its amount."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from core.account_number import masked
from statements.camt_events import Fields
from statements.camt_values import is_true, reference

_SHOWN: Final = 4
_HIDDEN: Final = masked("")
COMBINED_MAX: Final = 100  # details whose texts stand for all of an entry
_TEXTS: Final = ("remittance", "structured", "additional", "return_text")
# Extra fields that are kept as they stand, by the name of the field.
_ENTRY_EXTRA: Final = frozenset(("entry_reference", "batch_count", "payment_id", "proprietary"))
_DETAIL_EXTRA: Final = frozenset(
    (
        "instruction_id",
        "transaction_id",
        "uetr",
        "mandate_id",
        "creditor_id",
        "cheque_number",
        "clearing_reference",
        "proprietary_reference",
        "payment_id",
        "message_id",
        "purpose",
        "return_reason",
        "structured",
        "settlement_date",
        "proprietary",
    )
)
_MONEY: Final = (
    ("instructed", "instructed_currency", "original_amount", "original_currency"),
    ("charges", "charges_currency", "charges", "charges_currency"),
)
_AMOUNTS: Final = frozenset(("instructed", "charges", "rate"))


_SIDES: Final = (
    "{}name",
    "ultimate_{}name",
    "{}agent",
    "{}iban",
    "{}other",
    "{}bic",
    "{}bank_id",
    "{}bank_name",
)
_DEBTOR: Final = tuple(name.format("debtor_") for name in _SIDES)
_CREDITOR: Final = tuple(name.format("creditor_") for name in _SIDES)


class Party(NamedTuple):
    """Who is on the other side of a transaction."""

    name: str | None
    account: str | None
    bank: str | None
    ultimate: str | None


def party_of(detail: Fields, *, credit: bool) -> Party:
    """The debtor of money that comes in, the creditor of money that goes out."""
    if not detail:
        return Party(None, None, None, None)
    name, ultimate, agent, iban, other, bic, bank_id, bank_name = _DEBTOR if credit else _CREDITOR
    get = detail.get
    beyond = get(ultimate)
    return Party(
        get(name) or beyond or get(agent),
        get(iban) or get(other),
        get(bic) or get(bank_id) or get(bank_name),
        beyond,
    )


def text_of(detail: Fields, entry: Fields) -> str:
    """What the payer wrote, else the structured reference, else what the bank says of it."""
    written = detail.get("remittance")
    structured = detail.get("structured")
    if written is not None and reference(written) is not None:
        if structured is not None and structured not in written:
            return f"{written}\n{structured}"
        return written
    return structured or detail.get("additional") or entry.get("additional") or ""


def combined(details: Sequence[Fields]) -> Fields:
    """One detail for an entry that stays whole: the texts of the first of its details."""
    found: Fields = {}
    for name in _TEXTS:
        texts = (detail.get(name) for detail in details[:COMBINED_MAX])
        joined = "\n".join(dict.fromkeys(filter(None, texts)))
        if joined:
            found[name] = joined
    return found


def extra_of(entry: Fields, detail: Fields, party: Party) -> dict[str, str] | None:
    """What is said beyond the columns, as text. Account numbers of others are masked."""
    extra: dict[str, str] = {}
    status = entry.get("status", "BOOK")
    if status != "BOOK":
        extra["status"] = status
    if "reversal" in entry and is_true(entry["reversal"]):
        extra["reversal"] = "true"
    # Most entries have none of these, which is seen sooner than each of their fields.
    if not _ENTRY_EXTRA.isdisjoint(entry):
        extra |= {name: entry[name] for name in entry if name in _ENTRY_EXTRA}
    if not _DETAIL_EXTRA.isdisjoint(detail):
        extra |= {name: detail[name] for name in detail if name in _DETAIL_EXTRA}
    if party.account is not None:
        extra["counterparty_account"] = _masked(party.account)
    if party.bank is not None:
        extra["counterparty_bank"] = party.bank
    if party.ultimate is not None and party.ultimate != party.name:
        extra["ultimate_counterparty"] = party.ultimate
    if "additional" in entry:
        extra["entry_text"] = entry["additional"]
    _money(entry, detail, extra)
    return extra or None


def _masked(number: str) -> str:
    if number.isalnum() and len(number) >= 2 * _SHOWN:
        return _HIDDEN + number[-_SHOWN:].upper()  # what `masked` makes of it, sooner
    return masked(number)


def _money(entry: Fields, detail: Fields, extra: dict[str, str]) -> None:
    if _AMOUNTS.isdisjoint(entry) and _AMOUNTS.isdisjoint(detail):
        return
    booked = entry.get("currency")
    for amount, currency, amount_name, currency_name in _MONEY:
        source = detail if amount in detail else entry
        if amount not in source:
            continue
        # The instructed amount tells something only where it is another currency's.
        if amount_name == "original_amount" and source.get(currency, booked) == booked:
            continue
        extra[amount_name] = source[amount]
        if currency in source:
            extra[currency_name] = source[currency]
    source = detail if "rate" in detail else entry
    if "rate" in source:
        extra["exchange_rate"] = source["rate"]
        for name in ("rate_source", "rate_target", "rate_unit"):
            if name in source:
                extra[name] = source[name]
