"""The token of an upload's URL opens for its upload and its time, and for nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from core.errors import Forbidden
from core.vault import Vault
from db.keys import HeldKeys
from resolvers.upload_tokens import sign, tenant_of

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LATER = int((NOW + timedelta(hours=1)).timestamp())
VAULT = Vault(HeldKeys.of("k1", bytes(range(32))))
TENANT, UPLOAD = UUID(int=1), UUID(int=2)


async def test_a_token_tells_its_tenant() -> None:
    token = await sign(VAULT, tenant_id=TENANT, upload_id=UPLOAD, expires=LATER)

    assert token.replace("-", "").replace("_", "").isalnum()
    assert await tenant_of(VAULT, token, upload_id=UPLOAD, expires=LATER, now=NOW) == TENANT


async def test_a_token_is_no_good_for_another_upload_moment_or_key() -> None:
    token = await sign(VAULT, tenant_id=TENANT, upload_id=UPLOAD, expires=LATER)
    other = Vault(HeldKeys.of("k2", bytes(range(1, 33))))

    for vault, upload_id, expires in (
        (VAULT, uuid4(), LATER),
        (VAULT, UPLOAD, LATER + 1),
        (other, UPLOAD, LATER),
    ):
        with pytest.raises(Forbidden):
            await tenant_of(vault, token, upload_id=upload_id, expires=expires, now=NOW)


async def test_a_token_does_not_become_another_tenants() -> None:
    mine = await sign(VAULT, tenant_id=TENANT, upload_id=UPLOAD, expires=LATER)
    theirs = await sign(VAULT, tenant_id=UUID(int=3 << 64), upload_id=UPLOAD, expires=LATER)

    with pytest.raises(Forbidden):
        await tenant_of(VAULT, theirs[:20] + mine[20:], upload_id=UPLOAD, expires=LATER, now=NOW)


async def test_a_token_ends_with_its_time() -> None:
    token = await sign(VAULT, tenant_id=TENANT, upload_id=UPLOAD, expires=LATER)
    end = datetime.fromtimestamp(LATER, UTC)

    with pytest.raises(Forbidden):
        await tenant_of(VAULT, token, upload_id=UPLOAD, expires=LATER, now=end)


@pytest.mark.parametrize("token", ["", "x", "é", "====", "A" * 21, "A" * 300, "A" * 5_000, "\x00"])
async def test_nonsense_is_refused(token: str) -> None:
    with pytest.raises(Forbidden):
        await tenant_of(VAULT, token, upload_id=UPLOAD, expires=LATER, now=NOW)
