"""Attempts: how often a job is tried before somebody has to look."""

from __future__ import annotations

from core.errors import BankfeedsError
from core.jobs import ATTEMPTS_MAX, JobKind
from core.models import Job
from db import provider_states, raw
from pipeline.services import Services


async def attempts_max(job: Job, services: Services) -> int:
    """The tries that a job has: of syncs what the operator set for the provider, if anything.

    Never raises: while the database is away, what holds for all jobs holds.
    """
    if job.kind is not JobKind.SYNC:
        return ATTEMPTS_MAX
    try:
        async with services.database.as_(services.scope(job)) as tx:
            connection = await raw.connection(
                tx, tenant_id=job.tenant_id, connection_id=job.connection_id
            )
            policy = await provider_states.policy(
                tx, tenant_id=job.tenant_id, provider=connection.provider
            )
    except BankfeedsError:
        return ATTEMPTS_MAX
    return ATTEMPTS_MAX if policy.attempts_max is None else policy.attempts_max
