"""Conditions of a rule, as people write them: checked, bounded, and without regular expressions."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Final, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

VALUE_MAX: Final = 200
WILDCARDS_MAX: Final = 20
LIST_MAX: Final = 100
_AMOUNT_MAX: Final = Decimal(10) ** 14
_PROBLEMS_MAX: Final = 5
# What is wrong in the words of whoever writes conditions, by pydantic's name for it.
_WORDS: Final = {
    "too_short": "give {min_length} at least",
    "too_long": "give {max_length} at most",
    "string_too_short": "give {min_length} character at least",
    "string_too_long": "give {max_length} characters at most",
    "string_pattern_mismatch": 'give three capital letters, such as "EUR"',
    "greater_than_equal": "give a size, which is never below zero",
}


class InvalidConditions(ValueError):
    """Conditions that no rule can have; the message is for whoever wrote them."""


class Direction(StrEnum):
    """Which way the money goes."""

    IN = "in"
    OUT = "out"


def _visible(text: str) -> str:
    if not text.strip():
        raise ValueError("give more than blanks")
    return text


def _few_wildcards(pattern: str) -> str:
    if pattern.count("*") > WILDCARDS_MAX:
        raise ValueError(f"give {WILDCARDS_MAX} asterisks at most")
    return pattern


def _storable(amount: Decimal) -> Decimal:
    exponent = amount.as_tuple().exponent
    if not amount.is_finite() or amount >= _AMOUNT_MAX or not isinstance(exponent, int):
        raise ValueError("give an amount below 10^14")
    if exponent < -8:
        raise ValueError("give eight decimals at most")
    return amount


_Value = Annotated[str, Field(min_length=1, max_length=VALUE_MAX), AfterValidator(_visible)]
_Amount = Annotated[Decimal, Field(ge=0), AfterValidator(_storable)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TextCondition(_Strict):
    """Exactly one test of a text; case and the width of blanks never count."""

    contains: _Value | None = None
    equals: _Value | None = None
    matches: Annotated[_Value, AfterValidator(_few_wildcards)] | None = None  # * and ? as wildcards

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(one is not None for one in (self.contains, self.equals, self.matches)) != 1:
            raise ValueError("give one of contains, equals and matches")
        return self


class Conditions(_Strict):
    """All of these hold; what is left out asks nothing. Amounts are sizes, without a sign."""

    merchant: TextCondition | None = None
    text: TextCondition | None = None
    amount_from: _Amount | None = None
    amount_to: _Amount | None = None
    direction: Direction | None = None
    account_ids: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=LIST_MAX)] | None = None
    provider_categories: (
        Annotated[tuple[_Value, ...], Field(min_length=1, max_length=LIST_MAX)] | None
    ) = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None

    @model_validator(mode="after")
    def _some(self) -> Self:
        if all(value is None for value in self.__dict__.values()):
            raise ValueError("give one condition at least: a rule without any would fit everything")
        if None not in (self.amount_from, self.amount_to) and (
            (self.amount_from or 0) > (self.amount_to or 0)
        ):
            raise ValueError("amountFrom is above amountTo")
        return self


def checked(given: object) -> Conditions:
    """The conditions. Raises InvalidConditions, whose message says where and why."""
    try:
        return Conditions.model_validate(given)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False)
        texts = []
        for problem in found[:_PROBLEMS_MAX]:
            place = ".".join(to_camel(str(part)) for part in problem["loc"])
            words = _WORDS.get(problem["type"])
            message = problem["msg"].removeprefix("Value error, ")
            if words is not None:
                message = words.format(**problem.get("ctx", {}))
            texts.append(f"{place}: {message}" if place else message)
        raise InvalidConditions("; ".join(texts) + ".") from None


def kept(conditions: Conditions) -> dict[str, Any]:
    """The conditions as they are stored."""
    return conditions.model_dump(mode="json", exclude_none=True)
