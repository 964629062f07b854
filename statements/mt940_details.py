"""MT940 :86: text: free, or in sub-fields (?00 to ?63) as German and Polish banks have it.

The sub-fields are named as `mt-940` names them, which tests hold against it. They are told apart
here: the library keeps only the last of a sub-field that comes twice, drops those that it does not
know and a question mark in the text with what follows it, and takes ten times as long.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import Any, Final, NamedTuple

SEPARATOR = re.compile(r"([0-9]{3})?([?>~^@<|])(?=[0-9]{2})")
SPLITS: Final = {mark: re.compile(rf"{re.escape(mark)}([0-9]{{2}})").split for mark in "?>~^@<|"}
CODE: Final = "transaction_code"
PURPOSE: Final = "20"
_NAME: Final = "32"
_CONTINUED: Final = frozenset({PURPOSE, _NAME})
MERGED: Final = {
    **{f"{key}": PURPOSE for key in (*range(20, 30), *range(60, 66))},  # 60 to 65 follow 29
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
KEYWORDS: Final = {
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
WORDS: Final = re.compile(rf"({'|'.join(KEYWORDS)})\+").split
SUB_FIELDS_MAX: Final = 50  # of a layout that is remembered
_REMEMBERED_MAX: Final = 256
_new: Final = tuple.__new__


class Plan(NamedTuple):
    """Which of the texts that an :86: was taken apart into say what: places among them."""

    names: Sequence[str]
    named: itemgetter[Any]  # the texts of `names`, and more
    told: int  # what the description is, unless it is empty: the text behind SVWZ+, or the purpose
    purpose: int
    counterparty: int
    references: Sequence[int]  # the reference is the first that is not empty


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """Where the sub-fields stand among the pieces of a text."""

    size: int  # how many pieces there are
    purpose: Sequence[int]
    name: Sequence[int]
    before: Mapping[str, int]  # what stands before the purpose, as `extra` has it
    behind: Mapping[str, int]
    # What is known of the purposes: those of a bank are made alike.
    plans: dict[tuple[str | bool | None, ...], Plan] = field(default_factory=dict)


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
    found = SEPARATOR.match(joined)
    if found is None:
        return Details(folded(" ".join(lines)), None, None, {})
    fold = str.strip if single else folded
    code, separator = found.groups()
    pieces = SPLITS[separator](joined)  # what stands before the first, and keys with their texts
    keys = tuple(pieces[1::2])
    layout = layout_of(keys) if len(keys) <= SUB_FIELDS_MAX else None
    if layout is None:
        pieces = _put_together(pieces)
        layout = _laid_out(pieces[1::2])
        assert layout is not None, pieces
    purpose = _text(pieces, layout.purpose)
    # What stands before the first keyword, and keywords with their texts.
    words = WORDS(purpose) if "+" in purpose else [purpose]
    pieces += words
    pieces += (code, purpose, _text(pieces, layout.name))
    made_of = (code is not None, not words[0].strip(), *words[1::2])
    plan = layout.plans.get(made_of) or _planned(layout, *made_of)
    return as_planned(plan, pieces, fold, lines)


def as_planned(
    plan: Plan, texts: Sequence[str], fold: Callable[[str], str], lines: Sequence[str]
) -> Details:
    """The details that the texts say; `lines` as they came stand for a text that says nothing."""
    # The order is kept: what a row was is told by it too.
    extra = dict(zip(plan.names, map(fold, plan.named(texts)), strict=False))
    if "" in extra.values():
        extra = {name: text for name, text in extra.items() if text}
    name = fold(texts[plan.counterparty])
    description = texts[plan.told]
    if description.endswith(" BIC") and plan.told != plan.purpose:
        description = description[:-4]
    description = fold(description or texts[plan.purpose])
    if not description:
        description = extra.get("posting_text") or name or folded(" ".join(lines))
    reference = None
    for place in plan.references:
        if texts[place]:
            reference = fold(texts[place]) or None
            break
    return _new(Details, (description, name or None, reference, extra))


def _text(pieces: Sequence[str], places: Sequence[int]) -> str:
    if len(places) == 1:
        return pieces[places[0]]
    return "".join([pieces[place] for place in places])


def folded(text: str) -> str:
    """The text on one line."""
    return " ".join(text.split()) if text else text


@lru_cache(maxsize=_REMEMBERED_MAX)
def layout_of(keys: tuple[str, ...]) -> _Layout | None:
    """`_laid_out`, remembered: the texts of a bank have few layouts."""
    return _laid_out(keys)


def _laid_out(keys: Sequence[str]) -> _Layout | None:
    """The layout of sub-fields with these keys; None where one that does not go on comes twice."""
    places: dict[str, list[int]] = {}
    for number, key in enumerate(keys):
        target = MERGED.get(key, key)
        places.setdefault(target, []).append(2 * number + 2)
        if len(places[target]) > 1 and target not in _CONTINUED:
            return None
    return _Layout(
        size=2 * len(keys) + 1,
        purpose=places.get(PURPOSE, ()),
        name=places.get(_NAME, ()),
        before={name: places[key][0] for key, name in _NAMES if key in places},
        behind={f"sub_field_{key}": at[0] for key, at in places.items() if key not in _KNOWN},
    )


def _planned(layout: _Layout, coded: bool, bare: bool, *words: str) -> Plan:
    """The plan of a text in a layout: whether a code stands before it, whether nothing stands
    before the first keyword of the purpose, and the keywords. Remembered with the layout.
    """
    end = layout.size + 2 * len(words) + 1
    plan = planned(
        layout.before,
        # Of a keyword that comes twice the last counts.
        [(word, layout.size + 2 * number + 2) for number, word in enumerate(words)],
        {**layout.behind, **({CODE: end} if coded else {})},
        purpose=end + 1,
        counterparty=end + 2,
        bare=bare,
    )
    if len(layout.plans) < _REMEMBERED_MAX:
        layout.plans[coded, bare, *words] = plan
    return plan


def planned(
    before: Mapping[str, int],
    said: Sequence[tuple[str, int]],
    behind: Mapping[str, int],
    *,
    purpose: int,
    counterparty: int,
    bare: bool,
) -> Plan:
    """The plan for keywords with their places, and for names with theirs around them.

    The description is all of the purpose where what follows SVWZ+ would leave out a part of it.
    """
    stated = dict(said)
    placed = {
        **before,
        **{name: stated[word] for word, name in KEYWORDS.items() if name and word in stated},
        **behind,
    }
    words = [word for word, _ in said if word != "BIC "]
    whole = bare and len(words) == len(set(words)) and said[:1] and said[0][0] != "BIC "
    return Plan(
        [*placed],
        itemgetter(*placed.values(), 0, 0),  # 0: of one place it would give no tuple
        stated.get("SVWZ", purpose) if whole else purpose,
        purpose,
        counterparty,
        [stated[word] for word in ("KREF", "EREF") if word in stated],
    )


def _put_together(pieces: Sequence[str]) -> list[str]:
    """The pieces with each sub-field once."""
    found: dict[str, str] = {}
    for key, value in zip(pieces[1::2], pieces[2::2], strict=True):
        target = MERGED.get(key, key)
        found[target] = found.get(target, "") + value
    return [pieces[0], *chain.from_iterable(found.items())]
