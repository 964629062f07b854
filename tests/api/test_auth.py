"""A bearer token is believed only when everything about it is right."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from api.auth import REMEMBERED_MAX, Identity, InvalidToken, TokenVerifier
from api.jwks import StaticKeys, VerificationKey, verification_key

NOW = datetime.now(UTC).replace(microsecond=0)
ISSUER = "https://project.supabase.co/auth/v1"
USER, TENANT = UUID(int=1), UUID(int=2)
SECRET = "a-legacy-secret-of-at-least-32-bytes"
EC_KEY = ECKey.generate_key("P-256", {"kid": "ec-1"}, private=True)
OTHER_KEY = ECKey.generate_key("P-256", {"kid": "ec-1"}, private=True)
RSA_KEY = RSAKey.generate_key(2048, {"kid": "rsa-1"}, private=True)


def static_keys(*keys: ECKey | RSAKey) -> StaticKeys:
    public = {str(key.kid): verification_key(key.as_dict(private=False)) for key in keys}
    return StaticKeys({kid: key for kid, key in public.items() if key is not None})


class Published:
    """One key under an id, to be replaced by another."""

    def __init__(self, key: ECKey) -> None:
        self.key = key

    async def find(self, kid: str, now: datetime) -> VerificationKey | None:
        return await static_keys(self.key).find(kid, now)


def verifier(**changes: Any) -> TokenVerifier:
    return TokenVerifier(static_keys(EC_KEY, RSA_KEY), **({"issuer": ISSUER} | changes))


def claims(**changes: Any) -> dict[str, Any]:
    """What Supabase Auth says of a signed-in user; None leaves a claim out."""
    usual = {
        "iss": ISSUER,
        "aud": "authenticated",
        "exp": int(NOW.timestamp()) + 3600,
        "iat": int(NOW.timestamp()),
        "sub": str(USER),
        "role": "authenticated",
        "email": "ada@example.com",
        "phone": "",
        "session_id": "session-1",
        "aal": "aal1",
        "is_anonymous": False,
        "app_metadata": {"provider": "email", "tenant_id": str(TENANT)},
        "user_metadata": {"tenant_id": str(UUID(int=666))},
    }
    return {name: value for name, value in (usual | changes).items() if value is not None}


def signed(
    payload: dict[str, Any] | bytes,
    key: ECKey | RSAKey = EC_KEY,
    alg: str = "ES256",
    **header: Any,
) -> str:
    content = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    usual = {"alg": alg, "kid": key.kid, "typ": "JWT"} | header
    protected = {name: value for name, value in usual.items() if value is not None}
    return jws.serialize_compact(protected, content, key, algorithms=[alg])


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def handmade(header: dict[str, Any] | bytes, payload: dict[str, Any], secret: bytes = b"") -> str:
    """A token that no library would make, with an HMAC for its signature."""
    head = header if isinstance(header, bytes) else json.dumps(header).encode()
    content = f"{base64url(head)}.{base64url(json.dumps(payload).encode())}"
    return f"{content}.{base64url(hmac.digest(secret, content.encode(), hashlib.sha256))}"


async def refusal(token: str, by: TokenVerifier, now: datetime = NOW) -> str:
    with pytest.raises(InvalidToken) as refused:
        await by.verify(token, now)
    assert str(refused.value) == "invalid or expired token"
    return refused.value.reason


async def test_a_users_token_says_who_they_are() -> None:
    identity = await verifier().verify(signed(claims()), NOW)

    assert identity == Identity(
        user_id=USER,
        email="ada@example.com",
        tenant_claim=TENANT,
        expires_at=NOW + timedelta(hours=1),
        session_id="session-1",
    )


async def test_a_token_may_be_signed_with_rsa() -> None:
    token = signed(claims(), RSA_KEY, "RS256")

    assert (await verifier().verify(token, NOW)).user_id == USER


async def test_a_tenant_is_taken_from_app_metadata_alone() -> None:
    for metadata in (None, {}, {"provider": "email"}):
        token = signed(claims(app_metadata=metadata, tenant_id=str(TENANT)))
        assert (await verifier().verify(token, NOW)).tenant_claim is None


async def test_an_empty_email_is_none() -> None:
    assert (await verifier().verify(signed(claims(email="")), NOW)).email is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iss": "https://other.supabase.co/auth/v1"}, "issuer"),
        ({"iss": ISSUER + "/"}, "issuer"),
        ({"iss": None}, "claim_iss"),
        ({"aud": "anon"}, "audience"),
        ({"aud": []}, "audience"),
        ({"aud": None}, "claim_aud"),
        ({"exp": None}, "claim_exp"),
        ({"exp": "never"}, "claim_exp"),
        ({"exp": True}, "claim_exp"),
        ({"exp": 1e300}, "claim_exp"),
        ({"exp": 10**18}, "claim_exp"),
        ({"iat": None}, "claim_iat"),
        ({"nbf": "soon"}, "claim_nbf"),
        ({"sub": None}, "claim_sub"),
        ({"sub": ""}, "claim_sub"),
        ({"sub": "admin"}, "claim_sub"),
        ({"sub": 1}, "claim_sub"),
        ({"role": None}, "claim_role"),
        ({"role": "anon"}, "claim_role"),
        ({"role": "service_role"}, "claim_role"),
        ({"role": ["authenticated"]}, "claim_role"),
        ({"is_anonymous": True}, "claim_is_anonymous"),
        ({"is_anonymous": "false"}, "claim_is_anonymous"),
        ({"email": "x" * 321}, "claim_email"),
        ({"app_metadata": {"tenant_id": "every"}}, "claim_app_metadata"),
        ({"app_metadata": "none"}, "claim_app_metadata"),
    ],
)
async def test_a_token_with_a_wrong_claim_is_refused(changes: dict[str, Any], reason: str) -> None:
    assert await refusal(signed(claims(**changes)), verifier()) == reason


@pytest.mark.parametrize("payload", [b"", b"null", b"[]", b"{", b'"' + b"[" * 3000, b"\xff"])
async def test_a_payload_that_is_no_object_is_refused(payload: bytes) -> None:
    assert await refusal(signed(payload), verifier()) == "claim_malformed"


async def test_one_of_several_audiences_is_enough() -> None:
    token = signed(claims(aud=["other", "authenticated"]))

    assert (await verifier().verify(token, NOW)).user_id == USER


async def test_a_token_ends_at_its_time() -> None:
    token, end = signed(claims()), NOW + timedelta(hours=1)

    assert await verifier().verify(token, end - timedelta(seconds=1))
    assert await refusal(token, verifier(), end) == "expired"


@pytest.mark.parametrize("claim", ["iat", "nbf"])
async def test_a_token_begins_half_a_minute_before_its_time(claim: str) -> None:
    token = signed(claims(**{claim: int(NOW.timestamp()) + 100}))

    assert await verifier().verify(token, NOW + timedelta(seconds=70))
    assert await refusal(token, verifier(), NOW + timedelta(seconds=69)) == "not_yet_valid"


async def test_a_key_of_another_project_under_the_same_id_is_refused() -> None:
    assert await refusal(signed(claims(), OTHER_KEY), verifier()) == "signature"


async def test_a_token_is_refused_with_any_bit_of_it_flipped() -> None:
    token = signed(claims())
    head_bytes = token.index(".")

    for position in [*range(0, head_bytes * 8, 7), *range(head_bytes * 8, len(token) * 8, 23)]:
        changed = bytearray(token.encode())
        changed[position // 8] ^= 1 << position % 8
        try:
            identity = await verifier().verify(changed.decode("latin-1"), NOW)
        except InvalidToken:
            continue
        # The last character of the signature has bits that mean nothing.
        assert position // 8 == len(token) - 1
        assert identity.user_id == USER


@settings(max_examples=300, deadline=None)
@given(token=st.one_of(st.text(max_size=200), st.text('eyJ.{}[]":,-_', max_size=200)))
async def test_any_text_at_all_is_refused_politely(token: str) -> None:
    assert await refusal(token, verifier())


async def test_a_signature_of_another_token_is_refused() -> None:
    mine, theirs = signed(claims()), signed(claims(sub=str(UUID(int=9))))
    mixed = theirs.rpartition(".")[0] + "." + mine.rpartition(".")[2]

    assert await refusal(mixed, verifier()) == "signature"


@pytest.mark.parametrize("algorithm", ["none", "None", "HS512", "RS512", "PS256", "EdDSA", "", 1])
async def test_other_algorithms_are_refused(algorithm: object) -> None:
    token = handmade({"alg": algorithm, "kid": "ec-1"}, claims())

    assert await refusal(token, verifier(legacy_secret=SECRET)) == "header_alg"
    assert await refusal(token.rpartition(".")[0] + ".", verifier()) == "header_alg"


@pytest.mark.parametrize("kid", ["ec-1", "rsa-1", "unknown", None])
async def test_a_public_key_is_no_shared_secret(kid: str | None) -> None:
    header = {"alg": "HS256", "kid": kid} if kid else {"alg": "HS256"}
    public = [
        RSA_KEY.as_pem(private=False),
        EC_KEY.as_pem(private=False),
        EC_KEY.as_der(private=False),
        json.dumps(EC_KEY.as_dict(private=False)).encode(),
        b"",
    ]

    for secret in public:
        token = handmade(header, claims(), secret)
        assert await refusal(token, verifier()) == "algorithm"
        assert await refusal(token, verifier(legacy_secret=SECRET)) in {"algorithm", "signature"}


async def test_a_key_verifies_its_own_algorithm_alone() -> None:
    token = signed(claims(), RSA_KEY, "RS256", kid="ec-1")

    assert await refusal(token, verifier()) == "algorithm"


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({"crit": ["exp"], "exp": 1}, "header_malformed"),
        ({"crit": []}, "header_malformed"),
        ({"b64": False, "crit": ["b64"]}, "header_malformed"),
        ({"jwk": EC_KEY.as_dict(private=False)}, "header_malformed"),
        ({"jku": "https://evil.example/jwks.json"}, "header_malformed"),
        ({"x5u": "https://evil.example/cert.pem"}, "header_malformed"),
        ({"typ": "JWE"}, "header_typ"),
        ({"kid": None}, "no_key_id"),
        ({"kid": ""}, "header_kid"),
        ({"kid": 1}, "header_kid"),
        ({"kid": "x" * 129}, "header_kid"),
        ({"kid": "../../etc/passwd"}, "unknown_key"),
        ({"alg": None}, "header_alg"),
    ],
)
async def test_a_header_that_asks_for_more_is_refused(header: dict[str, Any], reason: str) -> None:
    usual = {"alg": "ES256", "kid": "ec-1"} | header
    present = {name: value for name, value in usual.items() if value is not None}

    assert await refusal(handmade(present, claims()), verifier()) == reason


@pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "Bearer x.y.z", "ä.b.c", "\ud800"])
async def test_what_has_not_the_shape_of_a_token_is_refused(token: str) -> None:
    assert await refusal(token, verifier()) in {"malformed", "header_malformed"}


async def test_a_token_with_a_part_too_many_or_too_few_is_refused() -> None:
    token = signed(claims())

    assert await refusal(token + ".x", verifier()) == "malformed"
    assert await refusal(token.rpartition(".")[0], verifier()) == "malformed"


async def test_a_header_nested_without_end_is_refused() -> None:
    header = b'{"alg":"ES256","kid":' + b"[" * 4000

    assert await refusal(handmade(header, {}), verifier()) == "header_malformed"


async def test_a_token_has_a_largest_size() -> None:
    token = signed(claims(user_metadata={"padding": "x" * 8192}))

    assert await refusal(token, verifier()) == "too_long"


async def test_the_legacy_secret_counts_only_where_it_is_configured() -> None:
    token = handmade({"alg": "HS256", "typ": "JWT"}, claims(), SECRET.encode())
    with_legacy_id = handmade({"alg": "HS256", "kid": "old"}, claims(), SECRET.encode())

    assert (await verifier(legacy_secret=SECRET).verify(token, NOW)).user_id == USER
    assert (await verifier(legacy_secret=SECRET).verify(with_legacy_id, NOW)).user_id == USER
    assert await refusal(token, verifier()) == "algorithm"


async def test_the_legacy_secret_does_not_stand_in_for_a_published_key() -> None:
    token = handmade({"alg": "HS256", "kid": "ec-1"}, claims(), SECRET.encode())

    assert await refusal(token, verifier(legacy_secret=SECRET)) == "algorithm"


@pytest.mark.parametrize("role", ["anon", "service_role"])
async def test_a_legacy_api_key_is_nobodys_token(role: str) -> None:
    key = {"iss": "supabase", "ref": "project", "role": role, "iat": 1, "exp": 4_000_000_000}
    token = handmade({"alg": "HS256", "typ": "JWT"}, key, SECRET.encode())

    assert await refusal(token, verifier(legacy_secret=SECRET)) == "claim_aud"


@pytest.mark.parametrize("key", ["sb_secret_0123456789abcdef", "sb_publishable_0123456789abcdef"])
async def test_a_new_api_key_is_no_token(key: str) -> None:
    assert await refusal(key, verifier(legacy_secret=SECRET)) in {"malformed", "header_malformed"}


def test_a_short_legacy_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="fewer than 32 bytes"):
        verifier(legacy_secret="secret")


async def test_a_remembered_token_is_forgotten_after_its_end() -> None:
    by, token = verifier(), signed(claims())

    remembered = await by.verify(token, NOW)

    assert await by.verify(token, NOW) is remembered
    assert await by.verify(token, NOW + timedelta(seconds=60)) is not remembered
    assert await refusal(token, by, NOW + timedelta(hours=1)) == "expired"
    assert await refusal(token, by, NOW - timedelta(minutes=1)) == "not_yet_valid"


async def test_a_remembered_token_is_forgotten_with_its_key() -> None:
    keys = Published(EC_KEY)
    by, token = TokenVerifier(keys, issuer=ISSUER), signed(claims())
    await by.verify(token, NOW)

    keys.key = OTHER_KEY

    assert await refusal(token, by) == "signature"


async def test_the_tokens_remembered_are_bounded() -> None:
    by = verifier(legacy_secret=SECRET)
    tokens = [
        handmade({"alg": "HS256"}, claims(session_id=str(number)), SECRET.encode())
        for number in range(REMEMBERED_MAX + 1)
    ]

    first, *others = [await by.verify(token, NOW) for token in tokens]

    assert await by.verify(tokens[-1], NOW) is others[-1]
    assert await by.verify(tokens[0], NOW) is not first
