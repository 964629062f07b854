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
    if len(given) > URL_MAX or not _is_ours(services, given):
        raise invalid(
            "Give a page of an origin in BANKFEEDS_ALLOWED_ORIGINS, or none.", "callbackUrl"
        )
    return given


def _is_ours(services: Services, url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if parts.scheme not in ("http", "https"):
        return False
    is_loopback = services.development and parts.hostname in LOOPBACK
    return is_loopback or f"{parts.scheme}://{parts.netloc}" in services.app_origins
