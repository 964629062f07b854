"""Detection: proposes a CSV profile from the first bytes of a file and asks what they leave open.

It never decides an ambiguous date order or decimal mark: a wrong guess is wrong money.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from core.errors import Unreadable
from core.records import Finding, TransactionRecord
from statements.base import HEAD_BYTES, ParseOptions
from statements.csv_columns import Columns
from statements.csv_evidence import date_orders, decimal_marks, sign_by_balance
from statements.csv_headers import (
    CREDIT_WORDS,
    DEBIT_WORDS,
    IGNORED_WORDS,
    PENDING_WORDS,
)
from statements.csv_sample import Sample, take_sample
from statements.profile import CsvProfile
from statements.profile_rules import folded, folded_words
from statements.proposal import Proposal, Question

EXAMPLES_MAX: Final = 5
_OTHER_FORMAT: Final = re.compile(rb"\s*(?:<|\{|\[|OFXHEADER|!Type|!Account|:20:|\{1:|01,)", re.I)
_CARD: Final = re.compile(r"card|kart|carte|tarjeta|carta", re.I)


def resemblance(head: bytes) -> int:
    """How much the first bytes look like a table of transactions, in percent."""
    if _OTHER_FORMAT.match(head.removeprefix(b"\xef\xbb\xbf")):
        return 0
    sample = take_sample(head[:HEAD_BYTES])
    if sample is None:
        return 0
    if not sample.data:
        return 30 if sample.header else 0
    return 90 if sample.header else 70


def propose(head: bytes) -> Proposal:
    """A profile for the file that begins with these bytes, at best `HEAD_BYTES` of it.

    Raises `Unreadable` where they are no table with dates and amounts.
    """
    sample = take_sample(head[:HEAD_BYTES])
    if sample is None or not sample.data:
        raise Unreadable(
            "no-table",
            "No rows with a date and an amount under the delimiters comma, semicolon, tab and | "
            "were found; write a profile by hand, see docs/statements.md.",
        )
    return _Proposing(sample, head[:HEAD_BYTES]).proposal()


@dataclass(slots=True, kw_only=True)
class _Draft:
    values: dict[str, object] = field(default_factory=dict)
    questions: list[Question] = field(default_factory=list)


class _Proposing:
    """One proposal in the making: each step settles its fields or asks."""

    def __init__(self, sample: Sample, head: bytes) -> None:
        self._sample = sample
        self._head = head
        self._columns = Columns(sample)
        self._draft = _Draft()

    def proposal(self) -> Proposal:
        """The proposal after all steps."""
        self._layout()
        self._dates()
        self._amount_columns()
        mark = self._decimal_mark()
        self._sign(mark)
        self._currency()
        self._status()
        columns: dict[str, object] = {
            name: self._reference(index) for name, index in self._columns.single.items()
        }
        if self._columns.description:
            columns["description"] = [self._reference(i) for i in self._columns.description]
        self._draft.values["columns"] = columns
        for question in self._draft.questions:
            parent, _, name = question.field.rpartition(".")
            target = columns if parent == "columns" else self._draft.values
            target[name] = None
        return Proposal(
            draft=self._full(),
            confidence=self._confidence(),
            questions=tuple(self._draft.questions),
        )

    def _full(self) -> dict[str, object]:
        if self._draft.questions:
            return self._draft.values
        profile = CsvProfile.model_validate(self._draft.values)
        return profile.model_dump(mode="json", exclude_defaults=True)

    def _confidence(self) -> int:
        """The share of the sample that the profile reads; low while questions are open."""
        if self._draft.questions:
            return max(60 - 15 * len(self._draft.questions), 10)
        profile = CsvProfile.model_validate(self._draft.values)
        read = rejected = 0
        for record in _read(self._head, profile):
            read += isinstance(record, TransactionRecord)
            rejected += isinstance(record, Finding) and record.rejected
        return 95 * read // max(read + rejected, 1)

    def _reference(self, index: int) -> int | str:
        """The header's name where it is there and unique, else the index."""
        header = [folded(name) for name in self._sample.header]
        if index < len(header) and header.count(header[index]) == 1:
            return self._sample.header[index].strip().removeprefix("\ufeff") or index
        return index

    def _layout(self) -> None:
        sample, values = self._sample, self._draft.values
        values["name"] = "Detected"
        values["delimiter"] = sample.delimiter
        if sample.encoding is not None:
            values["encoding"] = sample.encoding
        if not sample.header:
            values["header"] = False
        if sample.preamble:
            values["preamble"] = "until-header" if sample.header else sample.preamble
        if self._columns.continues():
            values["continuationRows"] = True

    def _dates(self) -> None:
        places = self._columns.date_places()
        if "postedDate" not in self._columns.single:
            self._ask("columns.postedDate", "Which column is the booking date?", places)
        cells = [cell for place in places for cell in self._sample.column(place)]
        orders = date_orders(cells)
        if len(orders) == 1:
            self._draft.values["dateFormat"] = orders[0]
            return
        text = (
            "Day or month first? No date in the file decides it."
            if orders
            else "No one order fits all dates; give a pattern such as %d.%m.%Y."
        )
        self._question("dateFormat", text, orders, cells)

    def _amount_columns(self) -> None:
        columns = self._columns
        if "amount" in columns.single or "debit" in columns.single:
            return
        if len(columns.amount_candidates) == 1 and not self._sample.header:
            columns.single["amount"] = columns.amount_candidates[0]
            return
        self._ask(
            "columns.amount",
            "Which column is the amount (or which two are `debit` and `credit`)?",
            columns.amount_candidates,
        )

    def _decimal_mark(self) -> str | None:
        cells = [cell for place in self._columns.money() for cell in self._sample.column(place)]
        marks = decimal_marks(cells)
        if len(marks) != 1:
            text = (
                "Is the mark in the amounts a decimal mark or does it part thousands? "
                "No amount in the file decides it."
                if marks
                else "The amounts disagree about their decimal mark."
            )
            self._question("decimalMark", text, marks or (".", ","), cells)
            return None
        self._draft.values["decimalMark"] = marks[0]
        # Once the decimal mark is certain, the other one can only part thousands.
        self._draft.values["thousands"] = {",": ".", ".": ","}.get(marks[0], "")
        return marks[0]

    def _sign(self, mark: str | None) -> None:
        single, values = self._columns.single, self._draft.values
        if "debit" in single:
            self._pair_sign()
            return
        if "indicator" in single:
            values["debitValues"], values["creditValues"] = DEBIT_WORDS, CREDIT_WORDS
            self._blank_indicator(single["indicator"])
            return
        if "amount" not in single:
            return
        cells = self._sample.column(single["amount"])
        negative = sum(_is_negative(cell) for cell in cells)
        proven = sign_by_balance(self._sample, single, mark) if mark is not None else None
        if proven is not None:
            values["negate"] = proven < 0
        elif negative == 0 or (self._is_card() and negative * 2 < len(cells)):
            text = "Is money out positive in this file, as on card statements?"
            self._question("negate", text, (False, True), cells)

    def _pair_sign(self) -> None:
        cells = self._sample.column(self._columns.single["debit"])
        if cells and all(map(_is_negative, cells)):
            text = "All debits are negative: is the minus sign the debit (true) or a refund?"
            self._question("signedPair", text, (False, True), cells)

    def _blank_indicator(self, place: int) -> None:
        if len(self._sample.column(place)) == len(self._sample.data):
            return
        text = (
            "Some rows have an empty indicator: are they money out? Then `debitValues` begins "
            'with "" (and `creditValues` has the words seen), else the other way round.'
        )
        self._question("debitValues", text, (), self._sample.column(place))

    def _is_card(self) -> bool:
        return any(_CARD.search(name) for name in self._sample.header)

    def _currency(self) -> None:
        if "currency" not in self._columns.single:
            currency = self._columns.fixed_currency()
            if currency is not None:
                self._draft.values["currency"] = currency

    def _status(self) -> None:
        if "status" in self._columns.single:
            self._draft.values["pendingValues"] = PENDING_WORDS
            self._draft.values["ignoredValues"] = IGNORED_WORDS
            return
        place = self._columns.single.get("postedDate")
        if place is not None and self._columns.has_words(place, folded_words(PENDING_WORDS)):
            self._columns.single["status"] = place
            self._draft.values["pendingValues"] = PENDING_WORDS

    def _ask(self, name: str, text: str, places: list[int]) -> None:
        examples = [cell for place in places for cell in self._sample.column(place)[:2]]
        self._question(name, text, tuple(map(self._reference, places)), examples)

    def _question(
        self, name: str, text: str, answers: tuple[str | int | bool, ...], cells: list[str]
    ) -> None:
        examples = tuple(cell[:100] for cell in dict.fromkeys(cells))[:EXAMPLES_MAX]
        self._draft.questions.append(
            Question(field=name, text=text, answers=answers, examples=examples)
        )


def _is_negative(cell: str) -> bool:
    text = cell.strip()
    return bool(re.match(r"\W*[-\u2212(]|.*\d\s*[-\u2212)]$|.*\bDR$", text)) and ",-" not in text


def _read(head: bytes, profile: CsvProfile) -> list[object]:
    from statements.csv import CSV

    try:
        return list(CSV.parse([head], ParseOptions(profile=profile, currency="XXX")))
    except Unreadable:
        return []
