"""Failures: what an exception means for a job, and whether trying again can help."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from core import backoff
from core.errors import KeysUnavailable, SealBroken, StorageUnavailable, UnknownKey, Unreadable
from core.jobs import RETRY_DELAYS, retry_delay
from core.provider_error import Action, ErrorKind, ProviderError
from db.blobs import BlobMissing
from db.failures import DatabaseUnavailable, TimedOut


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """How a run ended early: what to tell, and whether trying again can help."""

    code: str
    message: str
    retry: bool
    line: int | None = None
    provider: ProviderError | None = None  # what it was, where a provider failed

    def delay(self, attempts: int) -> timedelta:
        """How long to wait before the next try."""
        if self.provider is None:
            return retry_delay(attempts)
        stated = self.provider.retry_after or timedelta(0)
        return max(backoff.delay(RETRY_DELAYS, attempts), stated)


EXHAUSTED: Final = Failure(
    code="attempts-exhausted",
    message="Workers ended again and again while they had the job. Look into their logs, retry.",
    retry=True,
)


# What is no fault of the document or of a statement. The first class that matches decides.
_AROUND: Final[tuple[tuple[tuple[type[Exception], ...], Failure], ...]] = (
    (
        (BlobMissing,),
        Failure(
            code="document-missing",
            message="The storage does not have the file. Restore it there and retry, or "
            "upload the file again.",
            retry=True,
        ),
    ),
    (
        (StorageUnavailable, OSError),
        Failure(code="storage-unavailable", message="The storage did not answer.", retry=True),
    ),
    (
        (KeysUnavailable,),
        Failure(
            code="keys-unavailable",
            message="The service that holds the keys did not answer, or denied their use.",
            retry=True,
        ),
    ),
    (
        (UnknownKey,),
        Failure(
            code="key-unknown",
            message="The key that sealed this is not configured, or is disabled or deleted.",
            retry=True,
        ),
    ),
    (
        (SealBroken,),
        Failure(
            code="seal-broken",
            message="The stored bytes do not open: they were changed, or the key was.",
            retry=False,
        ),
    ),
)


def failure_of(error: BaseException) -> Failure:
    """What an exception means for the job. Texts of unknown exceptions may hold data: none is."""
    match error:
        case Unreadable():
            return Failure(code=error.code, message=error.message, retry=False, line=error.line)
        case DatabaseUnavailable() | TimedOut():
            return Failure(code="database-unavailable", message=str(error), retry=True)
    for kinds, failure in _AROUND:
        if isinstance(error, kinds):
            return failure
    return Failure(code="internal", message="An internal error; see the log.", retry=True)


def provider_failure(error: ProviderError) -> Failure:
    """What a provider's error means for the job."""
    return Failure(
        code=error.code,
        message=error.message,
        retry=error.action is Action.RETRY,
        provider=error,
    )


def of_provider(failure: Failure) -> ProviderError:
    """The failure of a sync in a provider's words, also where it was ours."""
    if failure.provider is not None:
        return failure.provider
    return ProviderError(
        action=Action.RETRY if failure.retry else Action.STOP,
        kind=ErrorKind.VALIDATION,
        code=failure.code,
        message=failure.message,
        next_step="Report it to the operator, or try again later.",
    )
