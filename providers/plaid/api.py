"""Requests to Plaid: JSON by POST, with the application's keys in headers."""

from __future__ import annotations

from typing import Any, Final

from core.provider_error import ProviderError
from providers.http import Client, Response, unreadable
from providers.plaid.settings import PlaidApp, PlaidCredentials

VERSION: Final = "2020-09-14"


async def ask(client: Client, path: str, body: dict[str, Any], *, once: bool = False) -> Response:
    """One request; `once` where a second one would not do the same. Raises ProviderError."""
    app: PlaidApp = client.app
    return await client.post(
        path,
        json=body,
        headers={
            "PLAID-CLIENT-ID": app.client_id,
            "PLAID-SECRET": app.secret.get_secret_value(),
            "Plaid-Version": VERSION,
        },
        may_repeat=not once,
    )


async def ask_item(
    client: Client,
    credentials: PlaidCredentials,
    path: str,
    *,
    once: bool = False,
    **body: Any,
) -> Response:
    """One request about an Item. Raises ProviderError."""
    token = credentials.access_token.get_secret_value()
    return await ask(client, path, {"access_token": token, **body}, once=once)


def told(response: Response, *lists: str) -> dict[str, Any]:
    """The answer's object. Raises ProviderError where it is none, or lacks one of these lists."""
    value = response.json()
    if not isinstance(value, dict):
        raise unreadable()
    if not all(isinstance(value.get(name), list) for name in lists):
        raise unreadable()
    return value


def demanded(answer: dict[str, Any], name: str) -> str:
    """A text that the answer must have. Raises ProviderError where it has not."""
    value = answer.get(name)
    if not isinstance(value, str) or not value:
        raise unreadable()
    return value


def is_code(error: ProviderError, *codes: str) -> bool:
    """Whether Plaid refused with one of these codes of its own."""
    return error.code in {code.lower().replace("_", "-") for code in codes}
