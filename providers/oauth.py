"""OAuth 2.0: the authorization code grant as connectors use it (RFC 6749, 7636, 7009, 9207, 9700).

State, its binding to the person and its single use are the links' (`resolvers.links`). Here are the
URL that a person is sent to, the exchange of the code, and the renewal and end of tokens.
"""

from __future__ import annotations

import hmac
import secrets
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final
from urllib.parse import quote, urlencode

from pydantic import SecretStr

from core.errors import BadInput
from core.provider_error import Action, ErrorKind, ProviderError
from providers.base import LinkAsk, LinkKind, LinkStep
from providers.credentials import Credentials
from providers.http import Client, Response, unreadable

VERIFIER_BYTES: Final = 32
SAFETY: Final = timedelta(seconds=60)  # a token's end by our clock is that much sooner
LIFETIME_MAX: Final = timedelta(days=3650)
_VERIFIER: Final = "verifier"


class ClientAuthentication(StrEnum):
    """How the application proves itself at the token endpoint (RFC 6749, §2.3.1)."""

    BASIC = "basic"
    BODY = "body"


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthServer:
    """An authorization server as one provider runs it."""

    authorize_url: str
    token_url: str
    scopes: tuple[str, ...]
    revoke_url: str | None = None
    issuer: str | None = None  # set where the server tells it in the callback (RFC 9207)
    authentication: ClientAuthentication = ClientAuthentication.BASIC
    has_pkce: bool = True  # off where a provider answers it with an error
    extra: Mapping[str, str] = field(default_factory=dict)  # to be sent to the authorize URL


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthApp:
    """The operator's application at the server."""

    client_id: str
    client_secret: SecretStr


class OAuthCredentials(Credentials):
    """Tokens of one grant. `expires_at` is by our clock, with a minute to spare."""

    access_token: SecretStr
    refresh_token: SecretStr | None = None
    expires_at: datetime | None = None
    scopes: tuple[str, ...] = ()


def begin(server: OAuthServer, app: OAuthApp, ask: LinkAsk) -> LinkStep:
    """Sends the person to the provider's page; the verifier is kept until they come back."""
    verifier = secrets.token_urlsafe(VERIFIER_BYTES)
    question = {
        "response_type": "code",
        "client_id": app.client_id,
        "redirect_uri": ask.callback_url,
        "scope": " ".join(server.scopes),
        "state": ask.state,
        **server.extra,
    }
    if server.has_pkce:
        question |= {"code_challenge": challenge(verifier), "code_challenge_method": "S256"}
    return LinkStep(
        kind=LinkKind.REDIRECT,
        url=f"{server.authorize_url}?{urlencode(question)}",
        kept={_VERIFIER: verifier},
    )


async def complete(
    client: Client,
    server: OAuthServer,
    app: OAuthApp,
    ask: LinkAsk,
    *,
    kept: Mapping[str, str],
    answers: Mapping[str, str],
) -> OAuthCredentials:
    """The tokens for the code that the person came back with.

    Raises BadInput where they came back without one, or from another issuer; ProviderError.
    """
    if "error" in answers:
        if answers["error"] == "access_denied":
            raise BadInput("The person did not agree. Begin again where that was a mistake.")
        raise BadInput("The provider ended the link. Begin again.")
    if not answers.get("code"):
        raise BadInput("The code is missing: give all that came back from the provider.")
    if server.issuer is not None and answers.get("iss") != server.issuer:
        raise BadInput("The answer is not from this provider. Begin again.")
    returned = answers.get("state", ask.state)
    if not hmac.compare_digest(returned.encode(errors="replace"), ask.state.encode()):
        raise BadInput("The answer belongs to another link. Begin again.")
    form = {
        "grant_type": "authorization_code",
        "code": answers["code"],
        "redirect_uri": ask.callback_url,
    }
    if server.has_pkce:
        form["code_verifier"] = kept[_VERIFIER]
    response = await _ask(client, server.token_url, server, app, form)
    return _tokens(response, now=ask.now, before=None)


async def renew(
    client: Client, server: OAuthServer, app: OAuthApp, held: OAuthCredentials, *, now: datetime
) -> OAuthCredentials:
    """Fresh tokens. The old refresh token stays where the server gives no new one.

    Raises ProviderError: with REAUTH where the grant is gone. Never tried twice: a refresh token
    may be good for one use only.
    """
    if held.refresh_token is None:
        raise gone()
    form = {
        "grant_type": "refresh_token",
        "refresh_token": held.refresh_token.get_secret_value(),
    }
    response = await _ask(client, server.token_url, server, app, form)
    return _tokens(response, now=now, before=held)


async def revoke(
    client: Client, server: OAuthServer, app: OAuthApp, held: OAuthCredentials
) -> None:
    """Ends the grant (RFC 7009); nothing where the server has no such endpoint."""
    if server.revoke_url is None:
        return
    token = held.refresh_token or held.access_token
    await _ask(client, server.revoke_url, server, app, {"token": token.get_secret_value()})


def challenge(verifier: str) -> str:
    """The S256 challenge of a verifier (RFC 7636, §4.2)."""
    return urlsafe_b64encode(sha256(verifier.encode("ascii")).digest()).rstrip(b"=").decode()


def failure(response: Response) -> ProviderError | None:
    """What an error of the token endpoint means (RFC 6749, §5.2), also with status 200."""
    try:
        said = response.json()
    except ProviderError:
        return None
    code = said.get("error") if isinstance(said, dict) else None
    if code == "invalid_grant":
        return gone()
    if code in ("invalid_client", "unauthorized_client", "invalid_request", "invalid_scope"):
        return ProviderError(
            action=Action.STOP,
            kind=ErrorKind.VALIDATION,
            code="application-refused",
            message="The provider refuses the operator's application.",
            next_step="Report it to the operator.",
        )
    return None


def gone() -> ProviderError:
    """The grant is used up, revoked or over."""
    return ProviderError(
        action=Action.REAUTH,
        kind=ErrorKind.AUTHENTICATION,
        code="grant-gone",
        message="The consent is over or was taken back.",
        next_step="Connect the account again.",
    )


async def _ask(
    client: Client, url: str, server: OAuthServer, app: OAuthApp, form: Mapping[str, str]
) -> Response:
    secret = app.client_secret.get_secret_value()
    headers = {"Accept": "application/json"}
    if server.authentication is ClientAuthentication.BASIC:
        pair = f"{quote(app.client_id, safe='')}:{quote(secret, safe='')}"
        headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
    else:
        form = {**form, "client_id": app.client_id, "client_secret": secret}
    return await client.post(url, form=form, headers=headers, endpoint="oauth")


def _tokens(
    response: Response, *, now: datetime, before: OAuthCredentials | None
) -> OAuthCredentials:
    """The tokens of an answer, whose shape is looked at before anything is kept."""
    said = response.json()
    if not isinstance(said, dict):
        raise unreadable()
    error = failure(response)
    if error is not None:
        raise error
    access, refresh = said.get("access_token"), said.get("refresh_token")
    if not (isinstance(access, str) and access) or not isinstance(refresh, str | None):
        raise unreadable()
    scope = said.get("scope")
    kept = None if before is None else before.refresh_token
    return OAuthCredentials(
        access_token=SecretStr(access),
        refresh_token=SecretStr(refresh) if refresh else kept,
        expires_at=_end(said.get("expires_in"), now),
        scopes=tuple(scope.split()) if isinstance(scope, str) else _scopes(before),
    )


def _scopes(before: OAuthCredentials | None) -> tuple[str, ...]:
    return () if before is None else before.scopes


def _end(lifetime: Any, now: datetime) -> datetime | None:
    """When a token ends; some servers write the seconds as text."""
    try:
        seconds = int(str(lifetime))
    except ValueError:
        return None
    most = int(LIFETIME_MAX.total_seconds())
    return now + max(timedelta(seconds=max(min(seconds, most), 0)) - SAFETY, timedelta(0))
