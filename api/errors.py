"""What clients are told when something goes wrong: a code, a sentence, and the request's id.

Expected errors keep their words. Everything else is INTERNAL: it is logged with its place in the
code, and the client gets the id to quote.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final

from graphql import GraphQLError

from core.errors import (
    BadInput,
    BankfeedsError,
    Conflict,
    Forbidden,
    InvalidCursor,
    InvalidMoney,
    KeysUnavailable,
    StorageUnavailable,
    Unreadable,
)
from db.failures import DatabaseUnavailable, Invalid, TimedOut

_log = logging.getLogger(__name__)

MESSAGE_CHARACTERS_MAX: Final = 500
# What was found where a text, an id or an object should stand may be a password in a wrong place;
# clients write messages to their logs.
_VALUE: Final = re.compile(
    r"[,;.]? [Ff]ound: .*|(?<=String cannot represent a non string value): .*"
    r"|(?<=ID cannot represent value): .*|(?<=non-string and non-integer value): .*",
    re.DOTALL,
)
TRY_AGAIN: Final = "a part of this service is away; try again"
NOT_KEPT: Final = "a value is not one that can be kept"
TOOK_TOO_LONG: Final = "the operation took too long; ask for less"

# The first class that matches decides. None: the error's own words are meant for the caller.
_KNOWN: Final[tuple[tuple[type[Exception], str, str | None], ...]] = (
    (BadInput, "BAD_INPUT", None),
    (InvalidCursor, "BAD_INPUT", None),
    (InvalidMoney, "BAD_INPUT", None),
    (Unreadable, "BAD_INPUT", None),
    (Invalid, "BAD_INPUT", NOT_KEPT),
    (Conflict, "CONFLICT", "something else changed first, or is there already"),
    (Forbidden, "FORBIDDEN", None),
    (DatabaseUnavailable, "UNAVAILABLE", TRY_AGAIN),
    (StorageUnavailable, "UNAVAILABLE", TRY_AGAIN),
    (KeysUnavailable, "UNAVAILABLE", TRY_AGAIN),
    (TimedOut, "TIMEOUT", TOOK_TOO_LONG),
    (TimeoutError, "TIMEOUT", TOOK_TOO_LONG),
)


class Problem(BankfeedsError):
    """A request that cannot be served, as HTTP tells it and as GraphQL does."""

    def __init__(
        self,
        status: HTTPStatus,
        code: str,
        message: str,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers

    def body(self, request_id: str) -> dict[str, Any]:
        """The answer in the shape of GraphQL."""
        return {"errors": [told(self.code, self.message, request_id)]}


class AccessEnded(BankfeedsError):
    """The token ran out or the membership ended while a connection was open.

    `close_code` is for WebSockets: clients of graphql-ws come back after 4403 with a fresh token,
    and give up after 4401.
    """

    def __init__(self, message: str, *, code: str, close_code: int) -> None:
        super().__init__(message)
        self.code = code
        self.close_code = close_code


class Masked(BankfeedsError):
    """Something failed and was logged; `code` and `message` are what the client may know."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def told(code: str, message: str, request_id: str) -> dict[str, Any]:
    """One error as a client sees it."""
    return {
        "message": message[:MESSAGE_CHARACTERS_MAX],
        "extensions": {"code": code, "requestId": request_id},
    }


def request_errors(errors: list[GraphQLError], request_id: str) -> list[dict[str, Any]]:
    """Errors of a document or its variables: the client's, so they are told, but without values."""
    formatted = []
    for error in errors:
        ours = error.extensions or {}
        one = _formatted(error, ours.get("code", "BAD_INPUT"), request_id)
        one["message"] = _VALUE.sub(".", one["message"])
        one["extensions"] = {**one["extensions"], **ours}
        formatted.append(one)
    return formatted


def field_errors(errors: list[GraphQLError], request_id: str) -> list[dict[str, Any]]:
    """Errors of resolvers: known ones by the table, others masked and logged."""
    return [_field_error(error, request_id) for error in errors]


class _Masking:
    """Raises Masked. One serves all: it holds nothing, and is entered at each operation."""

    __slots__ = ()

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, Exception) and not isinstance(error, Masked | AccessEnded):
            raise Masked(*_known(error)) from error


_MASKING: Final = _Masking()


def masked() -> AbstractContextManager[None]:
    """The outermost frame of an operation: raises Masked for all that is raised in it.

    AccessEnded passes: it ends more than the operation.
    """
    return _MASKING


def _field_error(error: GraphQLError, request_id: str) -> dict[str, Any]:
    cause: Exception | None = error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    if isinstance(cause, GraphQLError):  # raised on purpose, such as by a scalar
        return _formatted(error, "BAD_INPUT", request_id)
    assert cause is not None
    code, message = _known(cause, path=error.path)
    return {**_formatted(error, code, request_id), "message": message[:MESSAGE_CHARACTERS_MAX]}


def _known(error: Exception, *, path: list[str | int] | None = None) -> tuple[str, str]:
    """The code and the words of an error; what is not in the table is logged."""
    if isinstance(error, Masked):
        return error.code, error.message
    for kind, code, message in _KNOWN:
        if isinstance(error, kind):
            if message is not None:
                _log.warning("graphql.failed", extra={"code": code, "path": path}, exc_info=error)
            return code, str(error) if message is None else message
    _log.error("graphql.internal", extra={"path": path}, exc_info=error)
    return "INTERNAL", "internal error"


def _formatted(error: GraphQLError, code: str, request_id: str) -> dict[str, Any]:
    formatted: dict[str, Any] = dict(error.formatted)
    formatted["message"] = error.message[:MESSAGE_CHARACTERS_MAX]
    formatted["extensions"] = {"code": code, "requestId": request_id}
    return formatted
