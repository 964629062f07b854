"""Failures of Quiltt: statuses, and errors that come with 200."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from core.provider_error import Action, ErrorKind, ProviderError
from providers.http import Response
from providers.quiltt.connector import QUILTT
from providers.quiltt.errors import refuse


@pytest.mark.parametrize(
    ("status", "action", "kind", "code"),
    [
        (400, Action.STOP, ErrorKind.VALIDATION, "request-refused"),
        (401, Action.STOP, ErrorKind.AUTHENTICATION, "application-refused"),
        (403, Action.STOP, ErrorKind.AUTHENTICATION, "not-permitted"),
        (404, Action.STOP, ErrorKind.BUSINESS, "not-found"),
        (409, Action.RETRY, ErrorKind.BUSINESS, "busy"),
        (422, Action.STOP, ErrorKind.VALIDATION, "request-refused"),
        (429, Action.RETRY, ErrorKind.RATE_LIMIT, "rate-limited"),
        (500, Action.RETRY, ErrorKind.NETWORK, "provider-unavailable"),
        (503, Action.RETRY, ErrorKind.NETWORK, "provider-unavailable"),
    ],
)
def test_a_status_says_what_is_to_be_done(
    status: int, action: Action, kind: ErrorKind, code: str
) -> None:
    error = _failure(status, {"message": "m", "instruction": "i"})

    assert error is not None
    assert (error.action, error.kind, error.code) == (action, kind, code)


@pytest.mark.parametrize(
    ("code", "action", "expected"),
    [
        ("NOT_FOUND", Action.STOP, "not-found"),
        ("UNAUTHENTICATED", Action.STOP, "application-refused"),
        ("FORBIDDEN", Action.STOP, "not-permitted"),
        ("RATE_LIMITED", Action.RETRY, "rate-limited"),
        ("GRAPHQL_VALIDATION_FAILED", Action.STOP, "request-refused"),
        ("undefinedField", Action.STOP, "request-refused"),
        ("INTERNAL_SERVER_ERROR", Action.RETRY, "provider-failed"),
        ("SOMETHING_NEW", Action.RETRY, "provider-failed"),
    ],
)
def test_errors_with_200_are_failures(code: str, action: Action, expected: str) -> None:
    error = _failure(
        200, {"data": None, "errors": [{"message": "m", "extensions": {"code": code}}]}
    )

    assert error is not None
    assert (error.action, error.code) == (action, expected)


@pytest.mark.parametrize(
    "errors",
    ["text", [None], [{}], [{"extensions": None}], [{"extensions": {"code": 5}}], {"a": 1}],
)
def test_errors_of_any_shape_are_failures(errors: Any) -> None:
    error = _failure(200, {"data": {"connection": {}}, "errors": errors})

    assert error is not None
    assert error.code == "provider-failed"
    assert not error.is_outage, "one profile that fails would close Quiltt to all tenants"


@pytest.mark.parametrize("said", [{"data": {}}, {"data": {}, "errors": []}, {"errors": None}, []])
def test_an_answer_without_errors_is_none(said: Any) -> None:
    assert _failure(200, said) is None


def test_errors_of_a_mutation_are_its_own() -> None:
    done = {"data": {"connectionDisconnect": {"success": True, "errors": None}}}

    assert _failure(200, done) is None


def test_an_answer_that_only_looks_like_errors_is_unreadable() -> None:
    error = QUILTT.failures(Response(status=200, headers={}, body=b'{"errors": ['))

    assert error is not None
    assert error.code == "answer-unreadable"


def test_the_id_of_a_failure_is_logged_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    secret = "account 12345678"
    with caplog.at_level(logging.WARNING):
        _failure(500, {"message": secret, "instruction": secret, "errorId": "d3bb4c7b-3f0a"})
        _failure(500, {"message": "m", "errorId": f"{secret}\n"})

    assert [vars(record)["error_id"] for record in caplog.records] == ["d3bb4c7b-3f0a"]
    assert not any(secret in str(vars(record)) for record in caplog.records)


@pytest.mark.parametrize(
    ("state", "action", "code"),
    [
        ("ERROR_REPAIRABLE", Action.REAUTH, "login-required"),
        ("ERROR_INSTITUTION", Action.RETRY, "institution-failed"),
        ("ERROR_PROVIDER", Action.RETRY, "upstream-failed"),
        ("ERROR_SERVICE", Action.RETRY, "service-failed"),
        ("DISCONNECTING", Action.STOP, "disconnected"),
        ("DISCONNECTED", Action.STOP, "disconnected"),
    ],
)
def test_a_state_of_a_connection_says_what_is_to_be_done(
    state: str, action: Action, code: str
) -> None:
    with pytest.raises(ProviderError) as refused:
        refuse(state)

    assert (refused.value.action, refused.value.code) == (action, code)
    # The bank's trouble is not the provider's: its circuit stays closed for others.
    assert refused.value.kind is not ErrorKind.NETWORK


@pytest.mark.parametrize("state", ["SYNCED", "SYNCING", "UPGRADING", "INITIALIZING", "NEWLY_MADE"])
def test_any_other_state_lets_read(state: str) -> None:
    refuse(state)


def _failure(status: int, said: Any) -> ProviderError | None:
    return QUILTT.failures(Response(status=status, headers={}, body=json.dumps(said).encode()))
