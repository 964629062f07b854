"""A choice for all rows of a merchant reads the merchant's rows, whatever else the tenant has."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from db.queries import load
from tests.fixtures.many_rows import ManyRows, many_rows
from tests.fixtures.servers import Servers

_SQL = load("choices")


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["servers", "servers_15"])
async def rows(request: pytest.FixtureRequest) -> AsyncIterator[ManyRows]:
    servers: Servers = request.getfixturevalue(request.param)
    async with many_rows(servers) as rows:
        await rows.superuser.execute("vacuum (analyze) app.transactions")
        yield rows


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
async def test_a_choice_for_a_merchant_goes_by_its_index(rows: ManyRows, mode: str) -> None:
    tenant = f"'{rows.tenant_id}'"
    values = f"{tenant}, 'few shop', 'Snacks', '{rows.user.user_id}', 20001"
    async with rows.database.as_(rows.user, read_only=True) as tx:
        await tx.run(f"set local plan_cache_mode = {mode}")
        await tx.run(f"prepare choice as {_SQL['choose_for_merchant']}")
        answer = await tx.value(f"explain (format json) execute choice ({values})")
        await tx.run("deallocate choice")

    plan = answer if isinstance(answer, str) else json.dumps(answer)
    assert '"transactions_merchant_idx"' in plan or '"transactions_merchant_amount_idx"' in plan
    assert "Seq Scan" not in plan
