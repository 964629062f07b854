"""The places where something is sealed under a key-encryption key, and its exchange in them.

Whoever seals with `core.vault.Vault` into another column adds a line to `PLACES`; a test compares
it with the catalog.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from core.scope import WorkerScope
from core.vault import Aad
from core.webhooks import ENDPOINT_PURPOSE
from db import tenant_keys
from db.queries import load
from db.session import Database, Tx

TENANTS_PAGE: Final = 500
FIRST: Final = UUID(int=0)  # before every id
OPERATOR: Final = UUID(int=0)  # in the place of a tenant, for what is the operator's own

_SQL = load("sealed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A column with sealed bytes; the last key column names the record that they are bound to."""

    name: str  # for people, in the plural
    table: str
    keys: tuple[str, ...]
    column: str
    purpose: str  # of the Aad
    # Definer functions, where workers may not read or update the table themselves. The first gives
    # the rows of the worker's tenant, with its id; the second takes known bytes and new ones, and
    # tells whether it found the former.
    source: str | None = None
    exchange: str | None = None


PLACES: Final = (
    Place(
        name="tenant keys",
        table="private.tenant_keys",
        keys=("tenant_id",),
        column="sealed_key",
        purpose=tenant_keys.PURPOSE,
        exchange="private.rewrap_tenant_key",
    ),
    Place(
        name="connection credentials",
        table="app.connection_credentials",
        keys=("tenant_id", "connection_id"),
        column="sealed",
        purpose="connection.credentials",
    ),
    Place(
        name="webhook secrets",
        table="private.webhook_endpoints",
        keys=("tenant_id", "id"),
        column="sealed_secret",
        purpose=ENDPOINT_PURPOSE,
        source="private.sealed_webhook_secrets",
        exchange="private.rewrap_webhook_secret",
    ),
    Place(
        name="webhook secrets before a rotation",
        table="private.webhook_endpoints",
        keys=("tenant_id", "id"),
        column="sealed_previous",
        purpose=ENDPOINT_PURPOSE,
        source="private.sealed_webhook_secrets",
        exchange="private.rewrap_previous_webhook_secret",
    ),
    Place(
        name="addresses of channels",
        table="app.notification_channel_secrets",
        keys=("tenant_id", "channel_id"),
        column="sealed_url",
        purpose="notification.channel",
    ),
    Place(
        name="secrets of channels",
        table="app.notification_channel_secrets",
        keys=("tenant_id", "channel_id"),
        column="sealed_secret",
        purpose="notification.channel",
    ),
    Place(
        name="secrets of channels before a rotation",
        table="app.notification_channel_secrets",
        keys=("tenant_id", "channel_id"),
        column="sealed_previous",
        purpose="notification.channel",
    ),
    Place(
        name="sessions at Quiltt",
        table="app.quiltt_sessions",
        keys=("tenant_id", "id"),
        column="sealed",
        purpose="quiltt.session",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """Sealed bytes of one record."""

    place: Place
    tenant_id: UUID
    record_id: UUID
    content: bytes = field(repr=False)

    @property
    def aad(self) -> Aad:
        """What they are bound to."""
        return Aad(tenant_id=self.tenant_id, purpose=self.place.purpose, record_id=self.record_id)


async def tenants(database: Database) -> AsyncIterator[UUID]:
    """The operator, then the ids of all tenants, page by page; of those made meanwhile, some."""
    yield OPERATOR
    after = FIRST
    while True:
        async with database.as_(WorkerScope(tenant_id=None), read_only=True) as tx:
            rows = await tx.rows(_SQL["tenants_after"], after, TENANTS_PAGE)
        for row in rows:
            yield row["tenant_id"]
        if len(rows) < TENANTS_PAGE:
            return
        after = rows[-1]["tenant_id"]


async def usage(tx: Tx) -> Mapping[tuple[str, str], int]:
    """How much of the worker's tenant each key seals, by key id and name of the place.

    The id is empty for bytes that name no key, which nothing opens.
    """
    rows = await tx.rows("\nunion all\n".join(map(_usage, PLACES)), _tenant(tx))
    return {(row["key_id"] or "", row["place"]): row["number"] for row in rows}


async def stale(tx: Tx, place: Place, *, key_id: str, after: UUID, most: int) -> list[Sealed]:
    """What of the worker's tenant another key than this seals, by record id after one."""
    tenant_id = _tenant(tx)
    return [
        Sealed(
            place=place,
            tenant_id=tenant_id,
            record_id=row["record_id"],
            content=row["content"],
        )
        for row in await tx.rows(_stale(place), tenant_id, key_id, after, most)
    ]


async def exchange(tx: Tx, place: Place, fresh: Sequence[tuple[Sealed, bytes]]) -> int:
    """Puts the new bytes in the place of the old ones, where these are there still; tells how many.

    All are of the place and of the worker's tenant.
    """
    if place.exchange is not None:
        done = [
            await tx.value(_exchange(place), sealed.content, content) for sealed, content in fresh
        ]
        return done.count(True)
    return await tx.run(
        _exchange(place),
        _tenant(tx),
        [sealed.record_id for sealed, _ in fresh],
        [sealed.content for sealed, _ in fresh],
        [content for _, content in fresh],
    )


def statements(place: Place) -> Iterator[str]:
    """Every statement that is made for a place."""
    yield _usage(place)
    yield _stale(place)
    yield _exchange(place)


def _tenant(tx: Tx) -> UUID:
    assert isinstance(tx.scope, WorkerScope)
    assert tx.scope.tenant_id is not None
    return tx.scope.tenant_id


def _rows(place: Place) -> str:
    return place.table if place.source is None else f"{place.source}()"


def _usage(place: Place) -> str:
    return (
        f"select '{place.name}' as place, private.sealing_key(s.{place.column}) as key_id,"
        " count(*) as number\n"
        f"from {_rows(place)} as s\n"
        f"where s.tenant_id = $1 and s.{place.column} is not null\n"
        "group by 2"
    )


def _stale(place: Place) -> str:
    record = f"s.{place.keys[-1]}"
    return (
        f"select {record} as record_id, s.{place.column} as content\n"
        f"from {_rows(place)} as s\n"
        f"where s.tenant_id = $1 and s.{place.column} is not null\n"
        f"and private.sealing_key(s.{place.column}) is distinct from $2 and {record} > $3\n"
        f"order by {record}\n"
        "limit $4"
    )


def _exchange(place: Place) -> str:
    if place.exchange is not None:
        return f"select {place.exchange}($1, $2)"
    return (
        f"update {place.table} as s\n"
        f"set {place.column} = n.content\n"
        "from unnest($2::uuid[], $3::bytea[], $4::bytea[]) as n (record_id, known, content)\n"
        f"where s.tenant_id = $1 and s.{place.keys[-1]} = n.record_id\n"
        f"and s.{place.column} = n.known"
    )
