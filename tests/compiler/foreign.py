"""What an answer must not have: ids and texts of the tenant that did not ask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from schema.ids import decode
from tests.compiler.both_ways import ACME, GLOBEX, Answer, BothWays, Document
from tests.compiler.rows import Tenant

_COLUMNS = """
select c.table_name, c.column_name,
  case when c.table_name = 'tenants' then 'id' else 'tenant_id' end as owner
from information_schema.columns as c
where c.table_schema = 'app' and c.data_type = 'uuid'
  and (c.table_name = 'tenants' or exists (
    select from information_schema.columns as o
    where o.table_schema = 'app' and o.table_name = c.table_name and o.column_name = 'tenant_id'))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """By the name of who asks: the ids that only the other tenant has, and the other's name, which
    is in all of its texts."""

    ids: Mapping[str, frozenset[str]]
    names: Mapping[str, str]

    def told(self, tenant: Tenant, document: Document, answer: Answer) -> list[str]:
        """What an answer has of the other tenant, beyond what its errors repeat of the question."""
        asked = {*_texts(document.variables), document.text}
        told = [*_texts(answer.data)]
        told += [
            one
            for one in _texts(answer.errors)
            if not any(one in question or question in one for question in asked if question)
        ]
        return [one for one in told if self._is_foreign(tenant, one)]

    def _is_foreign(self, tenant: Tenant, text: str) -> bool:
        id_ = decode(text)
        key = text if id_ is None else str(id_.key)
        return key in self.ids[tenant.name] or self.names[tenant.name] in text.casefold()


def gathered(both: BothWays) -> Foreign:
    """All that either tenant must not be told."""
    ids = {one.name: _ids(both, one) for one in (ACME, GLOBEX)}
    return Foreign(
        ids={
            ACME.name: ids[GLOBEX.name] - ids[ACME.name],
            GLOBEX.name: ids[ACME.name] - ids[GLOBEX.name],
        },
        names={ACME.name: GLOBEX.name, GLOBEX.name: ACME.name},
    )


def _ids(both: BothWays, tenant: Tenant) -> frozenset[str]:
    found: set[str] = set()
    for column in both.query(_COLUMNS):
        name = column["column_name"]
        rows = both.query(
            f"select distinct {name}::text as id from app.{column['table_name']}"
            f" where {column['owner']} = $1 and {name} is not null",
            tenant.id,
        )
        found.update(row["id"] for row in rows)
    return frozenset(found)


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for one in value.values():
                yield from _texts(one)
        case list() | tuple():
            for one in value:
                yield from _texts(one)
