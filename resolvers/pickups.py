"""Pickups: where connections fetch files by themselves, as admins set and test it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from core.errors import BadInput
from core.models import Connection
from core.page import Page
from core.pickups import PickupFile
from core.provider_error import ProviderError
from db import credentials, pickups
from pipeline.pickup_access import held_credentials, settings_of
from providers.credentials import Credentials
from providers.pickup import problems, registry
from providers.pickup.base import FileSource
from providers.pickup.settings import PickupSettings
from resolvers.context import Context
from resolvers.refusal import RefusalCode
from resolvers.refusing import Refusal, conflict, invalid

TEST_S: Final = 25
# Whoever has these changed sends the secret to somebody else: it is to be given again.
PLACE: Final = ("host", "port", "username")


@dataclass(frozen=True, slots=True, kw_only=True)
class PickupChange:
    """What a caller gave of a file source's settings and of its secrets; the rest stays."""

    provider: str
    settings: Mapping[str, Any]
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedPickup:
    """Settings that can be stored, and credentials where they change."""

    settings: PickupSettings
    credentials: Credentials | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What a test found: how many files match, or a problem, perhaps with the server's key."""

    matching: int | None = None
    problem: str | None = None
    host_key: str | None = None


async def of_connections(
    context: Context, ids: Sequence[UUID], *, first: int, after: str | None
) -> Mapping[UUID, Page[PickupFile]]:
    """What each connection saw at its source, newest first."""
    async with context.read() as tx:
        return await pickups.of_connections(
            tx, tenant_id=context.tenant, connection_ids=ids, first=first, after=after
        )


async def checked(
    change: PickupChange, *, provider: str, before: Mapping[str, Any] | None
) -> CheckedPickup:
    """What to store; `before`: the settings that a connection has. Raises Refusal."""
    slug = change.provider
    if slug != provider:
        raise invalid(f"The connection is not of the provider {slug!r}.", slug)
    source = registry.source(slug)
    try:
        settings = source.settings.of({**(before or {}), **change.settings})
    except BadInput as error:
        raise invalid(f"{error}.", slug) from None
    if not change.secrets:
        kept = settings.kept()
        if before is None or any(before.get(name) != kept[name] for name in PLACE):
            raise invalid("Give the password or the key, for it goes to this server.", slug)
        return CheckedPickup(settings=settings, credentials=None)
    return CheckedPickup(settings=settings, credentials=await _credentials(source, change.secrets))


async def _credentials(source: FileSource, secrets: Mapping[str, str]) -> Credentials:
    try:
        held = source.credentials.from_form(secrets)
        await asyncio.to_thread(source.check, held)  # a key may take its time to open
    except BadInput as error:
        raise invalid(str(error), source.slug) from None
    return held


async def configure(context: Context, connection_id: UUID, pickup: CheckedPickup) -> None:
    """Stores settings and credentials together, once the caller's right was checked."""
    sealed = None
    if pickup.credentials is not None:
        sealed = await context.services.vault.seal(
            pickup.credentials.to_bytes(), aad=credentials.aad(context.tenant, connection_id)
        )
    async with context.as_worker() as tx:
        if not await pickups.configure(
            tx,
            tenant_id=context.tenant,
            connection_id=connection_id,
            config=pickup.settings.kept(),
            is_confirmed=pickup.settings.is_confirmed,
        ):
            raise conflict("The connection is closed for good. Make a new one.", "id")
        await pickups.forget_passed(tx, tenant_id=context.tenant, connection_id=connection_id)
        if sealed is not None:
            await credentials.put(
                tx,
                tenant_id=context.tenant,
                connection_id=connection_id,
                sealed=sealed,
                expires_at=None,
            )


async def look(context: Context, connection: Connection) -> Looked:
    """Connects, and counts what would be fetched. Nothing is changed. Raises Refusal."""
    access = context.services.pickup
    if access is None:
        raise Refusal(RefusalCode.NOT_ALLOWED, "No files are fetched here. Ask the operator.")
    source = registry.source(connection.provider)
    try:
        settings = settings_of(source, connection)
        held = await held_credentials(
            source,
            tenant_id=context.tenant,
            connection_id=connection.id,
            database=context.services.database,
            vault=context.services.vault,
        )
        async with asyncio.timeout(TEST_S), source.opened(access, settings, held) as session:
            listing = await session.look(_nothing)
    except problems.HostKeyRefused as error:
        return Looked(problem=f"{error.message} {error.next_step}", host_key=error.shown)
    except ProviderError as error:
        return Looked(problem=f"{error.message} {error.next_step}")
    except TimeoutError:
        late = problems.broken()
        return Looked(problem=f"{late.message} {late.next_step}")
    return Looked(matching=sum(1 for one in listing.found if one.passed is None))


async def _nothing(versions: Sequence[str]) -> frozenset[str]:
    """Of everything that is there nothing is left out."""
    return frozenset()
