"""Rules of links: what people may bring back, and what names them."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Final
from uuid import UUID

from core.errors import BadInput
from core.provider_error import Action, Postponed, ProviderError
from resolvers.refusing import Refusal, conflict, invalid

ANSWERS_MAX: Final = 20
ANSWER_CHARACTERS_MAX: Final = 10_000


def check_answers(answers: Mapping[str, str]) -> None:
    if len(answers) > ANSWERS_MAX or any(
        len(value) > ANSWER_CHARACTERS_MAX for value in answers.values()
    ):
        raise invalid("That is more than a provider answers.", "answers")


def reference_of(tenant_id: UUID, linker_id: UUID) -> str:
    """Names a person or persona to the provider: opaque, and the same for each of their links."""
    return sha256(f"{tenant_id} {linker_id}".encode()).hexdigest()[:32]


def unlinked(error: ProviderError | Postponed | BadInput) -> Refusal:
    """Why a provider did not link, in the words of its error."""
    if isinstance(error, BadInput):
        return invalid(str(error), "answers")
    if isinstance(error, Postponed):
        return conflict("The provider's limit is reached. Try again later.", "provider")
    # Nobody tries a link again but the person who is asked to.
    step = "Try again in a moment." if error.action is Action.RETRY else error.next_step
    return conflict(f"{error.message} {step}", "provider")


def hash_of(state: str) -> bytes:
    return sha256(state.encode(errors="surrogatepass")).digest()
