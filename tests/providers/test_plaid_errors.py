"""Plaid's errors: what each code asks for, whatever the status that it comes with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from core.provider_error import Action, ErrorKind, ProviderError
from core.syncs import SyncPhase
from providers.base import Wanted
from providers.http import Response
from providers.plaid.connector import PLAID
from providers.plaid.settings import PlaidCredentials
from sandbox.faults import FaultRule
from sandbox.plaid_errors import is_code
from tests.fixtures.plaid_feed import SECRET, PlaidBank

# error_type and error_code, and what they ask for.
REACTIONS: Final[Mapping[tuple[str, str], tuple[Action, ErrorKind]]] = {
    **{
        ("ITEM_ERROR", code): (Action.REAUTH, ErrorKind.AUTHENTICATION)
        for code in (
            "ITEM_LOGIN_REQUIRED",
            "ACCESS_NOT_GRANTED",
            "NO_ACCOUNTS",
            "ITEM_LOCKED",
            "USER_SETUP_REQUIRED",
            "INSUFFICIENT_CREDENTIALS",
            "INVALID_CREDENTIALS",
        )
    },
    ("ITEM_ERROR", "ITEM_NOT_FOUND"): (Action.STOP, ErrorKind.AUTHENTICATION),
    ("ITEM_ERROR", "USER_PERMISSION_REVOKED"): (Action.STOP, ErrorKind.AUTHENTICATION),
    ("INVALID_INPUT", "INVALID_ACCESS_TOKEN"): (Action.STOP, ErrorKind.AUTHENTICATION),
    ("ITEM_ERROR", "PRODUCT_NOT_READY"): (Action.RETRY, ErrorKind.BUSINESS),
    ("ITEM_ERROR", "PRODUCTS_NOT_SUPPORTED"): (Action.STOP, ErrorKind.BUSINESS),
    ("ITEM_ERROR", "NO_INVESTMENT_ACCOUNTS"): (Action.STOP, ErrorKind.BUSINESS),
    ("TRANSACTIONS_ERROR", "TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION"): (
        Action.RETRY,
        ErrorKind.BUSINESS,
    ),
    **{
        ("INSTITUTION_ERROR", code): (Action.RETRY, ErrorKind.BUSINESS)
        for code in (
            "INSTITUTION_DOWN",
            "INSTITUTION_NOT_RESPONDING",
            "INSTITUTION_NOT_AVAILABLE",
        )
    },
    ("INSTITUTION_ERROR", "INSTITUTION_NO_LONGER_SUPPORTED"): (Action.STOP, ErrorKind.BUSINESS),
    ("API_ERROR", "INTERNAL_SERVER_ERROR"): (Action.RETRY, ErrorKind.NETWORK),
    ("API_ERROR", "PLANNED_MAINTENANCE"): (Action.RETRY, ErrorKind.NETWORK),
    ("RATE_LIMIT_EXCEEDED", "ACCOUNTS_LIMIT"): (Action.RETRY, ErrorKind.RATE_LIMIT),
    ("RATE_LIMIT_EXCEEDED", "TRANSACTIONS_SYNC_LIMIT"): (Action.RETRY, ErrorKind.RATE_LIMIT),
    ("INVALID_INPUT", "INVALID_API_KEYS"): (Action.STOP, ErrorKind.VALIDATION),
    ("INVALID_INPUT", "UNAUTHORIZED_ENVIRONMENT"): (Action.STOP, ErrorKind.VALIDATION),
    ("INVALID_REQUEST", "MISSING_FIELDS"): (Action.STOP, ErrorKind.VALIDATION),
    ("INVALID_REQUEST", "INVALID_FIELD"): (Action.STOP, ErrorKind.VALIDATION),
    ("SOMETHING_NEW", "UNHEARD_OF"): (Action.RETRY, ErrorKind.BUSINESS),
}


def answer(status: int, **body: object) -> Response:
    return Response(status=status, headers={}, body=json.dumps(body).encode())


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 503])
@pytest.mark.parametrize(("said", "meant"), REACTIONS.items(), ids=lambda one: str(one[1]))
def test_a_code_means_the_same_with_every_status(
    said: tuple[str, str], meant: tuple[Action, ErrorKind], status: int
) -> None:
    error = PLAID.failures(
        answer(status, error_type=said[0], error_code=said[1], error_message="secret words")
    )

    assert error is not None
    assert (error.action, error.kind) == meant
    assert error.code == said[1].lower().replace("_", "-")
    assert error.message.endswith(".") and error.next_step.endswith(".")
    assert "secret words" not in f"{error.message} {error.next_step} {error!r}"


def test_one_banks_outage_is_no_outage_of_plaid_and_waits_long() -> None:
    error = PLAID.failures(
        answer(400, error_type="INSTITUTION_ERROR", error_code="INSTITUTION_DOWN")
    )

    assert error is not None
    assert error.kind is not ErrorKind.NETWORK
    assert error.retry_after is not None and error.retry_after >= timedelta(minutes=10)


def test_a_limit_without_a_stated_delay_waits_a_minute() -> None:
    error = PLAID.failures(
        answer(429, error_type="RATE_LIMIT_EXCEEDED", error_code="ANYTHING_LIMIT")
    )

    assert error is not None
    assert error.retry_after == timedelta(minutes=1)


def test_the_reason_of_a_lost_consent_is_told() -> None:
    said = {
        reason: PLAID.failures(
            answer(
                400,
                error_type="ITEM_ERROR",
                error_code="ITEM_LOGIN_REQUIRED",
                error_code_reason=reason,
            )
        )
        for reason in ("OAUTH_CONSENT_EXPIRED", "OAUTH_USER_REVOKED", "SOMETHING_ELSE", None)
    }

    messages = {reason: error.message for reason, error in said.items() if error is not None}
    assert len(messages) == 4
    assert len(set(messages.values())) == 3
    assert messages["SOMETHING_ELSE"] == messages[None]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 502])
def test_a_proxys_page_says_nothing_of_a_users_credentials(status: int) -> None:
    error = PLAID.failures(Response(status=status, headers={}, body=b"<html>Access Denied</html>"))

    assert error is not None
    assert error.action is Action.RETRY


@pytest.mark.parametrize("body", [b"[]", b'{"error_code": 5, "error_type": []}', b"[" * 50_000])
def test_a_body_that_is_no_error_of_plaids_does_not_break_anything(body: bytes) -> None:
    error = PLAID.failures(Response(status=400, headers={}, body=body))

    assert error is not None
    assert error.code == "answer-unreadable"


def test_an_answer_is_no_failure() -> None:
    assert PLAID.failures(answer(200, error_type="ITEM_ERROR", error_code="ITEM_LOCKED")) is None


def wanted() -> Wanted:
    now = datetime.now(UTC)
    since = (now - timedelta(days=30)).date()
    return Wanted(cursor=None, phase=SyncPhase.INITIAL, now=now, since=since)


async def failure(bank: PlaidBank, credentials: PlaidCredentials) -> ProviderError:
    """What a sync fails with."""
    with pytest.raises(ProviderError) as caught:
        async for _ in PLAID.fetch(bank.client(), credentials, wanted()):
            pass
    return caught.value


CODES: Final = sorted(code for _, code in REACTIONS if is_code(code) or code.endswith("_LIMIT"))
TOLERATED: Final = {"PRODUCTS_NOT_SUPPORTED", "TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION"}


@pytest.mark.parametrize("path", ["/accounts/get", "/transactions/sync"])
async def test_over_the_wire_every_code_fails_a_sync_with_its_action(
    bank: PlaidBank, path: str
) -> None:
    credentials = await bank.link()
    by_code = {code: action for (_, code), (action, _) in REACTIONS.items()}

    for code in CODES:
        if path == "/transactions/sync" and code in TOLERATED:
            continue
        bank.control.refuse(code, path=path, times=3)
        error = await failure(bank, credentials)
        bank.sandbox._bank.refusals.clear()

        assert error.action is by_code[code], code
        assert credentials.access_token.get_secret_value() not in f"{error} {error!r}"
        assert SECRET not in f"{error} {error!r} {error.__cause__!r} {error.__context__!r}"


@pytest.mark.parametrize(
    ("rule", "action", "kind"),
    [
        (FaultRule(path="/transactions", kind="cut", times=9), Action.RETRY, ErrorKind.NETWORK),
        (FaultRule(path="/transactions", kind="garbage", times=9), Action.RETRY, ErrorKind.NETWORK),
        (
            FaultRule(path="/transactions", kind="status", status=500, times=9),
            Action.RETRY,
            ErrorKind.NETWORK,
        ),
    ],
    ids=lambda one: getattr(one, "kind", None),
)
async def test_what_is_no_answer_is_tried_again_later(
    bank: PlaidBank, rule: FaultRule, action: Action, kind: ErrorKind
) -> None:
    credentials = await bank.link()
    bank.sandbox.faults.add(rule)

    error = await failure(bank, credentials)

    assert (error.action, error.kind) == (action, kind)


async def test_a_stated_delay_is_kept(bank: PlaidBank) -> None:
    credentials = await bank.link()
    bank.sandbox.faults.add(
        FaultRule(path="/accounts", kind="status", status=429, retry_after="77", times=None)
    )

    error = await failure(bank, credentials)

    assert error.retry_after == timedelta(seconds=77)
    assert len(bank.sandbox.faults.requests("/accounts/get")) == 1
