"""Scalars with meaning: what they look like in JSON, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final, NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

from core.errors import InvalidMoney
from core.money import is_currency, storable

CurrencyCode = NewType("CurrencyCode", str)
JSON = NewType("JSON", object)

_DECIMAL: Final = re.compile(r"-?[0-9]{1,14}(?:\.[0-9]{1,8})?")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT_CHARACTERS_MAX: Final = 40
_INSTANT_FORM: Final = 'Give an instant as "YYYY-MM-DDThh:mm:ssZ".'


def write_decimal(value: Decimal) -> str:
    """Plain notation, the digits as they are stored: never an exponent, never rounded."""
    return format(value, "f")


def read_decimal(value: object) -> Decimal:
    """A decimal from its text; a JSON number may have lost digits on its way, so it is refused."""
    if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
        raise ValueError(
            'Give a decimal as a string in plain notation, such as "-12.50", with 14 digits before'
            " the point and 8 after it at most."
        )
    try:
        return storable(Decimal(value))
    except InvalidMoney as error:
        raise ValueError(f"The decimal has {error}.") from error


def read_date(value: object) -> date:
    """A calendar date from its text."""
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise ValueError('Give a date as "YYYY-MM-DD".')
    return date.fromisoformat(value)


def write_instant(value: datetime) -> str:
    """An instant in UTC, ending in Z."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def read_instant(value: object) -> datetime:
    """An instant from its text, which must say its zone."""
    if not isinstance(value, str) or len(value) > _INSTANT_CHARACTERS_MAX:
        raise ValueError(_INSTANT_FORM)
    try:
        instant = datetime.fromisoformat(value)
    except ValueError as error:
        raise ValueError(_INSTANT_FORM) from error
    if instant.tzinfo is None:
        raise ValueError("Say the zone of the instant, such as Z.")
    try:
        return instant.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("Give an instant of the years 1 to 9999, in UTC.") from error


def read_currency(value: object) -> CurrencyCode:
    """An ISO 4217 code from its text."""
    if not isinstance(value, str) or not is_currency(value):
        raise ValueError('Give a currency as three capital letters, such as "EUR".')
    return CurrencyCode(value)


SCALARS: Final[Mapping[object, ScalarDefinition]] = {
    Decimal: strawberry.scalar(
        name="Decimal",
        description='An exact decimal as a string in plain notation, such as "-1234.50"; up to 14 '
        "digits before the point and 8 after it.",
        serialize=write_decimal,
        parse_value=read_decimal,
    ),
    date: strawberry.scalar(
        name="Date",
        description='A calendar date without a zone, such as "2026-11-21".',
        serialize=date.isoformat,
        parse_value=read_date,
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description='An instant in UTC, such as "2026-11-21T08:30:00Z".',
        serialize=write_instant,
        parse_value=read_instant,
    ),
    CurrencyCode: strawberry.scalar(
        name="CurrencyCode",
        description='An ISO 4217 currency code, such as "EUR".',
        serialize=str,
        parse_value=read_currency,
    ),
    JSON: strawberry.scalar(
        name="JSON",
        description="A JSON value whose shape the field describes.",
        serialize=lambda value: value,
        parse_value=lambda value: value,
    ),
}
