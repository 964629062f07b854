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
    GraphQLSchema,
    GraphQLSyntaxError,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    parse,
    specified_rules,
    validate,
)
from graphql.validation import ASTValidationRule
from graphql.validation.rules.max_introspection_depth_rule import MaxIntrospectionDepthRule
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from api.cost import Cost, Prices
from api.limits import TOKENS_MAX, excesses
from core.errors import BankfeedsError

DOCUMENTS_MAX: Final = 512
REMEMBERED_CHARACTERS_MAX: Final = 16_384  # longer ones are prepared anew each time
ERRORS_MAX: Final = 5

_RULES: Final[tuple[type[ASTValidationRule], ...]] = (
    *specified_rules,
    MaxIntrospectionDepthRule,
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
    """A document that may be executed, with the costs that depend on nothing else."""

    ast: DocumentNode
    fragments: Mapping[str, FragmentDefinitionNode]
    costs: dict[str | None, Cost] = field(default_factory=dict)


class Documents:
    """The documents of one schema. In production there is no introspection and no suggestion."""

    def __init__(self, schema: GraphQLSchema, *, production: bool) -> None:
        self._schema = schema
        self._prices = Prices(schema)
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
    ) -> Cost:
        """What an operation of the document costs. Raises Rejected for a bad `first`."""
        name = operation.name.value if operation.name else None
        cost = document.costs.get(name)
        if cost is None:
            try:
                cost = self._prices.cost(operation, document.fragments, variables)
            except GraphQLError as error:
                raise Rejected([error]) from error
            if cost.fixed:
                document.costs[name] = cost
        return cost

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
        return Document(ast=ast, fragments=fragments)


def _parsed(text: str) -> DocumentNode:
    try:
        return parse(text, max_lexical_tokens=TOKENS_MAX)
    except GraphQLSyntaxError as error:
        if "tokens" in error.message:
            error.extensions = {"code": "TOO_COMPLEX"}
        raise Rejected([error]) from error
    except GraphQLError as error:  # nested too deeply
        raise Rejected([GraphQLError(error.message, extensions={"code": "TOO_COMPLEX"})]) from error
