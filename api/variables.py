"""Variables of an operation: the common case, where each is given, plain and right, made quick."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLID,
    GraphQLSchema,
    GraphQLString,
    OperationDefinitionNode,
    Undefined,
    coerce_input_value,
    get_nullable_type,
)
from graphql.execution.get_variable_signature import (
    GraphQLVariableSignature,
    get_variable_signature,
)
from graphql.execution.values import VariableValues, VariableValueSource


class Variables:
    """The variables that one operation declares; what their types are is looked up once."""

    def __init__(self, schema: GraphQLSchema, operation: OperationDefinitionNode) -> None:
        found = [
            get_variable_signature(schema, node) for node in operation.variable_definitions or ()
        ]
        self._signatures: list[GraphQLVariableSignature] | None = [
            one for one in found if not isinstance(one, GraphQLError)
        ]
        if len(self._signatures) < len(found):
            self._signatures = None
        # A text for one of these is what it is.
        self._texts = {
            one.name
            for one in self._signatures or ()
            if get_nullable_type(one.type) in (GraphQLID, GraphQLString)
        }

    def plain(self, given: Mapping[str, Any]) -> VariableValues | None:
        """The values; None where one is missing, nested or wrong, which graphql-core deals with."""
        if self._signatures is None:
            return None
        sources: dict[str, VariableValueSource] = {}
        coerced: dict[str, Any] = {}
        for signature in self._signatures:
            value = given.get(signature.name, Undefined)
            if value is Undefined or isinstance(value, dict | list):
                return None
            if isinstance(value, str) and signature.name in self._texts:
                read: Any = value
            else:
                read = coerce_input_value(value, signature.type)
            if read is Undefined:
                return None
            sources[signature.name] = VariableValueSource(signature, value)
            coerced[signature.name] = read
        return VariableValues(sources, coerced)
