"""Fields with a resolver, as decorators that a type checker follows; Strawberry's answer `Any`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar, cast

import strawberry

from schema.columns import METADATA_KEY as COLUMN
from schema.columns import Column
from schema.reads import METADATA_KEY as READS
from schema.reads import Reads

Resolver = TypeVar("Resolver", bound=Callable[..., Any])


class Decorator(Protocol):
    """Makes a field of a method."""

    def __call__(self, resolver: Resolver, /) -> Resolver:
        """The method, which the schema calls from now on."""
        ...


def resolved(
    *,
    description: str,
    deprecated: str | None = None,
    column: Column | None = None,
    reads: Reads | None = None,
) -> Decorator:
    """A field that a method answers. `deprecated` says what to use instead, and until when.

    `column` or `reads` say which SQL answers the same, where a query is compiled.
    """
    field = strawberry.field(
        description=description,
        deprecation_reason=deprecated,
        metadata={COLUMN: column, READS: reads},
    )
    return cast("Decorator", field)


def mutation(*, description: str) -> Decorator:
    """A mutation that a method does."""
    return cast("Decorator", strawberry.mutation(description=description))


def subscription(*, description: str) -> Decorator:
    """A subscription whose events a method yields."""
    return cast("Decorator", strawberry.subscription(description=description))
