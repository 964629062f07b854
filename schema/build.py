"""The schema, put together."""

from __future__ import annotations

from typing import Final

import strawberry
from strawberry.schema.config import StrawberryConfig

from schema import enums as _enums  # noqa: F401  # registers the core's enumerations first
from schema import provider_enums as _provider_enums  # noqa: F401  # and those of providers
from schema import reconciliation_enums as _reconciliation_enums  # noqa: F401  # likewise
from schema.mutation import Mutation
from schema.query import Query
from schema.scalars import SCALARS
from schema.subscription import Subscription

schema: Final = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=True),
)
