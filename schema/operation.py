"""One operation, one context: renewed at its beginning, its transaction ended at its end."""

from __future__ import annotations

from collections.abc import AsyncIterator

from strawberry.extensions import SchemaExtension
from strawberry.types.graphql import OperationType

from schema.context import RequestContext, open


class OneContext(SchemaExtension):
    """Gives each operation its own loaders and transaction: a socket's operations share neither."""

    async def on_operation(self) -> AsyncIterator[None]:  # type: ignore[override]  # as documented
        """Around the whole operation, a subscription's whole life included."""
        given = self.execution_context.context
        if not isinstance(given, RequestContext):  # introspection without a caller
            yield
            return
        own = self.execution_context.context = open(given)
        try:
            yield
        finally:
            await own.reads.close()

    def on_execute(self) -> AsyncIterator[None]:  # type: ignore[override]
        """Once the document is known: only queries read in one transaction."""
        context = self.execution_context.context
        if isinstance(context, RequestContext):
            is_query = self.execution_context.operation_type is OperationType.QUERY
            context.reads.in_one = context.loaders.remembering = is_query
        yield
