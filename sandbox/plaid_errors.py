"""Plaid's errors: type, HTTP status and words of each code that the sandbox answers with."""

from __future__ import annotations

from typing import Any, Final

from sandbox.plaid_json import written

# code → type, HTTP status, message for developers, message for users
_CODES: Final[dict[str, tuple[str, int, str, str | None]]] = {
    "MISSING_FIELDS": ("INVALID_REQUEST", 400, "the following required fields are missing", None),
    "UNKNOWN_FIELDS": (
        "INVALID_REQUEST",
        400,
        "the following fields are not recognized by this endpoint",
        None,
    ),
    "INVALID_FIELD": ("INVALID_REQUEST", 400, "a field is invalid", None),
    "INVALID_BODY": ("INVALID_REQUEST", 400, "body could not be parsed as JSON", None),
    "NOT_FOUND": ("INVALID_REQUEST", 404, "the endpoint does not exist", None),
    "FORBIDDEN": ("INVALID_REQUEST", 403, "the request is forbidden", None),
    "UNAUTHORIZED": ("INVALID_REQUEST", 401, "the request is not authorized", None),
    "INVALID_API_KEYS": ("INVALID_INPUT", 400, "invalid client_id or secret provided", None),
    "INVALID_ACCESS_TOKEN": ("INVALID_INPUT", 400, "could not find matching access token", None),
    "INVALID_PUBLIC_TOKEN": ("INVALID_INPUT", 400, "could not find matching public token", None),
    "INVALID_LINK_TOKEN": ("INVALID_INPUT", 400, "invalid link_token provided", None),
    "INVALID_INSTITUTION": ("INVALID_INPUT", 400, "invalid institution_id provided", None),
    "INVALID_ACCOUNT_ID": (
        "INVALID_INPUT",
        400,
        "one or more of the account IDs is invalid for this Item",
        None,
    ),
    "INVALID_PRODUCT": ("INVALID_INPUT", 400, "client is not authorized for these products", None),
    "INVALID_WEBHOOK_VERIFICATION_KEY_ID": (
        "INVALID_INPUT",
        400,
        "invalid key_id provided",
        None,
    ),
    "ITEM_LOGIN_REQUIRED": (
        "ITEM_ERROR",
        400,
        "the login details of this item have changed and a user login is required to update it",
        "The login details of this account have changed. Sign in again to continue.",
    ),
    "ITEM_NOT_FOUND": ("ITEM_ERROR", 400, "the Item you requested cannot be found", None),
    "ITEM_LOCKED": (
        "ITEM_ERROR",
        400,
        "the account is locked",
        "This account is locked. Visit the institution's site to unlock it.",
    ),
    "USER_SETUP_REQUIRED": (
        "ITEM_ERROR",
        400,
        "the account has not been fully set up",
        "Visit the institution's site to finish setting up this account.",
    ),
    "INSUFFICIENT_CREDENTIALS": (
        "ITEM_ERROR",
        400,
        "the user did not grant the necessary permissions",
        None,
    ),
    "INVALID_CREDENTIALS": (
        "ITEM_ERROR",
        400,
        "the provided credentials were not correct",
        "The credentials were not correct. Please try again.",
    ),
    "ACCESS_NOT_GRANTED": ("ITEM_ERROR", 400, "access to this product was not granted", None),
    "NO_ACCOUNTS": ("ITEM_ERROR", 400, "no valid accounts exist for this Item", None),
    "USER_PERMISSION_REVOKED": ("ITEM_ERROR", 400, "the user revoked access to this Item", None),
    "PRODUCT_NOT_READY": ("ITEM_ERROR", 400, "the requested product is not yet ready", None),
    "PRODUCTS_NOT_SUPPORTED": (
        "ITEM_ERROR",
        400,
        "the products are not supported by this institution",
        None,
    ),
    "NO_INVESTMENT_ACCOUNTS": ("ITEM_ERROR", 400, "the Item has no investment accounts", None),
    "TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION": (
        "TRANSACTIONS_ERROR",
        400,
        "Underlying transaction data changed since last page was fetched. "
        "Please restart pagination from last update.",
        None,
    ),
    "SANDBOX_PRODUCT_NOT_ENABLED": (
        "SANDBOX_ERROR",
        400,
        "the Item is not enabled for the product of this webhook",
        None,
    ),
    "SANDBOX_WEBHOOK_INVALID": ("SANDBOX_ERROR", 400, "the webhook cannot be fired", None),
    "INSTITUTION_DOWN": ("INSTITUTION_ERROR", 400, "this institution is not available", None),
    "INSTITUTION_NOT_RESPONDING": (
        "INSTITUTION_ERROR",
        400,
        "this institution is not responding to this request",
        "This institution is not responding. Please try again later.",
    ),
    "INSTITUTION_NOT_AVAILABLE": (
        "INSTITUTION_ERROR",
        400,
        "this institution is not available to connect at present",
        None,
    ),
    "INSTITUTION_NO_LONGER_SUPPORTED": (
        "INSTITUTION_ERROR",
        400,
        "this institution is no longer supported",
        None,
    ),
    "RATE_LIMIT": ("RATE_LIMIT_EXCEEDED", 429, "rate limit exceeded", None),
    "INTERNAL_SERVER_ERROR": ("API_ERROR", 500, "an unexpected error occurred", None),
    "PLANNED_MAINTENANCE": ("API_ERROR", 503, "Plaid is under planned maintenance", None),
}

_BY_STATUS: Final = {
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    429: "RATE_LIMIT",
    503: "PLANNED_MAINTENANCE",
}


class PlaidError(Exception):
    """Plaid refuses; the code says why."""

    def __init__(self, code: str, message: str | None = None, *, reason: str | None = None) -> None:
        # Codes of limits are an endpoint's own: ACCOUNTS_LIMIT and so on.
        known = code if code in _CODES else "RATE_LIMIT" if code.endswith("_LIMIT") else None
        if known is None:
            raise ValueError(f"no error of Plaid's is called {code}")
        self.type, self.status, words, self.display = _CODES[known]
        self.code = code
        self.message = message or words
        self.reason = reason
        super().__init__(f"{code}: {self.message}")

    def body(self, request_id: str) -> dict[str, Any]:
        """The body of an answer."""
        return {**self._said(), "request_id": request_id}

    def shown(self) -> dict[str, Any]:
        """The error inside an Item or a webhook."""
        return {**self._said(), "status": self.status}

    def _said(self) -> dict[str, Any]:
        return {
            "display_message": self.display,
            "documentation_url": f"https://plaid.com/docs/errors/#{self.code.lower()}",
            "error_code": self.code,
            "error_code_reason": self.reason,
            "error_message": self.message,
            "error_type": self.type,
            "suggested_action": None,
        }


def is_code(code: str) -> bool:
    """Whether the sandbox can answer with this code."""
    return code in _CODES


def problem(status: int) -> tuple[bytes, str]:
    """The body and media type with which Plaid answers this HTTP status."""
    code = _BY_STATUS.get(status, "INTERNAL_SERVER_ERROR" if status >= 500 else "INVALID_FIELD")
    return written(PlaidError(code).body("fault")), "application/json"
