"""The simulated Supabase Auth publishes keys and signs tokens that the real client accepts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from supabase import AsyncClient, AsyncClientOptions, AuthError, create_async_client

from sandbox.serving import serving
from sandbox.supabase_auth import auth_app


@pytest.fixture
def url() -> Iterator[str]:
    with serving(auth_app()) as base_url:
        yield base_url


@pytest_asyncio.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as client:
        yield client


@pytest_asyncio.fixture
async def supabase(url: str, http: httpx.AsyncClient) -> AsyncClient:
    return await create_async_client(
        url, "sb_publishable_sandbox", AsyncClientOptions(httpx_client=http)
    )


async def minted(http: httpx.AsyncClient, url: str, **wanted: Any) -> str:
    reply = await http.post(f"{url}/_sandbox/tokens", json=wanted)
    return str(reply.json()["access_token"])


async def test_the_client_library_verifies_a_token(
    supabase: AsyncClient, url: str, http: httpx.AsyncClient
) -> None:
    token = await minted(http, url, claims={"email": "ada@example.com"})

    answer = await supabase.auth.get_claims(token)

    assert answer is not None
    claims = dict(answer["claims"])
    assert claims["email"] == "ada@example.com"
    assert claims["iss"] == f"{url}/auth/v1"
    assert claims["aud"] == "authenticated"
    assert answer["headers"]["alg"] == "ES256"


async def test_the_client_library_knows_the_user_of_a_token(
    supabase: AsyncClient, url: str, http: httpx.AsyncClient
) -> None:
    answer = await supabase.auth.get_user(await minted(http, url, claims={"sub": "some-user"}))

    assert answer is not None
    assert answer.user.id == "some-user"


@pytest.mark.parametrize("key", ["standby", "current", "previous"])
async def test_tokens_of_every_published_key_are_accepted(
    supabase: AsyncClient, url: str, http: httpx.AsyncClient, key: str
) -> None:
    await http.post(f"{url}/_sandbox/rotate")

    assert await supabase.auth.get_claims(await minted(http, url, key=key)) is not None


async def test_a_token_of_a_foreign_or_revoked_key_is_refused(
    supabase: AsyncClient, url: str, http: httpx.AsyncClient
) -> None:
    await http.post(f"{url}/_sandbox/rotate")
    await http.post(f"{url}/_sandbox/revoke")

    for key in ("foreign", "revoked"):
        with pytest.raises(AuthError):
            await supabase.auth.get_claims(await minted(http, url, key=key))


async def test_an_expired_token_is_refused(
    supabase: AsyncClient, url: str, http: httpx.AsyncClient
) -> None:
    with pytest.raises(AuthError, match="expired"):
        await supabase.auth.get_claims(await minted(http, url, lifetime_s=-60))


async def test_rotation_turns_the_standby_key_into_the_current_one(
    url: str, http: httpx.AsyncClient
) -> None:
    jwks = f"{url}/auth/v1/.well-known/jwks.json"
    standby, current = (await http.get(jwks)).json()["keys"]

    await http.post(f"{url}/_sandbox/rotate")

    _, *older = (await http.get(jwks)).json()["keys"]
    assert older == [standby, current]
    assert not [name for key in older for name in key if name in {"d", "k"}]
