"""`bankfeeds provider list` and `set`: what the operator sees of providers, and sets for them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from typer.testing import CliRunner, Result

from cli.provider import provider
from core.errors import BadInput, BankfeedsError
from db import provider_states
from db.provider_states import ProviderPolicy
from tests.fixtures.database import DatabaseUrls
from tests.fixtures.world import World, opened

APPLICATION = {"BANKFEEDS_PROVIDER_PLAID_CLIENT_ID": "id", "BANKFEEDS_PROVIDER_PLAID_SECRET": "s3c"}


def run(*arguments: str, url: str = "", **environ: str) -> Result:
    return CliRunner().invoke(provider, arguments, env={"DATABASE_URL": url, **environ})


def listed(database: DatabaseUrls) -> dict[str, Any]:
    done = run("list", "--json", url=database.login, **APPLICATION)
    assert done.exit_code == 0, (done.output, done.exception)
    rows: dict[str, dict[str, Any]] = {row["slug"]: row for row in json.loads(done.output)}
    return rows["plaid"]


def of_a_tenant(database: DatabaseUrls, folder: Path, *, is_kept_back: bool) -> ProviderPolicy:
    """What holds for a new tenant; for one that the provider is kept from, before and after."""

    async def asked(world: World) -> ProviderPolicy:
        place = await world.place()
        if is_kept_back:
            await asyncio.to_thread(keep_back, place.tenant_id)
        async with world.database.as_(place.worker) as tx:
            return await provider_states.policy(tx, tenant_id=place.tenant_id, provider="plaid")

    def keep_back(tenant_id: UUID) -> None:
        done = run("set", "plaid", "--disabled", "--tenant", str(tenant_id), url=database.login)
        assert done.exit_code == 0, (done.output, done.exception)

    async def in_world() -> ProviderPolicy:
        async with opened(database, folder) as world:
            return await asked(world)

    return asyncio.run(in_world())


def test_facts_hold_until_something_is_set(database: DatabaseUrls) -> None:
    before = listed(database)
    done = run("set", "plaid", "--app-calls", "300", "--attempts", "5", url=database.login)
    after = listed(database)

    assert (before["configured"], before["enabled"], before["appCalls"]) == (True, True, 2000)
    assert done.exit_code == 0
    assert (after["appCalls"], after["attempts"], after["enabled"]) == (300, 5, True)
    assert after["connectionCalls"] == before["connectionCalls"]


def test_a_provider_is_kept_back_and_offered_again(database: DatabaseUrls) -> None:
    run("set", "plaid", "--disabled", url=database.login)
    off = listed(database)["enabled"]
    run("set", "plaid", "--enabled", url=database.login)

    assert off is False
    assert listed(database)["enabled"] is True


def test_a_tenant_has_it_otherwise_than_the_others(database: DatabaseUrls, tmp_path: Path) -> None:
    kept_back = of_a_tenant(database, tmp_path, is_kept_back=True)
    other = of_a_tenant(database, tmp_path, is_kept_back=False)

    assert not kept_back.enabled
    assert other.enabled


@pytest.mark.parametrize(
    "arguments",
    [
        ["plaid"],
        ["nobody", "--enabled"],
        ["plaid", "--tenant", str(UUID(int=1))],
        ["plaid", "--tenant", str(UUID(int=1)), "--enabled", "--app-calls", "3"],
    ],
)
def test_what_makes_no_sense_is_refused(arguments: list[str]) -> None:
    assert isinstance(run("set", *arguments).exception, BadInput)


def test_a_tenant_that_is_not_there_is_told(database: DatabaseUrls) -> None:
    done = run("set", "plaid", "--enabled", "--tenant", str(uuid4()), url=database.login)

    assert isinstance(done.exception, BankfeedsError)


def test_the_list_shows_no_secret(database: DatabaseUrls) -> None:
    done = run("list", url=database.login, **APPLICATION)

    assert "plaid: Plaid; offered; " in done.output
    assert "s3c" not in done.output
