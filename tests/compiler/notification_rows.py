"""Rows of notifications, who read them, their channels and deliveries."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import product
from typing import Any, Final

import asyncpg

from core.models import Role
from core.notifications import ChannelType, DeliveryState, NotificationKind
from tests.compiler.odd_values import INSTANTS, JSONS
from tests.compiler.picking import pick, rarely
from tests.compiler.rows import Tenant, insert

Row = Mapping[str, Any]

_NOTIFICATIONS: Final = 3 * len(NotificationKind)
_CHANNELS: Final = 7


async def fill(owner: asyncpg.Connection, tenant: Tenant) -> None:
    """Writes them beside a tenant's other rows."""
    tables = (
        ("notifications", _notifications(tenant)),
        ("notification_reads", _reads(tenant)),
        ("notification_channels", _channels(tenant)),
        ("notification_channel_secrets", _secrets(tenant)),
        ("notification_deliveries", _deliveries(tenant)),
    )
    for table, rows in tables:
        for row in rows:
            await insert(owner, tenant, table, row)


def _notifications(tenant: Tenant) -> Iterator[Row]:
    for number in range(_NOTIFICATIONS):
        yield {
            "id": tenant.key("notification", number),
            "kind": pick(list(NotificationKind), number),
            "connection_id": rarely(tenant.key("connection", number % 4), number),
            "job_id": rarely(tenant.key("job", number % 5), number + 1),
            "data": json.dumps(pick(JSONS, number)),
            "key": f"cause {number}",
            "created_at": pick(INSTANTS, number // 2),
        }


def _reads(tenant: Tenant) -> Iterator[Row]:
    for number in range(_NOTIFICATIONS):
        for role in (Role.OWNER, Role.MEMBER)[number % 3 :]:
            yield {
                "notification_id": tenant.key("notification", number),
                "user_id": tenant.person(role),
                "read_at": pick(INSTANTS, number),
            }


def _channels(tenant: Tenant) -> Iterator[Row]:
    for number in range(_CHANNELS):
        type = pick(list(ChannelType), number)
        mailed = type is ChannelType.EMAIL
        off = number % 2 == 1
        yield {
            "id": tenant.key("channel", number),
            "type": type,
            "name": tenant.text(number),
            "kinds": rarely([*NotificationKind][: number + 1], number),
            "enabled": not off,
            "disabled_reason": pick(("gone", None, "failing"), number // 2) if off else None,
            "disabled_at": pick(INSTANTS, number) if off else None,
            "failures": number,
            "host": None if mailed else tenant.text(number + 1),
            "ending": None if mailed else "\"'\\é",
            "recipients": [tenant.text(number), "a@b.test"] if mailed and number < 3 else None,
            "recipient_role": "admin" if mailed and number >= 3 else None,
            "created_by": rarely(tenant.person(Role.ADMIN), number),
            "created_at": pick(INSTANTS, number),
            "updated_at": pick(INSTANTS, number + 2),
        }


def _secrets(tenant: Tenant) -> Iterator[Row]:
    for number in range(_CHANNELS):
        if pick(list(ChannelType), number) is ChannelType.WEBHOOK:
            yield {
                "channel_id": tenant.key("channel", number),
                "sealed_url": bytes(40),
                "previous_until": rarely(pick(INSTANTS, number), number + 2),
            }


def _deliveries(tenant: Tenant) -> Iterator[Row]:
    for number, channel in product(range(_NOTIFICATIONS), range(3)):
        state = pick(list(DeliveryState), number + channel)
        settled = state is not DeliveryState.PENDING
        attempt = {
            "number": number,
            "at": datetime(2026, 3, 1, tzinfo=UTC).isoformat(),
            "durationMs": number,
            "status": rarely(200 + number, number),
            "error": rarely("http-status", number + 1),
        }
        yield {
            "id": tenant.key("delivery", number * 3 + channel),
            "notification_id": tenant.key("notification", number),
            "channel_id": tenant.key("channel", channel),
            "state": state,
            "attempts": number % 4,
            "next_attempt_at": None if settled else pick(INSTANTS, number),
            "log": json.dumps([attempt] * (number % 3)),
            "created_at": pick(INSTANTS, number),
            "settled_at": pick(INSTANTS, number + 1) if settled else None,
        }
