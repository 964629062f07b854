"""Keys change under running workers: real commands, one of them killed half-way."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from core.vault import Vault
from db.keys import FileKeys, create_private, keys_from_file
from tests.fixtures.database import DatabaseUrls
from tests.fixtures.sealed_tenants import SealedTenant, expected, opened, sealed_tenant
from tests.fixtures.world import KEY_BYTES, KEY_ID, World

ROOT = Path(__file__).resolve().parents[2]
EACH = 150
ENOUGH = 10  # records that are wrapped anew before the command is killed

_UNDER = (
    "select (select count(*) from app.connection_credentials where"
    " private.sealing_key(sealed) = $1)"
    " + (select count(*) from private.tenant_keys where private.sealing_key(sealed_key) = $1)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """A database, a key file, and the command."""

    world: World
    database: DatabaseUrls
    key_file: Path

    async def start(self, *arguments: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "cli.main", "keys", *arguments),
            cwd=self.key_file.parent,
            env={
                "PATH": os.defpath,
                "PYTHONPATH": str(ROOT),
                "DATABASE_URL": self.database.login,
                "BANKFEEDS_KEY_FILE": str(self.key_file),
            },
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def run(self, *arguments: str) -> tuple[int | None, str]:
        """Status and standard output."""
        process = await self.start(*arguments)
        async with asyncio.timeout(60):
            output, _ = await process.communicate()
        return process.returncode, output.decode()

    async def under(self, key_id: str) -> int:
        """How much a key seals."""
        return int(await self.world.owner.fetchval(_UNDER, key_id))


async def test_a_rotation_that_is_killed_is_finished_later_and_nobody_notices(
    world: World, database: DatabaseUrls, tmp_path: Path
) -> None:
    key_file = tmp_path / "keys.json"
    encoded = base64.b64encode(KEY_BYTES).decode()
    create_private(key_file, json.dumps({"current": KEY_ID, "keys": {KEY_ID: encoded}}).encode())
    here = Installation(world=world, database=database, key_file=key_file)
    started_before = Vault(FileKeys(key_file))
    tenants = [await sealed_tenant(world, started_before, credentials=EACH) for _ in range(3)]
    everything = 3 * (EACH + 1)

    assert (await here.run("rotate", "--id", "new"))[0] == 0
    async with _read_all_the_time(world, started_before, tenants):
        killed = await _kill_half_way(here)
        left = everything - await here.under("new")
        status, told = await here.run("rewrap", "--json")

    assert killed == -signal.SIGKILL
    assert 0 < left < everything
    assert (status, json.loads(told)["rewrapped"]) == (0, left)
    _take_out(key_file, KEY_ID)
    assert await here.under("new") == everything
    assert (await here.run("status"))[0] == 0
    alone = Vault(keys_from_file(key_file))
    assert alone.key_ids == ("new",)
    for tenant in tenants:
        assert await opened(world, alone, tenant) == expected(tenant)


async def _kill_half_way(here: Installation) -> int | None:
    """The status of a re-wrapping that is killed when it has begun in earnest."""
    process = await here.start("rewrap", "--batch", "1")
    async with asyncio.timeout(60):
        while await here.under("new") < ENOUGH:
            assert process.returncode is None
            await asyncio.sleep(0.005)
        process.kill()
        await process.communicate()
    return process.returncode


@asynccontextmanager
async def _read_all_the_time(
    world: World, vault: Vault, tenants: Sequence[SealedTenant]
) -> AsyncIterator[None]:
    """A process that was not restarted opens everything, again and again, until the block ends."""
    ended = asyncio.Event()

    async def read() -> None:
        while not ended.is_set():
            for tenant in tenants:
                assert await opened(world, vault, tenant) == expected(tenant)
                await asyncio.sleep(0.01)

    reading = asyncio.create_task(read())
    try:
        yield
    finally:
        ended.set()
        await reading


def _take_out(key_file: Path, key_id: str) -> None:
    document = json.loads(key_file.read_text())
    del document["keys"][key_id]
    key_file.write_text(json.dumps(document))
