"""What Plaid's errors mean: by `error_type` and `error_code`, never by status or wording."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, NamedTuple

from core.provider_error import Action, ErrorKind, ProviderError
from providers.http import Response, by_status, read_json, unreadable

BODY_BYTES_MAX: Final = 64 * 1024  # of an error; Plaid's have hundreds

_LATER: Final = "Nothing: it is tried again later."
_AGAIN: Final = "Connect the account again."
_AT_BANK: Final = "Sign in at the bank's own site and do what it asks for, then connect again."
_CHOOSE: Final = "Connect again, and choose the accounts that are to be shared."
_OPERATOR: Final = "Report it to the operator: what is set for Plaid is wrong or not allowed."


class _Meaning(NamedTuple):
    """What an error asks for, and how a person is told."""

    action: Action
    kind: ErrorKind
    message: str
    next_step: str
    wait: timedelta | None = None


def _reauth(message: str, next_step: str = _AGAIN) -> _Meaning:
    return _Meaning(Action.REAUTH, ErrorKind.AUTHENTICATION, message, next_step)


def _over(message: str, next_step: str = _AGAIN) -> _Meaning:
    return _Meaning(Action.STOP, ErrorKind.AUTHENTICATION, message, next_step)


def _never(message: str) -> _Meaning:
    return _Meaning(Action.STOP, ErrorKind.BUSINESS, message, "Nothing: the bank has no such data.")


def _bank(message: str) -> _Meaning:
    """One bank's trouble: Plaid is well, so it must not count as an outage of Plaid."""
    return _Meaning(Action.RETRY, ErrorKind.BUSINESS, message, _LATER, timedelta(minutes=30))


_LIMITED: Final = _Meaning(
    Action.RETRY, ErrorKind.RATE_LIMIT, "Plaid asks to wait.", _LATER, timedelta(minutes=1)
)
_OURS: Final = _Meaning(
    Action.STOP, ErrorKind.VALIDATION, "Plaid refuses what it was asked.", _OPERATOR
)
_UNWELL: Final = _Meaning(Action.RETRY, ErrorKind.NETWORK, "Plaid cannot answer now.", _LATER)
_UNHEARD: Final = _Meaning(
    Action.RETRY, ErrorKind.BUSINESS, "Plaid refuses, for a reason of its own.", _LATER
)

_CODES: Final[Mapping[str, _Meaning]] = {
    # A person must come: sign in, consent, or choose anew.
    "ITEM_LOGIN_REQUIRED": _reauth("The bank asks to sign in again."),
    "INVALID_CREDENTIALS": _reauth("The bank does not accept the sign-in any more."),
    "INVALID_MFA": _reauth("The bank asks to prove the sign-in again."),
    "INVALID_UPDATED_USERNAME": _reauth("The bank does not know the user name any more."),
    "USER_INPUT_TIMEOUT": _reauth("The bank waited in vain for an answer."),
    "ADDITIONAL_CONSENT_REQUIRED": _reauth("The bank asks for a wider consent."),
    "ACCESS_NOT_GRANTED": _reauth("The bank was not allowed to share this.", _CHOOSE),
    "NO_ACCOUNTS": _reauth("No account is shared any more.", _CHOOSE),
    "ITEM_LOCKED": _reauth("The bank has locked the sign-in.", _AT_BANK),
    "PASSWORD_RESET_REQUIRED": _reauth("The bank asks for a new password.", _AT_BANK),
    "USER_SETUP_REQUIRED": _reauth("The bank asks the user to finish something.", _AT_BANK),
    "INSUFFICIENT_CREDENTIALS": _reauth("The sign-in at the bank was not finished.", _AT_BANK),
    # The connection is over; what it brought stays.
    "ITEM_NOT_FOUND": _over("Plaid does not know the connection any more."),
    "ITEM_CONCURRENTLY_DELETED": _over("The connection was just ended at Plaid."),
    "USER_PERMISSION_REVOKED": _over("The user took the permission back."),
    "INVALID_ACCESS_TOKEN": _over("Plaid does not accept the connection's token any more."),
    "INSTITUTION_NO_LONGER_SUPPORTED": _Meaning(
        Action.STOP,
        ErrorKind.BUSINESS,
        "Plaid does not reach this bank any more.",
        "Import the bank's statements instead.",
    ),
    "ITEM_NOT_SUPPORTED": _never("Plaid cannot read this sign-in at the bank."),
    "MFA_NOT_SUPPORTED": _never("Plaid cannot answer what this bank asks at sign-in."),
    # It has not got this.
    "PRODUCTS_NOT_SUPPORTED": _never("The bank does not give this kind of data."),
    "NO_INVESTMENT_ACCOUNTS": _never("The connection has no investment account."),
    "INVALID_PRODUCT": _Meaning(
        Action.STOP, ErrorKind.BUSINESS, "Plaid does not offer this to the operator.", _OPERATOR
    ),
    # It passes.
    "PRODUCT_NOT_READY": _Meaning(
        Action.RETRY,
        ErrorKind.BUSINESS,
        "Plaid is still fetching this from the bank.",
        _LATER,
        timedelta(seconds=30),
    ),
    "TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION": _Meaning(
        Action.RETRY, ErrorKind.BUSINESS, "The data changed while it was read.", _LATER
    ),
    "INSTITUTION_DOWN": _bank("The bank does not answer Plaid."),
    "INSTITUTION_NOT_RESPONDING": _bank("The bank does not answer Plaid."),
    "INSTITUTION_NOT_AVAILABLE": _bank("The bank cannot be reached at present."),
    "INTERNAL_SERVER_ERROR": _UNWELL,
    "PLANNED_MAINTENANCE": _UNWELL._replace(wait=timedelta(minutes=10)),
}
# Codes that are not named above have the meaning of their type.
_TYPES: Final[Mapping[str, _Meaning]] = {
    "ITEM_ERROR": _over("The connection does not work at the bank."),
    "INSTITUTION_ERROR": _bank("The bank cannot be reached at present."),
    "API_ERROR": _UNWELL,
    "RATE_LIMIT_EXCEEDED": _LIMITED,
    "INVALID_REQUEST": _OURS,
    "INVALID_INPUT": _OURS,
}
_REASONS: Final[Mapping[str, str]] = {
    "OAUTH_CONSENT_EXPIRED": "The consent at the bank has run out.",
    "OAUTH_USER_REVOKED": "The user took the consent back at the bank.",
    "OAUTH_INVALID_TOKEN": "The bank does not accept the consent any more.",
}


def failure(response: Response) -> ProviderError | None:
    """The error of an answer; None where it is none."""
    if 200 <= response.status < 300:
        return None
    error = of_body(response.body)
    if error is not None:
        return error
    # Not Plaid's own: a proxy between. Its status says nothing of a user's credentials.
    if response.status == 429 or response.status >= 500:
        return by_status(response.status)
    return unreadable()


def of_body(body: bytes) -> ProviderError | None:
    """The error that a body tells; None where it tells none of Plaid's."""
    if len(body) > BODY_BYTES_MAX:
        return None
    try:
        value = read_json(body)
    except ValueError:
        return None
    return of_error(value)


def of_error(value: Any) -> ProviderError | None:
    """The error of an object such as Plaid puts into answers, Items and webhooks."""
    if not isinstance(value, dict):
        return None
    code, kind, reason = (
        value.get(name) for name in ("error_code", "error_type", "error_code_reason")
    )
    if not isinstance(code, str) or not isinstance(kind, str):
        return None
    meaning = _CODES.get(code) or _TYPES.get(kind) or _UNHEARD
    said = _REASONS.get(reason) if isinstance(reason, str) and code in _CODES else None
    return ProviderError(
        action=meaning.action,
        kind=meaning.kind,
        code=_kebab(code),
        message=said or meaning.message,
        next_step=meaning.next_step,
        retry_after=meaning.wait,
    )


def _kebab(code: str) -> str:
    """A code as ours are written; what is no code is not repeated."""
    plain = code.lower().replace("_", "-")
    fits = len(plain) <= 80 and plain.replace("-", "").isalnum() and plain.isascii()
    return plain if fits else "refused"
