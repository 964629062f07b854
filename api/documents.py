"""Documents: parsed, held against the limits, validated; good ones are remembered."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSyntaxError,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    Undefined,
    parse,
    specified_rules,
    validate,
)
from graphql.validation import ASTValidationRule
from strawberry import Schema
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from api.cost import Prices
from api.limits import TOKENS_MAX, excesses
from api.plans import Plans
from api.variables import Variables
from core.errors import BankfeedsError
from db.session import POSTGRES_OLDEST
from schema.compiler import Compiler
from schema.plan import Plan

DOCUMENTS_MAX: Final = 512
REMEMBERED_CHARACTERS_MAX: Final = 16_384  # longer ones are prepared anew each time
ERRORS_MAX: Final = 5
COSTS_MAX: Final = 100  # of one operation

# graphql-core's own count lists within lists of introspection too; it knows neither of Strawberry's
# inputs of one field nor of its `Maybe`.
_RULES: Final[tuple[type[ASTValidationRule], ...]] = (
    *specified_rules,
    MaybeNullValidationRule,
    OneOfInputValidationRule,
)


class Rejected(BankfeedsError):
    """The document or its variables are not right; `errors` say what, to the client."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__("the operation was rejected")
        self.errors = errors


@dataclass(slots=True, kw_only=True)
class Document:
    """A document that may be executed, with what is known of its operations."""

    ast: DocumentNode
    fragments: Mapping[str, FragmentDefinitionNode]
    operations: Mapping[str, OperationDefinitionNode]
    variables: Mapping[str, Variables]
    plans: Plans
    costs: dict[str, Costs] = field(default_factory=dict)
    # By the name that a request gives: what its variables change nothing of.
    settled: dict[str | None, Settled] = field(default_factory=dict)

    def operation(self, name: str | None) -> OperationDefinitionNode | None:
        """The operation of a name, or the only one; None where there is none such."""
        if name is not None:
            return self.operations.get(name)
        return next(iter(self.operations.values())) if len(self.operations) == 1 else None

    def settle(self, name: str | None, settled: Settled) -> None:
        """Remembers an operation whose cost and plan no variable decides."""
        costs = self.costs.get(settled.name)
        if costs is not None and not costs.decided_by and self.plans.one_of_each:
            self.settled[name] = settled


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """An operation that has one cost and one plan, whatever its variables are."""

    name: str
    operation: OperationDefinitionNode
    kind: str
    variables: Variables
    cost: int
    plan: Plan | None


@dataclass(slots=True, kw_only=True)
class Costs:
    """The costs of one operation, by the values of the variables that decide it."""

    decided_by: tuple[str, ...]
    known: dict[tuple[object, ...], int] = field(default_factory=dict)

    def key(self, variables: Mapping[str, Any]) -> tuple[object, ...]:
        """Equal for requests of one cost."""
        return tuple([variables.get(name, Undefined) for name in self.decided_by])


class Documents:
    """The documents of one schema. In production there is no introspection and no suggestion."""

    def __init__(
        self, schema: Schema, *, production: bool, postgres: int = POSTGRES_OLDEST
    ) -> None:
        self._schema = schema._schema
        self._compiler = Compiler(schema, postgres=postgres)
        self._prices = Prices(self._schema)
        self._hide_suggestions = production
        self._rules = (*_RULES, NoSchemaIntrospectionCustomRule) if production else _RULES
        self._remembered: OrderedDict[str, Document] = OrderedDict()

    def prepare(self, text: str) -> Document:
        """The document of a text. Raises Rejected."""
        document = self._remembered.get(text)
        if document is not None:
            self._remembered.move_to_end(text)
            return document
        document = self._prepared(text)
        if len(text) <= REMEMBERED_CHARACTERS_MAX:
            self._remembered[text] = document
            if len(self._remembered) > DOCUMENTS_MAX:
                self._remembered.popitem(last=False)
        return document

    def cost(
        self, document: Document, operation: OperationDefinitionNode, variables: Mapping[str, Any]
    ) -> int:
        """What an operation of the document costs. Raises Rejected for a bad `first`."""
        name = operation.name.value if operation.name else ""
        costs = document.costs.get(name)
        if costs is not None:
            known = costs.known.get(costs.key(variables))
            if known is not None:
                return known
        try:
            cost = self._prices.cost(operation, document.fragments, variables)
        except GraphQLError as error:
            raise Rejected([error]) from error
        if costs is None:
            costs = document.costs[name] = Costs(decided_by=cost.decided_by)
        if len(costs.known) >= COSTS_MAX:
            costs.known.clear()
        costs.known[costs.key(variables)] = cost.requested
        return cost.requested

    def _prepared(self, text: str) -> Document:
        ast = _parsed(text)
        errors = excesses(ast) or validate(
            self._schema,
            ast,
            self._rules,
            max_errors=ERRORS_MAX,
            hide_suggestions=self._hide_suggestions,
        )
        if errors:
            raise Rejected(errors)
        fragments = {
            definition.name.value: definition
            for definition in ast.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        operations = {
            definition.name.value if definition.name else "": definition
            for definition in ast.definitions
            if isinstance(definition, OperationDefinitionNode)
        }
        return Document(
            ast=ast,
            fragments=fragments,
            operations=operations,
            variables={name: Variables(self._schema, one) for name, one in operations.items()},
            plans=Plans(self._compiler, ast, fragments),
        )


def _parsed(text: str) -> DocumentNode:
    try:
        return parse(text, max_lexical_tokens=TOKENS_MAX)
    except GraphQLSyntaxError as error:
        if "tokens" in error.message:
            error.extensions = {"code": "TOO_COMPLEX"}
        raise Rejected([error]) from error
    except GraphQLError as error:  # nested too deeply
        raise Rejected([GraphQLError(error.message, extensions={"code": "TOO_COMPLEX"})]) from error
