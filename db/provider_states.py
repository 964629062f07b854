"""What is noted of providers: whether they answer, what the operator set, whom they are for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from db.queries import load
from db.rows import read
from db.session import Tx

_SQL = load("provider_states")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderPolicy:
    """A provider as one tenant has it. None leaves what the connector's facts say."""

    enabled: bool
    open_until: datetime | None  # the circuit is open until then; None: it is closed
    app_calls: int | None  # a minute
    connection_calls: int | None  # a minute
    attempts_max: int | None


async def policies(
    tx: Tx, *, tenant_id: UUID | None, providers: Sequence[str]
) -> Mapping[str, ProviderPolicy]:
    """What holds for a tenant, or for one that nothing was set for, by provider."""
    rows = await tx.rows(_SQL["policies"], tenant_id, list(providers))
    return {row["slug"]: read(ProviderPolicy, row) for row in rows}


async def policy(tx: Tx, *, tenant_id: UUID, provider: str) -> ProviderPolicy:
    """What holds for a tenant and a provider."""
    return (await policies(tx, tenant_id=tenant_id, providers=[provider]))[provider]


async def may_call(tx: Tx, *, provider: str, now: datetime) -> datetime | None:
    """None: call. Else the provider's circuit is open until then."""
    until = await tx.value(_SQL["may_call"], provider, now)
    return until if isinstance(until, datetime) else None


async def failed(tx: Tx, *, provider: str, at: datetime) -> None:
    """Notes that the provider did not answer."""
    await tx.run(_SQL["failed"], provider, at)


async def answered(tx: Tx, *, provider: str) -> None:
    """Notes that the provider answers."""
    await tx.run(_SQL["answered"], provider)


async def set_policy(
    tx: Tx,
    *,
    provider: str,
    enabled: bool | None,
    app_calls: int | None,
    connection_calls: int | None,
    attempts_max: int | None,
) -> None:
    """What the operator sets for a provider; None leaves a value as it is."""
    await tx.run(_SQL["set"], provider, enabled, app_calls, connection_calls, attempts_max)


async def set_flag(tx: Tx, *, tenant_id: UUID, provider: str, enabled: bool | None) -> None:
    """Offers a provider to the worker's tenant or keeps it from them; None: as for all."""
    if enabled is None:
        await tx.run(_SQL["clear_flag"], tenant_id, provider)
    else:
        await tx.run(_SQL["set_flag"], tenant_id, provider, enabled)
