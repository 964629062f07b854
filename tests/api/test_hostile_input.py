"""Values that nobody sends by accident, in every argument that there is: refused in words."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import asyncpg
import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
)

from core.models import Role
from core.page import decode_cursor, encode_cursor
from schema.ids import encode
from tests.api.conftest import Edges
from tests.api.lists import OWN, ListField, list_fields
from tests.compiler.rows import Tenant
from tests.compiler.whole import fill
from tests.fixtures.api_server import Api

ACME: Final = Tenant(name="acme")
GLOBEX: Final = Tenant(name="globex")
OURS: Final = {"INTERNAL", "UNAVAILABLE", "TIMEOUT"}
LONG: Final = "x" * 500_000

# By type: what is plausible, and what is not.
PLAUSIBLE: Final[Mapping[str, Any]] = {
    "Boolean": True,
    "CurrencyCode": "EUR",
    "Date": "2026-03-01",
    "DateTime": "2026-03-01T00:00:00Z",
    "Decimal": "1.00",
    "ID": str(encode("Account", ACME.key("account", 0))),
    "Int": 1,
    "JSON": {},
    "String": "text",
}
ODD: Final[Mapping[str, Sequence[Any]]] = {
    "Boolean": (None, 1),
    "CurrencyCode": ("eur", "\0\0\0", "É€₿"),
    "Date": ("0001-01-01", "9999-12-31", "infinity", "2026-02-30"),
    "DateTime": ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "infinity"),
    "Decimal": ("99999999999999.99999999", "-0", "NaN", "1e400", 1.5),
    "ID": ("", "\0", LONG, "é", 2**70, str(encode("Account", GLOBEX.key("account", 0)))),
    "Int": (-(2**31), 2**31 - 1, 2**63, 1e400, "1"),
    "JSON": ("\0", {"\0": [{}] * 1_000}),
    "String": (
        "",
        "\0",
        LONG,
        "%_\\'\"; --",
        "\N{RIGHT-TO-LEFT OVERRIDE}\N{REPLACEMENT CHARACTER}",
    ),
}
SELECTIONS: Final = {
    "userErrors": "{ userErrors { code message path } }",
    "edges": "{ edges { cursor } }",
}


@pytest.fixture
async def filled(edges: Edges) -> None:
    """Two tenants full of rows."""
    connection = await asyncpg.connect(edges.database.superuser)
    try:
        for tenant in (ACME, GLOBEX):
            await fill(connection, tenant)
    finally:
        await connection.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One operation with one odd value."""

    what: str
    query: str
    variables: Mapping[str, Any]


@pytest.mark.parametrize("kind", ["query", "mutation"])
async def test_no_odd_value_meets_an_error_of_ours(api: Api, filled: None, kind: str) -> None:
    root = OWN.query_type if kind == "query" else OWN.mutation_type
    assert root is not None
    tries = [one for name, field in root.fields.items() for one in _tries(kind, name, field)]

    found = {one.what: await _ours(api, one.query, one.variables) for one in tries}

    assert len(tries) > 100
    assert {what: ours for what, ours in found.items() if ours} == {}


@pytest.mark.parametrize("first", [0, -1, 101, 100_000])
async def test_a_page_of_no_such_size_is_refused_by_every_list(
    api: Api, filled: None, first: int
) -> None:
    codes = {
        str(each): await _codes(api, each.query(ACME), {"first": first}) for each in list_fields()
    }

    assert {name: code for name, code in codes.items() if code != {"BAD_INPUT"}} == {}


async def test_a_forged_cursor_is_refused_by_every_list(api: Api, filled: None) -> None:
    accepted = [
        f"{each} {values}"
        for each in list_fields()
        for values in _forged((await each.page(api, ACME, first=1))["edges"][0]["cursor"])
        if await _codes(api, each.query(ACME), {"after": encode_cursor(values[0], values[1:])})
        != {"BAD_INPUT"}
    ]

    assert accepted == []


async def test_a_cursor_of_another_list_or_garbage_is_refused_by_every_list(
    api: Api, filled: None
) -> None:
    lists = list_fields()
    cursors = {each: (await each.page(api, ACME, first=1))["edges"][0]["cursor"] for each in lists}
    orders = {each: json.loads(_body(cursor))[0] for each, cursor in cursors.items()}

    accepted = [
        f"{each} takes {cursor[:40]}"
        for each in lists
        for cursor in (
            *{cursors[other] for other in lists if orders[other] != orders[each]},
            *("", "garbage", "🦊", "W10", "bnVsbA", "x" * 100_000, cursors[each] + "AA"),
        )
        if await _codes(api, each.query(ACME), {"after": cursor}) != {"BAD_INPUT"}
    ]

    assert accepted == []


async def test_a_cursor_of_another_tenant_shows_nothing_of_theirs(api: Api, filled: None) -> None:
    for each in list_fields():
        theirs = await each.page(api, GLOBEX, first=3)
        own = await _all(api, each, after=None)

        for edge in theirs["edges"]:
            shown = await _all(api, each, after=edge["cursor"])
            assert shown == [one for one in own if one in set(shown)], each


async def _all(api: Api, each: ListField, *, after: str | None) -> list[str]:
    """The cursors of what is left of a list."""
    found: list[str] = []
    while True:
        page = await each.page(api, ACME, first=100, after=after)
        found += [edge["cursor"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


async def _ours(api: Api, query: str, variables: Mapping[str, Any]) -> set[str]:
    return await _codes(api, query, variables) & OURS


async def _codes(api: Api, query: str, variables: Mapping[str, Any]) -> set[str]:
    body = json.dumps({"query": query, "variables": variables}).replace("Infinity", "1e400")
    headers = api.headers(ACME.person(Role.OWNER), **{"content-type": "application/json"})
    response = await api.http.post("/graphql", content=body, headers=headers)
    if response.status_code >= 500:
        return {"INTERNAL"}
    return {error["extensions"]["code"] for error in response.json().get("errors", ())} or {"OK"}


def _body(cursor: str) -> str:
    return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()


def _forged(cursor: str) -> Iterator[list[str]]:
    """The cursor with one of its values replaced by what no row has."""
    values = json.loads(_body(cursor))
    assert decode_cursor(cursor, order=values[0], size=len(values) - 1)
    for place in range(1, len(values)):
        for odd in ("", "\0", "x", "9" * 40, "NaN", "2026-02-30", "' or true --", "1e5"):
            yield [*values[:place], odd, *values[place + 1 :]]
    yield values[:-1]
    yield [*values, values[-1]]


def _tries(kind: str, name: str, field: GraphQLField) -> Iterator[Try]:
    declared = ", ".join(f"${argument}: {each.type}" for argument, each in field.args.items())
    given = ", ".join(f"{argument}: ${argument}" for argument in field.args)
    result = get_named_type(field.type)
    fields = result.fields if isinstance(result, GraphQLObjectType) else {}
    selection = next((text for key, text in SELECTIONS.items() if key in fields), "{ __typename }")
    if not field.args:
        return
    query = f"{kind} ({declared}) {{ {name}({given}) {selection} }}"
    base = {
        argument: _plausible(each.type)
        for argument, each in field.args.items()
        if isinstance(each.type, GraphQLNonNull)
    }
    for argument, each in field.args.items():
        for path, odd in _odd(each.type):
            what = ".".join((name, argument, *path))
            value = _put(base.get(argument) or {}, path, odd)
            yield Try(
                what=f"{what} {odd!r}"[:120], query=query, variables={**base, argument: value}
            )


def _plausible(kind: GraphQLInputType) -> Any:
    named = get_named_type(kind)
    if isinstance(named, GraphQLInputObjectType):
        value: Any = {
            name: _plausible(field.type)
            for name, field in named.fields.items()
            if isinstance(field.type, GraphQLNonNull)
        }
    elif isinstance(named, GraphQLEnumType):
        value = next(iter(named.values))
    else:
        value = PLAUSIBLE[named.name]
    return [value] if _is_listed(kind) else value


def _odd(
    kind: GraphQLInputType, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every place in a type, and what to put there."""
    named: Any = get_named_type(kind)
    if isinstance(named, GraphQLInputObjectType):
        for name, field in named.fields.items():
            yield from _odd(field.type, (*path, name))
        return
    odd = ("NONE_OF_OURS",) if isinstance(named, GraphQLEnumType) else ODD[named.name]
    for value in odd:
        yield path, [value] if _is_listed(kind) else value
    if _is_listed(kind):
        yield path, [_plausible(named)] * 20_000
        yield path, []


def _is_listed(kind: GraphQLInputType) -> bool:
    inner = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    return isinstance(inner, GraphQLList)


def _put(value: Any, path: Sequence[str], odd: Any) -> Any:
    if not path:
        return odd
    first, *rest = path
    inner = value.get(first) if isinstance(value, dict) else None
    return {**(value if isinstance(value, dict) else {}), first: _put(inner or {}, rest, odd)}
