"""Abuse that graphql-cop looks for: production has none of it, as nobody and as a user.

Source: the checks of graphql-cop 1.15, by Dolev Farhi and Nick Aleks
(github.com/dolevf/graphql-cop, lib/tests). It is in no package index, so each is written anew here
by what it asks and by when it calls an answer a finding; where it was easily satisfied, stricter.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
import pytest

from api.app import create_app
from tests.api.conftest import Edges
from tests.fixtures.api_server import Api, serving
from tests.fixtures.world import Place, World

NAMED: Final = "query { __typename }"
CIRCLE: Final = """
query { __schema { ...A } }
fragment A on __Schema { __typename ...B }
fragment B on __Schema { ...A }
"""
INTROSPECTED_CIRCLE: Final = (
    "query { __schema { types { fields { type { fields { type { fields { type { fields"
    " { type { name } } } } } } } } } } }"
)
IDES: Final = ("graphiql", "graphql playground", "graphql-playground", "apollo sandbox")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What is asked, and whether an answer is a finding."""

    finds: Callable[[httpx.Response], bool]
    method: str = "POST"
    path: str = "/graphql"
    json: Any = None
    params: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] | None = None
    accept: str = "*/*"

    async def found(self, api: Api, headers: Mapping[str, str]) -> bool:
        """Whether the server has it."""
        response = await api.http.request(
            self.method,
            self.path,
            params=self.params,
            headers={"accept": self.accept, **headers},
            **({"data": self.form} if self.form else {"json": self.json} if self.json else {}),
        )
        assert response.status_code < 500
        return self.finds(response)


def _body(response: httpx.Response) -> Any:
    """The JSON of an answer, nothing where it is none."""
    is_json = response.headers.get("content-type", "").startswith("application/json")
    return response.json() if is_json else {}


def _errors(response: httpx.Response) -> list[dict[str, Any]]:
    body = _body(response)
    return list(body.get("errors", ())) if isinstance(body, dict) else []


def _executed(response: httpx.Response) -> bool:
    body = _body(response)
    return isinstance(body, list) or bool(body.get("data"))


def _says(*words: str) -> Callable[[httpx.Response], bool]:
    return lambda response: any(word in response.text.lower() for word in words)


def _document(text: str, finds: Callable[[httpx.Response], bool] = _executed) -> Check:
    return Check(json={"query": text}, finds=finds)


CHECKS: Final[Mapping[str, Check]] = {
    "alias overloading": _document(
        "query { " + " ".join(f"alias{number}: __typename" for number in range(101)) + " }"
    ),
    "array-based batching": Check(json=[{"query": NAMED}] * 11, finds=_executed),
    "batching of two": Check(json=[{"query": NAMED}] * 2, finds=_executed),
    "circular fragment": _document(CIRCLE, lambda response: not _errors(response)),
    "introspection-based circular query": _document(INTROSPECTED_CIRCLE),
    "directive overloading": _document(
        "query { __typename " + "@aa" * 10 + " }", lambda response: len(_errors(response)) >= 10
    ),
    "field duplication": _document("query { " + "__typename " * 500 + "}"),
    "field suggestions": _document("query { __schema { directive } }", _says("did you mean")),
    "suggestions of own fields": _document("query { transaction5 { id } }", _says("did you mean")),
    "query by GET": Check(method="GET", params={"query": NAMED}, finds=_executed),
    "mutation by GET": Check(
        method="GET", params={"query": "mutation { __typename }"}, finds=_executed
    ),
    "query in the address of a POST": Check(params={"query": NAMED}, finds=_executed),
    "url-encoded query by POST": Check(form={"query": NAMED}, finds=_executed),
    **{
        f"IDE at {path}": Check(method="GET", path=path, accept="text/html", finds=_says(*IDES))
        for path in ("/", "/graphiql", "/playground", "/console", "/graphql")
    },
    "introspection": _document("query { __schema { types { name fields { name } } } }"),
    "introspection of one type": _document('query { __type(name: "Query") { name } }'),
    "trace mode": _document(NAMED, _says("tracing", "stacktrace", "traceback")),
    "unhandled errors": _document(
        "qwerty cop { abc }", _says('"exception"', "traceback", 'file "')
    ),
}
# What development has on purpose: it shows that a finding would be found.
OF_DEVELOPMENT: Final = {
    "field suggestions",
    "suggestions of own fields",
    "IDE at /graphql",
    "introspection",
    "introspection of one type",
}


@pytest.fixture
async def place(world: World) -> Place:
    return await world.place()


@pytest.fixture
async def production(edges: Edges) -> AsyncIterator[Api]:
    app = create_app(edges.settings(BANKFEEDS_ENV="production"))
    async with serving(app, edges.data_dir) as api:
        yield api


async def _findings(api: Api, headers: Mapping[str, str]) -> set[str]:
    return {name for name, check in CHECKS.items() if await check.found(api, headers)}


async def test_nothing_is_found_in_production_by_a_user(production: Api, place: Place) -> None:
    headers = production.headers(place.user_id)
    answered = await production.post(place.user_id, NAMED)

    assert answered.json()["data"] == {"__typename": "Query"}
    assert await _findings(production, headers) == set()


async def test_nothing_is_found_in_production_by_nobody(production: Api) -> None:
    assert await _findings(production, {}) == set()


async def test_development_has_what_developers_need_and_no_more(api: Api, place: Place) -> None:
    assert await _findings(api, api.headers(place.user_id)) == OF_DEVELOPMENT
