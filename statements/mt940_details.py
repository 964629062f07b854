"""MT940 :86: text: free, or in sub-fields (?00 to ?63) as German and Polish banks have it.

The sub-fields are named as `mt-940` names them, which tests hold against it. They are told apart
here: the library keeps only the last of a sub-field that comes twice, drops those that it does not
know and a question mark in the text with what follows it, and takes ten times as long.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

_SEPARATOR = re.compile(r"([0-9]{3})?([?>~^@<|])(?=[0-9]{2})")
_SPLITS: Final = {mark: re.compile(rf"{re.escape(mark)}([0-9]{{2}})").split for mark in "?>~^@<|"}
_PURPOSE: Final = frozenset({*range(20, 30), *range(60, 66)})  # 60 to 65 go on with 20 to 29
_MERGED: Final = {**{f"{key}": "20" for key in _PURPOSE}, "33": "32"}
_KNOWN: Final = frozenset({"00", "10", "20", "30", "31", "32", "34", "35"})
# What the sub-fields are in `TransactionRecord.extra`.
_NAMES: Final = {
    "00": "posting_text",
    "10": "prima_nota",
    "30": "counterparty_bank",
    "34": "text_key_addition",
    "35": "recipient_name",
    "31": "counterparty_account",
}
# What stands before a plus within the purpose (the German banks' "Anlage 3"), and its name there;
# "" is told elsewhere, or by nobody.
_KEYWORDS: Final = {
    "IBAN": "stated_iban",
    "BIC ": "stated_bic",
    "EREF": "end_to_end_reference",
    "MREF": "mandate_reference",
    "CRED": "creditor_id",
    "PURP": "purpose_code",
    "MDAT": "mandate_date",
    "ABWA": "ultimate_originator",
    "ABWE": "ultimate_recipient",
    "DDAT": "settlement_date",
    "DEBT": "debtor_id",
    "COAM": "compensation_amount",
    "OAMT": "original_amount",
    "SVWZ": "",
    "KREF": "",
    "SQTP": "",
    "ORCR": "",
    "ORMR": "",
}
_KEYWORD_WIDTH: Final = 4


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
    # Nearly all texts have single blanks alone: then there is nothing to fold but the ends.
    fold = str.strip if "  " not in joined and joined.isprintable() else folded
    code, separator = found[1] or "", found[2]
    known, unknown = _sub_fields(joined[len(code) :], separator)
    purpose = known.get("20", "")
    said = keywords(purpose)
    extra = {
        name: text for key, name in _NAMES.items() if key in known and (text := fold(known[key]))
    }
    stated = dict(said)
    if stated:
        extra |= {
            name: text
            for key, name in _KEYWORDS.items()
            if name and key in stated and (text := fold(stated[key]))
        }
    for key, text in unknown.items():
        if text := fold(text):
            extra[f"sub_field_{key}"] = text
    if code:
        extra["transaction_code"] = code
    name = fold(known.get("32", ""))
    description = fold(_purpose(purpose, said)) or extra.get("posting_text") or name
    return Details(
        description or folded(" ".join(lines)),
        name or None,
        fold(stated.get("KREF") or stated.get("EREF") or "") or None,
        extra,
    )


def keywords(purpose: str) -> list[tuple[str, str]]:
    """The keywords of a purpose, such as EREF+, in order, each with the text that follows it."""
    places = []
    plus = purpose.find("+", _KEYWORD_WIDTH)
    while plus >= 0:
        if purpose[plus - _KEYWORD_WIDTH : plus] in _KEYWORDS:
            places.append(plus)
        plus = purpose.find("+", plus + 1)
    ends = [place - _KEYWORD_WIDTH for place in places[1:]]
    return [
        (purpose[place - _KEYWORD_WIDTH : place], purpose[place + 1 : end])
        for place, end in zip(places, [*ends, len(purpose)], strict=False)
    ]


def folded(text: str) -> str:
    """The text on one line."""
    return " ".join(text.split()) if text else text


def _sub_fields(text: str, separator: str) -> tuple[dict[str, str], dict[str, str]]:
    """The sub-fields that have a name, put together where they go on, and all others."""
    known: dict[str, str] = {}
    unknown: dict[str, str] = {}
    pieces = _SPLITS[separator](text)
    for key, value in zip(pieces[1::2], pieces[2::2], strict=True):
        target = _MERGED.get(key, key)
        into = known if target in _KNOWN else unknown
        into[target] = into.get(target, "") + value
    return known, unknown


def _purpose(purpose: str, said: Sequence[tuple[str, str]]) -> str:
    """The purpose after SVWZ+; all of it where that would leave out a part."""
    told = [key for key, _ in said if key != "BIC "]
    if "SVWZ" not in told or len(told) != len(set(told)):
        return purpose
    if not purpose.lstrip().startswith(f"{told[0]}+"):
        return purpose
    return dict(said)["SVWZ"].removesuffix(" BIC") or purpose
