"""Rules of links: what people may bring back, and what names them."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from resolvers.context import Context
from resolvers.refusing import invalid

ANSWERS_MAX: Final = 20
ANSWER_CHARACTERS_MAX: Final = 10_000


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
