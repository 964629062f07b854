"""Key-encryption keys of an installation, for its operator: what they seal, and re-wrapping it.

Goes from tenant to tenant, in each as its worker: nothing here sees two of them at once.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final
from uuid import UUID

from core.errors import KeysUnavailable, SealBroken, UnknownKey
from core.scope import WorkerScope
from core.vault import Aad, Vault
from db import sealed
from db.sealed import Place, Sealed
from db.session import Database

AT_ONCE: Final = 8  # wrapped keys: a service across the network answers as many at a time
PASSES_MAX: Final = 3
FAULTS_MAX: Final = 100

_TRIAL: Final = Aad(tenant_id=UUID(int=0), purpose="trial", record_id=UUID(int=0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """How much each key seals, by key id and name of the place. The empty id: nothing opens it."""

    configured: Sequence[str]  # the current one first
    sealed: Mapping[str, Mapping[str, int]]

    @property
    def unknown(self) -> Sequence[str]:
        """Keys that are in use and not configured."""
        return sorted(set(self.sealed) - set(self.configured))

    @property
    def stale(self) -> int:
        """How much is not under the current key."""
        return sum(
            sum(places.values())
            for key_id, places in self.sealed.items()
            if key_id != self.configured[0]
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that could not be re-wrapped, and was left as it is."""

    place: str
    tenant_id: UUID
    record_id: UUID
    reason: str


@dataclass(slots=True, kw_only=True)
class Progress:
    """What a re-wrapping has done so far."""

    tenants: int = 0
    rewrapped: int = 0
    changed: int = 0  # meanwhile, by others; in the last pass
    failed: int = 0
    faults: list[Fault] = field(default_factory=list)  # the first of those that failed


async def usage(database: Database, vault: Vault) -> Usage:
    """What the keys of all tenants' secrets are."""
    counts: dict[str, Counter[str]] = {}
    async for tenant_id in sealed.tenants(database):
        for (key_id, place), number in (await _usage_of(database, tenant_id)).items():
            counts.setdefault(key_id, Counter())[place] += number
    return Usage(configured=vault.key_ids, sealed=counts)


async def problem_of(vault: Vault) -> str | None:
    """Why the current key neither seals nor opens; None where it does both."""
    try:
        await vault.open(await vault.seal(b"", aad=_TRIAL), aad=_TRIAL)
    except (UnknownKey, SealBroken, KeysUnavailable) as error:
        return str(error)
    return None


async def rewrap(
    database: Database, vault: Vault, *, batch: int, notify: Callable[[Progress], None]
) -> Progress:
    """Wraps everything anew that is not under the current key, `batch` records at a time.

    It can be broken off at any time and begun again. What others change meanwhile stays as they
    have it, and is looked at again. Raises DatabaseUnavailable and KeysUnavailable.
    """
    progress = Progress()
    for _ in range(PASSES_MAX):
        progress.tenants = progress.changed = progress.failed = 0
        progress.faults.clear()
        stale: list[Sealed] = []
        async for one in _stale(database, vault.key_ids[0], most=batch, progress=progress):
            stale.append(one)
            if len(stale) == batch:
                await _rewrap(database, vault, stale, progress)
                notify(progress)
                stale.clear()
        await _rewrap(database, vault, stale, progress)
        notify(progress)
        if progress.changed == 0:
            break
    return progress


async def _usage_of(database: Database, tenant_id: UUID) -> Mapping[tuple[str, str], int]:
    async with database.as_(WorkerScope(tenant_id=tenant_id), read_only=True) as tx:
        return await sealed.usage(tx)


async def _stale(
    database: Database, key_id: str, *, most: int, progress: Progress
) -> AsyncIterator[Sealed]:
    """All that is sealed under other keys, tenant by tenant and place by place."""
    async for tenant_id in sealed.tenants(database):
        used = await _usage_of(database, tenant_id)
        stale = {place for other, place in used if other != key_id}
        for place in sealed.PLACES:
            if place.name not in stale:
                continue
            after = sealed.FIRST
            while found := await _page(
                database, tenant_id, place, key_id=key_id, after=after, most=most
            ):
                for one in found:
                    yield one
                after = found[-1].record_id
        progress.tenants += tenant_id != sealed.OPERATOR


async def _page(
    database: Database, tenant_id: UUID, place: Place, *, key_id: str, after: UUID, most: int
) -> list[Sealed]:
    async with database.as_(WorkerScope(tenant_id=tenant_id), read_only=True) as tx:
        return await sealed.stale(tx, place, key_id=key_id, after=after, most=most)


async def _rewrap(
    database: Database, vault: Vault, stale: Sequence[Sealed], progress: Progress
) -> None:
    """Wraps outside of transactions, then exchanges in one for each tenant and place."""
    fresh = [pair for pair in await _wrapped(vault, stale, progress) if pair is not None]
    for (tenant_id, place), group in groupby(fresh, key=lambda p: (p[0].tenant_id, p[0].place)):
        pairs = list(group)
        async with database.as_(WorkerScope(tenant_id=tenant_id)) as tx:
            done = await sealed.exchange(tx, place, pairs)
        progress.rewrapped += done
        progress.changed += len(pairs) - done


async def _wrapped(
    vault: Vault, stale: Sequence[Sealed], progress: Progress
) -> list[tuple[Sealed, bytes] | None]:
    turns = asyncio.Semaphore(AT_ONCE)

    async def wrapped(one: Sealed) -> tuple[Sealed, bytes] | None:
        async with turns:
            try:
                return one, await vault.rewrap(one.content, aad=one.aad)
            except (SealBroken, UnknownKey) as error:
                _note(one, str(error), progress)
                return None

    return await asyncio.gather(*map(wrapped, stale))


def _note(one: Sealed, reason: str, progress: Progress) -> None:
    progress.failed += 1
    if len(progress.faults) < FAULTS_MAX:
        fault = Fault(
            place=one.place.name, tenant_id=one.tenant_id, record_id=one.record_id, reason=reason
        )
        progress.faults.append(fault)
