"""Where the mapped columns of a profile stand in one file: names resolved to indexes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from core.errors import Unreadable
from core.records import Finding, Severity
from statements.profile import COLUMNS_MAX, CsvProfile
from statements.profile_rules import folded

# Without these a row has no identity or no value; the others may be missing in one file.
_ESSENTIAL: Final = (
    "posted_date",
    "amount",
    "debit",
    "credit",
    "indicator",
    "currency",
    "account",
    "external_id",
    "status",
)


class Places:
    """The index of each mapped column, None where it is not mapped.

    Raises `Unreadable` where an essential column is missing or its name stands for two columns; a
    missing descriptive one is a finding.
    """

    def __init__(self, profile: CsvProfile, header: Sequence[str]) -> None:
        if len(header) > COLUMNS_MAX:
            raise Unreadable("too-many-columns", f"The header has more than {COLUMNS_MAX} columns.")
        self.findings: list[Finding] = []
        self._header = header
        self._names = [folded(name) for name in header]
        columns = profile.columns
        posted_date = self._place("posted_date", columns.posted_date)
        assert posted_date is not None
        self.posted_date = posted_date
        self.amount = self._place("amount", columns.amount)
        self.debit = self._place("debit", columns.debit)
        self.credit = self._place("credit", columns.credit)
        self.indicator = self._place("indicator", columns.indicator)
        self.currency = self._place("currency", columns.currency)
        self.account = self._place("account", columns.account)
        self.external_id = self._place("external_id", columns.external_id)
        self.status = self._place("status", columns.status)
        self.merchant = self._place("merchant", columns.merchant)
        self.reference = self._place("reference", columns.reference)
        self.customer_reference = self._place("customer_reference", columns.customer_reference)
        self.type_code = self._place("type_code", columns.type_code)
        self.value_date = self._place("value_date", columns.value_date)
        self.transaction_date = self._place("transaction_date", columns.transaction_date)
        self.category = self._place("category", columns.category)
        self.running_balance = self._place("running_balance", columns.running_balance)
        self.description = self._several("description", columns.description)
        self.extra = [(self._name(index), index) for index in self._several("extra", columns.extra)]
        for field, name in (
            ("original_amount", "originalAmount"),
            ("original_currency", "originalCurrency"),
            ("mcc", "mcc"),
        ):
            index = self._place(field, getattr(columns, field))
            if index is not None:
                self.extra.append((name, index))
        self.width = self._width()

    def _place(self, field: str, column: int | str | None) -> int | None:
        if column is None or isinstance(column, int):
            return column
        wanted = folded(column)
        count = self._names.count(wanted)
        if count == 1:
            return self._names.index(wanted)
        if count > 1:
            raise Unreadable(
                "column-ambiguous",
                f'{count} columns are named "{column}"; set columns.{field} to an index from 0.',
            )
        message = (
            f'There is no column "{column}" for columns.{field}; the header has: '
            f"{', '.join(self._header)[:500]}."
        )
        if field in _ESSENTIAL:
            raise Unreadable(
                "column-missing", f"{message} If it stands further down, see `preamble`."
            )
        self.findings.append(Finding(Severity.WARNING, "column-missing", message, field=field))
        return None

    def _several(self, field: str, columns: Sequence[int | str]) -> list[int]:
        places = [self._place(field, column) for column in columns]
        return [place for place in places if place is not None]

    def _name(self, index: int) -> str:
        name = self._header[index].strip() if index < len(self._header) else ""
        return name or f"column {index}"

    def _width(self) -> int:
        indexes = [value for value in vars(self).values() if isinstance(value, int)]
        indexes += self.description
        indexes += [index for _, index in self.extra]
        return max(indexes) + 1
