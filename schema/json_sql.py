"""JSON as SQL writes it: what a value of the schema becomes, as the resolvers' way writes it too.

Texts are put together with `||`, which Postgres does a fifth faster than `json_build_object`.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from graphql import GraphQLEnumType, GraphQLScalarType

from db.session import POSTGRES_OLDEST


class NotInSql(Exception):
    """There is no SQL for it: the resolvers answer."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a value is written: an expression of text, in quotes of JSON or as it is."""

    sql: str
    quoted: bool = False

    def of(self, value: str) -> Form:
        """The form of one value, an expression that may be null."""
        return Form(self.sql.format(value), self.quoted)


_SCALARS: Final[Mapping[str, Form]] = {
    "Boolean": Form("({})::text"),
    "CurrencyCode": Form("({})::text", quoted=True),
    # Sessions write dates as ISO does: see `db.pool`. Infinities are asyncpg's first and last day.
    "Date": Form(
        "case isfinite({0}) when true then ({0})::text"
        " when false then case when {0} < 'epoch' then '0001-01-01' else '9999-12-31' end end",
        quoted=True,
    ),
    # Microseconds only where there are some, as `datetime.isoformat` has it.
    "DateTime": Form(
        "replace(to_char(({}) at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'),"
        " '.000000Z', 'Z')",
        quoted=True,
    ),
    "Decimal": Form("({})::text", quoted=True),
    "Float": Form("(({})::double precision)::text"),
    "ID": Form("{}", quoted=True),
    "Int": Form("({})::text"),
    "JSON": Form("({})::text"),
    "String": Form("to_json({})::text"),
}


# Knows the type of its argument beforehand, which `to_json` looks up for each value.
_STRING_17: Final = Form("json_serialize(json_scalar({}))")


def form(
    type_: GraphQLScalarType | GraphQLEnumType, sql: str, *, postgres: int = POSTGRES_OLDEST
) -> Form:
    """How a column's value is written in this version of Postgres or a later. Raises NotInSql."""
    if isinstance(type_, GraphQLEnumType):
        return Form(_enum(type_, sql), quoted=True)
    if type_.name == "String" and postgres >= 17:
        return _STRING_17.of(sql)
    known = _SCALARS.get(type_.name)
    if known is None:
        raise NotInSql(type_.name)
    return known.of(sql)


def nullable(form: Form) -> str:
    """The value's JSON, or JSON's null."""
    json = f"'\"' || {form.sql} || '\"'" if form.quoted else form.sql
    return f"coalesce({json}, 'null')"


def global_id(type_name: str, sql: str) -> tuple[str, str]:
    """A global id in two parts: what those of all rows begin with, and SQL of the rest.

    Three bytes are four characters of base64, whatever follows them. It holds no character that
    URLs need otherwise, and the rest is shorter than the lines that Postgres breaks it into.
    """
    head = f"{type_name}:"
    same, rest = head[: len(head) // 3 * 3], head[len(head) // 3 * 3 :]
    text = f"'{rest}' || {sql}" if rest else f"({sql})::text"
    return b64encode(same.encode()).decode(), f"encode(convert_to({text}, 'UTF8'), 'base64')"


def whole_id(type_name: str, sql: str) -> str:
    """A global id as one expression."""
    same, rest = global_id(type_name, sql)
    return f"('{same}' || {rest})"


def literal(text: str) -> str:
    """A constant of SQL."""
    escaped = text.replace("'", "''")
    return f"'{escaped}'"


def _enum(type_: GraphQLEnumType, sql: str) -> str:
    """Columns hold the values of the members; GraphQL shows their names."""
    values = {getattr(v.value, "value", v.value): name for name, v in type_.values.items()}
    if all(value.upper() == name for value, name in values.items()):
        return f'upper(({sql}) collate "C")'  # ASCII: no locale need be asked
    cases = " ".join(f"when {literal(v)} then {literal(n)}" for v, n in values.items())
    return f"case {sql} {cases} end"
