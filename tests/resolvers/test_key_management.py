"""Everything is wrapped under the current key, whatever others do or have broken."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import pytest

from core.errors import KeysUnavailable
from core.vault import Aad, Vault
from db.keys import HeldKeys
from db.kms import kms_keys
from db.sealed import OPERATOR, PLACES, Place
from resolvers.key_management import Progress, problem_of, rewrap, usage
from resolvers.key_source import KeyRings
from tests.fixtures.kms_server import KmsServer, kms, kms_service
from tests.fixtures.sealed_tenants import (
    SealedTenant,
    credentials,
    expected,
    opened,
    replace_credentials,
    sealed_tenant,
)
from tests.fixtures.world import KEY_BYTES, KEY_ID, World

__all__ = ["kms", "kms_service"]

KEYS, CREDENTIALS = (place.name for place in PLACES[:2])
OLD = Vault(HeldKeys.of(KEY_ID, KEY_BYTES))
BOTH_KEYS = HeldKeys(keys={"new": b"n" * 32, KEY_ID: KEY_BYTES}, current_id="new")
BOTH = Vault(BOTH_KEYS)
NEW = Vault(HeldKeys.of("new", b"n" * 32))
HOOKS = Place(
    name="hooks",
    table="private.hooks",
    keys=("tenant_id", "id"),
    column="sealed_secret",
    purpose="hook.secret",
    source="private.sealed_hooks",
    exchange="private.rewrap_hook",
)
_OPERATORS = """
create table private.hooks (id uuid primary key, sealed_secret bytea, sealed_previous bytea);
create function private.sealed_hooks()
returns table (tenant_id uuid, id uuid, sealed_secret bytea)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select private.worker_tenant_id(), h.id, h.sealed_secret from private.hooks as h
  where private.worker_tenant_id() = '00000000-0000-0000-0000-000000000000'
$$;
create function private.rewrap_hook(old_sealed bytea, new_sealed bytea) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  update private.hooks as h set sealed_secret = new_sealed
  where h.sealed_secret = old_sealed
    and private.worker_tenant_id() = '00000000-0000-0000-0000-000000000000';
  return found;
end
$$;
grant execute on function private.sealed_hooks(), private.rewrap_hook(bytea, bytea) to worker;
"""
OTHER = Vault(HeldKeys.of("lost", b"l" * 32))


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupted:
    """A key ring that lets something happen before it wraps."""

    keys: HeldKeys
    interfere: Callable[[UUID], Awaitable[None]]

    @property
    def current_id(self) -> str:
        return self.keys.current_id

    @property
    def key_ids(self) -> Sequence[str]:
        return self.keys.key_ids

    async def wrap(self, data_key: bytes, aad: Aad) -> bytes:
        await self.interfere(aad.record_id)
        return await self.keys.wrap(data_key, aad)

    async def unwrap(self, key_id: str, wrapped: bytes, aad: Aad) -> bytes:
        return await self.keys.unwrap(key_id, wrapped, aad)


async def three(world: World, *, each: int = 3) -> list[SealedTenant]:
    return [await sealed_tenant(world, OLD, credentials=each) for _ in range(3)]


async def rewrapped(world: World, vault: Vault = BOTH, *, batch: int = 2) -> Progress:
    return await rewrap(world.database, vault, batch=batch, notify=lambda _: None)


async def all_opened(
    world: World, vault: Vault, tenants: Sequence[SealedTenant]
) -> list[dict[UUID, bytes]]:
    return [await opened(world, vault, tenant) for tenant in tenants]


@pytest.mark.parametrize("batch", [1, 4, 100])
async def test_everything_of_all_tenants_is_wrapped_anew_and_says_the_same(
    world: World, batch: int
) -> None:
    tenants = await three(world)

    before = await usage(world.database, BOTH)
    progress = await rewrapped(world, batch=batch)
    after = await usage(world.database, BOTH)

    assert before.sealed == {KEY_ID: {KEYS: 3, CREDENTIALS: 9}}
    assert (before.stale, before.unknown) == (12, [])
    assert (progress.tenants, progress.rewrapped, progress.failed) == (3, 12, 0)
    assert after.sealed == {"new": {KEYS: 3, CREDENTIALS: 9}}
    assert (after.configured, after.stale) == (("new", KEY_ID), 0)
    assert await all_opened(world, NEW, tenants) == [expected(tenant) for tenant in tenants]


async def test_done_once_there_is_nothing_to_do(world: World) -> None:
    tenants = await three(world)
    await rewrapped(world)
    before = [await credentials(world, tenant) for tenant in tenants]

    progress = await rewrapped(world)

    assert (progress.tenants, progress.rewrapped) == (3, 0)
    assert [await credentials(world, tenant) for tenant in tenants] == before


async def test_progress_is_told_batch_by_batch(world: World) -> None:
    await three(world)
    told: list[int] = []

    await rewrap(world.database, BOTH, batch=5, notify=lambda p: told.append(p.rewrapped))

    assert told == [5, 10, 12]


async def test_what_does_not_open_is_named_left_and_holds_up_nothing(world: World) -> None:
    tenants = await three(world)
    moved, lost = tenants[0].connections[:2]
    nonsense = tenants[1].connections[0]
    swapped = await credentials(world, tenants[1])
    await _put(world, tenants[0], moved, swapped[nonsense])  # another tenant's
    await replace_credentials(world, OTHER, tenants[0], lost, b"secret")
    await _put(world, tenants[1], nonsense, b"\x00" * 64)

    progress = await rewrapped(world)
    used = await usage(world.database, BOTH)

    faults = {(one.record_id, one.reason.split(":")[0]) for one in progress.faults}
    assert (progress.failed, progress.rewrapped) == (3, 9)
    assert faults == {
        (moved, "the wrapped data key does not open"),
        (lost, "the key-encryption key 'lost' is not configured here"),
        (nonsense, "these are no sealed bytes, or of an unknown version"),
    }
    assert used.unknown == ["", "lost"]
    assert used.sealed[KEY_ID] == {CREDENTIALS: 1}


async def test_what_workers_replace_in_between_stays(world: World) -> None:
    tenants = await three(world)
    by_old, by_new = tenants[0].connections[:2]
    pending = {by_old: OLD, by_new: BOTH}  # not restarted yet, and restarted

    async def interfere(record_id: UUID) -> None:
        if record_id in pending:
            vault = pending.pop(record_id)
            await replace_credentials(world, vault, tenants[0], record_id, b"refreshed")

    told: list[tuple[int, int]] = []
    progress = await rewrap(
        world.database,
        Vault(Interrupted(keys=BOTH_KEYS, interfere=interfere)),
        batch=100,
        notify=lambda p: told.append((p.rewrapped, p.changed)),
    )

    assert told == [(10, 2), (11, 0)]
    assert (progress.changed, progress.failed) == (0, 0)
    refreshed = {by_old: b"refreshed", by_new: b"refreshed"}
    assert await opened(world, NEW, tenants[0]) == {**expected(tenants[0]), **refreshed}
    assert await all_opened(world, NEW, tenants[1:]) == [expected(one) for one in tenants[1:]]


async def test_workers_read_meanwhile(world: World) -> None:
    tenants = await three(world, each=20)
    ended = asyncio.Event()

    async def read() -> int:
        rounds = 0
        while not ended.is_set():
            for tenant in tenants:
                assert await opened(world, BOTH, tenant) == expected(tenant)
            rounds += 1
        return rounds

    reading = asyncio.create_task(read())
    await rewrapped(world, batch=3)
    ended.set()

    assert await reading


async def test_what_is_the_operators_own_is_wrapped_anew_through_functions(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.owner.execute(_OPERATORS)
    monkeypatch.setattr("db.sealed.PLACES", (*PLACES, HOOKS))
    tenants = await three(world)
    aad = Aad(tenant_id=OPERATOR, purpose=HOOKS.purpose, record_id=UUID(int=7))
    put = "insert into private.hooks (id, sealed_secret) values ($1, $2)"
    await world.owner.execute(put, aad.record_id, await OLD.seal(b"whsec", aad=aad))

    before = await usage(world.database, BOTH)
    progress = await rewrapped(world)

    found = await world.owner.fetchval("select sealed_secret from private.hooks")
    assert before.sealed[KEY_ID] == {KEYS: 3, CREDENTIALS: 9, "hooks": 1}
    assert (progress.tenants, progress.rewrapped, progress.failed) == (3, 13, 0)
    assert await NEW.open(found, aad=aad) == b"whsec"
    assert await all_opened(world, NEW, tenants) == [expected(one) for one in tenants]


async def test_a_key_service_that_is_away_ends_it_and_nothing_is_lost(
    world: World, kms: KmsServer
) -> None:
    tenants = await three(world)
    async with kms_keys([kms.key()], endpoint=kms.url) as service:
        vault = Vault(KeyRings([service, HeldKeys.of(KEY_ID, KEY_BYTES)]))
        working = await problem_of(vault)
        kms.failing = (400, "AccessDeniedException")
        with pytest.raises(KeysUnavailable):
            await rewrapped(world, vault)
        problem = await problem_of(vault)
        kms.failing = None
        progress = await rewrapped(world, vault)

        assert await all_opened(world, Vault(service), tenants) == [
            expected(tenant) for tenant in tenants
        ]
    assert working is None
    assert problem is not None
    assert "denies the use" in problem
    assert progress.rewrapped == 12


async def _put(world: World, tenant: SealedTenant, connection_id: object, content: bytes) -> None:
    await world.owner.execute(
        "update app.connection_credentials set sealed = $3"
        " where tenant_id = $1 and connection_id = $2",
        tenant.place.tenant_id,
        connection_id,
        content,
    )
