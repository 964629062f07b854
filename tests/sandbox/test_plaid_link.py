"""Linking: tokens are as strict as Plaid's, and the page leads a user to an Item."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest

from tests.sandbox.plaid_served import PLATYPUS, Served
from tests.sandbox.webhook_receiver import receiving

LINK: dict[str, Any] = {
    "client_name": "Bankfeeds",
    "language": "en",
    "country_codes": ["US"],
    "user": {"client_user_id": "an-opaque-id"},
    "products": ["transactions"],
}
LOGIN = {"institution_id": PLATYPUS, "username": "user_good", "password": "pass_good"}
BACK = "http://127.0.0.1:1/linked"


class Seen(HTMLParser):
    """What of a page matters to a person: labels, fields, headings, alerts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[str] = []
        self.unlabelled: list[dict[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.tags.append((tag, named))
        if tag not in {"input", "meta"}:
            self._open.append(tag)
        field = tag in {"input", "select"} and named.get("type") != "hidden"
        if field and "label" not in self._open:
            self.unlabelled.append(named)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def fields(self, tag: str, **wanted: str) -> list[dict[str, str | None]]:
        return [
            attrs for name, attrs in self.tags if name == tag and wanted.items() <= attrs.items()
        ]


def token(plaid: Served, **changes: Any) -> str:
    asked = {key: value for key, value in {**LINK, **changes}.items() if value is not None}
    return str(plaid.post("/link/token/create", **asked)["link_token"])


def send(plaid: Served, link_token: str, **form: str | list[str]) -> httpx.Response:
    return plaid.http.post(f"/link/{link_token}", data=form)


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


def test_page_asks_for_a_login(plaid: Served) -> None:
    page = plaid.http.get(f"/link/{token(plaid)}")

    seen = Seen(page.text)
    assert page.status_code == 200
    assert seen.unlabelled == []
    assert seen.fields("html", lang="en")
    assert [field["name"] for field in seen.fields("input")] == ["username", "password"]
    assert {"value": PLATYPUS} in seen.fields("option")
    assert "Bankfeeds wants to see your accounts" in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_page_offers_the_accounts(plaid: Served) -> None:
    page = send(plaid, token(plaid), **LOGIN)

    boxes = Seen(page.text).fields("input", type="checkbox")
    assert Seen(page.text).unlabelled == []
    assert [box["value"] for box in boxes] == ["0", "1", "2", "3", "4"]
    assert "Plaid Credit Card 3333" in page.text


def test_account_filters_decide_what_is_offered(plaid: Served) -> None:
    filters = {
        "depository": {"account_subtypes": ["checking"]},
        "loan": {"account_subtypes": ["all"]},
    }

    page = send(plaid, token(plaid, account_filters=filters), **LOGIN)

    boxes = Seen(page.text).fields("input", type="checkbox")
    assert [box["value"] for box in boxes] == ["0", "3"]


def test_chosen_accounts_become_an_item(plaid: Served) -> None:
    link_token = token(plaid, redirect_uri=BACK, transactions={"days_requested": 50})

    done = send(plaid, link_token, **LOGIN, accounts=["0", "2"])

    back = httpx.URL(done.headers["location"])
    assert (done.status_code, str(back.copy_with(query=None))) == (303, BACK)
    assert back.params["link_token"] == link_token
    access_token = plaid.post(
        "/item/public_token/exchange", public_token=back.params["public_token"]
    )["access_token"]
    accounts = plaid.post("/accounts/get", access_token=access_token)["accounts"]
    assert [account["subtype"] for account in accounts] == ["checking", "credit card"]
    rows = plaid.post("/transactions/sync", access_token=access_token, count=500)["added"]
    assert {row["account_id"] for row in rows} == {account["account_id"] for account in accounts}
    assert min(row["date"] for row in rows) >= "2026-10-03"


def test_completion_address_of_hosted_link_wins(plaid: Served) -> None:
    hosted = {"completion_redirect_uri": "http://localhost/done?tenant=1"}
    made = plaid.post("/link/token/create", **LINK, redirect_uri=BACK, hosted_link=hosted)

    done = send(plaid, made["link_token"], **LOGIN, accounts="all")

    assert made["hosted_link_url"] == f"{plaid.url}/link/{made['link_token']}"
    assert done.headers["location"].startswith("http://localhost/done?tenant=1&link_token=")


def test_page_without_an_address_shows_the_public_token(plaid: Served) -> None:
    done = send(plaid, token(plaid), **LOGIN, accounts="all")

    [public_token] = re.findall(r"public-sandbox-[0-9a-f-]+", done.text)
    assert plaid.post("/item/public_token/exchange", public_token=public_token)["item_id"]


@pytest.mark.parametrize(
    ("login", "code"),
    [
        ({"password": "wrong"}, "INVALID_CREDENTIALS"),
        ({"username": "nobody"}, "INVALID_CREDENTIALS"),
        ({"username": "user_bad"}, "INVALID_CREDENTIALS"),
        ({"password": "error_ITEM_LOCKED"}, "ITEM_LOCKED"),
        ({"institution_id": "ins_none"}, "INVALID_INSTITUTION"),
    ],
)
def test_failed_login_is_told_on_the_page(plaid: Served, login: dict[str, str], code: str) -> None:
    page = send(plaid, token(plaid), **{**LOGIN, **login})

    assert page.status_code == 400
    assert Seen(page.text).fields("p", role="alert")
    assert code in page.text


def test_what_a_user_types_is_escaped(plaid: Served) -> None:
    link_token = token(plaid, client_name="<b>Bank</b>")

    page = send(plaid, link_token, **{**LOGIN, "username": '"><script>x</script>'})

    assert "<script" not in page.text
    assert "<b>" not in page.text


def test_page_ends_with_the_link_token(own_plaid: Served) -> None:
    link_token = token(own_plaid)
    own_plaid.control.move_time(by_s=4 * 3600)

    for page in (own_plaid.http.get(f"/link/{link_token}"), send(own_plaid, link_token, **LOGIN)):
        assert page.status_code == 400
        assert "INVALID_LINK_TOKEN" in page.text
    assert own_plaid.http.get("/link/nonsense").status_code == 400


def test_unknown_link_token_is_refused(plaid: Served) -> None:
    refused = plaid.refused("/link/token/get", link_token="link-sandbox-none")

    assert refused["error_code"] == "INVALID_LINK_TOKEN"


def test_item_of_a_mortgage_alone_has_no_transactions(plaid: Served) -> None:
    link_token = token(plaid, redirect_uri=BACK, products=["liabilities"])
    login = {**LOGIN, "username": "user_good_74"}
    done = send(plaid, link_token, **login, accounts="3")
    public_token = httpx.URL(done.headers["location"]).params["public_token"]
    told = plaid.post("/item/public_token/exchange", public_token=public_token)
    asked = {"access_token": told["access_token"]}

    plaid.post("/transactions/sync", **asked)
    done_at_bank = plaid.control.advance(told["item_id"], added=2, twins=1)

    assert done_at_bank.added == []
    assert plaid.post("/transactions/sync", **asked)["added"] == []


def test_consent_is_given_again_in_update_mode(own_plaid: Served) -> None:
    item = own_plaid.link("user_good", institution_id="ins_117650")
    own_plaid.control.expire_consent(item.item_id)
    link_token = token(own_plaid, products=None, access_token=item.access_token)

    send(own_plaid, link_token, **{**LOGIN, "institution_id": "ins_117650"})

    told = own_plaid.post("/item/get", access_token=item.access_token)["item"]
    assert (told["error"], told["consent_expiration_time"]) == (None, "2027-05-20T12:00:00Z")


def test_user_may_leave(plaid: Served) -> None:
    link_token = token(plaid, redirect_uri=BACK)

    left = send(plaid, link_token, leave="1")

    assert httpx.URL(left.headers["location"]).params["status"] == "exited"
    [session] = plaid.post("/link/token/get", link_token=link_token)["link_sessions"]
    assert session["results"] is None


def test_large_form_is_refused(plaid: Served) -> None:
    assert send(plaid, token(plaid), username="a" * 70_000).status_code == 413


def test_session_is_told_by_webhook(plaid: Served) -> None:
    with receiving() as receiver:
        link_token = token(plaid, webhook=receiver.url)
        done = send(plaid, link_token, **LOGIN, accounts="all")
        send(plaid, link_token, leave="1")
        sent = [json.loads(letter.body) for letter in plaid.control.webhooks()]
        receiver.wait_for(2)

    finished = [one for one in sent if one.get("link_token") == link_token]
    assert [one["status"] for one in finished] == ["SUCCESS", "EXITED"]
    assert finished[0]["public_tokens"][0] in done.text
    assert "item_id" not in finished[0]


def test_update_mode_repairs_the_item_without_a_public_token(plaid: Served) -> None:
    item = plaid.link("user_good_71")
    plaid.post("/sandbox/item/reset_login", access_token=item.access_token)
    link_token = token(plaid, products=None, access_token=item.access_token, redirect_uri=BACK)

    wrong = send(plaid, link_token, **LOGIN)
    done = send(plaid, link_token, **{**LOGIN, "username": "user_good_71"})

    assert "INVALID_CREDENTIALS" in wrong.text
    assert set(httpx.URL(done.headers["location"]).params) == {"link_token"}
    assert len(plaid.pages(item)[0]["added"]) == 180


def test_update_mode_adds_accounts(plaid: Served) -> None:
    link_token = token(plaid, redirect_uri=BACK)
    login = {**LOGIN, "username": "user_good_72"}
    done = send(plaid, link_token, **login, accounts="0")
    public_token = httpx.URL(done.headers["location"]).params["public_token"]
    access_token = plaid.post("/item/public_token/exchange", public_token=public_token)[
        "access_token"
    ]
    before = plaid.post("/transactions/sync", access_token=access_token, count=500)

    update = token(
        plaid,
        products=None,
        access_token=access_token,
        update={"account_selection_enabled": True},
    )
    offered = send(plaid, update, **login)
    send(plaid, update, **login, accounts=["0", "2"])
    after = plaid.post(
        "/transactions/sync", access_token=access_token, cursor=before["next_cursor"], count=500
    )

    assert len(Seen(offered.text).fields("input", type="checkbox")) == 5
    accounts = plaid.post("/accounts/get", access_token=access_token)["accounts"]
    assert {account["subtype"] for account in accounts} == {"checking", "credit card"}
    assert {row["account_id"] for row in before["added"]} == {accounts[0]["account_id"]}
    assert {row["account_id"] for row in after["added"]} == {accounts[1]["account_id"]}


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
