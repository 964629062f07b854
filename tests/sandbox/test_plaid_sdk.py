"""Plaid's own Python client runs the whole flow against the simulated Plaid."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import httpx
import plaid
import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey
from plaid.api import plaid_api
from plaid.model.accounts_balance_get_request import AccountsBalanceGetRequest
from plaid.model.accounts_get_request import AccountsGetRequest
from plaid.model.country_code import CountryCode
from plaid.model.custom_sandbox_transaction import CustomSandboxTransaction
from plaid.model.institutions_get_by_id_request import InstitutionsGetByIdRequest
from plaid.model.institutions_get_request import InstitutionsGetRequest
from plaid.model.investments_holdings_get_request import InvestmentsHoldingsGetRequest
from plaid.model.investments_transactions_get_request import InvestmentsTransactionsGetRequest
from plaid.model.item_access_token_invalidate_request import ItemAccessTokenInvalidateRequest
from plaid.model.item_get_request import ItemGetRequest
from plaid.model.item_public_token_exchange_request import ItemPublicTokenExchangeRequest
from plaid.model.item_remove_request import ItemRemoveRequest
from plaid.model.item_webhook_update_request import ItemWebhookUpdateRequest
from plaid.model.link_token_create_request import LinkTokenCreateRequest
from plaid.model.link_token_create_request_user import LinkTokenCreateRequestUser
from plaid.model.link_token_get_request import LinkTokenGetRequest
from plaid.model.link_token_transactions import LinkTokenTransactions
from plaid.model.products import Products
from plaid.model.sandbox_item_fire_webhook_request import SandboxItemFireWebhookRequest
from plaid.model.sandbox_item_reset_login_request import SandboxItemResetLoginRequest
from plaid.model.sandbox_public_token_create_request import SandboxPublicTokenCreateRequest
from plaid.model.sandbox_public_token_create_request_options import (
    SandboxPublicTokenCreateRequestOptions,
)
from plaid.model.sandbox_transactions_create_request import SandboxTransactionsCreateRequest
from plaid.model.transactions_refresh_request import TransactionsRefreshRequest
from plaid.model.transactions_sync_request import TransactionsSyncRequest
from plaid.model.webhook_verification_key_get_request import WebhookVerificationKeyGetRequest

from tests.sandbox.plaid_served import CLIENT_ID, MUTATION, NOW, PLATYPUS, SECRET, Served
from tests.sandbox.webhook_receiver import Received, receiving


def client(served: Served, secret: str = SECRET) -> Iterator[plaid_api.PlaidApi]:
    configuration = plaid.Configuration(
        host=served.url, api_key={"clientId": CLIENT_ID, "secret": secret}
    )
    with plaid.ApiClient(configuration) as connection:
        yield plaid_api.PlaidApi(connection)
        connection.rest_client.pool_manager.clear()


@pytest.fixture
def api(plaid: Served) -> Iterator[plaid_api.PlaidApi]:
    yield from client(plaid)


def link(api: plaid_api.PlaidApi, *products: str, username: str = "user_good") -> tuple[str, str]:
    public = api.sandbox_public_token_create(
        SandboxPublicTokenCreateRequest(
            institution_id=PLATYPUS,
            initial_products=[Products(name) for name in products],
            options=SandboxPublicTokenCreateRequestOptions(
                override_username=username, override_password="pass_good"
            ),
        )
    )
    told = api.item_public_token_exchange(
        ItemPublicTokenExchangeRequest(public_token=public.public_token)
    )
    return told.access_token, told.item_id


def refusal(call: Any, request: Any) -> dict[str, Any]:
    with pytest.raises(plaid.ApiException) as caught:
        call(request)
    told: dict[str, Any] = json.loads(caught.value.body)
    return {**told, "http": caught.value.status}


def pages(api: plaid_api.PlaidApi, access_token: str, count: int) -> list[Any]:
    cursor, found = "", []
    while True:
        page = api.transactions_sync(
            TransactionsSyncRequest(access_token=access_token, cursor=cursor, count=count)
        )
        found.append(page)
        cursor = page.next_cursor
        if not page.has_more:
            return found


def test_link_token_leads_through_the_page_to_an_item(
    api: plaid_api.PlaidApi, plaid: Served
) -> None:
    made = api.link_token_create(
        LinkTokenCreateRequest(
            client_name="Bankfeeds",
            language="en",
            country_codes=[CountryCode("US")],
            user=LinkTokenCreateRequestUser(client_user_id="an-opaque-id"),
            products=[Products("transactions")],
            transactions=LinkTokenTransactions(days_requested=730),
            redirect_uri="http://127.0.0.1:1/linked",
        )
    )
    form = {
        "institution_id": PLATYPUS,
        "username": "user_good",
        "password": "pass_good",
        "accounts": "all",
    }
    sent = plaid.http.post(f"/link/{made.link_token}", data=form)
    query = httpx.URL(sent.headers["location"]).params

    told = api.item_public_token_exchange(
        ItemPublicTokenExchangeRequest(public_token=query["public_token"])
    )
    seen = api.link_token_get(LinkTokenGetRequest(link_token=made.link_token))

    assert query["link_token"] == made.link_token
    assert told.access_token.startswith("access-sandbox-")
    [session] = seen.link_sessions
    [result] = session.results.item_add_results
    assert (result.public_token, len(result.accounts)) == (query["public_token"], 5)
    item = api.item_get(ItemGetRequest(access_token=told.access_token)).item
    assert item.institution_name == "First Platypus Bank"


def test_accounts_and_balances(api: plaid_api.PlaidApi) -> None:
    access_token, item_id = link(api, "transactions")

    cached = api.accounts_get(AccountsGetRequest(access_token=access_token))
    live = api.accounts_balance_get(AccountsBalanceGetRequest(access_token=access_token))

    assert cached.item.item_id == item_id
    assert {str(account.type) for account in cached.accounts} == {
        "depository",
        "credit",
        "loan",
        "investment",
    }
    assert [account.account_id for account in live.accounts] == [
        account.account_id for account in cached.accounts
    ]


def test_sync_in_pages_with_a_change_between_them(api: plaid_api.PlaidApi, plaid: Served) -> None:
    access_token, item_id = link(api, "transactions")
    plaid.control.mutate_during_pagination(item_id)
    first = api.transactions_sync(TransactionsSyncRequest(access_token=access_token, count=50))

    refused = refusal(
        api.transactions_sync,
        TransactionsSyncRequest(access_token=access_token, cursor=first.next_cursor, count=50),
    )
    again = pages(api, access_token, 50)

    assert (refused["http"], refused["error_code"]) == (400, MUTATION)
    assert {row.transaction_id for page in again for row in page.added} == {
        row.transaction_id for row in plaid.control.truth(item_id).transactions
    }


def test_refresh_brings_new_rows(api: plaid_api.PlaidApi) -> None:
    access_token, _ = link(api, "transactions")
    cursor = pages(api, access_token, 500)[-1].next_cursor

    api.transactions_refresh(TransactionsRefreshRequest(access_token=access_token))
    page = api.transactions_sync(TransactionsSyncRequest(access_token=access_token, cursor=cursor))

    assert page.added


def test_transactions_are_created(api: plaid_api.PlaidApi) -> None:
    access_token, _ = link(api, "transactions", username="user_transactions_dynamic")
    cursor = pages(api, access_token, 500)[-1].next_cursor
    created = CustomSandboxTransaction(
        date_transacted=NOW.date(), date_posted=NOW.date(), amount=72.1, description="A pie"
    )

    api.sandbox_transactions_create(
        SandboxTransactionsCreateRequest(access_token=access_token, transactions=[created])
    )
    page = api.transactions_sync(TransactionsSyncRequest(access_token=access_token, cursor=cursor))

    [row] = page.added
    assert (row.name, row.amount, row.date) == ("A pie", 72.1, NOW.date())


def test_investments(api: plaid_api.PlaidApi) -> None:
    access_token, _ = link(api, "investments")

    held = api.investments_holdings_get(InvestmentsHoldingsGetRequest(access_token=access_token))
    traded = api.investments_transactions_get(
        InvestmentsTransactionsGetRequest(
            access_token=access_token, start_date=date(2026, 1, 1), end_date=NOW.date()
        )
    )

    assert {holding.security_id for holding in held.holdings} == {
        security.security_id for security in held.securities
    }
    assert any(security.option_contract for security in held.securities)
    assert len(traded.investment_transactions) == traded.total_investment_transactions


def test_login_is_reset(api: plaid_api.PlaidApi) -> None:
    access_token, _ = link(api, "transactions")

    api.sandbox_item_reset_login(SandboxItemResetLoginRequest(access_token=access_token))

    refused = refusal(api.transactions_sync, TransactionsSyncRequest(access_token=access_token))
    assert (refused["error_type"], refused["error_code"]) == ("ITEM_ERROR", "ITEM_LOGIN_REQUIRED")
    item = api.item_get(ItemGetRequest(access_token=access_token)).item
    assert item.error["error_code"] == "ITEM_LOGIN_REQUIRED"


def test_access_token_is_rotated(api: plaid_api.PlaidApi) -> None:
    old, _ = link(api, "transactions")

    new = api.item_access_token_invalidate(
        ItemAccessTokenInvalidateRequest(access_token=old)
    ).new_access_token

    refused = refusal(api.accounts_get, AccountsGetRequest(access_token=old))
    assert refused["error_code"] == "INVALID_ACCESS_TOKEN"
    assert api.accounts_get(AccountsGetRequest(access_token=new)).accounts


def test_item_is_removed(api: plaid_api.PlaidApi) -> None:
    access_token, _ = link(api, "transactions")

    api.item_remove(ItemRemoveRequest(access_token=access_token))

    refused = refusal(api.item_get, ItemGetRequest(access_token=access_token))
    assert refused["error_code"] == "ITEM_NOT_FOUND"


def test_institutions(api: plaid_api.PlaidApi) -> None:
    countries = [CountryCode("US")]

    one = api.institutions_get_by_id(
        InstitutionsGetByIdRequest(institution_id=PLATYPUS, country_codes=countries)
    )
    page = api.institutions_get(InstitutionsGetRequest(count=2, offset=1, country_codes=countries))

    assert one.institution.name == "First Platypus Bank"
    assert len(page.institutions) == 2
    assert page.total > 5


def test_webhook_is_verified_with_the_published_key(api: plaid_api.PlaidApi) -> None:
    with receiving() as receiver:
        access_token, item_id = link(api, "transactions")
        api.item_webhook_update(
            ItemWebhookUpdateRequest(access_token=access_token, webhook=receiver.url)
        )
        api.sandbox_item_fire_webhook(
            SandboxItemFireWebhookRequest(
                access_token=access_token, webhook_code="SYNC_UPDATES_AVAILABLE"
            )
        )
        [acknowledged, update] = receiver.wait_for(2)

    for received in (acknowledged, update):
        claims = verified(api, received)
        assert set(claims) == {"iat", "request_body_sha256"}
    codes = {json.loads(received.body)["webhook_code"] for received in receiver.received}
    assert codes == {"WEBHOOK_UPDATE_ACKNOWLEDGED", "SYNC_UPDATES_AVAILABLE"}
    assert json.loads(update.body)["item_id"] == item_id


def verified(api: plaid_api.PlaidApi, received: Received) -> dict[str, Any]:
    """The claims of a webhook, checked by a library that the sandbox does not know."""
    token = received.headers["plaid-verification"]
    key_id = jws.extract_compact(token.encode()).headers()["kid"]
    key = api.webhook_verification_key_get(WebhookVerificationKeyGetRequest(key_id=key_id)).key
    claims = jwt.decode(token, ECKey.import_key(key.to_dict()), algorithms=["ES256"]).claims
    assert claims["request_body_sha256"] == hashlib.sha256(received.body).hexdigest()
    return dict(claims)


@pytest.mark.parametrize(
    ("secret", "code"), [("wrong", "INVALID_API_KEYS"), ("sécret", "INVALID_API_KEYS")]
)
def test_wrong_secret_is_refused(plaid: Served, secret: str, code: str) -> None:
    [refused] = [
        refusal(api.item_get, ItemGetRequest(access_token="access-sandbox-none"))
        for api in client(plaid, secret)
    ]

    assert (refused["error_type"], refused["error_code"]) == ("INVALID_INPUT", code)
