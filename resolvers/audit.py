"""The audit log, for admins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from core.audit import AuditEvent
from core.errors import Forbidden
from core.models import Role
from core.page import Page
from db import audit as stored
from db import tenants
from db.audit import AuditFilter
from resolvers.context import Context


async def page(
    context: Context, *, wanted: AuditFilter, first: int, after: str | None
) -> Page[AuditEvent]:
    """Events, newest first. Raises Forbidden for anybody but admins; the policy says so too."""
    async with context.read() as tx:
        role = await tenants.role(tx, tenant_id=context.tenant, user_id=context.user_id)
        if role is None or not role.covers(Role.ADMIN):
            raise Forbidden("the audit log needs the role ADMIN or a higher one")
        return await stored.page(
            tx, tenant_id=context.tenant, wanted=wanted, first=first, after=after
        )


async def by_ids(context: Context, ids: Sequence[UUID]) -> Mapping[UUID, AuditEvent]:
    """Events by id; none for anybody but admins."""
    async with context.read() as tx:
        return await stored.by_ids(tx, tenant_id=context.tenant, ids=ids)
