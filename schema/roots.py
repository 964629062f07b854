"""Root fields: things that are asked for by their id, and lists that take a filter."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Final, Protocol, TypeVar

import strawberry

from db.select import Asked, Listing
from schema.ids import key_of
from schema.reads import ById, Count, Many

Wanted = TypeVar("Wanted")
Wanted_co = TypeVar("Wanted_co", covariant=True)

Id = Annotated[strawberry.ID, strawberry.argument(description="The thing's id.")]
FILTER: Final = strawberry.argument(description="Which of them; null: all.")


class Filter(Protocol[Wanted_co]):
    """A filter of the schema."""

    def wanted(self) -> Wanted_co:
        """The filter as reads take it."""
        ...


def by_id(type_name: str, listing: Listing) -> ById:
    """The thing of an id of one type."""
    return ById(listing=listing, key=partial(key_of, type_name))


def filtered(listing: Listing, asked: Callable[[Wanted], Asked], everything: Wanted) -> Many:
    """A list that takes a filter."""
    return Many(listing=listing, asked=_filter_of(asked, everything))


def counted(listing: Listing, asked: Callable[[Wanted], Asked], everything: Wanted) -> Count:
    """How many a list has that takes a filter."""
    return Count(listing=listing, asked=_filter_of(asked, everything))


def _filter_of(asked: Callable[[Wanted], Asked], everything: Wanted) -> Callable[..., Asked]:
    def read(*, filter: Filter[Wanted] | None = None) -> Asked:
        return asked(everything if filter is None else filter.wanted())

    return read
