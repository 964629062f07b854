"""Endpoints of webhooks as this process remembers them: for seconds, with their secrets opened.

A rotation or an end elsewhere is noticed when the memory of an endpoint runs out, and a signature
that does not fit makes it run out at once: a secret that is new is no reason to refuse an event.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Final
from uuid import UUID

from core.errors import BankfeedsError
from core.vault import Vault
from core.webhook_secrets import is_token, secret_aad, token_hash
from db import webhook_inbox
from db.session import Database
from db.webhook_inbox import SealedEndpoint

REMEMBERED_S: Final = 5.0
REFRESHED_S: Final = 0.2  # how old a memory must be for a bad signature to end it
ENDPOINTS_MAX: Final = 10_000  # that a process remembers, unknown tokens among them
READS_AT_ONCE: Final = 2  # so that made-up addresses leave the pool to everybody else


class UnknownEndpoint(BankfeedsError):
    """No endpoint that takes events has this address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An endpoint with its secrets opened; `previous` is valid until then."""

    id: UUID
    provider: str
    secret: bytes | None = field(repr=False)
    previous: bytes | None = field(repr=False)
    previous_until: datetime | None

    def secrets(self, now: datetime) -> tuple[bytes, ...]:
        """The secrets that are valid: two during a rotation, none before there is one."""
        found = [self.secret]
        if self.previous_until is not None and now < self.previous_until:
            found.append(self.previous)
        return tuple(one for one in found if one is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Memory:
    at: float
    sealed: SealedEndpoint | None = field(repr=False)
    opened: Endpoint | None = field(repr=False)


class Endpoints:
    """The endpoints that this process was asked for of late."""

    def __init__(
        self, database: Database, vault: Vault, *, clock: Callable[[], float] = monotonic
    ) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._memories: OrderedDict[bytes, _Memory] = OrderedDict()
        self._reading = asyncio.Semaphore(READS_AT_ONCE)

    async def find(self, provider: str, token: str) -> Endpoint:
        """The endpoint of an address. Raises UnknownEndpoint, DatabaseUnavailable, SealBroken."""
        return await self._find(provider, token, within_s=REMEMBERED_S)

    async def find_again(self, provider: str, token: str, known: Endpoint) -> Endpoint | None:
        """The endpoint as it is now; None where that is no news. Raises as `find` does."""
        found = await self._find(provider, token, within_s=REFRESHED_S)
        return None if found == known else found

    def knows(self, token: str) -> bool:
        """Whether the token was that of an endpoint when it was looked at last."""
        memory = self._memories.get(token_hash(token))
        return memory is not None and memory.opened is not None

    async def _find(self, provider: str, token: str, *, within_s: float) -> Endpoint:
        if not is_token(token):
            raise UnknownEndpoint("no such endpoint")
        key = token_hash(token)
        memory = self._remembered(key, within_s)
        if memory is None:
            async with self._reading:
                # Who waited for the same may find it now.
                memory = self._remembered(key, within_s) or await self._read(key)
        if memory.opened is None or memory.opened.provider != provider:
            raise UnknownEndpoint("no such endpoint")
        return memory.opened

    def _remembered(self, key: bytes, within_s: float) -> _Memory | None:
        memory = self._memories.get(key)
        if memory is None or self._clock() - memory.at > within_s:
            return None
        return memory

    async def _read(self, key: bytes) -> _Memory:
        at, before = self._clock(), self._memories.get(key)
        sealed = await webhook_inbox.endpoint(self._database, token_hash=key)
        if before is not None and before.sealed == sealed:
            memory = _Memory(at=at, sealed=sealed, opened=before.opened)
        else:
            memory = _Memory(at=at, sealed=sealed, opened=await self._opened(sealed))
        self._memories[key] = memory
        self._memories.move_to_end(key)
        if len(self._memories) > ENDPOINTS_MAX:
            self._memories.popitem(last=False)
        return memory

    async def _opened(self, sealed: SealedEndpoint | None) -> Endpoint | None:
        if sealed is None:
            return None
        aad = secret_aad(tenant_id=sealed.tenant_id, endpoint_id=sealed.id)
        secret, previous = sealed.sealed_secret, sealed.sealed_previous
        return Endpoint(
            id=sealed.id,
            provider=sealed.provider,
            secret=None if secret is None else await self._vault.open(secret, aad=aad),
            previous=None if previous is None else await self._vault.open(previous, aad=aad),
            previous_until=sealed.previous_until,
        )
