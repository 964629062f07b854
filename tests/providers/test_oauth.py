"""OAuth as connectors use it, with servers that keep to the RFCs and some that do not."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import BaseModel, SecretStr
from starlette.requests import Request
from starlette.responses import Response as Answer
from starlette.types import Receive, Scope, Send

from core.errors import BadInput
from core.provider_error import Action, ErrorKind, ProviderError
from pipeline.provider_access import open_http
from providers import oauth
from providers.base import LinkAsk, LinkKind
from providers.http import Client
from providers.oauth import ClientAuthentication, OAuthApp, OAuthCredentials, OAuthServer
from sandbox.serving import serving

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
APP = OAuthApp(client_id="client:1", client_secret=SecretStr("s&cret 1%"))
HELD = OAuthCredentials(
    access_token=SecretStr("old-access"),
    refresh_token=SecretStr("old-refresh"),
    expires_at=NOW,
    scopes=("a",),
)
ASK = LinkAsk(
    now=NOW,
    reference="p",
    callback_url="https://app.example/back",
    state="the-state",
)


@dataclass(slots=True)
class Scripted:
    """A token endpoint that answers as it was told, and remembers what it was asked."""

    status: int = 200
    body: bytes = b'{"access_token": "new-access", "token_type": "Bearer", "expires_in": 3600}'
    forms: list[dict[str, str]] = field(default_factory=list)
    authorizations: list[str] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        form = parse_qs((await request.body()).decode())
        self.forms.append({name: values[0] for name, values in form.items()})
        self.authorizations.append(request.headers.get("authorization", ""))
        answer = Answer(self.body, self.status, media_type="application/json")
        await answer(scope, receive, send)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bank:
    """The endpoint, a client of it, and what it is known as."""

    script: Scripted
    client: Client
    server: OAuthServer


class Settings(BaseModel):
    """The application of a connector."""

    url: str


class NoPace:
    """Keeps nobody waiting."""

    async def take(self, endpoint: str) -> None:
        return None


@pytest.fixture
async def bank() -> AsyncIterator[Bank]:
    script = Scripted()
    with serving(script) as url:
        async with open_http() as http:
            server = OAuthServer(
                authorize_url=f"{url}/authorize",
                token_url=f"{url}/token",
                revoke_url=f"{url}/revoke",
                scopes=("accounts", "payments:read"),
                issuer=url,
            )
            client = Client(http, app=Settings(url=url), failures=oauth.failure, pace=NoPace())
            yield Bank(script=script, client=client, server=server)


def changed(server: OAuthServer, **given: Any) -> OAuthServer:
    values = {name: getattr(server, name) for name in OAuthServer.__slots__}
    return OAuthServer(**{**values, **given})


async def completed(bank: Bank, *servers: OAuthServer, **answers: str) -> Any:
    server = servers[0] if servers else bank.server
    step = oauth.begin(server, APP, ASK)
    given = {"code": "the-code", "state": ASK.state, "iss": str(server.issuer), **answers}
    return await oauth.complete(bank.client, server, APP, ASK, kept=step.kept, answers=given)


def test_the_challenge_is_that_of_the_rfc() -> None:
    # RFC 7636, appendix B.
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

    assert oauth.challenge(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_verifiers_are_long_and_never_the_same() -> None:
    server = OAuthServer(authorize_url="https://b.example/a", token_url="", scopes=())
    verifiers = {oauth.begin(server, APP, ASK).kept["verifier"] for _ in range(50)}

    assert len(verifiers) == 50
    assert {len(verifier) >= 43 for verifier in verifiers} == {True}


async def test_the_browser_is_sent_what_it_may_know(bank: Bank) -> None:
    step = oauth.begin(changed(bank.server, extra={"prompt": "consent"}), APP, ASK)
    assert step.url is not None
    asked = {name: values[0] for name, values in parse_qs(urlsplit(step.url).query).items()}

    assert step.kind is LinkKind.REDIRECT
    assert asked == {
        "response_type": "code",
        "client_id": "client:1",
        "redirect_uri": ASK.callback_url,
        "scope": "accounts payments:read",
        "state": ASK.state,
        "prompt": "consent",
        "code_challenge": oauth.challenge(step.kept["verifier"]),
        "code_challenge_method": "S256",
    }
    assert step.kept["verifier"] not in step.url
    assert step.kept["verifier"] not in repr(step)


async def test_a_code_is_exchanged_with_its_proof(bank: Bank) -> None:
    tokens = await completed(bank)

    form = bank.script.forms[0]
    assert {name: form[name] for name in ("grant_type", "code", "redirect_uri")} == {
        "grant_type": "authorization_code",
        "code": "the-code",
        "redirect_uri": ASK.callback_url,
    }
    assert len(form["code_verifier"]) >= 43
    assert tokens.access_token.get_secret_value() == "new-access"
    assert tokens.expires_at == NOW + timedelta(seconds=3600 - 60)
    assert "new-access" not in repr(tokens)


async def test_the_application_proves_itself_as_the_server_wants(bank: Bank) -> None:
    await completed(bank)
    await completed(bank, changed(bank.server, authentication=ClientAuthentication.BODY))

    basic, none = bank.script.authorizations
    # RFC 6749, §2.3.1: both are form-encoded before they are joined.
    assert base64.b64decode(basic.removeprefix("Basic ")) == b"client%3A1:s%26cret%201%25"
    assert "client_secret" not in bank.script.forms[0]
    assert none == ""
    assert bank.script.forms[1]["client_secret"] == "s&cret 1%"


@pytest.mark.parametrize(
    "answers",
    [
        {"iss": "https://evil.example"},
        {"iss": ""},
        {"state": "another"},
        {"state": "\udc80"},
        {"code": ""},
        {"error": "access_denied"},
        {"error": "temporarily_unavailable"},
    ],
    ids=str,
)
async def test_nothing_is_exchanged_for_what_is_not_the_answer(
    bank: Bank, answers: dict[str, str]
) -> None:
    with pytest.raises(BadInput):
        await completed(bank, **answers)

    assert bank.script.forms == []


@pytest.mark.parametrize(
    ("status", "body", "meaning"),
    [
        (400, b'{"error": "invalid_grant"}', (Action.REAUTH, ErrorKind.AUTHENTICATION)),
        (200, b'{"error": "invalid_grant"}', (Action.REAUTH, ErrorKind.AUTHENTICATION)),
        (401, b'{"error": "invalid_client"}', (Action.STOP, ErrorKind.VALIDATION)),
        (400, b'{"error": "invalid_scope"}', (Action.STOP, ErrorKind.VALIDATION)),
        (400, b"<html>", (Action.STOP, ErrorKind.VALIDATION)),
        (503, b"<html>", (Action.RETRY, ErrorKind.NETWORK)),
        (200, b"<html>", (Action.RETRY, ErrorKind.NETWORK)),
        (200, b"[]", (Action.RETRY, ErrorKind.NETWORK)),
        (200, b"{}", (Action.RETRY, ErrorKind.NETWORK)),
        (200, b'{"access_token": ""}', (Action.RETRY, ErrorKind.NETWORK)),
        (200, b'{"access_token": 7}', (Action.RETRY, ErrorKind.NETWORK)),
        (200, b'{"access_token": "a", "refresh_token": 7}', (Action.RETRY, ErrorKind.NETWORK)),
        (200, b"[" * 200_000, (Action.RETRY, ErrorKind.NETWORK)),
    ],
    ids=lambda given: str(given)[:40],
)
async def test_what_a_server_answers_instead_of_tokens(
    bank: Bank, status: int, body: bytes, meaning: tuple[Action, ErrorKind]
) -> None:
    bank.script.status, bank.script.body = status, body

    with pytest.raises(ProviderError) as caught:
        await oauth.renew(bank.client, bank.server, APP, HELD, now=NOW)

    assert (caught.value.action, caught.value.kind) == meaning
    assert len(bank.script.forms) == 1, "a refresh token may be good for one use"
    assert "old-refresh" not in str(caught.value) + repr(caught.value)


async def test_a_server_that_gives_no_new_refresh_token_leaves_the_old_one(bank: Bank) -> None:
    fresh = await oauth.renew(bank.client, bank.server, APP, HELD, now=NOW)

    assert bank.script.forms == [{"grant_type": "refresh_token", "refresh_token": "old-refresh"}]
    assert fresh.access_token.get_secret_value() == "new-access"
    assert fresh.refresh_token == HELD.refresh_token
    assert fresh.scopes == ("a",)


@pytest.mark.parametrize(
    ("lifetime", "ends"),
    [
        (b"3600", NOW + timedelta(seconds=3540)),
        (b'"3600"', NOW + timedelta(seconds=3540)),
        (b"30", NOW),
        (b"-5", NOW),
        (b"null", None),
        (b'"soon"', None),
        (b"99999999999999999999", NOW + timedelta(days=3650) - timedelta(seconds=60)),
    ],
)
async def test_a_token_ends_by_our_clock_with_time_to_spare(
    bank: Bank, lifetime: bytes, ends: datetime | None
) -> None:
    bank.script.body = b'{"access_token": "a", "expires_in": ' + lifetime + b"}"

    fresh = await oauth.renew(bank.client, bank.server, APP, HELD, now=NOW)

    assert fresh.expires_at == ends


async def test_who_has_no_refresh_token_must_link_again(bank: Bank) -> None:
    held = OAuthCredentials(access_token=SecretStr("a"))

    with pytest.raises(ProviderError) as caught:
        await oauth.renew(bank.client, bank.server, APP, held, now=NOW)

    assert caught.value.action is Action.REAUTH
    assert bank.script.forms == []


async def test_the_refresh_token_is_revoked_where_there_is_one(bank: Bank) -> None:
    await oauth.revoke(bank.client, bank.server, APP, HELD)
    await oauth.revoke(
        bank.client, bank.server, APP, OAuthCredentials(access_token=SecretStr("only"))
    )
    await oauth.revoke(bank.client, changed(bank.server, revoke_url=None), APP, HELD)

    assert [form["token"] for form in bank.script.forms] == ["old-refresh", "only"]


async def test_tokens_survive_being_kept() -> None:
    assert OAuthCredentials.from_bytes(HELD.to_bytes()) == HELD
