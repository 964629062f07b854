"""The signed amount of a CSV row: one column, a pair of columns, or an amount and an indicator."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from core.errors import InvalidMoney
from statements.csv_amount import AmountReader
from statements.csv_places import Places
from statements.profile import CsvProfile
from statements.profile_rules import folded, folded_words


class RowRejected(Exception):
    """The row holds no transaction that can be trusted; `message` goes on from "Line 7 "."""

    def __init__(self, code: str, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field


class RowAmounts:
    """Reads amounts signed from the holder's side, under one profile."""

    def __init__(self, profile: CsvProfile, places: Places) -> None:
        self._reader = AmountReader(
            decimal_mark=profile.decimal_mark,
            thousands=profile.thousands,
            indian=profile.grouping == "indian",
        )
        self._comma = profile.decimal_mark == ","
        self._negate = profile.negate
        self._signed_pair = profile.signed_pair
        self._debit_values = folded_words(profile.debit_values)
        self._credit_values = folded_words(profile.credit_values)
        self._places = places
        self.of = self._signed if places.amount is not None else self._pair
        if places.indicator is not None:
            self.of = self._indicated

    def column(self, rows: Sequence[list[str]], currencies: Sequence[str]) -> Sequence[Decimal]:
        """The amounts of rows. Raises RowRejected where one of them has none."""
        places = self._places
        if places.amount is not None and places.indicator is None:
            amounts = self.plain([row[places.amount] for row in rows])
            if amounts is not None:
                if self._negate:
                    return [amount.copy_negate() if amount else amount for amount in amounts]
                return amounts
        return [self.of(row, currency) for row, currency in zip(rows, currencies, strict=True)]

    def plain(self, cells: Sequence[str]) -> Sequence[Decimal] | None:
        """The amounts of cells, unsigned where nought; None where one needs a closer look."""
        if not all(map(self._reader.plain, cells)):
            return None
        if self._comma:
            cells = [cell.replace(",", ".") for cell in cells]
        amounts = list(map(Decimal, cells))
        return amounts if all(amounts) else [amount or amount.copy_abs() for amount in amounts]

    def marked(self, cell: str, field: str, currency: str, *, flip: bool = False) -> Decimal:
        """The amount of one cell, the other way round where `flip`. Raises RowRejected."""
        try:
            found = self._reader.read(cell)
        except InvalidMoney as error:
            raise RowRejected(
                "amount-unreadable", f'has the {field} "{short(cell)}": {error}', field=field
            ) from error
        if found.currency is not None and found.currency != currency:
            raise RowRejected(
                "currency-mismatch",
                f"has the {field} in {found.currency} under the currency {currency}",
                field=field,
            )
        # CR and DR beside the number are the holder's side already, whatever the column means.
        negative = found.side == "D" if found.side else flip
        return found.value.copy_negate() if negative and found.value else found.value

    def _signed(self, cells: list[str], currency: str) -> Decimal:
        assert self._places.amount is not None
        cell = cells[self._places.amount]
        if self._reader.plain(cell):
            amount = Decimal(cell.replace(",", ".") if self._comma else cell)
            if not amount:
                return amount.copy_abs()
            return amount.copy_negate() if self._negate else amount
        return self.marked(_filled(cell), "amount", currency, flip=self._negate)

    def _indicated(self, cells: list[str], currency: str) -> Decimal:
        assert self._places.amount is not None and self._places.indicator is not None
        value = folded(cells[self._places.indicator])
        debit = value in self._debit_values
        if not debit and value not in self._credit_values:
            raise RowRejected(
                "indicator-unknown",
                f'has the indicator "{short(value)}", which is neither in debitValues nor in '
                "creditValues",
                field="indicator",
            )
        cell = _filled(cells[self._places.amount])
        return self.marked(cell, "amount", currency, flip=debit != self._negate)

    def _pair(self, cells: list[str], currency: str) -> Decimal:
        assert self._places.debit is not None and self._places.credit is not None
        debit, credit = cells[self._places.debit].strip(), cells[self._places.credit].strip()
        outward = self._negate if self._signed_pair else not self._negate
        out = self.marked(debit, "debit", currency, flip=outward) if debit else None
        into = self.marked(credit, "credit", currency, flip=self._negate) if credit else None
        if out and into:
            raise RowRejected(
                "amount-both-sides", "has a debit and a credit at once", field="debit"
            )
        amounts = [amount for amount in (out, into) if amount is not None]
        if not amounts:
            raise RowRejected("amount-missing", "has no amount", field="debit")
        return next(filter(None, amounts), amounts[0])


def short(text: str) -> str:
    """The beginning of a cell, as messages quote it."""
    return text.strip()[:40]


def _filled(cell: str) -> str:
    if not cell.strip():
        raise RowRejected("amount-missing", "has no amount", field="amount")
    return cell
