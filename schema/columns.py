"""Columns: fields that show a value of a row, and say which SQL it is.

A field is declared once, with its type, its description and its SQL. Resolvers copy its value from
a model; a compiler of selections reads its SQL from the metadata.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar, cast

import strawberry

from schema.money import Money
from schema.scalars import CurrencyCode

Type = TypeVar("Type")

METADATA_KEY: Final = "column"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """What a field shows: an expression over the aliases of its type's `Listing`."""

    sql: str
    currency: str | None = None  # of an amount: the expression of its currency
    copied: bool = True  # from the model's attribute of the same name


def column(sql: str, *, description: str) -> Any:
    """A field that shows the model's attribute of the same name, and the column it comes from."""
    return strawberry.field(description=description, metadata={METADATA_KEY: Column(sql=sql)})


def money(sql: str, *, currency: str, description: str) -> Any:
    """A field of `Money`: the model's attribute of the same name, in the model's `currency`."""
    return strawberry.field(
        description=description, metadata={METADATA_KEY: Column(sql=sql, currency=currency)}
    )


def derived(sql: str, *, description: str) -> Any:
    """A field whose value the type makes of its model, and SQL that makes the same."""
    return strawberry.field(
        description=description, metadata={METADATA_KEY: Column(sql=sql, copied=False)}
    )


def shown(kind: type[Type], row: Any, /, **others: object) -> Type:
    """An object of the type, its columns copied from a model, and other fields as given."""
    values = {
        name: _money(getattr(row, name), row.currency) if is_money else getattr(row, name)
        for name, is_money in _columns(kind)
    }
    return kind(**values, **others)


def _money(amount: Any, currency: str) -> Money | None:
    return None if amount is None else Money(amount=amount, currency=CurrencyCode(currency))


_COLUMNS: Final[dict[type[Any], tuple[tuple[str, bool], ...]]] = {}  # memo: types never change


def _columns(kind: type[Any]) -> tuple[tuple[str, bool], ...]:
    """The names of a type's columns, and whether each is money."""
    if kind not in _COLUMNS:
        found = []
        for field in dataclasses.fields(kind):
            metadata = cast("Mapping[Any, Any]", field.metadata)
            described = metadata.get(METADATA_KEY)
            if described is not None and described.copied:
                found.append((field.name, described.currency is not None))
        _COLUMNS[kind] = tuple(found)
    return _COLUMNS[kind]
