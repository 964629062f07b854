"""Every field of the schema that is a page of a list, and how one of it is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import asyncpg
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
)

from core.models import Role
from schema.build import schema
from schema.ids import encode
from tests.compiler.rows import Tenant
from tests.fixtures.api_server import Api
from tests.isolation.graphql_recipes import KEYS

OWN: Final[GraphQLSchema] = schema._schema
TABLES: Final = {
    **{name: table for name, (table, _) in KEYS.items()},
    "AssetOwner": "app.asset_personas",
    "Finding": "app.ingestion_findings",
    "PickupFile": "app.pickup_items",
    "PreviewRow": "app.ingestion_previews",
}
# The parent in the rows of `tests.compiler`, and which one's list is full.
_PARENTS: Final = {
    "Account": "account",
    "Asset": "asset",
    "Connection": "connection",
    "IngestionJob": "job",
    "NotificationChannel": "channel",
    "Persona": "persona",
    "PersonaGroup": "group",
}
_FULL: Final = {"Account.mappings": 2}
_QUERY: Final = """
query ($first: Int, $after: String) { %(before)s list: %(field)s(
  first: $first, after: $after%(given)s
) { edges { cursor node { __typename } } pageInfo { ...P } } %(behind)s }
fragment P on PageInfo { hasNextPage hasPreviousPage startCursor endCursor }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListField:
    """A field that is a page, in one of its orders."""

    parent: str
    name: str
    node: str  # the type of its items
    order: str | None = None

    def __str__(self) -> str:
        return ".".join(filter(None, (self.parent, self.name, self.order)))

    @property
    def table(self) -> str:
        """Where its items lie."""
        return TABLES[self.node]

    async def page(
        self, api: Api, tenant: Tenant, *, first: int | None, after: str | None = None
    ) -> dict[str, Any]:
        """A page of the list in a tenant, as its owner reads it."""
        data = await api.ask(
            tenant.person(Role.OWNER), self.query(tenant), first=first, after=after
        )
        page: dict[str, Any] = (data["parent"] if self.parent != "Query" else data)["list"]
        return page

    def query(self, tenant: Tenant) -> str:
        """The document that asks for a page."""
        before, behind = "", ""
        if self.parent != "Query":
            number = _FULL.get(f"{self.parent}.{self.name}", 0)
            parent = encode(self.parent, tenant.key(_PARENTS[self.parent], number))
            before, behind = f'parent: node(id: "{parent}") {{ ... on {self.parent} {{', "} }"
        given = f", orderBy: {self.order}" if self.order else ""
        return _QUERY % {
            "before": before,
            "field": self.name,
            "given": given,
            "behind": behind,
        }


def list_fields() -> list[ListField]:
    """All of them that can be asked for without changing anything, in all their orders.

    What a mutation answers is asked for further pages where a query has the same list.
    """
    return [
        each
        for parent in OWN.type_map.values()
        if isinstance(parent, GraphQLObjectType)
        and not parent.name.startswith("__")
        and parent not in _answers_of_mutations()
        for name, field in parent.fields.items()
        if is_list(field)
        for each in _orders(parent.name, name, field)
    ]


def _answers_of_mutations() -> set[object]:
    assert OWN.mutation_type is not None
    return {get_named_type(field.type) for field in OWN.mutation_type.fields.values()}


def is_list(field: GraphQLField) -> bool:
    """Whether a field is a page: of a type that has edges."""
    kind = get_named_type(field.type)
    return isinstance(kind, GraphQLObjectType) and "edges" in kind.fields


def _orders(parent: str, name: str, field: GraphQLField) -> Iterator[ListField]:
    page = get_named_type(field.type)
    one = ListField(parent=parent, name=name, node=page.name.removesuffix("Connection"))
    if "orderBy" not in field.args:
        yield one
        return
    orders = get_named_type(field.args["orderBy"].type)
    assert isinstance(orders, GraphQLEnumType)
    for order in orders.values:
        yield replace(one, order=order)


# Half of them by a hash: of no order of lists, the same in every run, and some of each list.
_TAKE: Final = """
with numbered as (
  select ctid as place, row_number() over (order by md5(concat(
    'h', row ->> 'id', row ->> 'user_id', row ->> 'job_id', row ->> 'position'
  ))) as number
  from (select t.ctid, to_jsonb(t) as row from {table} as t where t.tenant_id = $1) as rows
  where not row @> jsonb_build_object('user_id', $2::uuid, 'role', 'owner')
),
gone as (
  delete from {table} where ctid in (select place from numbered where number % 2 = 0)
  returning {columns}
),
kept as (insert into away ({columns}) select {columns} from gone returning 1)
select count(*) from kept
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Takes rows out of a table and puts them back, whatever refers to them."""

    superuser: asyncpg.Connection

    async def take(self, table: str, tenant: Tenant) -> int:
        """Half of a tenant's rows, never the member who asks; how many they were."""
        await self.superuser.execute("set session_replication_role = replica")
        columns = await self._columns(table)
        await self.superuser.execute(f"create temp table away as table {table} with no data")
        taken = await self.superuser.fetchval(
            _TAKE.format(table=table, columns=columns), tenant.id, tenant.person(Role.OWNER)
        )
        assert isinstance(taken, int)
        return taken

    async def put_back(self, table: str) -> None:
        """What was taken."""
        columns = await self._columns(table)
        await self.superuser.execute(f"insert into {table} ({columns}) select {columns} from away")
        await self.superuser.execute("drop table away")

    async def _columns(self, table: str) -> str:
        names: str = await self.superuser.fetchval(
            "select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute"
            " where attrelid = $1::regclass and attnum > 0"
            " and not attisdropped and attgenerated = ''",
            table,
        )
        return names
