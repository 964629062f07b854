"""The page that people come back to from a provider: tells nobody what the provider answered."""

from __future__ import annotations

import io

import pytest

from api.app import create_app
from tests.api.conftest import Edges
from tests.fixtures.api_server import Api, serving
from tests.fixtures.small_schema import Seen, opener
from tests.fixtures.small_schema import schema as small_schema

QUERY = "code=c0de-9f3&state=st4te-77a&iss=https%3A%2F%2Fbank.example&scope=a+b"
PATH = f"/oauth/callback/plaid?{QUERY}"


async def test_the_page_sends_back_to_the_app_and_shows_nothing(edges: Edges, seen: Seen) -> None:
    logged = io.StringIO()
    settings = edges.settings(BANKFEEDS_LOG_LEVEL="debug")
    app = create_app(settings, schema=small_schema, open_context=opener(seen), log_to=logged)
    async with serving(app, edges.data_dir) as api:
        response = await api.http.get(f"{PATH}&error_description=<script>alert(1)</script>")

    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "Go back to the app" in response.text
    for part in ("c0de-9f3", "st4te-77a", "bank.example", "script", "plaid"):
        assert part not in response.text
        assert part not in str(response.headers)
    assert "/oauth/callback" in logged.getvalue()
    assert "c0de-9f3" not in logged.getvalue()
    assert "st4te-77a" not in logged.getvalue()


async def test_the_page_is_neither_kept_nor_framed_nor_refers(small: Api) -> None:
    response = await small.http.get(PATH)

    headers = response.headers
    assert headers.get_list("cache-control") == ["no-store"]
    assert headers.get_list("referrer-policy") == ["no-referrer"]
    assert headers.get_list("content-security-policy") == [
        "default-src 'none'; frame-ancestors 'none'"
    ]
    assert headers["x-content-type-options"] == "nosniff"
    assert "set-cookie" not in headers


@pytest.mark.parametrize(
    ("app_url", "there"),
    [
        ("https://app.example/linked", f"https://app.example/linked?{QUERY}"),
        ("https://app.example/linked?a=1", f"https://app.example/linked?a=1&{QUERY}"),
    ],
)
async def test_where_there_is_an_app_the_answer_goes_there(
    edges: Edges, seen: Seen, app_url: str, there: str
) -> None:
    settings = edges.settings(BANKFEEDS_APP_URL=app_url)
    app = create_app(settings, schema=small_schema, open_context=opener(seen))
    async with serving(app, edges.data_dir) as api:
        response = await api.http.get(PATH)
        bare = await api.http.get("/oauth/callback/plaid")

    assert response.status_code == 303
    assert response.headers["location"] == there
    assert response.headers["referrer-policy"] == "no-referrer"
    assert bare.headers["location"] == app_url


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/oauth/callback/nobody", 404),
        ("GET", "/oauth/callback/", 404),
        ("GET", "/oauth/callback/plaid/more", 404),
        ("GET", "/oauth/callback/%2e%2e%2fgraphql", 404),
        ("POST", "/oauth/callback/plaid", 405),
        ("GET", f"/oauth/callback/plaid?code={'a' * 17_000}", 414),
    ],
    ids=lambda given: str(given)[:40],
)
async def test_everything_else_is_refused(small: Api, method: str, path: str, status: int) -> None:
    response = await small.http.request(method, path)

    assert response.status_code == status
