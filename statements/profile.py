"""A CSV profile: what a saved connection knows about its bank's CSV export, as JSON."""

from __future__ import annotations

import codecs
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator
from pydantic.alias_generators import to_camel

from statements.csv_date import date_reader

COLUMNS_MAX: Final = 1_000
FOOTER_ROWS_MAX: Final = 100
PREAMBLE_LINES_MAX: Final = 200

_ASCII: Final = bytes(range(32, 127)).decode("ascii") + "\r\n\t"
_WIDE: Final = ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be")


def _named_delimiter(value: object) -> object:
    names = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}
    return names.get(value.casefold(), value) if isinstance(value, str) else value


Column = (
    Annotated[int, Field(strict=True, ge=0, lt=COLUMNS_MAX)]
    | Annotated[str, Field(min_length=1, max_length=200)]
)
Columns = Annotated[tuple[Column, ...], Field(max_length=20)]
Word = Annotated[str, Field(max_length=200)]
Words = Annotated[tuple[Word, ...], Field(max_length=50)]

_CONFIG: Final = ConfigDict(
    frozen=True,
    extra="forbid",
    alias_generator=to_camel,
    validate_by_name=True,
    validate_by_alias=True,
    serialize_by_alias=True,
)


class CsvColumns(BaseModel):
    """Which column holds what: a header name (case and blanks do not matter) or an index from 0."""

    model_config = _CONFIG

    posted_date: Column = Field(description="Booking date. The one column that every row needs.")
    amount: Column | None = Field(
        default=None, description="Signed amount, or the unsigned one that goes with `indicator`."
    )
    debit: Column | None = Field(default=None, description="Money out; goes with `credit`.")
    credit: Column | None = Field(default=None, description="Money in; goes with `debit`.")
    indicator: Column | None = Field(
        default=None,
        description="Says whether `amount` is debit or credit; see the profile's debitValues.",
    )
    currency: Column | None = Field(default=None, description="ISO 4217 code of the row.")
    account: Column | None = Field(
        default=None,
        description="Routes one file to many accounts; cells are the accounts' identities.",
    )
    external_id: Column | None = Field(
        default=None, description="The bank's own id of the transaction, unique in the account."
    )
    description: Columns = Field(
        default=(), description="One or several columns, joined in this order."
    )
    merchant: Column | None = Field(default=None, description="Merchant, payee or other party.")
    reference: Column | None = Field(default=None, description="The bank's reference.")
    customer_reference: Column | None = Field(default=None, description="The customer's reference.")
    type_code: Column | None = Field(default=None, description="The bank's own kind of booking.")
    value_date: Column | None = Field(default=None, description="Value date (Valuta, fecha valor).")
    transaction_date: Column | None = Field(
        default=None, description="Date of the purchase itself."
    )
    status: Column | None = Field(
        default=None,
        description="Booking status; see pendingValues and ignoredValues of the profile.",
    )
    category: Column | None = Field(default=None, description="The bank's own category.")
    running_balance: Column | None = Field(default=None, description="Balance after the row.")
    original_amount: Column | None = Field(
        default=None,
        description='Amount in the foreign currency, kept as text in extra "originalAmount".',
    )
    original_currency: Column | None = Field(
        default=None, description='The foreign currency, kept as text in extra "originalCurrency".'
    )
    extra: Columns = Field(default=(), description="Columns kept as text under their names.")

    @model_validator(mode="after")
    def _one_way_to_the_amount(self) -> Self:
        pair = self.debit is not None or self.credit is not None
        if (self.amount is not None) == pair:
            raise ValueError("columns: set either `amount` or the pair `debit` and `credit`")
        if pair and (self.debit is None or self.credit is None):
            raise ValueError("columns: `debit` and `credit` go together; set both")
        if self.indicator is not None and self.amount is None:
            raise ValueError("columns: `indicator` says the sign of `amount`; set `amount` too")
        return self

    def named(self) -> list[str]:
        """The header names that are mapped."""
        values: list[int | str] = [*self.description, *self.extra]
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, int | str):
                values.append(value)
        return [value for value in values if isinstance(value, str)]


class CsvProfile(BaseModel):
    """How to read one bank's CSV export. Nothing here is guessed while a file is read."""

    model_config = _CONFIG

    name: str = Field(
        default="CSV", min_length=1, max_length=100, description="What users call it."
    )
    delimiter: Annotated[str, BeforeValidator(_named_delimiter)] = Field(
        default=",",
        min_length=1,
        max_length=1,
        description='What parts the cells: one character, or "tab", "comma", "semicolon", "pipe".',
    )
    quote: str | None = Field(
        default='"',
        min_length=1,
        max_length=1,
        description="Quote character; null: quotes are text.",
    )
    encoding: str | None = Field(
        default=None,
        description='A name such as "utf-8", "windows-1252", "cp1250"; null: told from each file, '
        "UTF-8 or else cp1252. A byte order mark always wins.",
    )
    preamble: Annotated[int, Field(ge=0, le=PREAMBLE_LINES_MAX)] | Literal["until-header"] = Field(
        default=0,
        description="Physical lines before the table, or until-header: all rows before the one "
        "that has every mapped column name.",
    )
    header: bool = Field(default=True, description="Whether a row of names stands before the data.")
    header_names: Words = Field(
        default=(), description="Names for the columns of a file without header, in order."
    )
    footer_rows: int = Field(
        default=0, ge=0, le=FOOTER_ROWS_MAX, description="Rows at the end that are no transactions."
    )
    footer_starts_with: Words = Field(
        default=(), description="Rows whose first cell begins with one of these are left out."
    )
    repeated_headers: bool = Field(
        default=True, description="Leave out rows that repeat the header, as page-wise exports do."
    )
    continuation_rows: bool = Field(
        default=False,
        description="A row without date and amount goes on with the description of the row before.",
    )
    date_format: str = Field(
        min_length=1,
        max_length=64,
        description='"DMY", "MDY" or "YMD" (any separator, month names, a time after it), '
        'or a pattern such as "%d.%m.%y". One for all date columns.',
    )
    decimal_mark: Literal[".", ",", "none"] = Field(
        description="none: whole numbers, a mark is an error."
    )
    thousands: Literal["", ".", ","] = Field(
        default="",
        description="The mark between groups of digits. Blanks and apostrophes always may part "
        "them.",
    )
    grouping: Literal["thousands", "indian"] = Field(
        default="thousands", description="indian: 12,34,567.00."
    )
    negate: bool = Field(
        default=False, description="The file shows money out as positive, as card statements do."
    )
    signed_pair: bool = Field(
        default=False,
        description="The cells of `debit` are already negative. Otherwise a negative debit is a "
        "refund.",
    )
    debit_values: Words = Field(
        default=(), description='Indicator values for money out, such as "D".'
    )
    credit_values: Words = Field(
        default=(), description='Indicator values for money in, such as "C".'
    )
    pending_values: Words = Field(default=(), description="Status values of pending transactions.")
    ignored_values: Words = Field(
        default=(), description="Status values of rows that never book, such as declined ones."
    )
    currency: str | None = Field(
        default=None, pattern="^[A-Z]{3}$", description="Where no currency column says it."
    )
    account: str | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        description="The account's identity where no account column says it.",
    )
    columns: CsvColumns

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            name = codecs.lookup(value).name
            if name in _WIDE or _ASCII.encode(name) == _ASCII.encode("ascii"):
                return "utf-8" if name == "utf-8-sig" else name
        except (LookupError, UnicodeError):
            pass
        raise ValueError(f'encoding "{value}" is not known here: use "utf-8", "cp1252" or the like')

    @field_validator("date_format")
    @classmethod
    def _readable_dates(cls, value: str) -> str:
        try:
            date_reader(value)
        except ValueError as error:
            raise ValueError(f"dateFormat: {error}") from error
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.delimiter in "\r\n\0" or self.delimiter == self.quote:
            raise ValueError("delimiter: must be no line end and differ from `quote`")
        if self.quote is not None and self.quote in "\r\n\0":
            raise ValueError("quote: must be no line end; null switches quoting off")
        if self.thousands == self.decimal_mark:
            raise ValueError("thousands: must differ from `decimalMark`")
        if self.thousands and self.decimal_mark == "none":
            # With no decimal mark in sight "1.234" could be either: the profile has to say it.
            raise ValueError('thousands: say which decimalMark goes with it, "." or ","')
        return self

    @model_validator(mode="after")
    def _named_values(self) -> Self:
        debit, credit = folded_words(self.debit_values), folded_words(self.credit_values)
        if self.columns.indicator is not None and not (debit and credit):
            raise ValueError("debitValues, creditValues: needed where columns.indicator is set")
        if debit & credit:
            raise ValueError(f"debitValues, creditValues: both have {sorted(debit & credit)}")
        pending, ignored = folded_words(self.pending_values), folded_words(self.ignored_values)
        if (pending or ignored) and self.columns.status is None:
            raise ValueError("pendingValues, ignoredValues: set columns.status too")
        if pending & ignored:
            raise ValueError(f"pendingValues, ignoredValues: both have {sorted(pending & ignored)}")
        return self

    @model_validator(mode="after")
    def _resolvable_columns(self) -> Self:
        named = self.columns.named()
        if not self.header:
            known = {folded(name) for name in self.header_names}
            unknown = [name for name in named if folded(name) not in known]
            if unknown:
                raise ValueError(
                    f'columns: the file has no header and headerNames lacks "{unknown[0]}"; '
                    "name it there or use its index from 0"
                )
            if self.preamble == "until-header":
                raise ValueError("preamble: until-header needs a header; give the number of lines")
        elif self.header_names:
            raise ValueError("headerNames: only for a file without header; set `header` to false")
        elif self.preamble == "until-header" and len(set(named)) < 2:
            raise ValueError("preamble: until-header needs two or more columns mapped by name")
        return self


def folded(name: str) -> str:
    """A header name or a value as it is compared: case, blanks and a byte order mark aside."""
    return " ".join(name.removeprefix("\ufeff").split()).casefold()


def folded_words(words: tuple[str, ...]) -> set[str]:
    """Each word folded."""
    return {folded(word) for word in words}
