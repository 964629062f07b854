"""Compiles a query to one SQL statement whose answer is its JSON.

Each field says beside its type which SQL it is: `schema.columns` for values, `schema.reads` for
rows. A root field is compiled where everything below it says so; the others are left to their
resolvers. Both ways must give the same answer, which `tests/compiler` demands of random documents.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, cast
from uuid import UUID

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLEnumType,
    GraphQLError,
    GraphQLField,
    GraphQLObjectType,
    GraphQLScalarType,
    OperationDefinitionNode,
    VariableNode,
    get_named_type,
    is_non_null_type,
)
from graphql.execution.collect_fields import (
    FieldDetails,
    FragmentDetails,
    collect_fields,
    collect_subfields,
)
from graphql.execution.values import VariableValues
from strawberry import Schema

from core.errors import BankfeedsError
from db import select
from db.select import Asked, Listing
from db.session import POSTGRES_OLDEST
from schema import json_sql, reads
from schema.arguments import DEFINITION, ArgumentReaders, has_variables
from schema.columns import METADATA_KEY as COLUMN
from schema.columns import Column
from schema.compiled_page import CompiledPage
from schema.ids import any_key_of, decode
from schema.json_sql import NotInSql
from schema.page import bounded
from schema.plan import (
    Always,
    Binding,
    Gap,
    Json,
    Pieces,
    Plan,
    Question,
    Questions,
    Root,
    Sql,
    joined,
)
from schema.reads import AnyById, ById, Count, Each, Every, Many, One, Same

Details: TypeAlias = list[FieldDetails]
Member: TypeAlias = Callable[[str, Details], Pieces]


class Compiler:
    """Compiles the queries of one schema, for this version of Postgres or a later."""

    def __init__(self, schema: Schema, *, postgres: int = POSTGRES_OLDEST) -> None:
        self._schema = schema
        self._postgres = postgres
        self._readers = ArgumentReaders(schema)

    def plan(
        self,
        operation: OperationDefinitionNode,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: VariableValues,
    ) -> Plan | None:
        """The plan of a valid query; None where nothing can be compiled, or a directive is given
        null: executing it says where.

        Directives and the types of `node` are decided here: `schema.structure` tells which
        variables those depend on.
        """
        writer = _Writer(
            *(self._schema, self._readers, operation, fragments, variables),
            postgres=self._postgres,
        )
        try:
            roots = writer.roots()
        except GraphQLError:
            return None
        return None if all(root.sql is None for root in roots) else Plan(roots=roots)


class _Writer:
    """Writes one structure, from its root fields down."""

    def __init__(
        self,
        schema: Schema,
        readers: ArgumentReaders,
        operation: OperationDefinitionNode,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: VariableValues,
        *,
        postgres: int,
    ) -> None:
        self._schema = schema._schema
        self._postgres = postgres
        self._readers = readers
        self._operation = operation
        self._fragments = {name: FragmentDetails(one) for name, one in fragments.items()}
        self._variables = variables
        self._lists = 0

    def roots(self) -> list[Root]:
        """The root fields, in the order of the answer."""
        query = self._schema.query_type
        assert query is not None
        collected = collect_fields(
            self._schema, self._fragments, self._variables, query, self._operation
        )
        return [
            Root(key=key, nodes=[one.node for one in details], sql=self._root(query, details))
            for key, details in collected.grouped_field_set.items()
        ]

    def _root(self, query: GraphQLObjectType, details: Details) -> Sql | None:
        try:
            return joined(self._field(query, "", details))
        except NotInSql:
            return None

    def _object(self, type_: GraphQLObjectType, details: Details, member: Member) -> Pieces:
        """A JSON object; `member` writes each field but `__typename`."""
        grouped = collect_subfields(
            self._schema, self._fragments, self._variables, self._operation, type_, details
        ).grouped_field_set
        pieces: Pieces = [Json("{")]
        for number, (key, wanted) in enumerate(grouped.items()):
            pieces.append(Json(f'{"," if number else ""}"{key}":'))
            name = wanted[0].node.name.value
            if name == "__typename":
                pieces.append(Json(f'"{type_.name}"'))
            else:
                pieces += member(name, wanted)
        return [*pieces, Json("}")]

    def _thing(self, type_: GraphQLObjectType, alias: str, details: Details) -> Pieces:
        """The JSON object of one row."""
        return self._object(type_, details, lambda _, wanted: self._field(type_, alias, wanted))

    def _field(self, parent: GraphQLObjectType, alias: str, details: Details) -> Pieces:
        """The JSON of a field of a row, or of the root."""
        node = details[0].node
        definition = self._schema.get_field(parent, node.name.value)
        assert definition is not None
        pieces: Pieces
        match _declared(definition):
            case Column(sql=sql, currency=None):
                pieces = self._value(definition, sql)
            case Column(sql=sql, currency=str(currency)):
                pieces = self._money(definition, details, {"amount": sql, "currency": currency})
            case Same(null_if=condition):
                pieces = _unless(condition, self._thing(_target(definition), alias, details))
            case One(listing=listing, key=key):
                pieces = [self._found(_target(definition), listing, key, details)]
            case ById(listing=listing, key=key_of):
                key_gap = self._key(definition, node, key_of)
                pieces = [self._found(_target(definition), listing, key_gap, details)]
            case AnyById() as any_of:
                pieces = [self._any(definition, any_of, details)]
            case Many() as many:
                pieces = [self._page(definition, many, alias, details)]
            case Each() as each:
                pieces = [self._each(definition, each, details)]
            case Every() as every:
                pieces = [self._every(definition, every, details)]
            case Count() as count:
                pieces = [self._count(definition, count, node)]
            case _ if node.name.value == "id" and alias and _is_node(parent):
                same, rest = json_sql.global_id(parent.name, f"{alias}.id")
                pieces = [Json(f'"{same}'), Sql((rest,)), Json('"')]
            case _:
                raise NotInSql(f"{parent.name}.{node.name.value}")
        return pieces

    def _value(self, definition: GraphQLField, sql: str) -> Pieces:
        """The JSON of a column."""
        type_ = cast("GraphQLScalarType | GraphQLEnumType", get_named_type(definition.type))
        form = json_sql.form(type_, sql, postgres=self._postgres)
        if not is_non_null_type(definition.type):
            return [Sql((json_sql.nullable(form),))]
        value = Sql((form.sql,))
        return [Json('"'), value, Json('"')] if form.quoted else [value]

    def _money(
        self, definition: GraphQLField, details: Details, columns: Mapping[str, str]
    ) -> Pieces:
        type_ = _target(definition)
        pieces = self._object(
            type_, details, lambda name, _: self._value(type_.fields[name], columns[name])
        )
        nullable = not is_non_null_type(definition.type)
        return _unless(f"{columns['amount']} is null" if nullable else None, pieces)

    def _found(
        self, type_: GraphQLObjectType, listing: Listing, key: str | Gap, details: Details
    ) -> Sql:
        """The thing of a key, or null."""
        thing = joined(self._thing(type_, listing.alias, details))
        where = f"\nfrom {listing.source}\nwhere {select.own(listing)} and {listing.alias}.id = "
        return Sql(("coalesce((select ", *thing.parts, where, key, "), 'null')"))

    def _any(self, definition: GraphQLField, any_of: AnyById, details: Details) -> Sql:
        node = details[0].node
        found = decode(self._readers.of(definition, node)(self._variables)["id"])
        if found is None or found.type not in any_of.listings:
            raise NotInSql("an id of another kind")
        type_ = cast("GraphQLObjectType", self._schema.type_map[found.type])
        key = self._key(definition, node, any_key_of)
        return self._found(type_, any_of.listings[found.type], key, details)

    def _page(self, definition: GraphQLField, many: Many, alias: str, details: Details) -> Sql:
        """Relay's connection of a list."""
        connection = _target(definition)
        page = CompiledPage(many, alias, self._question(definition, many.asked, details[0].node))

        def member(name: str, wanted: Details) -> Pieces:
            if name == "edges":
                return page.edges(self._edge(_target(connection.fields[name]), page, wanted))
            return self._page_info(_target(connection.fields[name]), page, wanted)

        return page.of(self._object(connection, details, member))

    def _edge(self, edge: GraphQLObjectType, page: CompiledPage, details: Details) -> Pieces:
        def member(name: str, wanted: Details) -> Pieces:
            if name == "cursor":
                return page.cursor()
            return self._thing(_target(edge.fields[name]), page.alias, wanted)

        return self._object(edge, details, member)

    def _page_info(self, info: GraphQLObjectType, page: CompiledPage, details: Details) -> Pieces:
        members = {
            "hasNextPage": page.has_next,
            "hasPreviousPage": page.has_previous,
            "startCursor": page.start_cursor,
            "endCursor": page.end_cursor,
        }
        return self._object(info, details, lambda name, _: [members[name]()])

    def _every(self, definition: GraphQLField, every: Every, details: Details) -> Sql:
        thing = joined(self._thing(_target(definition), every.alias, details))
        arguments = self._readers.of(definition, details[0].node)

        def rows(binding: Binding) -> str:
            return every.rows(binding.arguments, **arguments(binding.variables))

        array = ("'[' || coalesce(string_agg(", *thing.parts, ", ','), '') || ']'")
        head = f"(select case when count(*) <= {every.most} then "
        return Sql((head, *array, " end\nfrom (\n", rows, f"\n) as {every.alias})"))

    def _each(self, definition: GraphQLField, each: Each, details: Details) -> Sql:
        """The rows that hang on a row."""
        thing = joined(self._thing(_target(definition), each.alias, details))
        head = "(select '[' || coalesce(string_agg("
        tail = (
            f", ',' order by {each.order}), '') || ']'\nfrom (\n{each.rows}\nlimit {each.most}\n)"
        )
        return Sql((head, *thing.parts, f"{tail} as {each.alias})"))

    def _count(self, definition: GraphQLField, count: Count, node: FieldNode) -> Sql:
        question = self._question(definition, count.asked, node)

        def counted(binding: Binding) -> str:
            where = question(binding).asked.where
            return select.count_of(binding.arguments, listing=count.listing, where=where)

        return Sql(("(", counted, ")::text"))

    def _question(
        self, definition: GraphQLField, asked: Callable[..., Asked] | Asked, node: FieldNode
    ) -> Questions:
        """Reads the arguments of a list: now where no variable is in them, else once a request."""

        arguments = self._readers.of(definition, node)

        def read(variables: VariableValues) -> Question:
            given = arguments(variables)
            first, after = bounded(given.pop("first", None)), given.pop("after", None)
            rows = asked(**given) if callable(asked) else asked
            return Question(asked=rows, first=first, after=after)

        if not any(has_variables(argument.value) for argument in node.arguments or ()):
            try:
                constant = read(self._variables)
            except (BankfeedsError, GraphQLError) as error:
                raise NotInSql("arguments that cannot be used") from error
            return Always(constant)
        self._lists += 1
        number = self._lists

        def question(binding: Binding) -> Question:
            if number not in binding.questions:
                binding.questions[number] = read(binding.variables)
            return binding.questions[number]

        return question

    def _key(self, definition: GraphQLField, node: FieldNode, key_of: Callable[[str], UUID]) -> Gap:
        value = next(one.value for one in node.arguments or () if one.name.value == "id")
        if isinstance(value, VariableNode):
            name = value.name.value

            def key(binding: Binding) -> str:
                given = binding.variables.coerced[name]
                if given is None:  # which can be given in place of a default
                    raise GraphQLError(f"${name} is null")
                return binding.arguments.bind(key_of(given))

            return key
        constant = key_of(self._readers.of(definition, node)(self._variables)["id"])
        return lambda binding: binding.arguments.bind(constant)


def _declared(definition: GraphQLField) -> Any:
    """What a field says of its SQL, None where nothing."""
    own = definition.extensions.get(DEFINITION)
    metadata: Mapping[Any, Any] = {} if own is None else own.metadata
    return metadata.get(COLUMN) or metadata.get(reads.METADATA_KEY)


def _target(definition: GraphQLField) -> GraphQLObjectType:
    """The type that a field leads to."""
    return cast("GraphQLObjectType", get_named_type(definition.type))


def _unless(null_if: str | None, pieces: Pieces) -> Pieces:
    """The pieces, or null where a condition holds."""
    if null_if is None:
        return pieces
    return [Sql((f"case when {null_if} then 'null' else ", *joined(pieces).parts, " end"))]


def _is_node(type_: GraphQLObjectType) -> bool:
    return any(interface.name == "Node" for interface in type_.interfaces)
