"""The simulated providers there are: a literal; each with the settings that lead a client to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from starlette.types import ASGIApp

from sandbox import plaid, quiltt

SEED: Final = 1
MOVES_EVERY_S: Final = 30  # new transactions, so that somebody who watches sees data move


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """A simulated provider. `settings` are of the operator's application, by field; the secret
    that both sides know is chosen by whoever starts it."""

    slug: str
    name: str
    make: Callable[[str], ASGIApp]
    settings: Callable[[str, str], Mapping[str, str]]  # of the URL and the secret
    webhook_field: str | None = None  # of the settings: where new links have events sent


def _now() -> datetime:
    return datetime.now(UTC)


def _plaid(secret: str) -> ASGIApp:
    return plaid.create_app(
        seed=SEED, client_id="sandbox", secret=secret, now=_now, moves_every_s=MOVES_EVERY_S
    )


def _quiltt(secret: str) -> ASGIApp:
    return quiltt.create_app(
        api_key=secret, webhook_secret=secret, now=_now, moves_every_s=MOVES_EVERY_S
    )


SANDBOXES: Final = (
    Sandbox(
        slug="plaid",
        name="Plaid",
        make=_plaid,
        settings=lambda url, secret: {
            "url": url,
            "client_id": "sandbox",
            "secret": secret,
            "hosted": "true",
        },
        webhook_field="webhook_url",
    ),
    Sandbox(
        slug="quiltt",
        name="Quiltt",
        make=_quiltt,
        settings=lambda url, secret: {
            "url": url,
            "auth_url": url,
            "api_key": secret,
            "connector_id": "sandbox",
            "page_url": f"{url}/connector/sandbox",
            "environment": "sandbox",
        },
    ),
)


def by_slug(slug: str) -> Sandbox:
    """The sandbox of a provider. Raises KeyError with the names that there are."""
    for sandbox in SANDBOXES:
        if sandbox.slug == slug:
            return sandbox
    raise KeyError(f"no sandbox {slug!r}; there are: {', '.join(one.slug for one in SANDBOXES)}")
