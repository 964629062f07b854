"""Subscriptions: how what each follows is changed, and how those who listen are told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from tests.isolation.graphql_attempt import Stage
from tests.isolation.graphql_recipes import Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """What a subscription follows."""

    topic: str
    type: str
    change: str


# A subscription that is not here is an error.
FOLLOWED: Final[Mapping[str, Followed]] = {
    "ingestionJobUpdated": Followed(
        topic="job",
        type="IngestionJob",
        change="update app.ingestion_jobs set processed = processed + 1",
    ),
    "connectionUpdated": Followed(
        topic="connection",
        type="Connection",
        change="update app.connections set name = name || ' changed'",
    ),
    "transactionsChanged": Followed(
        topic="transactions",
        type="IngestionJob",
        change="update app.ingestion_jobs set imported = imported + 1",
    ),
    "notificationAdded": Followed(
        topic="notification",
        type="Connection",  # what the new one is about; its own id nobody knows before
        change="insert into app.notifications (tenant_id, kind, connection_id, key)"
        " select tenant_id, kind, connection_id, gen_random_uuid()::text from app.notifications",
    ),
}


async def change(stage: Stage, followed: Followed, side: Side, *, heard_by: Side) -> None:
    """Changes what is one's, and tells another of it."""
    tenant_id = side.owner.tenant_id
    await stage.session.execute(f"{followed.change} where tenant_id = '{tenant_id}'")
    listeners = UUID(heard_by.owner.tenant_id)
    await stage.noted.publish(listeners, followed.topic, side.key(followed.type))
