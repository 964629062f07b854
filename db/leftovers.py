"""Leftovers: links that ended, secrets before rotations, old deliveries and notifications."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from core.scope import WebhookScope
from db.queries import load
from db.rows import read
from db.session import Database

_SQL = load("leftovers")

SCOPE: Final = WebhookScope()  # over all tenants, which no user and no job of a tenant is


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """How much was forgotten of each kind."""

    links: int = 0
    secrets: int = 0
    deliveries: int = 0
    notifications: int = 0

    def __add__(self, other: Pruned) -> Pruned:
        return Pruned(
            links=self.links + other.links,
            secrets=self.secrets + other.secrets,
            deliveries=self.deliveries + other.deliveries,
            notifications=self.notifications + other.notifications,
        )

    @property
    def most(self) -> int:
        """How much of the kind of which there was most."""
        return max(self.links, self.secrets, self.deliveries, self.notifications)


async def prune(
    database: Database,
    *,
    now: datetime,
    delivery_age: timedelta,
    notification_age: timedelta,
    most: int,
) -> Pruned:
    """Forgets so many of each kind at most; returns how many these were."""
    async with database.as_(SCOPE) as tx:
        row = await tx.row(_SQL["prune"], now, delivery_age, notification_age, most)
    assert row is not None
    return read(Pruned, row)
