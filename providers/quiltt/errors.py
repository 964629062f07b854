"""Failures of Quiltt: HTTP statuses of REST, and the errors that GraphQL answers with 200."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from core.provider_error import PROVIDER_FAILED, Action, ErrorKind, ProviderError
from providers.http import Response, by_status, read_json, unreadable

log = logging.getLogger(__name__)

_ERROR_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ERROR_BODY_MAX: Final = 1024 * 1024  # an answer that is larger than this is no error


def failure(response: Response) -> ProviderError | None:
    """What an answer means as a failure. GraphQL's with errors is one, even if it brings data:
    what is left out of it would be taken for what is not there."""
    if 200 <= response.status < 300:
        return _of_graphql(response.body) if b'"errors"' in response.body else None
    if response.status >= 500:
        _note(response)
    known = _BY_STATUS.get(response.status)
    return by_status(response.status) if known is None else known.after(None)


def inactive() -> ProviderError:
    """Nothing can be asked of a connection that is broken or ended."""
    return _error(
        Action.STOP,
        ErrorKind.BUSINESS,
        "connection-not-active",
        "Quiltt does not look at this connection now.",
        "Look at the state of the connection; where it asks for it, connect it again.",
    )


def unknown() -> ProviderError:
    """There is no such connection under the profile, or none any more."""
    return _MISSING.after(None)


def refuse(status: str) -> None:
    """Raises ProviderError for a state in which a connection tells nothing new."""
    known = _BY_STATE.get(status)
    if known is not None:
        raise known.after(None)


def _of_graphql(body: bytes) -> ProviderError | None:
    try:
        said = read_json(body)
    except ValueError:
        return unreadable()
    errors = said.get("errors") if isinstance(said, dict) else None
    if not errors:
        return None
    codes = [code for each in errors if (code := _code(each))] if isinstance(errors, list) else []
    known = next((_BY_CODE[code] for code in codes if code in _BY_CODE), _FAILED)
    return known.after(None)


def _code(error: Any) -> str | None:
    extensions = error.get("extensions") if isinstance(error, dict) else None
    code = extensions.get("code") if isinstance(extensions, dict) else None
    return code.upper() if isinstance(code, str) else None


def _note(response: Response) -> None:
    """Logs the id under which Quiltt's support finds a failure."""
    if len(response.body) > _ERROR_BODY_MAX:
        return
    try:
        said = read_json(response.body)
    except ValueError:
        return
    error_id = said.get("errorId") if isinstance(said, dict) else None
    if isinstance(error_id, str) and _ERROR_ID.fullmatch(error_id):
        log.warning("quiltt.failed", extra={"status": response.status, "error_id": error_id})


def _error(
    action: Action, kind: ErrorKind, code: str, message: str, next_step: str
) -> ProviderError:
    return ProviderError(action=action, kind=kind, code=code, message=message, next_step=next_step)


_LATER: Final = "Nothing: it is tried again later."
# The key is the operator's: connecting again would not help whoever is told of it.
_KEY: Final = _error(
    Action.STOP,
    ErrorKind.AUTHENTICATION,
    "application-refused",
    "Quiltt does not accept the application's API key for this profile.",
    "Ask the operator to look at the API key.",
)
_FORBIDDEN: Final = _error(
    Action.STOP,
    ErrorKind.AUTHENTICATION,
    "not-permitted",
    "Quiltt does not permit this: the environment lacks the product, has no room for another "
    "profile, or refuses calls from this region.",
    "Ask the operator to look at the environment in Quiltt's dashboard.",
)
_MISSING: Final = _error(
    Action.STOP,
    ErrorKind.BUSINESS,
    "not-found",
    "Quiltt does not know this connection.",
    "Connect the bank again.",
)
_LIMITED: Final = _error(
    Action.RETRY, ErrorKind.RATE_LIMIT, "rate-limited", "Quiltt asks to wait.", _LATER
)
_QUERY: Final = _error(
    Action.STOP,
    ErrorKind.VALIDATION,
    "request-refused",
    "Quiltt does not understand what it was asked.",
    "Report it to the operator.",
)
_FAILED: Final = _error(
    Action.RETRY,
    ErrorKind.NETWORK,
    PROVIDER_FAILED,
    "Quiltt could not answer the question.",
    _LATER,
)
_BY_STATUS: Final[Mapping[int, ProviderError]] = {401: _KEY, 403: _FORBIDDEN}

# Quiltt does not publish the codes: these are those of GraphQL servers, and its own client's.
_BY_CODE: Final[Mapping[str, ProviderError]] = {
    **dict.fromkeys(("UNAUTHENTICATED", "UNAUTHORIZED", "NOT_AUTHENTICATED"), _KEY),
    **dict.fromkeys(("FORBIDDEN", "NOT_PERMITTED"), _FORBIDDEN),
    "NOT_FOUND": _MISSING,
    **dict.fromkeys(("RATE_LIMITED", "THROTTLED", "TOO_MANY_REQUESTS"), _LIMITED),
    **dict.fromkeys(
        (
            "GRAPHQL_VALIDATION_FAILED",
            "GRAPHQL_PARSE_FAILED",
            "BAD_USER_INPUT",
            "BAD_REQUEST",
            "UNDEFINEDFIELD",
            "ARGUMENTLITERALSINCOMPATIBLE",
        ),
        _QUERY,
    ),
}


def _degraded(code: str, message: str) -> ProviderError:
    """Quiltt keeps trying by itself, and says when it has succeeded: no need to ask often."""
    error = _error(
        Action.RETRY,
        ErrorKind.BUSINESS,
        code,
        message,
        "Nothing: Quiltt keeps trying, and what was read before stays.",
    )
    return error.after(_DEGRADED_WAIT)


_DEGRADED_WAIT: Final = timedelta(minutes=15)
_ENDED: Final = _error(
    Action.STOP,
    ErrorKind.BUSINESS,
    "disconnected",
    "The connection was ended at Quiltt. What was read before stays.",
    "Connect the bank again: its accounts go on where they ended.",
)
_BY_STATE: Final[Mapping[str, ProviderError]] = {
    "ERROR_REPAIRABLE": _error(
        Action.REAUTH,
        ErrorKind.AUTHENTICATION,
        "login-required",
        "The bank asks to log in again.",
        "Connect the bank again.",
    ),
    "ERROR_INSTITUTION": _degraded("institution-failed", "The bank does not deliver now."),
    "ERROR_PROVIDER": _degraded(
        "upstream-failed", "The service between Quiltt and the bank does not deliver now."
    ),
    "ERROR_SERVICE": _degraded("service-failed", "Quiltt could not read the bank's answer."),
    "DISCONNECTING": _ENDED,
    "DISCONNECTED": _ENDED,
}
