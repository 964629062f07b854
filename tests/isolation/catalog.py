"""What there is to attack, from the catalog: tables with their keys, relations, functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import asyncpg

# Of a provider and not of a tenant: what it holds is the same for all, and says nothing of any.
_OF_NOBODY: Final = "'private.provider_states'"

# Supabase's own, and what extensions bring; everything else is ours to keep apart.
_FOREIGN_SCHEMAS: Final = "'pg_catalog', 'information_schema', 'pg_toast', 'extensions', 'auth'"

_TABLES: Final = f"""
select
  c.oid::integer as oid,
  c.oid::regclass::text as name,
  (
    select array_agg(a.attname::text order by a.attnum) from pg_attribute as a
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
  ) as columns,
  (
    select array_agg(format_type(a.atttypid, a.atttypmod) order by a.attnum)
    from pg_attribute as a
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
  ) as types
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
where n.nspname in ('app', 'private') and c.relkind in ('r', 'p') and not c.relispartition
  and c.oid::regclass::text not in ({_OF_NOBODY})
order by 1
"""

_UNIQUE: Final = """
select
  i.indrelid::regclass::text as name,
  i.indisprimary as is_primary,
  array_agg(a.attname::text order by array_position(i.indkey::int2[], a.attnum)) as columns
from pg_index as i
join pg_class as c on c.oid = i.indrelid
join pg_namespace as n on n.oid = c.relnamespace
join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = any(i.indkey::int2[])
where n.nspname in ('app', 'private') and i.indisunique
group by i.indexrelid, i.indrelid, i.indisprimary
order by i.indrelid::regclass::text, i.indisprimary desc
"""

_FOREIGN: Final = """
select
  k.conrelid::regclass::text as name,
  k.confrelid::regclass::text as target,
  (
    select array_agg(a.attname::text order by array_position(k.conkey, a.attnum))
    from pg_attribute as a where a.attrelid = k.conrelid and a.attnum = any(k.conkey)
  ) as columns,
  (
    select array_agg(a.attname::text order by array_position(k.confkey, a.attnum))
    from pg_attribute as a where a.attrelid = k.confrelid and a.attnum = any(k.confkey)
  ) as target_columns
from pg_constraint as k
join pg_namespace as n on n.oid = k.connamespace
where n.nspname in ('app', 'private') and k.contype = 'f' and k.conparentid = 0
order by 1, k.conname
"""

_RELATIONS: Final = f"""
select
  c.oid::integer as oid,
  c.oid::regclass::text as name,
  array(
    select a.attname::text from pg_attribute as a
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    order by a.attnum
  ) as columns
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm', 'f')
  and n.nspname not in ({_FOREIGN_SCHEMAS})
  and n.nspname !~ '^pg_(toast_)?temp'
order by 1
"""

_FUNCTIONS: Final = f"""
select
  p.oid::integer as oid,
  p.oid::regprocedure::text as name,
  format('%I.%I', n.nspname, p.proname) as call,
  p.provolatile = 'v' as writes,
  array(
    select format_type(t.oid, null) from unnest(p.proargtypes::oid[]) with ordinality as t (oid, at)
    order by t.at
  ) as types
from pg_proc as p
join pg_namespace as n on n.oid = p.pronamespace
where p.prokind = 'f' and p.prorettype <> 'trigger'::regtype
  and n.nspname not in ({_FOREIGN_SCHEMAS})
order by 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignKey:
    """Columns that name a row of another table."""

    columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of ours; generated columns are left out, for nobody writes them."""

    oid: int
    name: str
    types: Mapping[str, str]
    primary_key: tuple[str, ...]
    unique_keys: tuple[tuple[str, ...], ...]
    foreign_keys: tuple[ForeignKey, ...]

    def groups(self) -> list[tuple[str, ...]]:
        """Columns that are checked together, each column alone, and all of them."""
        keys = [*self.unique_keys, *(key.columns for key in self.foreign_keys), tuple(self.types)]
        without_tenant = [tuple(c for c in key if c != "tenant_id") for key in keys]
        alone = [(column,) for column in self.types]
        return [g for g in dict.fromkeys([*without_tenant, *alone, tuple(self.types)]) if g]


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """Whatever can be read from: a table, a view."""

    oid: int
    name: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function that can be called in a query."""

    oid: int
    name: str  # private.has_role(text)
    call: str  # private.has_role
    writes: bool
    types: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """All of it; tables in an order in which they can be filled."""

    tables: tuple[Table, ...]
    relations: tuple[Relation, ...]
    functions: tuple[Function, ...]


async def read_catalog(connection: asyncpg.Connection) -> Catalog:
    """The catalog of a migrated database."""
    unique = await connection.fetch(_UNIQUE)
    foreign = await connection.fetch(_FOREIGN)
    tables = [
        Table(
            oid=row["oid"],
            name=row["name"],
            types=dict(zip(row["columns"], row["types"], strict=True)),
            primary_key=next((tuple(u["columns"]) for u in unique if u["name"] == row["name"]), ()),
            unique_keys=tuple(tuple(u["columns"]) for u in unique if u["name"] == row["name"]),
            foreign_keys=tuple(
                ForeignKey(
                    columns=tuple(f["columns"]),
                    target=f["target"],
                    target_columns=tuple(f["target_columns"]),
                )
                for f in foreign
                if f["name"] == row["name"]
            ),
        )
        for row in await connection.fetch(_TABLES)
    ]
    return Catalog(
        tables=tuple(_parents_first(tables)),
        relations=tuple(
            Relation(oid=row["oid"], name=row["name"], columns=tuple(row["columns"]))
            for row in await connection.fetch(_RELATIONS)
        ),
        functions=tuple(
            Function(
                oid=row["oid"],
                name=row["name"],
                call=row["call"],
                writes=row["writes"],
                types=tuple(row["types"]),
            )
            for row in await connection.fetch(_FUNCTIONS)
        ),
    )


# What closes a circle, and is null in the rows that tests make.
_CLOSING: Final = frozenset({("app.accounts", "app.mapping_accounts")})


def _parents_first(tables: list[Table]) -> list[Table]:
    names = {table.name for table in tables}
    placed: list[Table] = []
    while len(placed) < len(tables):
        done = {table.name for table in placed}
        ready = [
            table
            for table in tables
            if table.name not in done
            and all(
                key.target in done
                or key.target not in names
                or (table.name, key.target) in _CLOSING
                for key in table.foreign_keys
            )
        ]
        assert ready, "foreign keys in a circle: fill these tables by hand"
        placed += ready
    return placed
