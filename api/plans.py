"""Plans of one document: compiled when first needed, one for each of its structures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from graphql import DocumentNode, FragmentDefinitionNode, OperationDefinitionNode, OperationType
from graphql.execution.values import VariableValues

from schema.compiler import Compiler
from schema.plan import Plan
from schema.structure import Structure

PLANS_MAX: Final = 8  # of one document: its directives could make many


class Plans:
    """The plans of a valid document."""

    def __init__(
        self,
        compiler: Compiler,
        document: DocumentNode,
        fragments: Mapping[str, FragmentDefinitionNode],
    ) -> None:
        self._compiler = compiler
        self._fragments = fragments
        self._structure = Structure.of(document)
        self._known: dict[tuple[object, ...], Plan | None] = {}
        self.one_of_each = self._structure.is_fixed  # of each operation there is one plan

    def of(self, operation: OperationDefinitionNode, variables: VariableValues) -> Plan | None:
        """The plan of an operation; None where its resolvers must answer."""
        if operation.operation is not OperationType.QUERY:
            return None
        name = operation.name.value if operation.name else ""
        key = (name, *self._structure.key(variables.coerced))
        if key not in self._known:
            if len(self._known) >= PLANS_MAX:
                self._known.clear()
            self._known[key] = self._compiler.plan(operation, self._fragments, variables)
        return self._known[key]
