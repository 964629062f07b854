"""Rules of links: where people come back to, what they may bring, and what names them."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

from resolvers.context import Context
from resolvers.refusing import invalid

URL_MAX: Final = 2_000
ANSWERS_MAX: Final = 20
ANSWER_CHARACTERS_MAX: Final = 10_000


def callback_of(context: Context, provider: str, given: str | None) -> str:
    """Where the person comes back to: a page of ours, or one of an origin that the operator set."""
    services = context.services
    if given is None:
        return f"{services.public_url}/oauth/callback/{provider}"
    parts = urlsplit(given)
    origin = f"{parts.scheme}://{parts.netloc}"
    is_loopback = services.development and parts.hostname in ("127.0.0.1", "localhost", "::1")
    if len(given) > URL_MAX or not (is_loopback or origin in services.app_origins):
        raise invalid(
            "Give a page of an origin in BANKFEEDS_ALLOWED_ORIGINS, or none.", "callbackUrl"
        )
    return given


def check_answers(answers: Mapping[str, str]) -> None:
    if len(answers) > ANSWERS_MAX or any(
        len(value) > ANSWER_CHARACTERS_MAX for value in answers.values()
    ):
        raise invalid("That is more than a provider answers.", "answers")


def reference_of(context: Context) -> str:
    """Names the person to the provider: opaque, and the same for each of their links."""
    return sha256(f"{context.tenant} {context.user_id}".encode()).hexdigest()[:32]


def hash_of(state: str) -> bytes:
    return sha256(state.encode(errors="surrogatepass")).digest()
