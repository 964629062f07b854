"""Node: everything that has an id by which it can be asked for again."""

from __future__ import annotations

from uuid import UUID

import strawberry


@strawberry.interface(description="A thing with an id by which it can be asked for again.")
class Node:
    id: strawberry.ID = strawberry.field(
        description="Opaque and lasting; unique over all types and tenants."
    )
    key: strawberry.Private[UUID]
