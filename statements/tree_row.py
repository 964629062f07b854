"""Rows of JSON and XML: values found at the paths become the cells that a CSV row would have."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Final, NamedTuple

from core.money import is_currency, minor_units
from statements.base import ParseOptions
from statements.csv_sign import RowRejected, short
from statements.tree_plan import AROUND, Cell, Plan
from statements.tree_profile import EPOCHS

NUMBER_MAX: Final = 64  # characters; longer ones are no amount
_NUMBER: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,2})?")
_WHOLE: Final = re.compile(r"([+-]?)([0-9]{1,20})")
_SECONDS: Final = re.compile(r"(-?[0-9]{1,14})(?:\.[0-9]*)?")
_EPOCH: Final = date(1970, 1, 1)


class Number(str):
    """A number as JSON has it: with a point, whatever mark the texts of the file have."""

    __slots__ = ()


class TreeRow(NamedTuple):
    """The values of one row, for each cell those found at its path, and where it stands."""

    values: Sequence[Sequence[str]]
    line: int
    line_end: int
    size: int  # characters, as far as they are bounded


class Cells:
    """Makes cells of values, and values of a statement readable the same way."""

    def __init__(self, plan: Plan, options: ParseOptions) -> None:
        self._cells = plan.cells
        places = plan.by_field
        self._around = [(name, places[name]) for name in AROUND if name in places]
        self._money = [(i, cell.path) for i, cell in enumerate(plan.cells) if cell.is_money]
        self._dates = [place for place, cell in enumerate(plan.cells) if cell.is_date]
        self._currency_at = places.get("currency")
        profile = plan.profile
        self._mark = profile.decimal_mark
        self._minor = profile.minor_units
        self._decimals = options.decimals
        self._currency = profile.currency or options.currency
        self._per_day = {"epoch": 86_400, "epochMillis": 86_400_000}.get(profile.date_format)
        assert self._per_day is None or profile.date_format in EPOCHS

    def of(self, row: TreeRow, around: Mapping[str, str]) -> list[str]:
        """The cells of a row; what the statement says stands in where the row says nothing.

        Raises RowRejected where there are two values of what a row has one of, or an amount is no
        whole number and should be.
        """
        texts = [
            values[0] if len(values) == 1 else self._several(cell, values) if values else ""
            for cell, values in zip(self._cells, row.values, strict=True)
        ]
        for name, place in self._around:
            if not texts[place].strip():
                texts[place] = around.get(name, "")
        currency = self._currency_of(texts)
        for place, path in self._money:
            texts[place] = self.money(texts[place], currency, path)
        if self._per_day is not None:
            for place in self._dates:
                texts[place] = self.day(texts[place])
        return texts

    def plain(self, row: TreeRow) -> list[str]:
        """The cells as they stand, for a finding."""
        return [" ".join(values) for values in row.values]

    def day(self, text: str) -> str:
        """A date as text that the rules read."""
        if self._per_day is None:
            return text
        found = _SECONDS.fullmatch(text.strip())
        if found is None:
            return text
        try:
            return (_EPOCH + timedelta(days=int(found[1]) // self._per_day)).isoformat()
        except OverflowError:
            return text

    def money(self, text: str, currency: str | None, path: str) -> str:
        """An amount as text that the rules read. Raises RowRejected."""
        if not text.strip():
            return ""
        if self._minor:
            return self._scaled(text, currency, path)
        if not isinstance(text, Number) or len(text) > NUMBER_MAX or not _NUMBER.fullmatch(text):
            return text
        plain = format(Decimal(text), "f") if "e" in text.casefold() else text
        return plain.replace(".", ",") if self._mark == "," else plain

    def _several(self, cell: Cell, values: Sequence[str]) -> str:
        if cell.is_text:
            return "\n".join(values)
        filled = list(dict.fromkeys(value for value in values if value.strip()))
        if len(filled) > 1:
            raise RowRejected(
                "value-repeated",
                f'has {len(filled)} values at "{cell.path}", and a row has one',
                field=cell.field,
            )
        return filled[0] if filled else ""

    def _currency_of(self, texts: list[str]) -> str | None:
        place = self._currency_at
        code = "" if place is None else texts[place].strip().upper()
        return code if is_currency(code) else self._currency

    def _scaled(self, text: str, currency: str | None, path: str) -> str:
        found = _WHOLE.fullmatch(text.strip())
        if found is None or currency is None:
            raise RowRejected(
                "amount-unreadable",
                f'has "{short(text)}" at "{path}", which is no whole number of minor units',
                field="amount",
            )
        decimals = self._decimals.get(currency, minor_units(currency))
        sign, digits = found[1], found[2].rjust(decimals + 1, "0")
        if not decimals:
            return sign + digits
        return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}"
