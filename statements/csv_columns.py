"""Which column of a sample plays which role: by its name in many languages, then by its cells."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from core.money import is_currency
from statements.csv_headers import (
    BOOKED_WORDS,
    CREDIT_WORDS,
    CURRENCIES,
    DEBIT_WORDS,
    DESCRIPTIONS,
    IGNORED_WORDS,
    PENDING_WORDS,
    ROLES,
    named_currency,
    plain_name,
)
from statements.csv_sample import COLUMNS_LOOKED_AT, Sample, fits_order, is_amount, is_date
from statements.profile_rules import folded, folded_words

DESCRIPTIONS_MAX: Final = 4
_SIGNS: Final = folded_words(DEBIT_WORDS) | folded_words(CREDIT_WORDS)
_STATUSES: Final = (
    folded_words(BOOKED_WORDS) | folded_words(PENDING_WORDS) | folded_words(IGNORED_WORDS)
)
# These name an account, but as often the other party's: only one value in the file is ours.
_ANYBODYS: Final = ("iban", "konto", "kontonummer", "rekeningnummer", "kredietkaart", "cardid")
_MONEY: Final = ("amount", "debit", "credit", "runningBalance")


class Columns:
    """`single`: field of `CsvColumns` → index; `description`: indexes, in the file's order."""

    def __init__(self, sample: Sample) -> None:
        self._sample = sample
        self._names = [plain_name(name) for name in sample.header]
        self._whole_names = [plain_name(re.sub(r"[()]", " ", name)) for name in sample.header]
        self.single: dict[str, int] = {}
        self.description: list[int] = []
        self._free = list(range(min(self._width(), COLUMNS_LOOKED_AT)))
        self._by_name()
        self.amount_candidates = [place for place in self._free if self._has_decimals(place)]
        self._by_content()

    def date_places(self) -> list[int]:
        """The date columns; all of them where none is known as the booking date."""
        found = [
            self.single[name]
            for name in ("postedDate", "valueDate", "transactionDate")
            if name in self.single
        ]
        if "postedDate" in self.single:
            return found
        return [place for place in range(self._width()) if self._all(place, is_date)]

    def money(self) -> list[int]:
        """The columns with amounts of the account's currency."""
        found = [self.single[name] for name in _MONEY if name in self.single]
        return found or self.amount_candidates

    def continues(self) -> bool:
        """Whether some row has neither date nor amount, only text where descriptions stand."""
        needed = [self.single[name] for name in ("postedDate", *_MONEY[:3]) if name in self.single]
        return len(needed) > 1 and any(
            not any(row[place].strip() for place in needed)
            and any(row[place].strip() for place in self.description)
            for row in self._sample.rows
        )

    def fixed_currency(self) -> str | None:
        """The one currency that the headers of the amounts or their cells name."""
        header = self._sample.header
        names = [header[place] for place in self.money() if place < len(header)]
        found = {currency for name in names if (currency := named_currency(name))}
        for place in self.money():
            for cell in self._sample.column(place):
                found.update(_cell_currency(cell))
        return found.pop() if len(found) == 1 else None

    def has_words(self, place: int, words: set[str]) -> bool:
        """Whether some row has one of the words in this column."""
        return any(folded(row[place]) in words for row in self._sample.rows)

    def _width(self) -> int:
        return len(self._sample.data[0])

    def _by_name(self) -> None:
        self._take("valueDate", "value_date", self._is_date_column)
        self._take("postedDate", "posted_date", self._is_date_column)
        if "postedDate" not in self.single:
            self._promote("valueDate")
        self._take("transactionDate", "transaction_date", self._is_date_column)
        self._take("originalAmount", "original_amount", self._is_amount_column)
        self._take("originalCurrency", "original_currency", self._is_currency_column)
        self._take("mcc", "mcc", self._is_code_column)
        self._take_amounts()
        self._take("runningBalance", "running_balance", self._is_amount_column)
        self._take("currency", "currency", self._is_currency_column)
        self._take("account", "account", self._is_account_column)
        self._take("externalId", "external_id", self._is_id_column)
        self._take("status", "status", self._is_status_column)
        for field, role in (
            ("merchant", "merchant"),
            ("reference", "reference"),
            ("customerReference", "customer_reference"),
            ("typeCode", "type_code"),
            ("category", "category"),
        ):
            self._take(field, role, _any_cells)
        for place in list(self._free):
            if self._name(place) in DESCRIPTIONS and len(self.description) < DESCRIPTIONS_MAX:
                self.description.append(place)
                self._free.remove(place)

    def _take_amounts(self) -> None:
        """A signed amount, or else a pair; an amount without signs takes an indicator along."""
        self._take("debit", "debit", self._is_amount_column)
        self._take("credit", "credit", self._is_pair_column)
        if "debit" not in self.single and "credit" in self.single:
            self._take("debit", "debit", self._is_pair_column)
        whole_pair = "debit" in self.single and "credit" in self.single
        if not whole_pair:
            self._release("debit", "credit")
        self._take("amount", "amount", self._is_amount_column)
        if "amount" not in self.single:
            return
        signed = any(re.search(r"[-\u2212(]", cell) for cell in self._cells(self.single["amount"]))
        if whole_pair:
            self._release(*(("debit", "credit") if signed else ("amount",)))
        elif not signed:
            self._take_indicator()

    def _take_indicator(self) -> None:
        for place in self._free:
            if self._all(place, lambda cell: folded(cell) in _SIGNS):
                self.single["indicator"] = place
                self._free.remove(place)
                return

    def _by_content(self) -> None:
        if "postedDate" not in self.single:
            dates = [place for place in self._free if self._is_date_column(place)]
            if len(dates) == 1:
                self.single["postedDate"] = dates[0]
        if "merchant" in self.single and not any(map(self._cells, self.description)):
            self.description.append(self.single["merchant"])
        if self._sample.header:
            return
        if "currency" not in self.single:
            for place in self._free:
                if self._all(place, lambda cell: cell in CURRENCIES):
                    self.single["currency"] = place
                    break
        texts = [place for place in self._free if self._is_text(place)]
        if not self.description and texts:
            self.description.append(max(texts, key=self._length))

    def _take(self, field: str, role: str, fits: Callable[[int], bool]) -> None:
        """The free column with the surest name of that role, where its cells fit."""
        for name in ROLES[role]:
            for place in self._free:
                if name in (self._name(place), self._whole_name(place)) and fits(place):
                    self.single[field] = place
                    self._free.remove(place)
                    return

    def _release(self, *fields: str) -> None:
        for field in fields:
            if field in self.single:
                self._free.append(self.single.pop(field))
        self._free.sort()

    def _promote(self, field: str) -> None:
        """The one date that there is books the row, whatever the bank calls it."""
        others = [place for place in self._free if self._is_date_column(place)]
        if field in self.single and not others:
            self.single["postedDate"] = self.single.pop(field)

    def _name(self, place: int) -> str:
        return self._names[place] if place < len(self._names) else ""

    def _whole_name(self, place: int) -> str:
        return self._whole_names[place] if place < len(self._whole_names) else ""

    def _cells(self, place: int) -> list[str]:
        return self._sample.column(place)

    def _all(self, place: int, test: Callable[[str], bool]) -> bool:
        cells = self._cells(place)
        return bool(cells) and all(map(test, cells))

    def _is_date_column(self, place: int) -> bool:
        named = self._name(place) in ROLES["posted_date"] + ROLES["value_date"]
        return self._all(place, _is_any_date if named else is_date)

    def _is_amount_column(self, place: int) -> bool:
        return self._all(place, is_amount)

    def _is_pair_column(self, place: int) -> bool:
        """The other half of a pair may be empty in all rows that are looked at."""
        return not self._cells(place) or self._is_amount_column(place)

    def _is_currency_column(self, place: int) -> bool:
        return self._all(place, is_currency)

    def _is_account_column(self, place: int) -> bool:
        cells = self._cells(place)
        if len(cells) < len(self._sample.data) or not all(map(_is_account, cells)):
            return False
        return self._name(place) not in _ANYBODYS or len(set(cells)) == 1

    def _is_id_column(self, place: int) -> bool:
        cells = self._cells(place)
        return len(cells) == len(self._sample.data) and len(set(cells)) == len(cells)

    def _is_status_column(self, place: int) -> bool:
        return self._all(place, lambda cell: folded(cell) in _STATUSES)

    def _is_code_column(self, place: int) -> bool:
        return self._all(place, lambda cell: re.fullmatch(r"[0-9]{4}", cell) is not None)

    def _has_decimals(self, place: int) -> bool:
        cells = self._cells(place)
        return self._is_amount_column(place) and any(re.search(r"[.,]", cell) for cell in cells)

    def _is_text(self, place: int) -> bool:
        return self._all(place, lambda cell: not is_date(cell) and not is_amount(cell))

    def _length(self, place: int) -> int:
        return sum(map(len, self._cells(place)))


def _any_cells(_place: int) -> bool:
    return True


def _is_any_date(cell: str) -> bool:
    return is_date(cell) or any(fits_order(cell, order) for order in ("YMD", "DMY"))


def _is_account(cell: str) -> bool:
    return any(map(str.isalnum, cell)) and len(cell) <= 64


def _cell_currency(cell: str) -> set[str]:
    found = {word for word in re.findall(r"[A-Z]{3}", cell) if word in CURRENCIES}
    if "€" in cell:
        found.add("EUR")
    if "£" in cell:
        found.add("GBP")
    return found
