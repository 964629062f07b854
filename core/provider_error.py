"""What a provider's failure means: errors are data, and say what is to be done."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Final

from core.errors import BankfeedsError


class Action(StrEnum):
    """What an error asks of the engine."""

    RETRY = "retry"  # it may pass by itself: later, perhaps after a stated delay
    REAUTH = "reauth"  # consent or credentials are gone: a person must connect again
    STOP = "stop"  # trying again changes nothing


class ErrorKind(StrEnum):
    """The kinds of errors that people and programs tell apart."""

    AUTHENTICATION = "authentication"
    NETWORK = "network"
    RATE_LIMIT = "rate_limit"
    VALIDATION = "validation"
    BUSINESS = "business"


PROVIDER_FAILED: Final = "provider-failed"  # it answered that it failed at this question

_OPERATORS: Final = frozenset({"provider-not-offered", "application-refused"})


class ProviderError(BankfeedsError):
    """A provider failed, refused, or said what cannot be read.

    `code` is stable (kebab-case), `message` and `next_step` are sentences of ours for a person.
    Nothing of the answer's body and no credential is ever in it.
    """

    def __init__(
        self,
        *,
        action: Action,
        kind: ErrorKind,
        code: str,
        message: str,
        next_step: str,
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(message)
        self.action = action
        self.kind = kind
        self.code = code
        self.message = message
        self.next_step = next_step
        self.retry_after = retry_after

    @property
    def is_operators(self) -> bool:
        """Whether it is the operator who can put it right, and nobody connected can."""
        return self.kind is ErrorKind.VALIDATION or self.code in _OPERATORS

    @property
    def is_outage(self) -> bool:
        """Whether the provider may be away for all. One that answers that it failed at a question
        may have failed at this alone: no tenant may close it to the others."""
        return self.kind is ErrorKind.NETWORK and self.code != PROVIDER_FAILED

    def after(self, retry_after: timedelta | None) -> ProviderError:
        """The same error with the delay that the provider stated, or with its own."""
        return ProviderError(
            action=self.action,
            kind=self.kind,
            code=self.code,
            message=self.message,
            next_step=self.next_step,
            retry_after=self.retry_after if retry_after is None else retry_after,
        )


class Postponed(BankfeedsError):
    """A rate limit has no room for so long that the work should make room for other work."""

    def __init__(self, delay: timedelta) -> None:
        super().__init__(f"no room for {delay}")
        self.delay = delay
