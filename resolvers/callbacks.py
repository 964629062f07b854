"""Callbacks: the page that a person comes back to from a provider."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from resolvers.context import Services
from resolvers.refusing import invalid

URL_MAX: Final = 2_000
PATH: Final = "/oauth/callback"
LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")


def callback_page(services: Services, provider: str, given: str | None) -> str:
    """A page of ours, or the one that is given, which must be of an origin that the operator set.

    Raises Refusal.
    """
    if given is None:
        return f"{services.public_url}{PATH}/{provider}"
    parts = urlsplit(given)
    origin = f"{parts.scheme}://{parts.netloc}"
    is_loopback = services.development and parts.hostname in LOOPBACK
    if len(given) > URL_MAX or not (is_loopback or origin in services.app_origins):
        raise invalid(
            "Give a page of an origin in BANKFEEDS_ALLOWED_ORIGINS, or none.", "callbackUrl"
        )
    return given
