"""MT940 :86: text: free, or in sub-fields (?00 to ?63) as German and Polish banks have it.

The sub-fields are named by `mt-940`. It keeps only the last of a sub-field that comes twice, and
drops those that it does not know and a question mark in the text with what follows it; so the
sub-fields are told apart here, and it gets each of those it knows once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from mt940.processors import GVC_KEYS, transaction_details_post_processor
from mt940.tags import TransactionDetails

from statements.mt940_values import LIBRARY

_SEPARATOR = re.compile(r"([0-9]{3})?([?>~^@<|])(?=[0-9]{2})")
_KEYWORD = re.compile(rf"({'|'.join(key for key in GVC_KEYS if key.isalpha())})\+")
_QUESTION_MARK: Final = "\ue000"  # stands for one inside a text while the library reads it
_TAG: Final = TransactionDetails()
_PURPOSE: Final = frozenset({*range(20, 30), *range(60, 66)})  # 60 to 65 go on with 20 to 29
_MERGED: Final = {**{f"{key}": "20" for key in _PURPOSE}, "33": "32"}
_KNOWN: Final = frozenset({"00", "10", "20", "30", "31", "32", "34", "35"})
# The library's names, and ours in `TransactionRecord.extra`.
_NAMES: Final = {
    "posting_text": "posting_text",
    "prima_nota": "prima_nota",
    "applicant_bin": "counterparty_bank",
    "applicant_iban": "counterparty_account",
    "return_debit_notes": "text_key_addition",
    "recipient_name": "recipient_name",
    "end_to_end_reference": "end_to_end_reference",
    "additional_position_reference": "mandate_reference",
    "applicant_creditor_id": "creditor_id",
    "purpose_code": "purpose_code",
    "additional_position_date": "mandate_date",
    "deviate_applicant": "ultimate_originator",
    "deviate_recipient": "ultimate_recipient",
    "settlement_tag": "settlement_date",
    "debitor_identifier": "debtor_id",
    "compensation_amount": "compensation_amount",
    "original_amount": "original_amount",
    "gvc_applicant_iban": "stated_iban",
    "gvc_applicant_bin": "stated_bic",
}


class Details(NamedTuple):
    """What a text says: on one line, who the other side is, its reference, and the rest."""

    description: str
    counterparty: str | None
    reference: str | None
    extra: Mapping[str, str]


def read_details(lines: Sequence[str]) -> Details:
    """The details of the lines of one text."""
    joined = "".join(lines)
    found = _SEPARATOR.match(joined)
    if found is None:
        return Details(folded(" ".join(lines)), None, None, {})
    transaction_code = found[1] or ""
    merged, unknown = _sub_fields(joined[len(transaction_code) :], found[2])
    named = _named(transaction_code or "000", merged)
    extra = {_NAMES[theirs]: folded(text) for theirs, text in named.items() if theirs in _NAMES}
    extra |= {f"sub_field_{key}": folded(text) for key, text in unknown.items()}
    extra["transaction_code"] = transaction_code
    name = folded(merged.get("32", ""))
    description = folded(_purpose(merged.get("20", ""), named))
    return Details(
        description or extra.get("posting_text") or name or folded(" ".join(lines)),
        name or None,
        folded(named.get("customer_reference") or named.get("end_to_end_reference") or "") or None,
        {key: text for key, text in extra.items() if text},
    )


def folded(text: str) -> str:
    """The text on one line."""
    return " ".join(text.split())


def _sub_fields(text: str, separator: str) -> tuple[dict[str, str], dict[str, str]]:
    """The sub-fields that have a name, put together where they go on, and all others."""
    known: dict[str, str] = {}
    unknown: dict[str, str] = {}
    pieces = re.split(rf"{re.escape(separator)}([0-9]{{2}})", text)
    for key, value in zip(pieces[1::2], pieces[2::2], strict=True):
        target = _MERGED.get(key, key)
        into = known if target in _KNOWN else unknown
        into[target] = into.get(target, "") + value
    return known, unknown


def _named(transaction_code: str, merged: Mapping[str, str]) -> dict[str, str]:
    parts = (f"?{key}{text.replace('?', _QUESTION_MARK)}" for key, text in merged.items())
    details = transaction_code + "".join(parts)
    if not merged:
        return {}
    groups = {"transaction_details": details}
    named = transaction_details_post_processor(LIBRARY, _TAG, groups, dict(groups))
    return {key: text.replace(_QUESTION_MARK, "?") for key, text in named.items() if text}


def _purpose(purpose: str, named: Mapping[str, str]) -> str:
    """The purpose after SVWZ+; all of it where the library would leave out a part."""
    keywords = [found[1] for found in _KEYWORD.finditer(purpose)]
    begins = _KEYWORD.match(purpose.lstrip()) is not None
    if begins and len(keywords) == len(set(keywords)) and "SVWZ" in keywords:
        return named.get("purpose") or purpose
    return purpose
