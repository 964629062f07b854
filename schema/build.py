"""The schema, put together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import strawberry
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig

from schema import enums as _enums  # noqa: F401  # registers the core's enumerations first
from schema.mutation import Mutation
from schema.operation import OneContext
from schema.query import Query
from schema.scalars import SCALARS
from schema.subscription import Subscription

Extension = type[SchemaExtension] | Callable[[], SchemaExtension]


def build(extensions: Sequence[Extension] = ()) -> strawberry.Schema:
    """The schema with extensions of the edge, such as limits, around its own."""
    return strawberry.Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        extensions=[*extensions, OneContext],
        config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=True),
    )


schema: Final = build()
