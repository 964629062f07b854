"""Plaid Link, the server's side: a token for the widget, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from pydantic import SecretStr

from core.errors import BadInput
from core.provider_error import ProviderError
from providers.base import LinkAsk, Linked, LinkKind, LinkStep
from providers.http import Client
from providers.plaid.api import ask, ask_item, demanded, told
from providers.plaid.errors import of_error
from providers.plaid.reading import DAYS
from providers.plaid.settings import PlaidApp, PlaidCredentials

LINK_TOKEN: Final = "link_token"  # noqa: S105 - a name
PUBLIC_TOKEN: Final = "public_token"  # noqa: S105 - a name


async def begin(client: Client, wanted: LinkAsk) -> LinkStep:
    """A link token. For a connection that is linked again the widget repairs its Item."""
    app: PlaidApp = client.app
    body: dict[str, Any] = {
        "client_name": app.client_name,
        "language": app.language,
        "country_codes": list(app.countries),
        "user": {"client_user_id": wanted.reference},
        "transactions": {"days_requested": DAYS},
    }
    if app.webhook_url is not None:
        body["webhook"] = app.webhook_url
    if app.redirect_url is not None:
        body["redirect_uri"] = app.redirect_url
    if app.hosted:
        body["hosted_link"] = {"completion_redirect_uri": wanted.callback_url}
    credentials: PlaidCredentials | None = wanted.credentials
    if credentials is None:
        body["products"] = ["transactions"]
        if app.investments:
            # Consented to now, billed when first asked for, and no condition of the link.
            body["additional_consented_products"] = ["investments"]
    else:
        body["access_token"] = credentials.access_token.get_secret_value()
        body["update"] = {"account_selection_enabled": wanted.select_accounts}
    answer = told(await ask(client, "/link/token/create", body))
    token = demanded(answer, LINK_TOKEN)
    return LinkStep(
        kind=LinkKind.TOKEN,
        url=demanded(answer, "hosted_link_url") if app.hosted else None,
        token=token,
        expires_at=_instant(answer.get("expiration")),
        kept={LINK_TOKEN: token},
    )


async def complete(
    client: Client, wanted: LinkAsk, kept: Mapping[str, str], answers: Mapping[str, str]
) -> Linked:
    """The Item. One that was repaired keeps its access token, and nothing is exchanged."""
    credentials: PlaidCredentials | None = wanted.credentials
    if credentials is not None:
        answer = told(await ask_item(client, credentials, "/item/get"))
        error = of_error(_item(answer).get("error"))
        if error is not None:
            raise error
        return await _linked(client, wanted, credentials, answer)
    public_token = answers.get(PUBLIC_TOKEN) or await _public_token(client, kept)
    exchanged = told(
        await ask(client, "/item/public_token/exchange", {PUBLIC_TOKEN: public_token}, once=True)
    )
    credentials = PlaidCredentials(
        access_token=SecretStr(demanded(exchanged, "access_token")),
        item_id=demanded(exchanged, "item_id"),
    )
    try:
        answer = told(await ask_item(client, credentials, "/item/get"))
    except ProviderError:
        answer = {}  # the token was exchanged, which cannot be done again: keep it by all means
    return await _linked(client, wanted, credentials, answer)


async def test(client: Client, credentials: PlaidCredentials) -> None:
    """Raises ProviderError where the Item does not work."""
    answer = told(await ask_item(client, credentials, "/item/get"))
    error = of_error(_item(answer).get("error"))
    if error is not None:
        raise error


async def _public_token(client: Client, kept: Mapping[str, str]) -> str:
    """What the widget got, asked of Plaid. Raises BadInput where nobody has finished it."""
    link_token = kept.get(LINK_TOKEN)
    if link_token is None:
        raise BadInput(f"{PUBLIC_TOKEN}: give what Plaid Link answered")
    answer = told(await ask(client, "/link/token/get", {LINK_TOKEN: link_token}))
    for session in reversed(_objects(answer.get("link_sessions"))):
        results = session.get("results")
        added = results.get("item_add_results") if isinstance(results, dict) else None
        for result in _objects(added):
            return demanded(result, PUBLIC_TOKEN)
    raise BadInput(f"{PUBLIC_TOKEN}: Plaid Link was not finished; give what it answered")


def _objects(said: Any) -> list[dict[str, Any]]:
    return [one for one in said if isinstance(one, dict)] if isinstance(said, list) else []


async def _linked(
    client: Client, wanted: LinkAsk, credentials: PlaidCredentials, answer: Mapping[str, Any]
) -> Linked:
    item = _item(answer)
    institution_id = item.get("institution_id")
    name = item.get("institution_name")
    if not isinstance(institution_id, str):
        institution_id = None
    if not isinstance(name, str) and institution_id is not None:
        name = await _institution_name(client, wanted, institution_id)
    return Linked(
        credentials=credentials,
        external_id=credentials.item_id,
        institution_id=institution_id,
        institution_name=name if isinstance(name, str) else None,
        expires_at=_instant(item.get("consent_expiration_time")),
    )


async def _institution_name(client: Client, wanted: LinkAsk, institution_id: str) -> str | None:
    """What the bank is called; None where Plaid does not say: a name is no reason to fail."""
    app: PlaidApp = client.app
    body = {
        "institution_id": institution_id,
        "country_codes": list(app.countries),
    }
    try:
        answer = told(await ask(client, "/institutions/get_by_id", body))
    except ProviderError:
        return None
    institution = answer.get("institution")
    name = institution.get("name") if isinstance(institution, dict) else None
    return name if isinstance(name, str) else None


def _item(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    item = answer.get("item")
    return item if isinstance(item, dict) else {}


def _instant(value: Any) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    return at if at.tzinfo is not None else None
