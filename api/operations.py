"""Operations: executes queries and mutations, and streams what subscriptions bring.

graphql-core executes Strawberry's schema directly: documents are prepared once, and each event of
a subscription gets a context of its own, so that no loader remembers the event before.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass
from typing import Any, Final, TypeGuard

from graphql import (
    ExecutionResult,
    Executor,
    GraphQLError,
    OperationType,
    create_source_event_stream,
)
from strawberry import Schema
from strawberry.execution import optimized_is_awaitable

from api.cost import COST_MAX
from api.documents import Document, Documents, Rejected
from api.errors import Masked, field_errors, masked, request_errors, told
from core.errors import Forbidden
from resolvers.context import Context

OPERATION_TIMEOUT_S: Final = 10
COERCION_ERRORS_MAX: Final = 5

OpenContext = Callable[[Context, OperationType], AbstractAsyncContextManager[Any]]
StillAllowed = Callable[[], Awaitable[None]]
Payload = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationRequest:
    """What a client asks for; the parts are of the right types and otherwise unchecked.

    `document_id` names a persisted document; `query` may then be empty.
    """

    query: str
    document_id: str | None = None
    operation_name: str | None = None
    variables: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """An answer. `refused`: nothing was executed, the request itself was wrong."""

    payload: Payload
    refused: bool

    @property
    def code(self) -> str:
        """`OK`, or the first error's code."""
        errors = self.payload.get("errors")
        return str(errors[0]["extensions"]["code"]) if errors else "OK"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """An operation that is ready to run."""

    executor: Executor[Any]
    cost: int

    @property
    def type(self) -> OperationType:
        """Query, mutation or subscription."""
        return self.executor.operation.operation

    def payload(self, result: ExecutionResult, request_id: str) -> Payload:
        """The answer of one execution."""
        payload: Payload = {"data": result.data}
        if result.errors:
            payload["errors"] = field_errors(result.errors, request_id)
        payload["extensions"] = {"cost": {"requested": self.cost, "maximum": COST_MAX}}
        return payload


class Operations:
    """The operations of one schema."""

    def __init__(self, schema: Schema, *, open_context: OpenContext, production: bool) -> None:
        self._schema = schema._schema  # Strawberry's own transports use it, and name no other way
        self._executor_class = schema.execution_context_class
        self._documents = Documents(self._schema, production=production)
        self._open_context = open_context
        self._production = production

    def prepare(self, request: OperationRequest) -> Prepared:
        """Checks everything that can be checked before execution. Raises Rejected."""
        document = self._documents.prepare(request.query)
        executor = self._built(document, request)
        cost = self._documents.cost(document, executor.operation, executor.variable_values.coerced)
        if cost.requested > COST_MAX:
            raise Rejected([_too_costly(cost.requested)])
        return Prepared(executor=executor, cost=cost.requested)

    async def run(self, prepared: Prepared, context: Context) -> Outcome:
        """Executes a query or a mutation, for ten seconds at most."""
        assert prepared.type is not OperationType.SUBSCRIPTION
        try:
            with masked():
                async with asyncio.timeout(OPERATION_TIMEOUT_S):
                    result = await self._executed(prepared, prepared.executor, context)
        except Masked as error:
            return failed(error, context.request_id)
        return Outcome(payload=prepared.payload(result, context.request_id), refused=False)

    async def stream(
        self, prepared: Prepared, context: Context, still_allowed: StillAllowed
    ) -> AsyncGenerator[Payload, None]:
        """The payloads of a subscription, until it ends; a failure is its last payload.

        `still_allowed` is awaited before each event; it raises AccessEnded, which passes.
        """
        try:
            with masked():
                async with self._open_context(context, prepared.type) as value:
                    prepared.executor.context_value = value
                    source = await _source(prepared.executor)
                    if isinstance(source, ExecutionResult):
                        yield prepared.payload(source, context.request_id)
                        return
                    async with aclosing(source) as events:
                        async for event in events:
                            await still_allowed()
                            yield await self._event(prepared, event, context)
        except Masked as error:
            if isinstance(error.__cause__, Forbidden):
                await still_allowed()
            yield failed(error, context.request_id).payload

    async def _event(self, prepared: Prepared, event: object, context: Context) -> Payload:
        executor = prepared.executor.build_per_event_executor(event)
        async with asyncio.timeout(OPERATION_TIMEOUT_S):
            result = await self._executed(prepared, executor, context)
        return prepared.payload(result, context.request_id)

    async def _executed(
        self, prepared: Prepared, executor: Executor[Any], context: Context
    ) -> ExecutionResult:
        async with self._open_context(context, prepared.type) as value:
            executor.context_value = value
            serially = False if prepared.type is OperationType.SUBSCRIPTION else None
            result = executor.execute_operation(serially)
            if executor.is_awaitable(result):
                result = await result
        assert isinstance(result, ExecutionResult)
        return result

    def _built(self, document: Document, request: OperationRequest) -> Executor[Any]:
        executor = self._executor_class.build(
            self._schema,
            document.ast,
            raw_variable_values=request.variables,
            operation_name=request.operation_name,
            max_coercion_errors=COERCION_ERRORS_MAX,
            is_awaitable=_is_awaitable,
            hide_suggestions=self._production,
            operation_extensions=None,
        )
        if isinstance(executor, list):
            raise Rejected(executor)
        return executor


def rejected(error: Rejected, request_id: str) -> Outcome:
    """The answer to a request that was not executed."""
    return Outcome(payload={"errors": request_errors(error.errors, request_id)}, refused=True)


def failed(error: Masked, request_id: str) -> Outcome:
    """The answer when execution ended without a result."""
    return Outcome(
        payload={"data": None, "errors": [told(error.code, error.message, request_id)]},
        refused=False,
    )


async def _source(executor: Executor[Any]) -> AsyncGenerator[Any, None] | ExecutionResult:
    """The events of a subscription, or why there are none."""
    source = create_source_event_stream(executor)
    if executor.is_awaitable(source):
        source = await source
    assert isinstance(source, AsyncGenerator | ExecutionResult)
    return source


def _is_awaitable(value: Any) -> TypeGuard[Awaitable[Any]]:
    return optimized_is_awaitable(value)


def _too_costly(requested: int) -> GraphQLError:
    return GraphQLError(
        f"the operation costs {requested}; {COST_MAX} is the most: ask for smaller pages",
        extensions={"code": "TOO_COMPLEX", "cost": {"requested": requested, "maximum": COST_MAX}},
    )
