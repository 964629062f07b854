"""Material: what arguments are given, of both tenants and of nobody."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_object_type,
)

from core.page import encode_cursor
from schema.ids import encode
from tests.compiler.both_ways import ACME, GLOBEX, BothWays, Document
from tests.isolation.graphql_recipes import KEYS

_EACH: Final = 8  # ids of a type, values of a column, things whose lists are read for cursors
_NOBODY: Final = UUID(int=404)
# What is no id and no cursor, though some look like one.
MALFORMED: Final = ("", "no id", "QWNjb3VudDo=", "QWNjb3VudDpub3BlLXV1aWQ=", "é", "A" * 300)
_FORGED: Final = (
    encode_cursor("date.desc", ["2026-02-31", str(_NOBODY)]),
    encode_cursor("date.desc", ["2026-02-28", "no uuid"]),
    encode_cursor("date.desc", ["2026-02-28", str(_NOBODY)]),
    encode_cursor("date.asc", ["infinity", str(_NOBODY)]),
    encode_cursor("amount.desc", ["99999999999999999999", str(_NOBODY)]),
    encode_cursor("amount.asc", ["1e3", str(_NOBODY)]),
    encode_cursor("accounts", ["2026-02-28 10:00:00", str(_NOBODY)]),
    encode_cursor("findings", ["3"]),
    encode_cursor("findings", []),
)
# Names of arguments that are not those of their column, or of the type of their id.
_COLUMNS: Final = {"text": "description", "categories": "source_category"}
_TYPES: Final = {
    "mapping": "AccountMapping",
    "job": "IngestionJob",
    "profile": "StatementProfile",
    "group": "PersonaGroup",
}
_POOLS: Final = """
select column_name, data_type, table_name from information_schema.columns
where table_schema = 'app' and data_type in ('text', 'numeric', 'date', 'character')
"""


# With and without a zone, at the ends of the calendar, and where the rows are.
_INSTANTS: Final = (
    *("2024-02-29T12:00:00Z", "2026-01-01T00:00:00+14:00", "2026-06-30T23:59:59.999999-11:00"),
    *("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-01-01T00:00:00"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """Values by what they are for."""

    ids: Mapping[str, Sequence[str]]  # by type
    cursors: Mapping[str, Sequence[str]]  # by the coordinate of their list
    columns: Mapping[str, Sequence[str]]  # texts by column
    scalars: Mapping[str, Sequence[Any]]  # by type

    def of_id(self, name: str, parent: str | None) -> Sequence[str]:
        """Ids for an argument; `parent` is the type of its field where that is told."""
        stem = re.sub(r"Ids?$", "", name)
        wanted = parent if name == "id" else _TYPES.get(stem, stem[:1].upper() + stem[1:])
        everything = [ids for type_name in self.ids for ids in self.ids[type_name][:2]]
        right = self.ids.get(wanted or "", ())
        return [*right, *right, *MALFORMED[:4], *everything] if right else everything

    def of_text(self, name: str) -> Sequence[str]:
        """Texts for an argument."""
        column = _COLUMNS.get(name, re.sub("[A-Z]", lambda found: f"_{found[0].lower()}", name))
        return self.columns.get(column) or self.scalars["String"]

    def of_cursor(self, coordinate: str) -> Sequence[str]:
        """Cursors for a list, of which most are its own."""
        right = self.cursors.get(coordinate, ())
        others = [found[0] for found in self.cursors.values() if found]
        return [*right, *right, *right, *others, *_FORGED, *MALFORMED]


def gathered(both: BothWays, schema: GraphQLSchema) -> Material:
    """The material of a world, the same for each world."""
    ids = {name: _ids(both, name) for name in KEYS}
    columns, scalars = _pools(both)
    return Material(
        ids=ids,
        cursors={
            f"{parent.name}.{name}": _cursors(both, parent, name, field, ids)
            for parent, name, field in _lists(schema)
        },
        columns=columns,
        scalars=scalars,
    )


def _ids(both: BothWays, type_name: str) -> list[str]:
    table, column = KEYS[type_name]
    tenant = "id" if table == "app.tenants" else "tenant_id"
    found = [
        row["key"]
        for one in (ACME, GLOBEX)
        for row in both.query(
            f"select {column} as key from {table} where {tenant} = $1"
            f" and {column} is not null order by ctid limit {_EACH}",
            one.id,
        )
    ]
    return [str(encode(type_name, key)) for key in (*dict.fromkeys(found), _NOBODY)]


def _pools(both: BothWays) -> tuple[Mapping[str, Sequence[str]], Mapping[str, Sequence[Any]]]:
    columns: dict[str, list[str]] = {}
    kinds: dict[str, set[str]] = {
        "text": set(),
        "numeric": set(),
        "date": set(),
        "character": set(),
    }
    for row in both.query(_POOLS):
        name, kind = row["column_name"], row["data_type"]
        rows = both.query(
            f"select distinct {name}::text as text from app.{row['table_name']}"
            f" where {name} is not null order by 1 limit {_EACH * 3}"
        )
        found = [one["text"] for one in rows if len(one["text"]) <= 80]
        kinds[kind].update(found)
        if kind == "text":
            columns[name] = sorted({*columns.get(name, ()), *found})
    odd = ["", " ", "a", "ab", "%", "__", "\\", "'", '"', "x" * 101, "\x00\x00"]
    return columns, {
        "Boolean": [True, False],
        "CurrencyCode": sorted(kinds["character"] - {"DE", "JP"}),
        "DateTime": [*_INSTANTS],
        "Date": sorted(one for one in kinds["date"] if re.fullmatch(r"\d{4}-\d\d-\d\d", one)),
        "Decimal": sorted(kinds["numeric"]),
        "Float": [0.5],
        "Int": [0, 1, 2, 7],
        "String": [*odd, *sorted(kinds["text"])[::5]],
    }


def _lists(schema: GraphQLSchema) -> Iterator[tuple[GraphQLObjectType, str, GraphQLField]]:
    for parent in schema.type_map.values():
        if is_object_type(parent):
            for name, field in parent.fields.items():
                if {"first", "after"} <= field.args.keys():
                    yield parent, name, field


def _cursors(
    both: BothWays,
    parent: GraphQLObjectType,
    name: str,
    field: GraphQLField,
    ids: Mapping[str, Sequence[str]],
) -> list[str]:
    """Cursors of the list, in every order that it has, of both tenants."""
    if parent.name == "Query":
        places = ["{{ {} }}"]
    else:
        things = ids.get(parent.name, ())
        places = [
            f'{{{{ node(id: "{id}") {{{{ ... on {parent.name} {{{{ {{}} }}}} }}}} }}}}'
            for id in things
        ]
    found = [
        cursor
        for place in places
        for arguments in _orders(field)
        for tenant in (ACME, GLOBEX)
        for cursor in _all_cursors(
            both.resolved(
                tenant,
                Document(
                    text=place.format(f"{name}(first: 5{arguments}) {{ edges {{ cursor }} }}")
                ),
            ).data
        )
    ]
    return list(dict.fromkeys(found))[:: max(1, len(found) // 24)]


def _orders(field: GraphQLField) -> list[str]:
    orders = [
        f", {argument}: {value}"
        for argument, its in field.args.items()
        if isinstance(kind := get_named_type(its.type), GraphQLEnumType) and "rder" in argument
        for value in kind.values
    ]
    return orders or [""]


def _all_cursors(data: Any) -> Iterator[str]:
    match data:
        case {"cursor": str(cursor)}:
            yield cursor
        case dict():
            for value in data.values():
                yield from _all_cursors(value)
        case list():
            for value in data:
                yield from _all_cursors(value)
