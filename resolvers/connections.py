"""Connections: where data comes from, and the admins who make, pause and close them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar
from uuid import UUID

from core.models import (
    Connection,
    ConnectionStatus,
    ControlPolicy,
    Delivery,
    Institution,
    MappingPolicy,
    Role,
)
from core.page import Page
from core.syncs import SyncFrequency
from db import audit, institutions, profiles
from db import connections as stored
from db.connections import (
    ConnectionChange,
    ConnectionFilter,
    ConnectionHealth,
    NewConnection,
    SyncChange,
)
from db.session import Tx
from providers.pickup.registry import is_source
from resolvers import pickups, providers, text
from resolvers.context import Context
from resolvers.pickups import CheckedPickup, PickupChange
from resolvers.providers import Capability, capabilities_of
from resolvers.refusing import conflict, invalid, missing, refusable, require

DECIMALS_MAX: Final = 8
CURRENCIES_MAX: Final = 50
LOOKBACK_DAYS_MAX: Final = 3_650

Given = TypeVar("Given")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionSettings:
    """What the caller gave. None was not given; a tuple was, and may hold None to clear."""

    name: str | None = None
    delivery: Delivery | None = None
    mapping_policy: MappingPolicy | None = None
    control_policy: ControlPolicy | None = None
    decimals: Sequence[tuple[str, int]] | None = None
    currency: tuple[str | None] | None = None
    profile_id: tuple[UUID | None] | None = None
    institution_name: tuple[str | None] | None = None
    sync_frequency: SyncFrequency | None = None
    sync_accounts: bool | None = None
    sync_transactions: bool | None = None
    sync_investments: bool | None = None
    lookback_days: int | None = None
    auto_import: bool | None = None
    auto_reconcile: bool | None = None
    import_pending: bool | None = None
    pickup: PickupChange | None = None

    @property
    def fields(self) -> list[str]:
        """The names of what was given, for the audit log."""
        return [name for name in self.__slots__ if getattr(self, name) is not None]


async def by_ids(context: Context, ids: Sequence[UUID]) -> Mapping[UUID, Connection]:
    """Connections by id."""
    async with context.read() as tx:
        return await stored.by_ids(tx, tenant_id=context.tenant, ids=ids)


async def institutions_by_ids(context: Context, ids: Sequence[UUID]) -> Mapping[UUID, Institution]:
    """Institutions by id."""
    async with context.read() as tx:
        return await institutions.by_ids(tx, tenant_id=context.tenant, ids=ids)


async def page(
    context: Context, *, wanted: ConnectionFilter, first: int, after: str | None
) -> Page[Connection]:
    """Connections, newest first."""
    async with context.read() as tx:
        return await stored.page(
            tx, tenant_id=context.tenant, wanted=wanted, first=first, after=after
        )


async def health(context: Context, ids: Sequence[UUID]) -> Mapping[UUID, ConnectionHealth]:
    """How each connection does."""
    async with context.read() as tx:
        return await stored.health(tx, tenant_id=context.tenant, ids=ids)


@refusable
async def create(context: Context, *, provider: str, settings: ConnectionSettings) -> Connection:
    """A new connection; for statement files it is active at once, for a server of files when its
    key is confirmed."""
    async with context.read() as tx:
        await require(tx, context, Role.ADMIN)
    pickup = await _source(provider, settings)
    async with context.write() as tx:
        await require(tx, context, Role.ADMIN)
        change = await _checked(tx, context, settings)
        assert change.name is not None
        new = NewConnection(
            name=change.name,
            provider=provider,
            currency=_value(change.currency),
            delivery=change.delivery or Delivery.CUMULATIVE,
            mapping_policy=change.mapping_policy or MappingPolicy.CREATE,
            control_policy=change.control_policy or ControlPolicy.WARN,
            profile_id=_value(change.profile_id),
            decimals=change.decimals or {},
            institution_id=_value(change.institution_id),
            status=ConnectionStatus.ACTIVE if pickup is None else ConnectionStatus.PENDING,
            sync_frequency=SyncFrequency.MANUAL if pickup is None else SyncFrequency.HOURLY,
            auto_import=settings.auto_import is not False,
            auto_reconcile=settings.auto_reconcile is not False,
            import_pending=settings.import_pending is not False,
        )
        connection_id = await stored.create(
            tx, tenant_id=context.tenant, new=new, created_by=context.user_id
        )
        await audit.record(
            tx,
            "connection.created",
            connection_id=connection_id,
            data={"provider": provider, "fields": settings.fields},
        )
        connection = await _found(tx, context, connection_id)
    return await _configured(context, connection, pickup)


async def _source(provider: str, settings: ConnectionSettings) -> CheckedPickup | None:
    """What a new connection fetches files with; None: they are uploaded. Raises Refusal."""
    known = providers.slugs()
    if provider not in known:
        raise invalid(f"Known providers are: {', '.join(known)}.", "provider")
    if settings.pickup is not None:
        return await pickups.checked(settings.pickup, provider=provider, before=None)
    if is_source(provider):
        raise invalid("Say where its files are fetched.", provider)
    if Capability.IMPORT not in capabilities_of(provider):
        raise invalid("Connections to this provider are made by linking.", "provider")
    return None


async def _configured(
    context: Context, connection: Connection, pickup: CheckedPickup | None
) -> Connection:
    """The connection, with its settings of files where they were given."""
    if pickup is not None:
        await pickups.configure(context, connection.id, pickup)
        async with context.read() as tx:
            connection = await _found(tx, context, connection.id)
    return await _told(context, connection)


@refusable
async def update(
    context: Context, *, connection_id: UUID, settings: ConnectionSettings
) -> Connection:
    """The connection with other settings; what was imported stays as it is."""
    pickup = None
    if settings.pickup is not None:
        async with context.read() as tx:
            await require(tx, context, Role.ADMIN)
            before = await _found(tx, context, connection_id)
        pickup = await pickups.checked(
            settings.pickup, provider=before.provider, before=before.config
        )
    async with context.write() as tx:
        await require(tx, context, Role.ADMIN)
        change = await _checked(tx, context, settings)
        if not await stored.update(
            tx, tenant_id=context.tenant, connection_id=connection_id, change=change
        ):
            raise missing("connection", "id")
        await audit.record(
            tx,
            "connection.updated",
            connection_id=connection_id,
            data={"fields": settings.fields},
        )
        connection = await _found(tx, context, connection_id)
    return await _configured(context, connection, pickup)


@refusable
async def pause(context: Context, *, connection_id: UUID) -> Connection:
    """The connection, paused: it takes no new imports until it is resumed."""
    return await turn(
        context,
        connection_id,
        to=ConnectionStatus.PAUSED,
        only_from={ConnectionStatus.ACTIVE, ConnectionStatus.ERROR, ConnectionStatus.PENDING},
        event="connection.paused",
    )


@refusable
async def resume(context: Context, *, connection_id: UUID) -> Connection:
    """The paused connection, active again."""
    return await turn(
        context,
        connection_id,
        to=ConnectionStatus.ACTIVE,
        only_from={ConnectionStatus.PAUSED},
        event="connection.resumed",
    )


async def turn(
    context: Context,
    connection_id: UUID,
    *,
    to: ConnectionStatus,
    only_from: Collection[ConnectionStatus],
    event: str,
) -> Connection:
    """The connection in another state. Raises Refusal where it is in none of `only_from`."""
    async with context.write() as tx:
        await require(tx, context, Role.ADMIN)
        if not await stored.set_status(
            tx,
            tenant_id=context.tenant,
            connection_id=connection_id,
            status=to,
            only_from=only_from,
        ):
            connection = await _found(tx, context, connection_id)
            raise conflict(f"The connection is {connection.status.name}.", "id")
        await audit.record(tx, event, connection_id=connection_id)
        connection = await _found(tx, context, connection_id)
    return await _told(context, connection)


async def _checked(tx: Tx, context: Context, settings: ConnectionSettings) -> ConnectionChange:
    """The settings, checked; an institution that is named for the first time is made."""
    profile_id = _value(settings.profile_id)
    if profile_id is not None and not await profiles.by_ids(
        tx, tenant_id=context.tenant, ids=[profile_id]
    ):
        raise missing("statement profile", "profileId")
    return ConnectionChange(
        name=text.optional_name(settings.name, "name"),
        delivery=settings.delivery,
        mapping_policy=settings.mapping_policy,
        control_policy=settings.control_policy,
        decimals=None if settings.decimals is None else _decimals(settings.decimals),
        currency=_changed(settings.currency, lambda code: text.currency(code, "currency")),
        profile_id=settings.profile_id,
        institution_id=await _institution(tx, context, settings.institution_name),
        sync=_sync(settings),
        auto_import=settings.auto_import,
        auto_reconcile=settings.auto_reconcile,
        import_pending=settings.import_pending,
    )


def _sync(settings: ConnectionSettings) -> SyncChange:
    days = settings.lookback_days
    if days is not None and not 1 <= days <= LOOKBACK_DAYS_MAX:
        raise invalid(f"Give 1 to {LOOKBACK_DAYS_MAX:,} days.", "lookbackDays")
    return SyncChange(
        frequency=settings.sync_frequency,
        accounts=settings.sync_accounts,
        transactions=settings.sync_transactions,
        investments=settings.sync_investments,
        lookback_days=days,
    )


async def _institution(
    tx: Tx, context: Context, given: tuple[str | None] | None
) -> tuple[UUID | None] | None:
    if given is None or given[0] is None:
        return None if given is None else (None,)
    name = text.name(given[0], "institutionName")
    return (await institutions.named(tx, tenant_id=context.tenant, name=name),)


def _decimals(given: Sequence[tuple[str, int]]) -> dict[str, int]:
    if len(given) > CURRENCIES_MAX:
        raise invalid(f"Give {CURRENCIES_MAX} currencies at most.", "decimals")
    decimals = {text.currency(code, "decimals"): places for code, places in given}
    if len(decimals) < len(given):
        raise invalid("Give each currency once.", "decimals")
    if any(not 0 <= places <= DECIMALS_MAX for places in decimals.values()):
        raise invalid(f"Decimals are 0 to {DECIMALS_MAX}.", "decimals")
    return decimals


def _changed(
    given: tuple[str | None] | None, check: Callable[[str], str]
) -> tuple[str | None] | None:
    if given is None:
        return None
    return (None if given[0] is None else check(given[0]),)


def _value(given: tuple[Given | None] | None) -> Given | None:
    return None if given is None else given[0]


async def _found(tx: Tx, context: Context, connection_id: UUID) -> Connection:
    connection = await stored.find(tx, tenant_id=context.tenant, connection_id=connection_id)
    if connection is None:
        raise missing("connection", "id")
    return connection


async def _told(context: Context, connection: Connection) -> Connection:
    await context.services.events.publish(context.tenant, "connection", connection.id)
    return connection
