"""The audit log of a tenant, with what two writers of JSON could write differently."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from core.models import Role
from tests.compiler.odd_values import INSTANTS, JSONS
from tests.compiler.picking import pick, rarely

if TYPE_CHECKING:
    from tests.compiler.rows import Tenant


def events(tenant: Tenant) -> Iterator[Mapping[str, Any]]:
    """With and without what an event is about."""
    for number in range(9):
        yield {
            "id": tenant.key("event", number),
            "event": ("job.approved", "connection.created")[number % 2],
            "connection_id": rarely(tenant.key("connection", number % 4), number),
            "job_id": rarely(tenant.key("job", number), number + 1),
            "user_id": rarely(tenant.person(pick(list(Role), number)), number + 2),
            "data": json.dumps(pick(JSONS, number)),
            "created_at": pick(INSTANTS, number),
        }
