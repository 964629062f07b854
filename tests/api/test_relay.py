"""Relay's server specification: ids that find their things again, lists that lose nothing.

Source: GraphQL Cursor Connections, sections 2 to 5, and Global Object Identification, sections 2
and 4; both at relay.dev/graphql.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

import asyncpg
import pytest
from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
    is_list_type,
)

from core.models import Role
from core.page import FIRST_DEFAULT, FIRST_MAX
from schema.nodes import NODES
from tests.api.conftest import Edges
from tests.api.lists import OWN, ListField, Rows, is_list, list_fields
from tests.compiler.rows import Tenant
from tests.compiler.whole import fill
from tests.fixtures.api_server import Api

ACME: Final = Tenant(name="acme")
GLOBEX: Final = Tenant(name="globex")
LISTS: Final = list_fields()
FULL_LIST: Final = ListField(
    parent="Account", name="transactions", node="Transaction", order="POSTED_DATE_DESC"
)
# Of up to 100 rows: those that end a page with the list, one before it and one after it.
SIZES: Final = (1, 2, 3, 5, 10, *range(25, FIRST_MAX + 1))
RESERVED: Final = {"Connection"}  # the domain's word; docs/graphql.md


@pytest.fixture
async def rows(edges: Edges) -> AsyncIterator[Rows]:
    """A tenant with several rows in every list."""
    superuser = await asyncpg.connect(edges.database.superuser)
    try:
        await fill(superuser, ACME)
        yield Rows(superuser=superuser)
    finally:
        await superuser.close()


# The schema


def _objects() -> Iterator[GraphQLObjectType]:
    for kind in OWN.type_map.values():
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
            yield kind


def _pages() -> list[GraphQLObjectType]:
    return [kind for kind in _objects() if "edges" in kind.fields]


def test_types_are_called_connection_where_they_are_one() -> None:
    called = {kind.name for kind in _objects() if kind.name.endswith("Connection")}

    assert called - RESERVED == {kind.name for kind in _pages()}


@pytest.mark.parametrize("page", _pages(), ids=str)
def test_a_connection_has_edges_and_page_info(page: GraphQLObjectType) -> None:
    edges = get_nullable_type(page.fields["edges"].type)
    edge = get_named_type(edges)
    assert is_list_type(edges)
    assert isinstance(edge, GraphQLObjectType)

    assert str(page.fields["pageInfo"].type) == "PageInfo!"
    assert str(edge.fields["cursor"].type) == "String!"
    assert not is_list_type(get_nullable_type(edge.fields["node"].type))
    assert (edge.name, page.name) == (f"{_node(edge)}Edge", f"{_node(edge)}Connection")


def _node(edge: GraphQLObjectType) -> str:
    return str(get_named_type(edge.fields["node"].type))


def test_page_info_has_what_the_specification_says() -> None:
    page_info = OWN.type_map["PageInfo"]
    assert isinstance(page_info, GraphQLObjectType)

    assert {name: str(field.type) for name, field in page_info.fields.items()} == {
        "hasPreviousPage": "Boolean!",
        "hasNextPage": "Boolean!",
        "startCursor": "String",
        "endCursor": "String",
    }


def _all_fields() -> Iterator[tuple[str, GraphQLField]]:
    for kind in _objects():
        for name, field in kind.fields.items():
            yield f"{kind.name}.{name}", field


@pytest.mark.parametrize(
    "field", [pytest.param(field, id=name) for name, field in _all_fields() if is_list(field)]
)
def test_a_field_that_is_a_connection_takes_first_and_after(field: GraphQLField) -> None:
    assert str(field.type).endswith("Connection!")
    assert str(field.args["first"].type) == "Int"
    assert str(field.args["after"].type) == "String"
    assert not {"last", "before"} & set(field.args)  # lists are read forward


def test_node_is_an_interface_with_an_id_and_a_nullable_root() -> None:
    node = OWN.type_map["Node"]
    assert isinstance(node, GraphQLInterfaceType)
    assert OWN.query_type is not None
    root = OWN.query_type.fields["node"]

    assert {name: str(field.type) for name, field in node.fields.items()} == {"id": "ID!"}
    assert str(root.type) == "Node"
    assert {name: str(argument.type) for name, argument in root.args.items()} == {"id": "ID!"}


# Ids


async def test_the_id_of_every_type_finds_the_same_thing_again(api: Api, rows: Rows) -> None:
    await fill(rows.superuser, GLOBEX)
    user, stranger = ACME.person(Role.OWNER), GLOBEX.person(Role.OWNER)
    again = "query ($id: ID!) { node(id: $id) { __typename id } }"
    found = [
        node
        for each in LISTS
        if each.node in NODES and each.parent == "Query"
        for node in _nodes(await api.ask(user, _ids_of(each)))
    ]
    found += _nodes(await api.ask(user, OTHER_IDS))

    own = [(await api.ask(user, again, id=node["id"]))["node"] for node in found]
    foreign = [(await api.ask(stranger, again, id=node["id"]))["node"] for node in found]

    assert {node["__typename"] for node in found} == set(NODES)
    assert own == found
    assert set(map(str, foreign)) == {"None"}


OTHER_IDS: Final = """
{
  viewer { tenant { __typename id } }
  notificationChannels {
    edges { node { deliveries(first: 5) { edges { node { __typename id } } } } }
  }
  connections { edges { node { institution { __typename id } } } }
  reconciliationRules { __typename id }
  linked: transactions(first: 100) { edges { node { links { __typename id } } } }
  transactions(first: 5) { edges { node { source { rawDocument { __typename id } } } } }
}
"""


def _ids_of(each: ListField) -> str:
    return f"{{ {each.name}(first: 5) {{ edges {{ node {{ __typename id }} }} }} }}"


def _nodes(data: Any) -> list[dict[str, str]]:
    """Everything in an answer that has an id."""
    if isinstance(data, list):
        return [node for item in data for node in _nodes(item)]
    if not isinstance(data, dict):
        return []
    return [data] if "id" in data else _nodes(list(data.values()))


# Lists


async def test_pages_of_any_size_hold_every_row_once_and_in_order(api: Api, rows: Rows) -> None:
    for each in LISTS:
        whole = await _walked(api, each, FIRST_MAX)

        assert len(whole) > 1, each
        assert len(set(whole)) == len(whole), each
        for size in (2, 7):
            assert await _walked(api, each, size) == whole, (each, size)


async def test_sizes_from_1_to_100_walk_the_same_list(api: Api, rows: Rows) -> None:
    whole = await _walked(api, FULL_LIST, FIRST_MAX)

    different = [size for size in SIZES if await _walked(api, FULL_LIST, size) != whole]

    assert len(whole) > FIRST_DEFAULT
    assert different == []


async def test_rows_that_come_between_pages_neither_shift_nor_repeat_others(
    api: Api, rows: Rows
) -> None:
    for each in LISTS:
        whole = await _walked(api, each, FIRST_MAX)
        assert await rows.take(each.table, ACME) > 0
        page = await each.page(api, ACME, first=1)
        await rows.put_back(each.table)
        last = page["pageInfo"]["endCursor"]

        rest = await _walked(api, each, 3, after=last)

        assert set(_cursors(page)) <= set(whole), each
        assert rest == whole[whole.index(last) + 1 :], each


async def test_rows_that_go_between_pages_take_no_others_along(api: Api, rows: Rows) -> None:
    for each in LISTS:
        whole = await _walked(api, each, FIRST_MAX)
        half = len(whole) // 2
        await rows.take(each.table, ACME)

        kept = await _walked(api, each, FIRST_MAX)
        rest = await _walked(api, each, 2, after=whole[half])  # a row that may be gone too
        await rows.put_back(each.table)

        assert len(kept) < len(whole), each
        assert rest == [one for one in whole[half + 1 :] if one in set(kept)], each


async def test_after_the_last_row_comes_an_empty_page(api: Api, rows: Rows) -> None:
    for each in LISTS:
        whole = await _walked(api, each, FIRST_MAX)

        page = await each.page(api, ACME, first=5, after=whole[-1])

        assert page == {
            "edges": [],
            "pageInfo": {
                "hasNextPage": False,
                "hasPreviousPage": True,
                "startCursor": None,
                "endCursor": None,
            },
        }, each


async def _walked(api: Api, each: ListField, size: int, *, after: str | None = None) -> list[str]:
    """The cursors of all rows; holds what each page says of itself against what it has."""
    found: list[str] = []
    while True:
        page = await each.page(api, ACME, first=size, after=after)
        cursors, info = _cursors(page), page["pageInfo"]
        found += cursors
        assert len(cursors) <= size
        assert info["hasPreviousPage"] is (after is not None)
        assert info["startCursor"] == (cursors[0] if cursors else None)
        assert info["endCursor"] == (cursors[-1] if cursors else None)
        if not info["hasNextPage"]:
            return found
        assert len(cursors) == size
        after = info["endCursor"]


def _cursors(page: dict[str, Any]) -> list[str]:
    return [edge["cursor"] for edge in page["edges"]]
