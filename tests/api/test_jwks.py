"""Signing keys are asked for rarely, outlive an outage, and end when they are revoked."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc.jwk import ECKey, RSAKey

from api.auth import InvalidToken, TokenVerifier
from api.jwks import JwksKeys, published_keys, verification_key
from sandbox.supabase_auth import auth_app

NOW = datetime.now(UTC).replace(microsecond=0)
URL = "http://project/auth/v1/.well-known/jwks.json"
ISSUER = "http://project/auth/v1"
LIFETIME_S = 3_600
EC_KEY = ECKey.generate_key("P-256", {"kid": "ec-1"}, private=True)
RSA_KEY = RSAKey.generate_key(2048, {"kid": "rsa-1"}, private=True)


async def refusal(token: str, by: TokenVerifier, now: datetime = NOW) -> str:
    with pytest.raises(InvalidToken) as refused:
        await by.verify(token, now)
    return refused.value.reason


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Project:
    """A Supabase project in this process: its endpoints, a verifier, and tokens on demand."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http
        self.verifier = TokenVerifier(JwksKeys(URL, http), issuer=ISSUER)

    async def token(self, key: str = "current", **changes: Any) -> str:
        # Issued when this file was loaded: the tests say themselves what time it is.
        issued = int(NOW.timestamp())
        claims = {"iat": issued, "exp": issued + LIFETIME_S, **changes}
        reply = await self.http.post("/_sandbox/tokens", json={"key": key, "claims": claims})
        return str(reply.json()["access_token"])

    async def asked(self) -> int:
        return int((await self.http.get("/_sandbox/state")).json()["keys_served"])

    async def breaks(self, body: str, status: int = 200) -> None:
        await self.http.post("/_sandbox/faults", json={"body": body, "status": status})

    async def recovers(self) -> None:
        await self.http.post("/_sandbox/faults", json={})


@pytest_asyncio.fixture
async def project() -> AsyncIterator[Project]:
    transport = httpx.ASGITransport(app=auth_app())
    async with httpx.AsyncClient(transport=transport, base_url="http://project") as http:
        yield Project(http)


async def test_tokens_of_all_published_keys_pass_and_the_keys_are_asked_for_once(
    project: Project,
) -> None:
    await project.http.post("/_sandbox/rotate")

    for key in ("standby", "current", "previous"):
        assert await project.verifier.verify(await project.token(key), NOW)

    assert await project.asked() == 1


async def test_a_token_of_another_projects_key_is_refused(project: Project) -> None:
    assert await refusal(await project.token("foreign"), project.verifier) == "unknown_key"


async def test_an_anonymous_user_is_refused(project: Project) -> None:
    token = await project.token(is_anonymous=True)

    assert await refusal(token, project.verifier) == "claim_is_anonymous"


async def test_a_key_rotated_in_is_found_and_unknown_ids_ask_rarely(project: Project) -> None:
    await project.verifier.verify(await project.token(), NOW)
    await project.http.post("/_sandbox/rotate")
    fresh = await project.token("standby")

    early = await refusal(fresh, project.verifier, NOW + timedelta(seconds=29))
    for _ in range(5):
        await refusal(await project.token("foreign"), project.verifier, NOW + timedelta(seconds=29))
    asked_early = await project.asked()
    found = await project.verifier.verify(fresh, NOW + timedelta(seconds=30))

    assert (early, asked_early, await project.asked()) == ("unknown_key", 1, 2)
    assert found


async def test_a_revoked_keys_tokens_end_with_it_remembered_or_not(project: Project) -> None:
    token = await project.token()
    later = NOW + timedelta(minutes=10)
    await project.verifier.verify(token, later - timedelta(seconds=1))
    await project.http.post("/_sandbox/rotate")
    await project.http.post("/_sandbox/revoke")
    fresh = TokenVerifier(JwksKeys(URL, project.http), issuer=ISSUER)

    assert await project.verifier.verify(token, later - timedelta(seconds=1))
    assert await refusal(token, project.verifier, later + timedelta(minutes=10)) == "unknown_key"
    assert await refusal(token, fresh, later) == "unknown_key"


async def test_callers_at_the_same_time_ask_once(project: Project) -> None:
    tokens = [await project.token(session_id=str(number)) for number in range(20)]

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(project.verifier.verify(token, NOW)) for token in tokens]

    assert len({task.result().session_id for task in tasks}) == 20
    assert await project.asked() == 1


BROKEN = {
    "error": ("", 503),
    "redirect": ("", 302),
    "nothing": ("", 200),
    "page": ("<html>", 200),
    "list": ("[]", 200),
    "no keys": ('{"keys": {}}', 200),
    "nested": ('{"keys": ' + "[" * 5000, 200),
    "huge": ('{"keys": []}' + " " * 70_000, 200),
    "many": (json.dumps({"keys": [{}] * 17}), 200),
}


@pytest.mark.parametrize("broken", BROKEN)
async def test_the_last_good_keys_stand_while_the_endpoint_is_broken(
    project: Project, broken: str
) -> None:
    token, later = await project.token(), NOW + timedelta(minutes=11)
    await project.verifier.verify(token, NOW)
    await project.breaks(*BROKEN[broken])

    assert await project.verifier.verify(token, later)
    assert await project.verifier.verify(token, later + timedelta(seconds=4))
    assert await project.asked() == 2


@pytest.mark.parametrize("broken", BROKEN)
async def test_without_any_keys_nothing_passes_until_the_endpoint_recovers(
    project: Project, broken: str
) -> None:
    token = await project.token()
    await project.breaks(*BROKEN[broken])

    assert await refusal(token, project.verifier) == "keys_unavailable"
    await project.recovers()
    assert await refusal(token, project.verifier, NOW + timedelta(seconds=4)) == "keys_unavailable"
    assert await project.verifier.verify(token, NOW + timedelta(seconds=5))


async def test_an_endpoint_that_nobody_serves_is_an_outage(project: Project) -> None:
    async with httpx.AsyncClient() as http:
        by = TokenVerifier(JwksKeys("http://127.0.0.1:9/jwks.json", http), issuer=ISSUER)

        assert await refusal(await project.token(), by) == "keys_unavailable"


async def test_keys_published_as_none_are_none(project: Project) -> None:
    token = await project.token()
    await project.breaks('{"keys": []}')

    assert await refusal(token, project.verifier) == "unknown_key"


def jwk_of(key: ECKey | RSAKey, **changes: Any) -> dict[str, Any]:
    return {**key.as_dict(private=False), **changes}


@pytest.mark.parametrize(
    "jwk",
    [
        {"kty": "oct", "kid": "a", "k": base64url(b"secret" * 6), "alg": "HS256"},
        EC_KEY.as_dict(private=True),
        jwk_of(EC_KEY, kid=None),
        jwk_of(EC_KEY, kid=""),
        jwk_of(EC_KEY, use="enc"),
        jwk_of(EC_KEY, key_ops=["sign"]),
        jwk_of(EC_KEY, alg="RS256"),
        jwk_of(EC_KEY, alg="HS256"),
        jwk_of(EC_KEY, k="c2VjcmV0"),
        jwk_of(EC_KEY, crv="P-521"),
        jwk_of(EC_KEY, crv=None),
        jwk_of(EC_KEY, x="AAAA"),
        jwk_of(EC_KEY, y=7),
        jwk_of(RSA_KEY, n="AQAB"),
        jwk_of(RSA_KEY, e="Ag"),
        jwk_of(RSA_KEY, e="!"),
        jwk_of(RSA_KEY, n=base64url(b"\xff" * 128)),
        jwk_of(RSA_KEY, n=base64url(b"\xff" * 513)),
        {**ECKey.import_key(ec.generate_private_key(ec.SECP384R1())).as_dict(False), "kid": "a"},
        {"kty": "OKP", "crv": "Ed25519", "x": "AAAA", "kid": "a"},
        {},
    ],
)
def test_a_key_that_must_not_verify_is_left_out(jwk: dict[str, Any]) -> None:
    assert verification_key(jwk) is None


def test_usable_keys_are_published_by_their_ids() -> None:
    document = {"keys": [jwk_of(EC_KEY), {"kty": "oct", "kid": "secret"}, jwk_of(RSA_KEY)]}

    keys = published_keys(json.dumps(document).encode())

    assert {kid: key.algorithm for kid, key in keys.items()} == {"ec-1": "ES256", "rsa-1": "RS256"}
