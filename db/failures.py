"""What Postgres refuses, in our words: nothing of asyncpg leaves this package."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

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


@contextmanager
def translated() -> Iterator[None]:
    """Raises our errors for Postgres' own. Texts of the database may hold values: none is kept."""
    try:
        yield
    except asyncpg.exceptions.QueryCanceledError as error:
        raise TimedOut("the database took too long") from error
    except (asyncpg.UniqueViolationError, asyncpg.exceptions.ExclusionViolationError) as error:
        raise Conflict(error.constraint_name or "already there") from None
    except asyncpg.ForeignKeyViolationError:
        # Whether the other row is missing or another tenant's must look the same.
        raise Forbidden("not found") from None
    except asyncpg.exceptions.IntegrityConstraintViolationError as error:
        raise Invalid(error.constraint_name or error.column_name or "a constraint") from None
    except asyncpg.exceptions.DataError as error:
        raise Invalid(f"a data type ({error.sqlstate})") from None
    except asyncpg.exceptions.ProgramLimitExceededError as error:
        raise Invalid("a limit") from error
    except asyncpg.InsufficientPrivilegeError as error:
        raise Forbidden("not found") from error
    except asyncpg.exceptions.TransactionRollbackError as error:
        raise DatabaseUnavailable("the transaction must be tried again") from error
    except asyncpg.exceptions.InFailedSQLTransactionError as error:
        raise DatabaseUnavailable("an earlier statement of the transaction failed") from error
    except _GONE as error:
        raise DatabaseUnavailable("the database cannot be reached") from error
