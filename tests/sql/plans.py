"""Plans: what Postgres would do for a query, whatever the values, under the role that runs it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import asyncpg

from db.files import sql_directory

ROLES: Final = frozenset({"authenticated", "worker", "webhook", "owner"})
OURS: Final = frozenset({"app", "private"})
_NAME: Final = re.compile(r"^-- name: (\w+)$", re.MULTILINE)
_ROLE: Final = re.compile(r"^-- role: ([\w, ]+)$", re.MULTILINE)
_NEEDS: Final = re.compile(r"^-- needs: (\w+)$", re.MULTILINE)
_DEFINES: Final = re.compile(r"^(create|drop|truncate)\b", re.MULTILINE)
_BOUND: Final = re.compile(r"\b(tenant_id|id) = ")

Node = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A named query of `sql/`, as its comments describe it."""

    name: str  # merge.open
    sql: str
    roles: tuple[str, ...]
    needs: str | None  # the query that comes before it in the same transaction, for its table


def queries() -> list[Query]:
    """Every query of `sql/`, by file and place."""
    return [query for file in sorted(sql_directory().glob("*.sql")) for query in _of_file(file)]


def _of_file(file: Path) -> Iterator[Query]:
    _, *parts = _NAME.split(file.read_text(encoding="utf-8"))
    for name, body in zip(parts[::2], parts[1::2], strict=True):
        roles, needs = _ROLE.search(body), _NEEDS.search(body)
        yield Query(
            name=f"{file.stem}.{name}",
            sql=body.strip().removesuffix(";"),
            roles=tuple(re.split(r",\s*", roles[1].strip())) if roles else (),
            needs=f"{file.stem}.{needs[1]}" if needs else None,
        )


async def plan(connection: asyncpg.Connection, sql: str) -> Node | None:
    """The plan of `sql` for any values; None for a statement that defines, which is just run.

    Reading a plan checks every right that running it would need. Sequential scans are dear here,
    so that one that is left has no index to use. Raises what Postgres raises.
    """
    if _DEFINES.search(sql):
        await connection.execute(sql)
        return None
    await connection.execute(
        "set local plan_cache_mode = force_generic_plan; set local enable_seqscan = off;"
    )
    await connection.execute(f"prepare query as {sql}")
    parameters = await connection.fetchval(
        "select cardinality(parameter_types) from pg_prepared_statements where name = 'query'"
    )
    values = f"({', '.join(['null'] * parameters)})" if parameters else ""
    answer = await connection.fetchval(f"explain (verbose, format json) execute query{values}")
    await connection.execute("deallocate query")
    top: Node = json.loads(answer)[0]["Plan"]
    return top


def whole_table_scans(node: Node) -> list[str]:
    """The tables of ours that a plan reads without going to one tenant's rows by an index."""
    here = [node] if _reads_table(node) and not _BOUND.search(node.get("Index Cond", "")) else []
    found = [f"{n['Node Type']} of {n.get('Relation Name', n.get('Index Name'))}" for n in here]
    return found + [scan for child in node.get("Plans", []) for scan in whole_table_scans(child)]


def _reads_table(node: Node) -> bool:
    match node["Node Type"]:
        case "Bitmap Heap Scan":  # the condition is at the bitmap's own index scans
            return False
        case "Bitmap Index Scan":
            return True
        case kind:
            return kind.endswith("Scan") and "Relation Name" in node and node["Schema"] in OURS
