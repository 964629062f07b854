"""GraphQL over HTTP: what is taken, what it is answered with, and which words reach clients."""

from __future__ import annotations

import asyncio
import base64
import io
from uuid import uuid4

import httpx
import pytest

from core.models import Role
from tests.fixtures.api_server import Api
from tests.fixtures.small_schema import Seen
from tests.fixtures.world import Place, World

GRAPHQL = "application/graphql-response+json"


@pytest.fixture
async def place(world: World) -> Place:
    return await world.place()


def _code(response: httpx.Response) -> str:
    code: str = response.json()["errors"][0]["extensions"]["code"]
    return code


# What is taken


async def test_variables_and_the_operations_name_are_used(small: Api, place: Place) -> None:
    response = await small.post(
        place.user_id,
        "query A { hello } query B($name: String!) { hello(name: $name) }",
        operationName="B",
        variables={"name": "you"},
    )

    assert response.json()["data"] == {"hello": "hello you"}


async def test_a_mutation_is_taken_by_post(small: Api, place: Place) -> None:
    assert await small.ask(place.user_id, "mutation { change }") == {"change": "changed"}


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD"])
async def test_no_operation_is_taken_by_another_method(
    small: Api, place: Place, method: str
) -> None:
    response = await small.http.request(
        method,
        "/graphql",
        params={"query": "mutation { change }"},
        headers=small.headers(place.user_id),
    )

    assert response.status_code == 405
    assert "POST" in response.headers["allow"]


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "",
        "application/json; charset=latin-1",
        "application/graphql",
    ],
)
async def test_only_json_is_taken(small: Api, place: Place, content_type: str) -> None:
    response = await small.http.post(
        "/graphql",
        content=b'{"query": "{ hello }"}',
        headers=small.headers(place.user_id, **{"content-type": content_type}),
    )

    assert response.status_code == 415


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'"text"',
        b"null",
        b"{}",
        b'{"query": ""}',
        b'{"query": 1}',
        b'{"query": "{ hello }", "variables": []}',
        b'{"query": "{ hello }", "operationName": 1}',
        b'{"query": "{ hello }", "extensions": "x"}',
        b'[{"query": "{ hello }"}]',
        b'{"query": "{ hello }", "variables": {"x": NaN}}',
        b'{"query": "\xff"}',
        b"[" * 100_000,
    ],
)
async def test_what_is_no_request_is_a_400(small: Api, place: Place, body: bytes) -> None:
    response = await small.http.post(
        "/graphql",
        content=body,
        headers=small.headers(place.user_id, **{"content-type": "application/json"}),
    )

    assert response.status_code == 400
    assert _code(response) == "BAD_INPUT"


async def test_a_body_beyond_a_mebibyte_is_refused(small: Api, place: Place) -> None:
    response = await small.post(place.user_id, "{ hello }", variables={"x": "y" * 1_100_000})

    assert response.status_code == 413


async def test_a_subscription_is_told_where_to_go(small: Api, place: Place) -> None:
    response = await small.post(place.user_id, "subscription { count(to: 1) }")

    assert response.status_code == 400
    assert "text/event-stream" in response.json()["errors"][0]["message"]


# What it is answered with


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        (GRAPHQL, GRAPHQL),
        (f"{GRAPHQL}, application/json;q=0.9", GRAPHQL),
        (f"{GRAPHQL};q=0.5, application/json", "application/json"),
        ("application/*", "application/json"),
    ],
)
async def test_the_answer_is_of_a_type_that_the_client_accepts(
    small: Api, place: Place, accept: str | None, media: str
) -> None:
    headers = {} if accept is None else {"accept": accept}

    response = await small.post(place.user_id, "{ hello }", headers)

    assert response.headers["content-type"] == f"{media}; charset=utf-8"


async def test_a_client_that_accepts_nothing_of_ours_is_told_so(small: Api, place: Place) -> None:
    response = await small.post(place.user_id, "{ hello }", {"accept": "image/png"})

    assert response.status_code == 406


@pytest.mark.parametrize(
    "query", ["{", "{ nope }", "query ($x: Int!) { hello }", "{ hello(name: 1) }"]
)
async def test_a_wrong_document_is_a_400_only_where_the_client_knows_the_new_type(
    small: Api, place: Place, query: str
) -> None:
    old = await small.post(place.user_id, query)
    new = await small.post(place.user_id, query, {"accept": GRAPHQL})

    assert (old.status_code, new.status_code) == (200, 400)
    assert _code(old) == _code(new) == "BAD_INPUT"
    assert "data" not in old.json()


async def test_the_cost_is_told(small: Api, place: Place) -> None:
    response = await small.post(place.user_id, "{ things(first: 7) { edges { node { id } } } }")

    assert response.json()["extensions"]["cost"] == {"requested": 7, "maximum": 10_000}


# Tenants


async def test_the_only_tenant_is_chosen_without_asking(small: Api, place: Place) -> None:
    assert await small.ask(place.user_id, "{ tenant }") == {"tenant": str(place.tenant_id)}


async def test_one_of_two_tenants_must_be_named(small: Api, world: World, place: Place) -> None:
    other = await _also_in_another_tenant(world, place)

    unnamed = await small.post(place.user_id, "{ tenant ofTenant }")
    named = await small.post(place.user_id, "{ tenant }", {"x-tenant": str(other.tenant_id)})

    assert _code(unnamed) == "FORBIDDEN"
    assert "X-Tenant" in unnamed.json()["errors"][0]["message"]
    assert named.json()["data"] == {"tenant": str(other.tenant_id)}


async def test_a_tenant_may_be_named_by_its_global_id(small: Api, place: Place) -> None:
    global_id = base64.urlsafe_b64encode(f"Tenant:{place.tenant_id}".encode()).decode()

    response = await small.post(place.user_id, "{ tenant }", {"x-tenant": global_id})

    assert response.json()["data"] == {"tenant": str(place.tenant_id)}


async def test_the_tokens_tenant_is_chosen_where_no_header_says_otherwise(
    small: Api, world: World, place: Place
) -> None:
    other = await _also_in_another_tenant(world, place)
    token = small.token(place.user_id, tenant_id=other.tenant_id)

    response = await small.http.post(
        "/graphql", json={"query": "{ tenant }"}, headers={"authorization": f"Bearer {token}"}
    )

    assert response.json()["data"] == {"tenant": str(other.tenant_id)}


async def test_a_claim_that_outlived_its_membership_chooses_nothing(
    small: Api, place: Place
) -> None:
    token = small.token(place.user_id, tenant_id=uuid4())

    response = await small.http.post(
        "/graphql", json={"query": "{ tenant }"}, headers={"authorization": f"Bearer {token}"}
    )

    assert response.json()["data"] == {"tenant": None}


async def test_anothers_tenant_looks_exactly_like_none(
    small: Api, world: World, place: Place
) -> None:
    foreign = await world.place()

    answers = [
        await small.post(
            place.user_id,
            "{ tenant }",
            {"x-tenant": str(tenant_id), "x-request-id": "the-same-id"},
        )
        for tenant_id in (foreign.tenant_id, uuid4())
    ]

    assert answers[0].status_code == answers[1].status_code == 403
    assert answers[0].content == answers[1].content
    assert _code(answers[0]) == "FORBIDDEN"


async def test_a_tenant_that_is_no_id_is_bad_input(small: Api, place: Place) -> None:
    response = await small.post(place.user_id, "{ tenant }", {"x-tenant": "acme"})

    assert response.status_code == 400


# Errors


@pytest.mark.parametrize(
    ("how", "code", "message"),
    [
        ("cursor", "BAD_INPUT", "the cursor is not one of this list"),
        ("forbidden", "FORBIDDEN", "not found"),
        ("conflict", "CONFLICT", "something else changed first, or is there already"),
        ("database", "UNAVAILABLE", "a part of this service is away; try again"),
        ("bug", "INTERNAL", "internal error"),
    ],
)
async def test_errors_of_resolvers_are_told_by_the_table(
    small: Api, place: Place, how: str, code: str, message: str
) -> None:
    response = await small.post(
        place.user_id, "query ($how: String!) { fail(how: $how) hello }", variables={"how": how}
    )

    body = response.json()
    assert body["data"] == {"fail": None, "hello": "hello world"}
    assert body["errors"][0]["message"] == message
    assert body["errors"][0]["path"] == ["fail"]
    assert body["errors"][0]["extensions"] == {
        "code": code,
        "requestId": response.headers["x-request-id"],
    }


async def test_a_bug_is_logged_with_its_place_and_without_its_values(
    small: Api, place: Place, logged: io.StringIO
) -> None:
    response = await small.post(place.user_id, '{ fail(how: "bug") }')

    lines = logged.getvalue()
    assert "graphql.internal" in lines
    assert response.headers["x-request-id"] in lines


async def test_no_value_reaches_the_log_of_production(
    hardened: Api, place: Place, logged: io.StringIO
) -> None:
    await hardened.post(place.user_id, '{ fail(how: "bug") }')

    lines = logged.getvalue()
    assert "ValueError" in lines
    assert "4111" not in lines


@pytest.mark.parametrize(
    "query", ["{ helo }", "{ hello(nam: 1) }", "{ thing { ... on Thin { id } } }"]
)
async def test_production_suggests_nothing(hardened: Api, place: Place, query: str) -> None:
    response = await hardened.post(place.user_id, query)

    assert _code(response) == "BAD_INPUT"
    assert "Did you mean" not in response.text


async def test_development_suggests(small: Api, place: Place) -> None:
    response = await small.post(place.user_id, "{ helo }")

    assert "Did you mean 'hello'" in response.text


# What only development has


async def test_production_hides_its_schema(hardened: Api, place: Place) -> None:
    response = await hardened.post(place.user_id, "{ __schema { types { name } } }")

    assert _code(response) == "BAD_INPUT"


async def test_development_shows_its_schema_to_tools(small: Api, place: Place) -> None:
    from graphql import get_introspection_query

    data = await small.ask(place.user_id, get_introspection_query())

    assert data["__schema"]["queryType"]["name"] == "Query"


async def test_a_browser_gets_graphiql_in_development_alone(small: Api, hardened: Api) -> None:
    page = await small.http.get("/graphql", headers={"accept": "text/html"})
    refused = await hardened.http.get("/graphql", headers={"accept": "text/html"})

    assert page.status_code == 200
    assert "graphiql" in page.text.lower()
    assert "https://unpkg.com" in page.headers["content-security-policy"]
    assert refused.status_code == 405


# Time


async def test_an_operation_ends_after_its_time(small: Api, place: Place, seen: Seen) -> None:
    response = await small.post(place.user_id, "{ slow }")

    assert _code(response) == "TIMEOUT"
    assert seen.cancelled.is_set()


async def test_an_operation_is_cancelled_when_nobody_waits_for_it(
    small: Api, place: Place, seen: Seen
) -> None:
    with pytest.raises(httpx.ReadTimeout):
        await small.http.post(
            "/graphql",
            json={"query": "{ slow }"},
            headers=small.headers(place.user_id),
            timeout=0.3,
        )

    async with asyncio.timeout(3):
        await seen.cancelled.wait()


async def test_a_request_after_another_on_the_same_connection_is_answered(
    small: Api, place: Place
) -> None:
    for number in range(20):
        data = await small.ask(
            place.user_id, "query ($n: String!) { hello(name: $n) }", n=str(number)
        )
        assert data == {"hello": f"hello {number}"}


async def _also_in_another_tenant(world: World, place: Place) -> Place:
    other = await world.place()
    await world.owner.execute(
        "insert into app.tenant_members (tenant_id, user_id, email, role)"
        " values ($1, $2, 'someone@example.com', $3)",
        other.tenant_id,
        place.user_id,
        Role.MEMBER.value,
    )
    return other
