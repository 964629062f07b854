"""Notifications: what a tenant should hear of, and who has read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from core.notifications import Notification, NotificationDelivery, NotificationKind
from core.page import Page
from db import select
from db.queries import load
from db.rows import read
from db.select import Asked, Condition, Listing, Order
from db.session import Tx

_SQL = load("notifications")

# Of the one who asks; the policy shows nobody else's.
READ_AT: Final = (
    "(select r.read_at from app.notification_reads as r where r.tenant_id = n.tenant_id"
    " and r.notification_id = n.id and r.user_id = (select private.current_user_id()))"
)
LISTING: Final = Listing(source="app.notifications as n", alias="n", overrides={"read_at": READ_AT})
NEWEST: Final = Order(
    name="notifications", keys=(select.by_instant("n.created_at"), select.by_id("n"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationFilter:
    """Which notifications; None asks nothing."""

    unread: bool | None = None
    kinds: tuple[NotificationKind, ...] | None = None
    connection_id: UUID | None = None


def asked(wanted: NotificationFilter) -> Asked:
    """Notifications, newest first."""
    return Asked(where=_where(wanted), order=NEWEST)


async def put(
    tx: Tx,
    *,
    tenant_id: UUID,
    kind: NotificationKind,
    connection_id: UUID | None = None,
    job_id: UUID | None = None,
    data: Mapping[str, str],
    key: str,
) -> UUID | None:
    """The new notification's id; None where the key was told of before. For a worker.

    In the transaction of its cause; after the commit, publish the id on topic "notification".
    `data` holds short texts, and never a secret.
    """
    found = await tx.value(_SQL["put"], tenant_id, kind, connection_id, job_id, dict(data), key)
    assert found is None or isinstance(found, UUID)
    return found


async def standing_balances(
    tx: Tx, *, tenant_id: UUID, account_ids: Sequence[UUID]
) -> Mapping[str, UUID]:
    """What was told of balances of these accounts and is not settled, by its key. For a worker."""
    accounts = [str(one) for one in account_ids]
    rows = await tx.rows(_SQL["standing_balances"], tenant_id, accounts)
    return {row["key"]: row["id"] for row in rows}


async def settle_balances(tx: Tx, *, ids: Sequence[UUID], at: datetime) -> None:
    """Says that balances add up again; of the same may be told again. For a worker."""
    if ids:
        await tx.value(_SQL["settle_balances"], list(ids), at)


async def put_each(
    tx: Tx,
    *,
    tenant_id: UUID,
    kind: NotificationKind,
    connection_id: UUID | None,
    job_id: UUID | None,
    data: Mapping[str, Mapping[str, str]],
) -> dict[str, UUID]:
    """The same of many, by their keys: the ids of those that were not told of before."""
    if not data:
        return {}
    each = [{"key": key, "data": dict(one)} for key, one in data.items()]
    rows = await tx.rows(_SQL["put_each"], tenant_id, kind, connection_id, job_id, each)
    return {row["key"]: row["id"] for row in rows}


async def put_test(tx: Tx, *, tenant_id: UUID, channel_id: UUID, key: str) -> NotificationDelivery:
    """A test of a channel, on its way to that one alone. Raises Forbidden for one not there."""
    row = await tx.row(_SQL["put_test"], tenant_id, channel_id, key)
    assert row is not None
    return read(NotificationDelivery, row)


async def recent_tests(tx: Tx, *, tenant_id: UUID, since: datetime) -> int:
    """How many tests of channels there were."""
    return int(await tx.value(_SQL["recent_tests"], tenant_id, since))


async def recent(
    tx: Tx, *, tenant_id: UUID, since: datetime, most: int
) -> tuple[datetime, list[UUID]]:
    """The database's time of the look, and ids of what was told since then, newest first."""
    rows = await tx.rows(_SQL["recent"], tenant_id, since, most)
    return rows[0]["at"], [row["id"] for row in rows if row["id"]]


async def by_ids(tx: Tx, *, tenant_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, Notification]:
    """Notifications by id."""
    return await select.by_ids(tx, Notification, listing=LISTING, tenant_id=tenant_id, ids=ids)


async def page(
    tx: Tx, *, tenant_id: UUID, wanted: NotificationFilter, first: int, after: str | None
) -> Page[Notification]:
    """Notifications, newest first."""
    return await select.page(
        tx,
        Notification,
        listing=LISTING,
        tenant_id=tenant_id,
        where=_where(wanted),
        order=NEWEST,
        first=first,
        after=after,
    )


async def count(tx: Tx, *, tenant_id: UUID, wanted: NotificationFilter) -> int:
    """How many notifications there are."""
    return await select.count(tx, listing=LISTING, tenant_id=tenant_id, where=_where(wanted))


async def mark_read(tx: Tx, *, tenant_id: UUID, user_id: UUID, ids: Sequence[UUID]) -> int:
    """How many of these were unread until now; unknown ids are passed over."""
    return await tx.run(_SQL["mark_read"], tenant_id, user_id, list(ids))


async def mark_all_read(tx: Tx, *, tenant_id: UUID, user_id: UUID) -> int:
    """How many were unread until now."""
    return await tx.run(_SQL["mark_all_read"], tenant_id, user_id)


def _where(wanted: NotificationFilter) -> list[Condition]:
    where = []
    if wanted.unread is not None:
        where.append(Condition(f"{READ_AT} is {'' if wanted.unread else 'not '}null"))
    if wanted.kinds is not None:
        where.append(Condition("n.kind = any({}::text[])", (list(wanted.kinds),)))
    if wanted.connection_id is not None:
        where.append(Condition("n.connection_id = {}", (wanted.connection_id,)))
    return where
