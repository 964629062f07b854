"""The page that stands for Plaid Link leads a user to an Item, or repairs one."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import httpx
import pytest

from tests.sandbox.plaid_served import LINK, PLATYPUS, Served, link_token_of
from tests.sandbox.webhook_receiver import receiving

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


def send(plaid: Served, link_token: str, **form: str | list[str]) -> httpx.Response:
    return plaid.http.post(f"/link/{link_token}", data=form)


def test_page_asks_for_a_login(plaid: Served) -> None:
    page = plaid.http.get(f"/link/{link_token_of(plaid)}")

    seen = Seen(page.text)
    assert page.status_code == 200
    assert seen.unlabelled == []
    assert seen.fields("html", lang="en")
    assert [field["name"] for field in seen.fields("input")] == ["username", "password"]
    assert {"value": PLATYPUS} in seen.fields("option")
    assert "Bankfeeds wants to see your accounts" in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_page_offers_the_accounts(plaid: Served) -> None:
    page = send(plaid, link_token_of(plaid), **LOGIN)

    boxes = Seen(page.text).fields("input", type="checkbox")
    assert Seen(page.text).unlabelled == []
    assert [box["value"] for box in boxes] == ["0", "1", "2", "3", "4"]
    assert "Plaid Credit Card 3333" in page.text


def test_account_filters_decide_what_is_offered(plaid: Served) -> None:
    filters = {
        "depository": {"account_subtypes": ["checking"]},
        "loan": {"account_subtypes": ["all"]},
    }

    page = send(plaid, link_token_of(plaid, account_filters=filters), **LOGIN)

    boxes = Seen(page.text).fields("input", type="checkbox")
    assert [box["value"] for box in boxes] == ["0", "3"]


def test_chosen_accounts_become_an_item(plaid: Served) -> None:
    link_token = link_token_of(plaid, redirect_uri=BACK, transactions={"days_requested": 50})

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


@pytest.mark.parametrize(
    ("institution_id", "products"),
    [
        (PLATYPUS, ["auth", "investments", "transactions"]),
        ("ins_133402", ["auth"]),
    ],
)
def test_products_are_had_where_they_are_supported(
    plaid: Served, institution_id: str, products: list[str]
) -> None:
    link_token = link_token_of(
        plaid,
        products=["auth"],
        required_if_supported_products=["investments"],
        optional_products=["transactions"],
        redirect_uri=BACK,
    )

    done = send(plaid, link_token, **{**LOGIN, "institution_id": institution_id}, accounts="all")

    public_token = httpx.URL(done.headers["location"]).params["public_token"]
    told = plaid.post("/item/public_token/exchange", public_token=public_token)
    item = plaid.post("/item/get", access_token=told["access_token"])["item"]
    assert item["products"] == products


def test_completion_address_of_hosted_link_wins(plaid: Served) -> None:
    hosted = {"completion_redirect_uri": "http://localhost/done?tenant=1"}
    made = plaid.post("/link/token/create", **LINK, redirect_uri=BACK, hosted_link=hosted)

    done = send(plaid, made["link_token"], **LOGIN, accounts="all")

    assert made["hosted_link_url"] == f"{plaid.url}/link/{made['link_token']}"
    assert done.headers["location"].startswith("http://localhost/done?tenant=1&link_token=")


def test_page_without_an_address_shows_the_public_token(plaid: Served) -> None:
    done = send(plaid, link_token_of(plaid), **LOGIN, accounts="all")

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
    page = send(plaid, link_token_of(plaid), **{**LOGIN, **login})

    assert page.status_code == 400
    assert Seen(page.text).fields("p", role="alert")
    assert code in page.text


def test_what_a_user_types_is_escaped(plaid: Served) -> None:
    link_token = link_token_of(plaid, client_name="<b>Bank</b>")

    page = send(plaid, link_token, **{**LOGIN, "username": '"><script>x</script>'})

    assert "<script" not in page.text
    assert "<b>" not in page.text


def test_page_ends_with_the_link_token(own_plaid: Served) -> None:
    link_token = link_token_of(own_plaid)
    own_plaid.control.move_time(by_s=4 * 3600)

    for page in (own_plaid.http.get(f"/link/{link_token}"), send(own_plaid, link_token, **LOGIN)):
        assert page.status_code == 400
        assert "INVALID_LINK_TOKEN" in page.text
    assert own_plaid.http.get("/link/nonsense").status_code == 400


def test_item_of_a_mortgage_alone_has_no_transactions(plaid: Served) -> None:
    link_token = link_token_of(plaid, redirect_uri=BACK, products=["liabilities"])
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
    link_token = link_token_of(own_plaid, products=None, access_token=item.access_token)

    send(own_plaid, link_token, **{**LOGIN, "institution_id": "ins_117650"})

    told = own_plaid.post("/item/get", access_token=item.access_token)["item"]
    assert (told["error"], told["consent_expiration_time"]) == (None, "2027-05-20T12:00:00Z")


def test_user_may_leave(plaid: Served) -> None:
    link_token = link_token_of(plaid, redirect_uri=BACK)

    left = send(plaid, link_token, leave="1")

    assert httpx.URL(left.headers["location"]).params["status"] == "exited"
    [session] = plaid.post("/link/token/get", link_token=link_token)["link_sessions"]
    assert session["results"] is None


def test_large_form_is_refused(plaid: Served) -> None:
    assert send(plaid, link_token_of(plaid), username="a" * 70_000).status_code == 413


def test_session_is_told_by_webhook(plaid: Served) -> None:
    with receiving() as receiver:
        link_token = link_token_of(plaid, webhook=receiver.url)
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
    link_token = link_token_of(
        plaid, products=None, access_token=item.access_token, redirect_uri=BACK
    )

    wrong = send(plaid, link_token, **LOGIN)
    done = send(plaid, link_token, **{**LOGIN, "username": "user_good_71"})

    assert "INVALID_CREDENTIALS" in wrong.text
    assert set(httpx.URL(done.headers["location"]).params) == {"link_token"}
    assert len(plaid.pages(item)[0]["added"]) == 180


def test_update_mode_adds_accounts(plaid: Served) -> None:
    link_token = link_token_of(plaid, redirect_uri=BACK)
    login = {**LOGIN, "username": "user_good_72"}
    done = send(plaid, link_token, **login, accounts="0")
    public_token = httpx.URL(done.headers["location"]).params["public_token"]
    access_token = plaid.post("/item/public_token/exchange", public_token=public_token)[
        "access_token"
    ]
    before = plaid.post("/transactions/sync", access_token=access_token, count=500)

    update = link_token_of(
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
