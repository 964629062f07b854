"""What can go wrong, as small classes: the docstring is the meaning, the data says where."""

from __future__ import annotations


class BankfeedsError(Exception):
    """Base of every error that this project raises on purpose."""


class Unreadable(BankfeedsError):
    """The whole document cannot be read; `code` is stable, `message` names place and remedy."""

    def __init__(self, code: str, message: str, *, line: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.line = line


class InvalidMoney(BankfeedsError):
    """The text is no amount that can be stored exactly."""


class InvalidCursor(BankfeedsError):
    """The cursor was not made by this list."""


class Forbidden(BankfeedsError):
    """The caller's role does not allow this, or the thing does not exist for the caller."""


class Conflict(BankfeedsError):
    """Something else changed first, or already exists."""


class LeaseLost(BankfeedsError):
    """Another worker owns the job now; whatever this one still holds must be dropped."""


class SealBroken(BankfeedsError):
    """Sealed bytes do not open: wrong key, wrong place, or changed bytes."""


class UnknownKey(BankfeedsError):
    """The key-encryption key that sealed this is not configured, or is disabled or deleted."""


class KeysUnavailable(BankfeedsError):
    """The service that holds the key-encryption keys did not answer; try again later."""


class KeysRefused(KeysUnavailable):
    """The service that holds the key-encryption keys denies us their use, until that is allowed."""


class StorageUnavailable(BankfeedsError):
    """Blob storage did not answer, or does not have the object."""


class BadInput(BankfeedsError):
    """An argument is outside of what it may be; the message names it and what it may be."""
