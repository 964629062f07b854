"""Conflicts: what contradicts rows, and who wins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from core.models import Connection, Role, Tenant
from core.reconciliation import ConflictPolicy, TransactionConflict
from db import audit, connections, tenants
from db import conflicts as stored
from resolvers.context import Context
from resolvers.refusing import missing, refusable, require


async def of_transactions(
    context: Context, ids: Sequence[UUID]
) -> Mapping[UUID, TransactionConflict]:
    """What contradicts each of these rows."""
    async with context.read() as tx:
        return await stored.of_transactions(tx, tenant_id=context.tenant, ids=ids)


@refusable
async def choose_policy(context: Context, *, policy: ConflictPolicy | None) -> Tenant:
    """The tenant, in which this policy counts from now on; None: as it is by itself."""
    async with context.write() as tx:
        await require(tx, context, Role.ADMIN)
        await stored.choose_policy(tx, tenant_id=context.tenant, policy=policy)
        await audit.record(tx, "tenant.updated", data={"fields": ["conflictPolicy"]})
        found = await tenants.find(tx, tenant_id=context.tenant, user_id=context.user_id)
    assert found is not None
    return found


@refusable
async def choose_connection_policy(
    context: Context, *, connection_id: UUID, policy: ConflictPolicy | None
) -> Connection:
    """The connection, for whose source this policy counts from now on; None: as the tenant says."""
    async with context.write() as tx:
        await require(tx, context, Role.ADMIN)
        if not await stored.choose_connection_policy(
            tx, tenant_id=context.tenant, connection_id=connection_id, policy=policy
        ):
            raise missing("connection", "id")
        await audit.record(
            tx,
            "connection.updated",
            connection_id=connection_id,
            data={"fields": ["conflictPolicy"]},
        )
        found = await connections.by_ids(tx, tenant_id=context.tenant, ids=[connection_id])
    return found[connection_id]
