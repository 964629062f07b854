"""Plaid's webhooks: taken where Plaid signed these bytes now, refused in every other case."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core.provider_error import Postponed, ProviderError
from providers.http import Client
from providers.plaid.connector import PLAID
from providers.plaid.settings import PlaidApp
from providers.plaid.signatures import ASKED_MAX, KeyRing
from providers.webhooks import BadSignature, Incoming, Malformed
from sandbox.serving import serving
from tests.fixtures.plaid_feed import PROMPT, PlaidBank
from tests.providers.plaid_signing import Signer, encoded, incoming

NOW: Final = datetime(2026, 11, 21, 12, 0, 30, 500_000, tzinfo=UTC)
BODY: Final = b'{\n  "item_id": "i1",\n  "webhook_code": "SYNC_UPDATES_AVAILABLE"\n}'


class Unlimited:
    async def take(self, endpoint: str) -> None:
        """At once."""


@dataclass(slots=True, kw_only=True)
class KeyServer:
    """Answers for keys by id, and counts."""

    keys: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    status: int | None = None  # of an outage

    async def answer(self, request: Request) -> Response:
        kid = (await request.json())["key_id"]
        self.asked.append(kid)
        if self.status is not None:
            return Response(status_code=self.status)
        if kid in self.keys:
            return JSONResponse({"key": self.keys[kid], "request_id": "r"})
        refusal = {
            "error_type": "INVALID_INPUT",
            "error_code": "INVALID_WEBHOOK_VERIFICATION_KEY_ID",
        }
        return JSONResponse(refusal, 400)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A ring of keys, the server that it asks, and who signs rightly."""

    ring: KeyRing
    server: KeyServer
    client: Client
    signer: Signer

    async def verify(self, request: Incoming) -> None:
        await self.ring.verify(request, self.client)

    def request(self, at: datetime = NOW, **others: Any) -> Incoming:
        return incoming(BODY, self.signer.token(BODY, at, **others), at)

    async def reason(self, request: Incoming) -> str:
        with pytest.raises(BadSignature) as caught:
            await self.verify(request)
        return caught.value.reason


@asynccontextmanager
async def opened_desk() -> AsyncIterator[Desk]:
    server, signer = KeyServer(), Signer(kid=str(uuid4()))
    server.keys[signer.kid] = signer.jwk()
    app = Starlette(
        routes=[Route("/webhook_verification_key/get", server.answer, methods=["POST"])]
    )
    with serving(app) as url:
        async with httpx.AsyncClient() as http:
            client = Client(
                http,
                app=PlaidApp.model_validate({"url": url, "client_id": "c", "secret": "s"}),
                failures=PLAID.failures,
                pace=Unlimited(),
                retries=PROMPT,
            )
            yield Desk(ring=KeyRing(), server=server, client=client, signer=signer)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with opened_desk() as desk:
        yield desk


async def test_what_plaid_signed_now_is_taken_and_its_key_asked_for_once(desk: Desk) -> None:
    await asyncio.gather(*(desk.verify(desk.request()) for _ in range(20)))

    assert desk.server.asked == [desk.signer.kid]


async def test_every_flipped_bit_is_noticed(desk: Desk) -> None:
    token = desk.signer.token(BODY, NOW)
    await desk.verify(incoming(BODY, token, NOW))
    taken = []

    for place in range(len(token)):
        for bit in range(7):
            flipped = token[:place] + chr(ord(token[place]) ^ 1 << bit) + token[place + 1 :]
            try:
                await desk.verify(incoming(BODY, flipped, NOW))
            except (BadSignature, Malformed):
                continue
            except Postponed:  # another key's id: no more of those are asked for now
                continue
            taken.append((place, bit))
    for place in range(len(BODY)):
        for bit in range(8):
            body = bytearray(BODY)
            body[place] ^= 1 << bit
            assert await desk.reason(incoming(bytes(body), token, NOW)) == "body"

    assert taken == []
    assert len(desk.server.asked) <= ASKED_MAX


async def test_time_is_minutes_long_and_hardly_early(desk: Desk) -> None:
    token = desk.signer.token(BODY, NOW)

    await desk.verify(incoming(BODY, token, NOW + timedelta(seconds=299)))
    await desk.verify(incoming(BODY, token, NOW - timedelta(seconds=55)))
    assert await desk.reason(incoming(BODY, token, NOW + timedelta(seconds=301))) == "too-old"
    assert await desk.reason(incoming(BODY, token, NOW - timedelta(seconds=90))) == "too-early"


async def test_no_other_algorithm_is_taken(desk: Desk) -> None:
    for alg in ("none", "HS256", "RS256", "ES384", "es256", None, 256):
        assert await desk.reason(desk.request(header={"alg": alg})) == "algorithm", alg
    assert desk.server.asked == []


async def test_an_id_that_is_none_is_not_asked_for(desk: Desk) -> None:
    for kid in (None, "", 7, "../../item/get", "k" * 65, "a b", ["a"]):
        assert await desk.reason(desk.request(header={"kid": kid})) == "key-unknown", kid
    assert desk.server.asked == []


async def test_claims_must_be_there_and_of_their_kind(desk: Desk) -> None:
    wrong: list[dict[str, Any]] = [
        *({"iat": value} for value in (None, "1790000000", True, 1e300, -1)),
        *({"request_body_sha256": value} for value in (None, "", 7, "A" * 64)),
    ]
    for claims in wrong:
        reason = await desk.reason(desk.request(claims=claims))
        assert reason == "token-unreadable", claims


async def test_what_is_no_token_is_refused(desk: Desk) -> None:
    objects = f"{encoded(b'[]')}.{encoded(b'{}')}."
    for token in ("x", "a.b", "a.b.c.d", "..", objects, "é.é.é", "a" * 3_000):
        assert await desk.reason(incoming(BODY, token, NOW)) == "token-unreadable", token


async def test_a_request_without_a_signature_is_malformed(desk: Desk) -> None:
    with pytest.raises(Malformed):
        await desk.verify(incoming(BODY, None, NOW))


async def test_another_key_under_a_known_id_does_not_sign(desk: Desk) -> None:
    other = Signer(kid=desk.signer.kid)

    assert await desk.reason(incoming(BODY, other.token(BODY, NOW), NOW)) == "signature"


async def test_a_key_that_is_expired_or_of_another_kind_does_not_sign(desk: Desk) -> None:
    others: list[dict[str, Any]] = [
        {"expired_at": 1_700_000_000},
        {"alg": "ES384"},
        {"crv": "P-384"},
        {"kty": "RSA"},
        {"use": "enc"},
        {"kid": "another"},
        {"x": None},
        {"y": "AAAA"},
    ]
    for number, other in enumerate(others):
        signer = Signer(kid=f"odd-{number}")
        desk.server.keys[signer.kid] = signer.jwk(**other)
        request = incoming(BODY, signer.token(BODY, NOW), NOW)
        assert await desk.reason(request) == "key-unknown", other
        assert await desk.reason(request) == "key-unknown", other
    assert len(desk.server.asked) == len(others)


async def test_a_flood_of_unknown_ids_costs_few_requests_and_no_known_key(desk: Desk) -> None:
    await desk.verify(desk.request())
    strangers = [Signer(kid=f"stranger-{number}") for number in range(200)]
    refused = {"key-unknown": 0, "postponed": 0}

    async def flood(signer: Signer) -> None:
        try:
            await desk.verify(incoming(BODY, signer.token(BODY, NOW), NOW))
        except BadSignature as error:
            refused[error.reason] += 1
        except Postponed:
            refused["postponed"] += 1

    await asyncio.gather(*(flood(signer) for signer in strangers))
    await flood(strangers[0])
    await desk.verify(desk.request())

    assert len(desk.server.asked) == ASKED_MAX  # the known key was one of them
    assert refused == {"key-unknown": ASKED_MAX, "postponed": 201 - ASKED_MAX}
    later = NOW + timedelta(minutes=1)
    fresh = Signer(kid="fresh")
    desk.server.keys["fresh"] = fresh.jwk()
    await desk.verify(incoming(BODY, fresh.token(BODY, later), later))


async def test_a_key_that_plaid_revokes_is_noticed_within_a_day(desk: Desk) -> None:
    await desk.verify(desk.request())
    desk.server.keys[desk.signer.kid] = desk.signer.jwk(expired_at=1_790_000_000)

    await desk.verify(desk.request(NOW + timedelta(hours=23)))
    assert len(desk.server.asked) == 1
    assert await desk.reason(desk.request(NOW + timedelta(hours=24))) == "key-unknown"


async def test_a_known_key_outlives_an_outage_of_plaid_but_not_for_ever(desk: Desk) -> None:
    await desk.verify(desk.request())
    desk.server.status = 503

    await desk.verify(desk.request(NOW + timedelta(days=1)))
    await desk.verify(desk.request(NOW + timedelta(days=1, seconds=30)))
    during = len(desk.server.asked)
    with pytest.raises(ProviderError):
        await desk.verify(desk.request(NOW + timedelta(days=4)))
    desk.server.status = None
    await desk.verify(desk.request(NOW + timedelta(days=4, minutes=2)))

    assert during == 1 + PROMPT.attempts  # asked once more, not with every webhook


async def test_an_unknown_key_cannot_be_told_during_an_outage(desk: Desk) -> None:
    desk.server.status = 500

    with pytest.raises(ProviderError):
        await desk.verify(desk.request())


async def test_each_application_has_keys_of_its_own(desk: Desk) -> None:
    async with opened_desk() as other:
        await PLAID.verify(desk.request(), [], desk.client)
        await PLAID.verify(other.request(), [], other.client)
        with pytest.raises(BadSignature):
            await PLAID.verify(desk.request(), [], other.client)


async def test_signatures_of_the_simulated_plaid_are_told_apart(bank: PlaidBank) -> None:
    expected: dict[str, type[Exception] | None] = {
        "right": None,
        "foreign_key": BadSignature,
        "unknown_kid": BadSignature,
        "other_body": BadSignature,
        "old": BadSignature,
        "alg_none": BadSignature,
        "no": Malformed,
    }
    client = bank.client()
    credentials = await bank.link(webhook="http://127.0.0.1:9/nowhere")
    for signature, refusal in expected.items():
        bank.control.send_webhooks(held=True, signature=signature)
        bank.control.fire(credentials.item_id, "NEW_ACCOUNTS_AVAILABLE")
        letter = bank.control.webhooks()[-1]
        request = incoming(letter.body, letter.token, datetime.now(UTC))
        if refusal is None:
            await PLAID.verify(request, [], client)
        else:
            with pytest.raises(refusal):
                await PLAID.verify(request, [], client)
