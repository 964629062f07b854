"""MT940 :86: text: free, or in sub-fields (?00 to ?63) as German and Polish banks have it.

The sub-fields are named as `mt-940` names them, which tests hold against it. They are told apart
here: the library keeps only the last of a sub-field that comes twice, drops those that it does not
know and a question mark in the text with what follows it, and takes ten times as long.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import Final, NamedTuple

_SEPARATOR = re.compile(r"([0-9]{3})?([?>~^@<|])(?=[0-9]{2})")
_SPLITS: Final = {mark: re.compile(rf"{re.escape(mark)}([0-9]{{2}})").split for mark in "?>~^@<|"}
_PURPOSE: Final = "20"
_NAME: Final = "32"
_CONTINUED: Final = frozenset({_PURPOSE, _NAME})
_MERGED: Final = {
    **{f"{key}": _PURPOSE for key in (*range(20, 30), *range(60, 66))},  # 60 to 65 follow 29
    "33": _NAME,
}
_KNOWN: Final = frozenset({"00", "10", "20", "30", "31", "32", "34", "35"})
# What the sub-fields are in `TransactionRecord.extra`.
_NAMES: Final = (
    ("00", "posting_text"),
    ("10", "prima_nota"),
    ("30", "counterparty_bank"),
    ("34", "text_key_addition"),
    ("35", "recipient_name"),
    ("31", "counterparty_account"),
)
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
_SUB_FIELDS_MAX: Final = 50  # of a layout that is remembered
_REMEMBERED_MAX: Final = 256
_new: Final = tuple.__new__

_Get = Callable[[Sequence[str]], Sequence[str]]


class _Layout(NamedTuple):
    """Where the sub-fields stand among the pieces of a text."""

    purpose: _Get  # the texts that make up the purpose, or the one that does
    name: _Get
    names: Sequence[str]
    named: _Get  # the texts of `names`, and one more
    others: Sequence[tuple[str, int]]


class Details(NamedTuple):
    """What a text says: on one line, who the other side is, its reference, and the rest."""

    description: str
    counterparty: str | None
    reference: str | None
    extra: Mapping[str, str]


def read_details(lines: Sequence[str], *, printable: bool = False) -> Details:
    """The details of the lines of one text; `printable` where all of it is known to be so."""
    joined = "".join(lines)
    # Nearly all texts have single blanks alone: then there is nothing to fold but the ends.
    single = "  " not in joined and (printable or joined.isprintable())
    found = _SEPARATOR.match(joined)
    if found is None:
        return Details(folded(" ".join(lines)), None, None, {})
    fold = str.strip if single else folded
    code, separator = found.groups()
    pieces = _SPLITS[separator](joined)  # what stands before the first, and keys with their texts
    keys = tuple(pieces[1::2])
    layout = _layout(keys) if len(keys) <= _SUB_FIELDS_MAX else None
    if layout is None:
        pieces = _put_together(pieces)
        layout = _laid_out(pieces[1::2])
        assert layout is not None, pieces
    # The order is kept: what a row was is told by it too.
    extra = dict(zip(layout.names, map(fold, layout.named(pieces)), strict=False))
    if "" in extra.values():
        extra = {name: text for name, text in extra.items() if text}
    purpose = "".join(layout.purpose(pieces))
    stated: dict[str, str] = {}
    description = ""
    if "+" in purpose:
        said = keywords(purpose)
        stated = dict(said)
        for key, name in _named(tuple(stated)):
            if text := fold(stated[key]):
                extra[name] = text
        description = fold(_purpose(purpose, said, stated))
    elif purpose:
        description = fold(purpose)
    for name, place in layout.others:
        if text := fold(pieces[place]):
            extra[name] = text
    if code:
        extra["transaction_code"] = code
    name = fold("".join(layout.name(pieces)))
    description = description or extra.get("posting_text") or name or folded(" ".join(lines))
    reference = fold(stated.get("KREF") or stated.get("EREF") or "") if stated else None
    return _new(Details, (description, name or None, reference or None, extra))


def keywords(purpose: str) -> list[tuple[str, str]]:
    """The keywords of a purpose, such as EREF+, in order, each with the text that follows it."""
    said = []
    key = None
    begun: list[str] = []
    parts = purpose.split("+")
    last = parts.pop()
    for part in parts:
        following = part[-_KEYWORD_WIDTH:]
        if following not in _KEYWORDS:
            begun.append(part)
            continue
        if key is not None:
            begun.append(part[:-_KEYWORD_WIDTH])
            said.append((key, "+".join(begun)))
        key, begun = following, []
    if key is not None:
        begun.append(last)
        said.append((key, "+".join(begun)))
    return said


def folded(text: str) -> str:
    """The text on one line."""
    return " ".join(text.split()) if text else text


@lru_cache(maxsize=_REMEMBERED_MAX)
def _layout(keys: tuple[str, ...]) -> _Layout | None:
    """`_laid_out`, remembered: the texts of a bank have few layouts."""
    return _laid_out(keys)


def _laid_out(keys: Sequence[str]) -> _Layout | None:
    """The layout of sub-fields with these keys; None where one that does not go on comes twice."""
    places: dict[str, list[int]] = {}
    for number, key in enumerate(keys):
        target = _MERGED.get(key, key)
        places.setdefault(target, []).append(2 * number + 2)
        if len(places[target]) > 1 and target not in _CONTINUED:
            return None
    named = [(name, places[key][0]) for key, name in _NAMES if key in places]
    return _Layout(
        itemgetter(*places[_PURPOSE]) if _PURPOSE in places else _nothing,
        itemgetter(*places[_NAME]) if _NAME in places else _nothing,
        [name for name, _ in named],
        itemgetter(*(place for _, place in named), 0),  # 0: of one place it would give no tuple
        [(f"sub_field_{key}", at[0]) for key, at in places.items() if key not in _KNOWN],
    )


def _nothing(_: Sequence[str]) -> Sequence[str]:
    return ()


def _put_together(pieces: Sequence[str]) -> list[str]:
    """The pieces with each sub-field once."""
    found: dict[str, str] = {}
    for key, value in zip(pieces[1::2], pieces[2::2], strict=True):
        target = _MERGED.get(key, key)
        found[target] = found.get(target, "") + value
    return [pieces[0], *chain.from_iterable(found.items())]


@lru_cache(maxsize=_REMEMBERED_MAX)
def _named(keys: tuple[str, ...]) -> Sequence[tuple[str, str]]:
    """Those of the keywords that have a name, in the order of `_KEYWORDS`, each with its name."""
    return [(key, name) for key, name in _KEYWORDS.items() if name and key in keys]


def _purpose(purpose: str, said: Sequence[tuple[str, str]], stated: Mapping[str, str]) -> str:
    """The purpose after SVWZ+; all of it where that would leave out a part."""
    told = stated.get("SVWZ")
    if told is None:
        return purpose
    if len(said) == len(stated) and said[0][0] != "BIC ":
        first = said[0][0]
    else:
        keys = [key for key, _ in said if key != "BIC "]
        first = keys[0] if len(keys) == len(set(keys)) else ""
    if not first or not purpose.lstrip().startswith(f"{first}+"):
        return purpose
    return told.removesuffix(" BIC") or purpose
