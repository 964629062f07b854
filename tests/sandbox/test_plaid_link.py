"""Tokens of linking are as strict as Plaid's."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.sandbox.plaid_served import LINK, PLATYPUS, Served

BACK = "http://127.0.0.1:1/linked"


def test_link_token_lives_four_hours_and_half_an_hour_in_update_mode(plaid: Served) -> None:
    new = plaid.post("/link/token/create", **LINK)
    update = plaid.post(
        "/link/token/create",
        **{**LINK, "products": None},
        access_token=plaid.link().access_token,
    )

    assert new["expiration"] == "2026-11-21T16:00:00Z"
    assert update["expiration"] == "2026-11-21T12:30:00Z"
    assert re.fullmatch(r"link-sandbox-[0-9a-f-]{36}", new["link_token"])


@pytest.mark.parametrize(
    ("changes", "code", "about"),
    [
        ({"client_name": "a" * 31}, "INVALID_FIELD", "client_name"),
        ({"client_name": ""}, "INVALID_FIELD", "client_name"),
        ({"language": "xx"}, "INVALID_FIELD", "language"),
        ({"country_codes": []}, "INVALID_FIELD", "country_codes"),
        ({"country_codes": ["XX"]}, "INVALID_FIELD", "country_codes"),
        ({"user": {}}, "MISSING_FIELDS", "client_user_id"),
        ({"user": {"client_user_id": ""}}, "INVALID_FIELD", "client_user_id"),
        ({"user": None}, "MISSING_FIELDS", "user"),
        ({"products": None}, "MISSING_FIELDS", "products"),
        ({"products": []}, "MISSING_FIELDS", "products"),
        ({"products": ["balance"]}, "INVALID_FIELD", "products"),
        ({"webhook": "ftp://example.com"}, "INVALID_FIELD", "webhook"),
        ({"transactions": {"days_requested": 0}}, "INVALID_FIELD", "days_requested"),
        ({"transactions": {"days_requested": 731}}, "INVALID_FIELD", "days_requested"),
        ({"transactions": {"days": 1}}, "UNKNOWN_FIELDS", "transactions.days"),
        ({"redirect_uri": f"{BACK}?a=1"}, "INVALID_FIELD", "redirect_uri"),
        ({"redirect_uri": "javascript:alert(1)"}, "INVALID_FIELD", "redirect_uri"),
        ({"institution_id": "ins_none"}, "INVALID_INSTITUTION", "institution_id"),
        ({"access_token": "access-sandbox-none", "products": None}, "INVALID_ACCESS_TOKEN", ""),
        ({"surprise": 1}, "UNKNOWN_FIELDS", "surprise"),
    ],
)
def test_link_token_request_is_checked(
    plaid: Served, changes: dict[str, Any], code: str, about: str
) -> None:
    asked = {key: value for key, value in {**LINK, **changes}.items() if value is not None}

    refused = plaid.refused("/link/token/create", **asked)

    assert refused["error_code"] == code
    assert about in refused["error_message"]


def test_update_mode_takes_no_products(plaid: Served) -> None:
    refused = plaid.refused("/link/token/create", **LINK, access_token=plaid.link().access_token)

    assert (refused["error_code"], "products" in refused["error_message"]) == (
        "INVALID_FIELD",
        True,
    )


def test_unknown_link_token_is_refused(plaid: Served) -> None:
    refused = plaid.refused("/link/token/get", link_token="link-sandbox-none")

    assert refused["error_code"] == "INVALID_LINK_TOKEN"


def test_public_token_is_good_once(plaid: Served) -> None:
    public_token = plaid.public_token()
    plaid.post("/item/public_token/exchange", public_token=public_token)

    refused = plaid.refused("/item/public_token/exchange", public_token=public_token)

    assert (refused["error_type"], refused["error_code"]) == (
        "INVALID_INPUT",
        "INVALID_PUBLIC_TOKEN",
    )


def test_public_token_is_good_for_half_an_hour(own_plaid: Served) -> None:
    public_token = own_plaid.public_token()
    own_plaid.control.move_time(by_s=30 * 60)

    refused = own_plaid.refused("/item/public_token/exchange", public_token=public_token)

    assert refused["error_code"] == "INVALID_PUBLIC_TOKEN"
    assert "expired" in refused["error_message"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"institution_id": "ins_none"}, "INVALID_INSTITUTION"),
        ({"institution_id": "ins_133402"}, "PRODUCTS_NOT_SUPPORTED"),
        ({"initial_products": []}, "INVALID_FIELD"),
        ({"options": {"override_password": "wrong"}}, "INVALID_CREDENTIALS"),
        ({"options": {"override_password": "error_INSTITUTION_DOWN"}}, "INSTITUTION_DOWN"),
        ({"options": {"transactions": {"start_date": "2020-01-01"}}}, "INVALID_FIELD"),
    ],
)
def test_sandbox_public_token_request_is_checked(
    plaid: Served, changes: dict[str, Any], code: str
) -> None:
    asked = {"institution_id": PLATYPUS, "initial_products": ["transactions"], **changes}

    assert plaid.refused("/sandbox/public_token/create", **asked)["error_code"] == code


def test_sandbox_history_may_begin_at_a_date(plaid: Served) -> None:
    asked = {"institution_id": PLATYPUS, "initial_products": ["transactions"]}
    options = {
        "override_username": "user_good_73",
        "override_password": "pass_good",
        "transactions": {"start_date": "2026-11-12", "end_date": "2026-11-21"},
    }
    public_token = plaid.post("/sandbox/public_token/create", **asked, options=options)[
        "public_token"
    ]
    access_token = plaid.post("/item/public_token/exchange", public_token=public_token)[
        "access_token"
    ]

    rows = plaid.post("/transactions/sync", access_token=access_token)["added"]

    assert min(row["date"] for row in rows) == "2026-11-12"
