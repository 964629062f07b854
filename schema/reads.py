"""How fields that lead to rows are read: beside each field, for the compiler of selections.

A `column` says which value of its row a field shows. What is declared here says which rows a field
leads to. Fields that declare neither are answered by their resolvers alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import strawberry

from db.select import Asked, Listing

METADATA_KEY: Final = "reads"


@dataclass(frozen=True, slots=True, kw_only=True)
class Same:
    """An object that shows other columns of the same row; null where `null_if` holds."""

    null_if: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class One:
    """The thing whose id is `key`, an expression over the row."""

    listing: Listing
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Many:
    """A page of a list: of all rows, or of those whose `parent` is the row's id.

    `asked` gets the field's arguments but `first` and `after`, and may raise BadInput.
    """

    listing: Listing
    asked: Callable[..., Asked] | Asked
    parent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many rows of a list there are."""

    listing: Listing
    asked: Callable[..., Asked]


@dataclass(frozen=True, slots=True, kw_only=True)
class Every:
    """All rows of a statement, `most` of them; if there are more, the resolvers say so.

    `rows` writes the statement: it gets the bound values and the field's arguments.
    """

    rows: Callable[..., str]
    alias: str
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Each:
    """The rows that hang on a row, `most` of them.

    `rows` is the statement that finds them, the first ones first where there may be more, over the
    aliases of the row; `order` is theirs.
    """

    rows: str
    alias: str
    order: str
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ById:
    """The thing that the argument `id` names; `key` reads it as the id of one type."""

    listing: Listing
    key: Callable[[str], UUID]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyById:
    """The thing of any of these types that the argument `id` names."""

    listings: Mapping[str, Listing]


Reads = Same | One | Many | Count | Every | Each | ById | AnyById


def same(*, description: str, null_if: str | None = None) -> Any:
    """A field that shows an object of other columns of the same row."""
    return strawberry.field(description=description, metadata={METADATA_KEY: Same(null_if=null_if)})
