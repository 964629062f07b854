"""What Postgres refuses, in our words: nothing of asyncpg leaves this package."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Final

import asyncpg

from core.errors import BankfeedsError, Conflict, Forbidden
from db.readers import NotEntered


class DatabaseUnavailable(BankfeedsError):
    """The database cannot be reached or is restarting; the same call may succeed later."""


class Invalid(BankfeedsError):
    """A value breaks a rule of the database; `constraint` names the rule, for us and for logs."""

    def __init__(self, constraint: str) -> None:
        super().__init__(f"the value breaks {constraint}")
        self.constraint = constraint


class TimedOut(BankfeedsError):
    """The statement took longer than it may."""


_GONE = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the server died while the connection was in use
    asyncpg.PostgresConnectionError,
    asyncpg.exceptions.OperatorInterventionError,
    asyncpg.exceptions.InsufficientResourcesError,
    asyncpg.exceptions.CannotConnectNowError,
    asyncpg.exceptions.ObjectNotInPrerequisiteStateError,  # not accepting connections
    asyncpg.exceptions.InvalidCatalogNameError,
    asyncpg.exceptions.InvalidAuthorizationSpecificationError,
    NotEntered,
)


class _Translation:
    """Raises our errors for Postgres' own. One serves all: it holds nothing, and is entered at each
    statement."""

    __slots__ = ()

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        translate(error)


_TRANSLATION: Final = _Translation()


def translated() -> AbstractContextManager[None]:
    """Raises our errors for Postgres' own. Texts of the database may hold values: none is kept."""
    return _TRANSLATION


def translate(error: BaseException | None) -> None:
    """Raises ours for one of Postgres'; does nothing for others."""
    match error:
        case None:
            return
        case asyncpg.exceptions.QueryCanceledError():
            raise TimedOut("the database took too long") from error
        case asyncpg.UniqueViolationError() | asyncpg.exceptions.ExclusionViolationError():
            raise Conflict(error.constraint_name or "already there") from None
        case asyncpg.ForeignKeyViolationError():
            # Whether the other row is missing or another tenant's must look the same.
            raise Forbidden("not found") from None
        case asyncpg.exceptions.IntegrityConstraintViolationError():
            raise Invalid(error.constraint_name or error.column_name or "a constraint") from None
        case asyncpg.exceptions.DataError():
            raise Invalid(f"a data type ({error.sqlstate})") from None
        case asyncpg.exceptions.ProgramLimitExceededError():
            raise Invalid("a limit") from error
        case asyncpg.InsufficientPrivilegeError():
            raise Forbidden("not found") from error
        case asyncpg.exceptions.TransactionRollbackError():
            raise DatabaseUnavailable("the transaction must be tried again") from error
        case asyncpg.exceptions.InFailedSQLTransactionError():
            raise DatabaseUnavailable("an earlier statement of the transaction failed") from error
        case _ if isinstance(error, _GONE):
            raise DatabaseUnavailable("the database cannot be reached") from error
