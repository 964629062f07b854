"""The Connector of the simulated Quiltt: a person logs in at a bank, again, or not at all."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.fixtures.quiltt_service import Service

PATH = "/connector/cnct_1"
BACK = "http://127.0.0.1:5173/done?ours=kept"
GOOD = {"username": "user_good", "password": "pass_good"}


def opened(quiltt: Service, token: str, **asked: str) -> httpx.Response:
    asked = {"token": token, "redirect_uri": BACK, **asked}
    return quiltt.http.get(PATH, params=asked, headers={"authorization": ""})


def submitted(quiltt: Service, page: httpx.Response, **said: str | list[str]) -> httpx.Response:
    """The form of the page with its hidden fields, filled in."""
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text)
    carried = {name: unescape(value) for name, value in hidden}
    return quiltt.http.post(PATH, data={**carried, **said}, headers={"authorization": ""})


def result_of(reply: httpx.Response) -> dict[str, str]:
    assert reply.status_code == 303, reply.text
    location = reply.headers["location"]
    assert location.startswith("http://127.0.0.1:5173/done?")
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def test_user_links_the_accounts_that_are_chosen(quiltt: Service) -> None:
    profile_id = quiltt.profile()
    page = opened(quiltt, quiltt.session(profile_id))

    chooses = submitted(quiltt, page, institution="Sandbox First Bank", **GOOD)
    assert chooses.text.count('type="checkbox"') == 3
    done = submitted(quiltt, chooses, account=["Everyday Checking", "Rewards Card"])

    result = result_of(done)
    assert result["type"] == "exited.successful"
    assert (result["connectorId"], result["profileId"]) == ("cnct_1", profile_id)
    assert result["ours"] == "kept"
    truth = quiltt.control.truth(result["connectionId"])
    assert truth["connection"]["profile_id"] == profile_id
    names = [account["name"] for account in truth["accounts"]]
    assert names == ["Everyday Checking", "Rewards Card"]


def test_wrong_password_is_told(quiltt: Service) -> None:
    page = opened(quiltt, quiltt.session(quiltt.profile()))

    reply = submitted(quiltt, page, username="user_good", password="wrong")

    assert reply.status_code == 422
    assert '<p role="alert">The user name or the password is wrong.</p>' in reply.text
    assert quiltt.http.get("/_sandbox/connections").json() == []


def test_one_account_at_least_is_shared(quiltt: Service) -> None:
    page = opened(quiltt, quiltt.session(quiltt.profile()))
    chooses = submitted(quiltt, page, institution="Sandbox Credit Union", **GOOD)

    none = submitted(quiltt, chooses)
    unknown = submitted(quiltt, chooses, account=["Swiss Vault"])

    assert (none.status_code, unknown.status_code) == (422, 422)
    assert "Choose at least one account." in none.text


def test_user_may_turn_back(quiltt: Service) -> None:
    page = opened(quiltt, quiltt.session(quiltt.profile()))

    result = result_of(submitted(quiltt, page, cancel="yes"))

    assert result == {"ours": "kept", "type": "exited.aborted", "connectorId": "cnct_1"}


def test_broken_connection_is_repaired(quiltt: Service) -> None:
    profile_id, connection_id = quiltt.linked()
    quiltt.control.error(connection_id)
    quiltt.control.change(connection_id, posted=1, sync=False)
    before = quiltt.control.truth(connection_id)
    page = opened(quiltt, quiltt.session(profile_id), connection_id=connection_id)
    assert "<h1>Reconnect Sandbox First Bank</h1>" in page.text

    result = result_of(submitted(quiltt, page, **GOOD))

    after = quiltt.control.truth(connection_id)
    assert result["connectionId"] == connection_id
    assert after["connection"]["status"] == "SYNCED"
    assert [a["id"] for a in after["accounts"]] == [a["id"] for a in before["accounts"]]
    assert after["changes_waiting"] == 0
    types = [event["type"] for event in quiltt.control.events()]
    assert types.count("connection.synced.successful.historical") == 2


def test_repair_may_give_new_ids(quiltt: Service) -> None:
    profile_id, connection_id = quiltt.linked()
    before = quiltt.control.truth(connection_id)
    quiltt.control.error(connection_id)
    quiltt.control.set(relink="new_ids")
    page = opened(quiltt, quiltt.session(profile_id), connection_id=connection_id)

    submitted(quiltt, page, **GOOD)

    after = quiltt.control.truth(connection_id)
    for old, new in zip(before["accounts"], after["accounts"], strict=True):
        assert old["id"] != new["id"]
        assert (old["name"], old["mask"]) == (new["name"], new["mask"])
        assert {t["id"] for t in old["transactions"]}.isdisjoint(
            t["id"] for t in new["transactions"]
        )
        assert [t["amount"] for t in old["transactions"]] == [
            t["amount"] for t in new["transactions"]
        ]


def test_repair_may_give_another_connection(quiltt: Service) -> None:
    profile_id, connection_id = quiltt.linked()
    quiltt.control.set(relink="moved")
    page = opened(quiltt, quiltt.session(profile_id), connection_id=connection_id)

    result = result_of(submitted(quiltt, page, **GOOD))

    assert result["connectionId"] != connection_id
    assert quiltt.control.truth(connection_id)["connection"]["status"] == "DISCONNECTED"
    assert len(quiltt.control.truth(result["connectionId"])["accounts"]) == 3


def test_bank_that_is_linked_twice_has_two_of_each_account(quiltt: Service) -> None:
    profile_id, first = quiltt.linked(accounts=["Everyday Checking"])

    second = quiltt.control.link(profile_id=profile_id, accounts=["Everyday Checking"])

    [one], [two] = (quiltt.control.truth(each)["accounts"] for each in (first, second))
    assert one["id"] != two["id"]
    assert (one["name"], one["mask"]) == (two["name"], two["mask"])


def test_page_opens_for_the_session_alone(quiltt: Service) -> None:
    profile_id, connection_id = quiltt.linked()
    other = quiltt.session(quiltt.profile())
    token = quiltt.session(profile_id)

    assert opened(quiltt, "a.b.c").status_code == 401
    assert opened(quiltt, other, connection_id=connection_id).status_code == 404
    assert opened(quiltt, token, redirect_uri="https://example.com/").status_code == 400
    quiltt.control.disconnect(connection_id)
    page = opened(quiltt, token, connection_id=connection_id)
    assert submitted(quiltt, page, **GOOD).status_code == 409


def test_page_without_a_way_back_says_what_came_of_it(quiltt: Service) -> None:
    page = opened(quiltt, quiltt.session(quiltt.profile()), redirect_uri="")

    chooses = submitted(quiltt, page, **GOOD)
    done = submitted(quiltt, chooses, account=["Everyday Checking"])

    assert re.search(r"exited\.successful: conn_\w+", done.text)


def test_page_can_be_read_by_everyone(quiltt: Service) -> None:
    page = opened(quiltt, quiltt.session(quiltt.profile()), redirect_uri=f"{BACK}&x=<script>")

    assert '<html lang="en">' in page.text
    assert page.text.count("<label>") == 3
    assert "<script>" not in page.text
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
