"""Sessions of the simulated Quiltt: who gets a token, how many, and for how long."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx
import pytest

from tests.fixtures.quiltt_service import Service, basic

HOUR_S = 3600


def issued(quiltt: Service, **body: Any) -> httpx.Response:
    return quiltt.http.post("/v1/users/sessions", json=body)


def status_of(quiltt: Service, token: str, method: str = "GET") -> int:
    headers = {"authorization": f"Bearer {token}"}
    return quiltt.http.request(method, "/v1/users/session", headers=headers).status_code


def parts(token: str) -> list[Any]:
    return [json.loads(base64.urlsafe_b64decode(part + "==")) for part in token.split(".")[:2]]


def test_session_is_of_the_profile_that_is_named(quiltt: Service) -> None:
    profile_id = quiltt.profile()

    reply = issued(quiltt, userId=profile_id)

    session = reply.json()
    header, claims = parts(session["token"])
    assert (reply.status_code, session["userId"]) == (201, profile_id)
    assert header == {"alg": "HS512"}
    assert claims["iss"] == "auth.quiltt.io"
    assert claims["aud"] == "api.quiltt.io"
    assert claims["uid"] == profile_id
    assert claims["exp"] == claims["iat"] + 24 * HOUR_S == session["expiration"]
    assert {"nbf", "jti", "ver", "did"} <= claims.keys()
    assert session["expiresAt"] == "2026-12-01T12:00:00Z"


def test_profile_may_be_named_by_its_uuid(quiltt: Service) -> None:
    profile_id = quiltt.profile(uuid="52909e05-e1cb-4e45-b273-2b7b5d1f9bff")

    session = issued(quiltt, userId="52909e05-e1cb-4e45-b273-2b7b5d1f9bff").json()

    assert session["userId"] == profile_id


def test_without_a_name_each_session_makes_a_profile(quiltt: Service) -> None:
    first = issued(quiltt, metadata={"tenant": "a"}).json()
    second = issued(quiltt, metadata={"tenant": "a"}).json()

    assert first["userId"] != second["userId"]
    assert len(quiltt.http.get("/v1/profiles").json()) == 2


def test_details_beside_the_name_change_the_profile(quiltt: Service) -> None:
    profile_id = quiltt.profile(email="old@example.com", metadata={"kept": "yes"})

    issued(quiltt, userId=profile_id, email="new@example.com")

    profile = quiltt.http.get(f"/v1/profiles/{profile_id}").json()
    assert (profile["email"], profile["metadata"]) == ("new@example.com", {"kept": "yes"})


def test_ten_sessions_an_hour(quiltt: Service) -> None:
    profile_id = quiltt.profile()
    tokens = [quiltt.session(profile_id) for _ in range(10)]

    refusal = issued(quiltt, userId=profile_id)

    assert refusal.status_code == 429
    assert refusal.json()["message"] == "Too Many Requests"
    assert issued(quiltt, userId=quiltt.profile()).status_code == 201, "another has its own ten"

    assert status_of(quiltt, tokens[0], "DELETE") == 204
    assert issued(quiltt, userId=profile_id).status_code == 201, "a revoked one is given back"
    assert issued(quiltt, userId=profile_id).status_code == 429


def test_twenty_sessions_a_day(quiltt: Service) -> None:
    profile_id = quiltt.profile()
    for _ in range(2):
        for _ in range(10):
            quiltt.session(profile_id)
        quiltt.control.advance(seconds=HOUR_S)

    assert issued(quiltt, userId=profile_id).status_code == 429
    quiltt.control.advance(seconds=22 * HOUR_S)
    assert issued(quiltt, userId=profile_id).status_code == 201


def test_session_ends(quiltt: Service) -> None:
    revoked, old = (quiltt.session(quiltt.profile()) for _ in range(2))

    assert status_of(quiltt, revoked) == 200
    assert status_of(quiltt, revoked, "DELETE") == 204
    assert status_of(quiltt, revoked) == 401
    assert status_of(quiltt, revoked, "DELETE") == 401

    assert status_of(quiltt, old) == 200
    quiltt.control.advance(seconds=24 * HOUR_S)
    assert status_of(quiltt, old) == 401
    assert status_of(quiltt, "a.b.c") == 401


def test_wrong_key_is_refused(quiltt: Service) -> None:
    for authorization in ("Bearer wrong", basic(quiltt.profile()), ""):
        reply = quiltt.http.post(
            "/v1/users/sessions", json={}, headers={"authorization": authorization}
        )

        assert reply.status_code == 401
        assert reply.json().keys() == {"message", "instruction"}


def test_environment_has_a_most_of_profiles(quiltt: Service) -> None:
    quiltt.control.set(profiles_max=1)
    profile_id = quiltt.profile()

    assert issued(quiltt).status_code == 403
    assert quiltt.http.post("/v1/profiles", json={}).status_code == 403
    assert issued(quiltt, userId=profile_id).status_code == 201


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"phone": "0123"}, "phone"),
        ({"uuid": "one"}, "uuid"),
        ({"userId": "p_nobody"}, "userId"),
        ({"metadata": {str(n): n for n in range(51)}}, "metadata"),
    ],
)
def test_wrong_details_are_told_by_field(quiltt: Service, body: dict[str, Any], field: str) -> None:
    reply = issued(quiltt, **body)

    assert reply.status_code == 422
    assert list(reply.json()) == [field]
    assert isinstance(reply.json()[field][0], str)


def test_profile_on_its_way_out_gets_no_session(quiltt: Service) -> None:
    quiltt.control.set(deletion_after_s=60)
    profile_id = quiltt.profile()
    token = quiltt.session(profile_id)
    quiltt.http.delete(f"/v1/profiles/{profile_id}")

    refusal = issued(quiltt, userId=profile_id)

    assert refusal.status_code == 409
    assert refusal.json()["instruction"] == "Profile is currently being deleted"
    assert status_of(quiltt, token) == 401
    quiltt.control.advance(seconds=60)
    assert issued(quiltt, userId=profile_id).status_code == 422
