"""What every profile with mapped fields has in common: how dates, amounts and values are read."""

from __future__ import annotations

import codecs
from typing import Annotated, Any, ClassVar, Final, Generic, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_camel

from statements.csv_date import date_reader

_ASCII: Final = bytes(range(32, 127)).decode("ascii") + "\r\n\t"
_WIDE: Final = ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be")


def _known_encoding(value: str) -> str:
    try:
        name = codecs.lookup(value).name
        if name in _WIDE or _ASCII.encode(name) == _ASCII.encode("ascii"):
            return "utf-8" if name == "utf-8-sig" else name
    except (LookupError, UnicodeError):
        pass
    raise ValueError(f'encoding "{value}" is not known here: use "utf-8", "cp1252" or the like')


Word = Annotated[str, Field(max_length=200)]
Words = Annotated[tuple[Word, ...], Field(max_length=50)]
Encoding = Annotated[str, AfterValidator(_known_encoding)]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$")]
Account = Annotated[str, Field(min_length=1, max_length=200)]
Name = Annotated[str, Field(min_length=1, max_length=100)]

CONFIG: Final = ConfigDict(
    frozen=True,
    extra="forbid",
    alias_generator=to_camel,
    validate_by_name=True,
    validate_by_alias=True,
    serialize_by_alias=True,
)
Place = TypeVar("Place")  # where a value stands: a column, or a path


class Mapped(BaseModel, Generic[Place]):
    """Which place of a row holds what."""

    model_config = CONFIG
    section: ClassVar[str] = "columns"

    posted_date: Place = Field(description="Booking date. The one place that every row needs.")
    amount: Place | None = Field(
        default=None, description="Signed amount, or the unsigned one that goes with `indicator`."
    )
    debit: Place | None = Field(default=None, description="Money out; goes with `credit`.")
    credit: Place | None = Field(default=None, description="Money in; goes with `debit`.")
    indicator: Place | None = Field(
        default=None,
        description="Says whether `amount` is debit or credit; see the profile's debitValues.",
    )
    currency: Place | None = Field(default=None, description="ISO 4217 code of the row.")
    account: Place | None = Field(
        default=None,
        description="Routes one file to many accounts; values are the accounts' identities.",
    )
    external_id: Place | None = Field(
        default=None, description="The bank's own id of the transaction, unique in the account."
    )
    description: Annotated[tuple[Place, ...], Field(max_length=20)] = Field(
        default=(), description="One or several places, joined in this order."
    )
    merchant: Place | None = Field(default=None, description="Merchant, payee or other party.")
    reference: Place | None = Field(default=None, description="The bank's reference.")
    customer_reference: Place | None = Field(default=None, description="The customer's reference.")
    type_code: Place | None = Field(default=None, description="The bank's own kind of booking.")
    value_date: Place | None = Field(default=None, description="Value date (Valuta, fecha valor).")
    transaction_date: Place | None = Field(default=None, description="Date of the purchase itself.")
    status: Place | None = Field(
        default=None,
        description="Booking status; see pendingValues and ignoredValues of the profile.",
    )
    category: Place | None = Field(default=None, description="The bank's own category.")
    running_balance: Place | None = Field(default=None, description="Balance after the row.")
    original_amount: Place | None = Field(
        default=None,
        description='Amount in the foreign currency, kept as text in extra "originalAmount".',
    )
    original_currency: Place | None = Field(
        default=None, description='The foreign currency, kept as text in extra "originalCurrency".'
    )
    mcc: Place | None = Field(
        default=None,
        description='Merchant category code (ISO 18245), kept as text in extra "mcc".',
    )
    extra: Annotated[tuple[Place, ...], Field(max_length=20)] = Field(
        default=(), description="Places kept as text under their names."
    )

    @model_validator(mode="after")
    def _one_way_to_the_amount(self) -> Self:
        pair = self.debit is not None or self.credit is not None
        if (self.amount is not None) == pair:
            raise ValueError(
                f"{self.section}: set either `amount` or the pair `debit` and `credit`"
            )
        if pair and (self.debit is None or self.credit is None):
            raise ValueError(f"{self.section}: `debit` and `credit` go together; set both")
        if self.indicator is not None and self.amount is None:
            raise ValueError(
                f"{self.section}: `indicator` says the sign of `amount`; set `amount` too"
            )
        return self

    def places(self) -> list[tuple[str, Place]]:
        """Each mapped place with the name of its field."""
        found: list[tuple[str, Place]] = []
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, tuple):
                found.extend((name, place) for place in value)
            elif value is not None:
                found.append((name, value))
        return found


class Rules(BaseModel):
    """How the values of rows are read. Nothing here is guessed while a file is read."""

    model_config = CONFIG

    name: Name = Field(default="CSV", description="What users call it.")
    date_format: str = Field(
        min_length=1,
        max_length=64,
        description='"DMY", "MDY" or "YMD" (any separator, month names, a time after it), '
        'or a pattern such as "%d.%m.%y". One for all dates.',
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
        description="The values of `debit` are already negative. Otherwise a negative debit is a "
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
    currency: Currency | None = Field(default=None, description="Where no row says it.")
    account: Account | None = Field(
        default=None, description="The account's identity where no row says it."
    )

    @property
    def mapped(self) -> Mapped[Any]:
        """The mapped places."""
        raise NotImplementedError

    @field_validator("date_format")
    @classmethod
    def _readable_dates(cls, value: str) -> str:
        if value in cls.more_date_formats():
            return value
        try:
            date_reader(value)
        except ValueError as error:
            raise ValueError(f"dateFormat: {error}") from error
        return value

    @classmethod
    def more_date_formats(cls) -> tuple[str, ...]:
        """Formats of dates that only this kind of profile has."""
        return ()

    @model_validator(mode="after")
    def _marks_differ(self) -> Self:
        if self.thousands == self.decimal_mark:
            raise ValueError("thousands: must differ from `decimalMark`")
        if self.thousands and self.decimal_mark == "none":
            # With no decimal mark in sight "1.234" could be either: the profile has to say it.
            raise ValueError('thousands: say which decimalMark goes with it, "." or ","')
        return self

    @model_validator(mode="after")
    def _named_values(self) -> Self:
        section = self.mapped.section
        debit, credit = folded_words(self.debit_values), folded_words(self.credit_values)
        if self.mapped.indicator is not None and not (debit and credit):
            raise ValueError(f"debitValues, creditValues: needed where {section}.indicator is set")
        if debit & credit:
            raise ValueError(f"debitValues, creditValues: both have {sorted(debit & credit)}")
        pending, ignored = folded_words(self.pending_values), folded_words(self.ignored_values)
        if (pending or ignored) and self.mapped.status is None:
            raise ValueError(f"pendingValues, ignoredValues: set {section}.status too")
        if pending & ignored:
            raise ValueError(f"pendingValues, ignoredValues: both have {sorted(pending & ignored)}")
        return self


def folded(name: str) -> str:
    """A header name or a value as it is compared: case, blanks and a byte order mark aside."""
    return " ".join(name.removeprefix("\ufeff").split()).casefold()


def folded_words(words: tuple[str, ...]) -> set[str]:
    """Each word folded."""
    return {folded(word) for word in words}
