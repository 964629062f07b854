"""Plaid Link from the server's side: tokens for the widget, and the Item that comes of it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from core.errors import BadInput
from core.provider_error import Action, ProviderError
from providers import base
from providers.base import LinkKind
from providers.plaid.connector import PLAID
from providers.plaid.settings import PlaidApp, PlaidCredentials
from sandbox.faults import FaultRule
from tests.fixtures.plaid_feed import PLATYPUS, PlaidBank, asked


def sent(bank: PlaidBank, path: str) -> dict[str, Any]:
    """The body of the newest request to a path."""
    bodies = [request.content for request in bank.seen if request.url.path == path]
    value: dict[str, Any] = json.loads(bodies[-1])
    return value


async def walk(bank: PlaidBank, link_token: str, **form: str) -> None:
    """A person does on the page what Plaid Link lets them do."""
    answers = {"institution_id": PLATYPUS, "password": "pass_good", "accounts": "all", **form}
    reply = await bank.http.post(f"{bank.app.url}/link/{link_token}", data=answers)
    assert reply.status_code in (200, 303), reply.text


def test_plaid_can_do_what_it_says() -> None:
    assert isinstance(PLAID, base.Linkable)
    assert isinstance(PLAID, base.Testable)
    assert isinstance(PLAID, base.Refreshable)
    assert isinstance(PLAID, base.Revocable)
    assert not isinstance(PLAID, base.Renewable)
    assert PLAID.link_kind is LinkKind.TOKEN
    assert PLAID.credentials.form() == ()


async def test_a_link_always_asks_for_two_years(bank: PlaidBank) -> None:
    step = await PLAID.begin(bank.client(), asked())

    body = sent(bank, "/link/token/create")
    assert body["transactions"] == {"days_requested": 730}
    assert (body["products"], body["country_codes"]) == (["transactions"], ["US"])
    assert body["user"] == {"client_user_id": "persona-1"}
    assert "webhook" not in body
    assert step.token is not None and step.token.startswith("link-")
    assert step.kept == {"link_token": step.token}
    assert step.expires_at is not None
    assert step.expires_at - datetime.now(UTC) > timedelta(hours=3)
    assert step.token not in repr(step)


async def test_what_the_operator_sets_goes_along(bank: PlaidBank) -> None:
    bank.app = bank.app.model_copy(
        update={
            "client_name": "Books",
            "countries": ("GB", "IE"),
            "webhook_url": "https://feeds.test/plaid",
            "redirect_url": "https://feeds.test/back",
            "investments": False,
        }
    )

    await PLAID.begin(bank.client(), asked())

    body = sent(bank, "/link/token/create")
    assert (body["client_name"], body["country_codes"]) == ("Books", ["GB", "IE"])
    assert body["webhook"] == "https://feeds.test/plaid"
    assert body["redirect_uri"] == "https://feeds.test/back"
    assert "additional_consented_products" not in body


async def test_an_app_without_a_widget_sends_people_to_a_page_of_plaids(bank: PlaidBank) -> None:
    bank.app = bank.app.model_copy(update={"hosted": True})
    client, ask = bank.client(), asked()

    step = await PLAID.begin(client, ask)
    assert step.url is not None
    form = {"institution_id": PLATYPUS, "username": "user_good_44", "password": "pass_good"}
    reply = await bank.http.post(step.url, data={**form, "accounts": "all"})
    linked = await PLAID.complete(client, ask, step.kept, {})

    assert sent(bank, "/link/token/create")["hosted_link"] == {
        "completion_redirect_uri": ask.callback_url
    }
    assert reply.headers["location"].startswith(ask.callback_url)
    assert linked.external_id == bank.control.items()[0]


@pytest.mark.parametrize("hands_over", [True, False], ids=["handed over", "asked of Plaid"])
async def test_who_finishes_the_widget_has_a_connection(bank: PlaidBank, hands_over: bool) -> None:
    client, ask = bank.client(), asked()
    step = await PLAID.begin(client, ask)
    assert step.token is not None
    await walk(bank, step.token, username="user_good_41")
    told = await bank.post("/link/token/get", link_token=step.token)
    public_token = told["link_sessions"][0]["results"]["item_add_results"][0]["public_token"]

    answers = {"public_token": public_token} if hands_over else {}
    linked = await PLAID.complete(client, ask, step.kept, answers)

    assert isinstance(linked.credentials, PlaidCredentials)
    assert linked.external_id == linked.credentials.item_id == bank.control.items()[0]
    assert (linked.institution_id, linked.institution_name) == (PLATYPUS, "First Platypus Bank")
    assert linked.expires_at is None
    secret = linked.credentials.access_token.get_secret_value()
    assert secret.startswith("access-")
    assert secret not in f"{linked!r} {linked.credentials!r}"
    assert PlaidCredentials.from_bytes(linked.credentials.to_bytes()) == linked.credentials
    await PLAID.test(client, linked.credentials)


async def test_who_leaves_the_widget_has_none(bank: PlaidBank) -> None:
    step = await PLAID.begin(bank.client(), asked())
    assert step.token is not None
    await walk(bank, step.token, leave="1")

    with pytest.raises(BadInput):
        await PLAID.complete(bank.client(), asked(), step.kept, {})
    with pytest.raises(BadInput):
        await PLAID.complete(bank.client(), asked(), {}, {})


async def test_a_consent_that_ends_is_told(bank: PlaidBank) -> None:
    token = await bank.public_token("user_good_42", institution="ins_117650")

    linked = await PLAID.complete(bank.client(), asked(), {}, {"public_token": token})

    assert linked.institution_name == "Royal Bank of Plaid"
    assert linked.expires_at is not None
    assert linked.expires_at - datetime.now(UTC) > timedelta(days=179)


async def test_a_public_token_is_exchanged_once(bank: PlaidBank) -> None:
    token = await bank.public_token()
    bank.sandbox.faults.add(FaultRule(path="/item/public_token/exchange", kind="cut"))

    with pytest.raises(ProviderError):
        await PLAID.complete(bank.client(), asked(), {}, {"public_token": token})

    assert len(bank.sandbox.faults.requests("/item/public_token/exchange")) == 1


async def test_an_access_token_is_not_lost_because_the_bank_has_no_name(bank: PlaidBank) -> None:
    token = await bank.public_token()
    bank.sandbox.faults.add(FaultRule(path="/item/get", kind="status", status=500, times=None))

    linked = await PLAID.complete(bank.client(), asked(), {}, {"public_token": token})

    assert linked.institution_id is None
    assert linked.external_id == bank.control.items()[0]


async def test_update_mode_repairs_the_item_and_exchanges_nothing(bank: PlaidBank) -> None:
    credentials = await bank.link("user_good_43")
    client = bank.client()
    bank.control.fail(credentials.item_id, "ITEM_LOGIN_REQUIRED")
    with pytest.raises(ProviderError) as broken:
        await PLAID.test(client, credentials)
    ask = asked(credentials=credentials, external_id=credentials.item_id)
    step = await PLAID.begin(client, ask)
    body = sent(bank, "/link/token/create")
    with pytest.raises(ProviderError) as early:
        await PLAID.complete(client, ask, step.kept, {})

    assert step.token is not None
    await walk(bank, step.token, username="user_good_43")
    exchanges = len(bank.sandbox.faults.requests("/item/public_token/exchange"))
    linked = await PLAID.complete(client, ask, step.kept, {"public_token": "ignored"})

    assert (broken.value.action, early.value.action) == (Action.REAUTH, Action.REAUTH)
    assert body["access_token"] == credentials.access_token.get_secret_value()
    assert "products" not in body
    assert body["update"] == {"account_selection_enabled": False}
    assert body["transactions"] == {"days_requested": 730}
    assert linked.credentials == credentials
    assert linked.external_id == credentials.item_id
    assert len(bank.sandbox.faults.requests("/item/public_token/exchange")) == exchanges
    await PLAID.test(client, credentials)


async def test_accounts_are_chosen_anew_where_that_is_asked_for(bank: PlaidBank) -> None:
    credentials = await bank.link()

    await PLAID.begin(bank.client(), replace(asked(credentials=credentials), select_accounts=True))

    assert sent(bank, "/link/token/create")["update"] == {"account_selection_enabled": True}


async def test_a_revoked_item_is_gone_and_may_be_revoked_again(bank: PlaidBank) -> None:
    credentials = await bank.link()
    client = bank.client()

    await PLAID.revoke(client, credentials)
    await PLAID.revoke(client, credentials)

    assert bank.control.truth(credentials.item_id).removed_item
    with pytest.raises(ProviderError) as gone:
        await PLAID.test(client, credentials)
    assert gone.value.action is Action.STOP


async def test_a_refresh_lets_plaid_look_and_is_not_paid_for_twice(bank: PlaidBank) -> None:
    credentials = await bank.link()
    client = bank.client()
    before = len(bank.control.truth(credentials.item_id).transactions)

    await PLAID.refresh(client, credentials)
    after = len(bank.control.truth(credentials.item_id).transactions)
    bank.sandbox.faults.add(FaultRule(path="/transactions/refresh", kind="cut"))
    with pytest.raises(ProviderError):
        await PLAID.refresh(client, credentials)

    assert after == before + 1
    assert len(bank.sandbox.faults.requests("/transactions/refresh")) == 2


def test_settings_are_read_from_variables_and_show_no_secret() -> None:
    app = PlaidApp.model_validate(
        {"client_id": "c", "secret": "very-secret", "countries": "us, ca", "investments": "false"}
    )

    assert app.url == "https://production.plaid.com"
    assert (app.countries, app.investments) == (("US", "CA"), False)
    assert "very-secret" not in f"{app!r} {app}"
    for wrong in (
        {"client_name": "x" * 31},
        {"url": "ftp://plaid.com"},
        {"url": "https://plaid.com/"},
        {"countries": ""},
        {"unknown": "1"},
    ):
        with pytest.raises(ValidationError) as error:
            PlaidApp.model_validate({"client_id": "c", "secret": "very-secret", **wrong})
        assert "very-secret" not in str(error.value)
