"""Signing secrets of endpoints: which one a provider's way of signing leaves to whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from core.errors import BadInput
from core.webhook_secrets import SECRET_CHARACTERS_MAX, new_secret
from providers.webhooks import Receiver, SecretOrigin


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """`shown` once, where we made it; `kept` sealed. None: the provider makes it, or none."""

    shown: str | None = field(default=None, repr=False)
    kept: str | None = field(default=None, repr=False)


NONE: Final = Secret()


def secret_for(receiver: Receiver, given: str | None, *, is_new: bool) -> Secret:
    """The secret of a new endpoint, or the next one of an old. Raises BadInput.

    A new endpoint whose provider makes the secret may have none yet: its address comes first.
    """
    origin = receiver.secret_origin
    if given is not None and origin is not SecretOrigin.PROVIDER:
        raise BadInput("The secret is not yours to choose with this provider.")
    if origin is SecretOrigin.OURS:
        made = new_secret()
        return Secret(shown=made, kept=made)
    if origin is SecretOrigin.NONE:
        if not is_new:
            raise BadInput("This provider signs with a key of its own: there is no secret.")
        return NONE
    if given is None:
        if not is_new:
            raise BadInput("Give the secret that the provider shows.")
        return NONE
    kept = given.strip()  # as people copy it
    if not 1 <= len(kept) <= SECRET_CHARACTERS_MAX:
        raise BadInput(f"A secret has 1 to {SECRET_CHARACTERS_MAX} characters.")
    return Secret(kept=kept)
