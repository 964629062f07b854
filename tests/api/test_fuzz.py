"""Random valid operations, written by hypothesis-graphql: none meets an error of ours.

`FUZZ_EXAMPLES=5000 pytest tests/api/test_fuzz.py` tries more of them, and others each time.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

import asyncpg
import pytest
from graphql import (
    REMOVE,
    IntValueNode,
    StringValueNode,
    TypeInfo,
    TypeInfoVisitor,
    ValueNode,
    Visitor,
    get_named_type,
    parse,
    print_ast,
    print_schema,
    visit,
)
from graphql.language.ast import DocumentNode
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from core.models import Role
from schema.ids import encode
from tests.api.conftest import Edges
from tests.api.lists import OWN
from tests.compiler.rows import Tenant, fill
from tests.fixtures.api_server import Api
from tests.isolation.graphql_recipes import KEYS

ACME: Final = Tenant(name="acme")
GLOBEX: Final = Tenant(name="globex")
OURS: Final = {"INTERNAL", "UNAVAILABLE", "TIMEOUT"}
IDS_EACH: Final = 20
bounded = settings(
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "200")),
    phases=[Phase.generate],
    derandomize="FUZZ_EXAMPLES" not in os.environ,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
async def owner(edges: Edges) -> AsyncIterator[asyncpg.Connection]:
    """Two tenants full of rows."""
    connection = await asyncpg.connect(edges.database.superuser)
    try:
        for tenant in (ACME, GLOBEX):
            await fill(connection, tenant)
        yield connection
    finally:
        await connection.close()


async def test_no_query_meets_an_error_of_ours(api: Api, owner: asyncpg.Connection) -> None:
    ids = await _ids(owner)

    answers = await _answers(api, _documents("queries", ids), (ACME, GLOBEX))

    assert answers.ours == []
    assert answers.codes["OK"] > sum(answers.codes.values()) / 4, answers.codes


async def test_no_mutation_meets_an_error_of_ours(api: Api, owner: asyncpg.Connection) -> None:
    ids = await _ids(owner)

    answers = await _answers(api, _documents("mutations", ids), (ACME,))

    assert answers.ours == []
    assert answers.codes["OK"] > sum(answers.codes.values()) / 4, answers.codes


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """How many answers had which code, and those that were errors of ours."""

    codes: Counter[str]
    ours: list[str]


async def _answers(api: Api, documents: Sequence[str], tenants: Sequence[Tenant]) -> Answers:
    answers = Answers(codes=Counter(), ours=[])
    for document in documents:
        for tenant in tenants:
            response = await api.post(tenant.person(Role.OWNER), document)
            errors = response.json().get("errors", [])
            codes = {error["extensions"]["code"] for error in errors} or {"OK"}
            answers.codes.update(codes)
            if response.status_code >= 500 or codes & OURS:
                answers.ours.append(f"{tenant.name}: {response.text}\n{document}")
    return answers


def _documents(mode: str, ids: Sequence[str]) -> list[str]:
    """Documents with values that a client could have: ids that are there, pages of some size."""
    graphql = pytest.importorskip("hypothesis_graphql", reason="pip install hypothesis-graphql")
    written: list[str] = []
    strategy = getattr(graphql, mode)(print_schema(OWN), custom_scalars=_scalars(graphql.nodes))
    random = Random(1)  # noqa: S311

    @bounded
    @given(document=strategy)
    def write(document: str) -> None:
        written.append(_with_known_values(parse(document), ids, random))

    write()
    return written


def _scalars(nodes: Any) -> Mapping[str, st.SearchStrategy[ValueNode]]:
    text: Callable[..., Any] = nodes.String
    return {
        "Decimal": st.decimals(-(10**6), 10**6, places=2).map(lambda value: text(f"{value:f}")),
        "Date": st.dates().map(lambda value: text(value.isoformat())),
        "DateTime": st.datetimes().map(lambda value: text(f"{value.isoformat()}Z")),
        "CurrencyCode": st.sampled_from(("EUR", "USD", "JPY", "XXX")).map(text),
        "JSON": st.text().map(text),
    }


def _with_known_values(document: DocumentNode, ids: Sequence[str], random: Random) -> str:
    info = TypeInfo(OWN)
    return print_ast(visit(document, TypeInfoVisitor(info, _Known(info, ids, random))))


class _Known(Visitor):
    """Puts ids that are there where an id is asked for, and sizes of pages where one is."""

    def __init__(self, info: TypeInfo, ids: Sequence[str], random: Random) -> None:
        super().__init__()
        self._info, self._ids, self._random = info, ids, random

    def enter_string_value(self, node: StringValueNode, *_: Any) -> Any:
        kind = self._info.get_input_type()
        if kind is None or get_named_type(kind).name != "ID":
            return None
        return StringValueNode(value=self._random.choice(self._ids), block=node.block)

    def enter_int_value(self, node: IntValueNode, *args: Any) -> Any:
        kind = self._info.get_input_type()
        argument = self._info.get_argument()
        if kind is not None and get_named_type(kind).name == "ID":
            return StringValueNode(value=self._random.choice(self._ids))
        is_page = argument is not None and "How many items" in (argument.description or "")
        return IntValueNode(value=str(int(node.value) % 102)) if is_page else None

    def enter_argument(self, node: Any, *_: Any) -> Any:
        """Cursors are tried in tests of their own: a random one would refuse the whole document."""
        return REMOVE if node.name.value == "after" else None


async def _ids(owner: asyncpg.Connection) -> list[str]:
    """Ids of both tenants' things of every type."""
    return [
        str(encode(type_name, row[column]))
        for type_name, (table, column) in KEYS.items()
        for row in await owner.fetch(
            f"select {column} from {table} where {column} is not null"
            f" order by {column} limit {IDS_EACH}"
        )
    ]
