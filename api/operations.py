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
    DocumentNode,
    ExecutionResult,
    Executor,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    create_source_event_stream,
    get_variable_values,
)
from graphql.execution.values import VariableValues
from strawberry import Schema
from strawberry.execution import optimized_is_awaitable

from api.cost import COST_MAX
from api.documents import Document, Documents, Rejected, Settled
from api.errors import (
    Masked,
    field_errors,
    masked,
    request_errors,
    told,
)
from core.errors import BadInput, Conflict, Forbidden, InvalidCursor
from db.failures import Invalid
from db.session import POSTGRES_OLDEST
from resolvers.context import Context
from schema.json_sql import NotInSql
from schema.plan import Plan

OPERATION_TIMEOUT_S: Final = 10
COERCION_ERRORS_MAX: Final = 5

# What is wrong with arguments, resolvers say, and where.
_LEFT_TO_RESOLVERS: Final = (
    *(BadInput, InvalidCursor, Invalid, Forbidden, Conflict),
    *(GraphQLError, NotInSql),
)

OpenContext = Callable[[Context, OperationType], AbstractAsyncContextManager[Any]]
StillAllowed = Callable[[], Awaitable[None]]
Payload = dict[str, Any]


# None of these three is frozen: there is one of each a request, and a frozen one takes thrice as
# long to make.


@dataclass(slots=True, kw_only=True)
class OperationRequest:
    """What a client asks for; the parts are of the right types and otherwise unchecked.

    `document_id` names a persisted document; `query` may then be empty.
    """

    query: str
    document_id: str | None = None
    operation_name: str | None = None
    variables: dict[str, Any] | None = None


@dataclass(slots=True, kw_only=True)
class Outcome:
    """An answer. `refused`: nothing was executed, the request itself was wrong."""

    payload: Payload
    refused: bool

    @property
    def code(self) -> str:
        """`OK`, or the first error's code."""
        errors = self.payload.get("errors")
        return str(errors[0]["extensions"]["code"]) if errors else "OK"


@dataclass(slots=True, kw_only=True)
class Prepared:
    """An operation that is ready to run. `plan`: what of it is compiled, None for nothing."""

    request: OperationRequest
    document: Document
    operation: OperationDefinitionNode
    kind: str  # the name of its type
    variables: VariableValues
    plan: Plan | None
    cost: int

    @property
    def type(self) -> OperationType:
        """Query, mutation or subscription."""
        return self.operation.operation

    @property
    def extensions(self) -> Payload:
        """What is told beside the data."""
        return {"cost": {"requested": self.cost, "maximum": COST_MAX}}

    def payload(self, result: ExecutionResult, request_id: str) -> Payload:
        """The answer of one execution."""
        payload: Payload = {"data": result.data}
        if result.errors:
            payload["errors"] = field_errors(result.errors, request_id)
        payload["extensions"] = self.extensions
        return payload


class Operations:
    """The operations of one schema."""

    def __init__(
        self,
        schema: Schema,
        *,
        open_context: OpenContext,
        production: bool,
        postgres: int = POSTGRES_OLDEST,
    ) -> None:
        self._schema = schema._schema  # Strawberry's own transports use it, and name no other way
        self._executor_class = schema.execution_context_class
        self._documents = Documents(schema, production=production, postgres=postgres)
        self._open_context = open_context
        self._production = production

    def prepare(self, request: OperationRequest) -> Prepared:
        """Checks everything that can be checked before execution. Raises Rejected."""
        document = self._documents.prepare(request.query)
        given = request.variables or {}
        settled = document.settled.get(request.operation_name)
        if settled is not None:
            own = settled.variables
            variables = own.plain(given) or self._coerced(settled.operation, given)
        else:
            settled, variables = self._settled(document, request, given)
        return Prepared(
            request=request,
            document=document,
            operation=settled.operation,
            kind=settled.kind,
            variables=variables,
            plan=settled.plan,
            cost=settled.cost,
        )

    def _settled(
        self, document: Document, request: OperationRequest, given: dict[str, Any]
    ) -> tuple[Settled, VariableValues]:
        """The operation with these variables. Raises Rejected."""
        operation = document.operation(request.operation_name)
        if operation is None:
            self._built(document.ast, request)  # says which operations there are
            raise Rejected([GraphQLError("name the operation to run")])
        name = operation.name.value if operation.name else ""
        own = document.variables[name]
        variables = own.plain(given) or self._coerced(operation, given)
        cost = self._documents.cost(document, operation, variables.coerced)
        if cost > COST_MAX:
            raise Rejected([_too_costly(cost)])
        plan = document.plans.of(operation, variables)
        settled = Settled(
            name=name,
            operation=operation,
            kind=operation.operation.value,
            variables=own,
            cost=cost,
            plan=plan,
        )
        document.settle(request.operation_name, settled)
        return settled, variables

    async def run(self, prepared: Prepared, context: Context) -> Outcome:
        """Executes a query or a mutation, for ten seconds at most."""
        assert prepared.kind != "subscription"
        try:
            with masked():
                # One statement that Postgres stops in time needs no other clock.
                data = await self._at_once(prepared, context)
                if data is not None:
                    payload = {"data": data, "extensions": prepared.extensions}
                    return Outcome(payload=payload, refused=False)
                async with asyncio.timeout(OPERATION_TIMEOUT_S):
                    result = await self._answered(prepared, context)
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
                    executor = self._built(prepared.document.ast, prepared.request)
                    executor.context_value = value
                    source = await _source(executor)
                    if isinstance(source, ExecutionResult):
                        yield prepared.payload(source, context.request_id)
                        return
                    async with aclosing(source) as events:
                        async for event in events:
                            await still_allowed()
                            yield await self._event(prepared, executor, event, context)
        except Masked as error:
            if isinstance(error.__cause__, Forbidden):
                await still_allowed()
            yield failed(error, context.request_id).payload

    async def _event(
        self, prepared: Prepared, source: Executor[Any], event: object, context: Context
    ) -> Payload:
        executor = source.build_per_event_executor(event)
        async with asyncio.timeout(OPERATION_TIMEOUT_S):
            result = await self._executed(prepared, executor, context)
        return prepared.payload(result, context.request_id)

    async def _at_once(self, prepared: Prepared, context: Context) -> dict[str, Any] | None:
        """The answer of a complete plan; None where there is none, or resolvers know better."""
        plan = prepared.plan
        if plan is None or not plan.complete or context.tenant_id is None:
            return None
        try:
            sql, values = plan.statement(context.tenant_id, prepared.variables)
            row = await context.services.database.first(context.scope, sql, *values)
            return plan.data(row or (), {})
        except _LEFT_TO_RESOLVERS:
            return None

    async def _answered(self, prepared: Prepared, context: Context) -> ExecutionResult:
        """By resolvers, and by a plan where it answers a part."""
        plan = prepared.plan
        if plan is not None and not plan.complete and context.tenant_id is not None:
            try:
                return await self._mixed(prepared, plan, context)
            except _LEFT_TO_RESOLVERS:
                pass
        executor = self._built(prepared.document.ast, prepared.request)
        return await self._executed(prepared, executor, context)

    async def _mixed(self, prepared: Prepared, plan: Plan, context: Context) -> ExecutionResult:
        """The answer of a plan, and of resolvers for the root fields that it leaves to them."""
        sql, values = plan.statement(context.tenant, prepared.variables)
        rest = DocumentNode(
            definitions=(plan.rest(prepared.operation), *prepared.document.fragments.values())
        )
        async with self._open_context(context, prepared.type) as value:
            async with value.read() as tx:
                row = await tx.row(sql, *values)
            executor = self._built(rest, prepared.request)
            executor.context_value = value
            result = await _result(executor)
        if result.data is None:
            return result
        return ExecutionResult(data=plan.data(row or (), result.data), errors=result.errors)

    async def _executed(
        self, prepared: Prepared, executor: Executor[Any], context: Context
    ) -> ExecutionResult:
        async with self._open_context(context, prepared.type) as value:
            executor.context_value = value
            return await _result(executor, serially=False if _is_event(prepared) else None)

    def _coerced(self, operation: OperationDefinitionNode, given: dict[str, Any]) -> VariableValues:
        """The variables as the operation declares them. Raises Rejected."""
        variables = get_variable_values(
            self._schema,
            operation.variable_definitions or (),
            given,
            max_errors=COERCION_ERRORS_MAX,
            hide_suggestions=self._production,
        )
        if isinstance(variables, list):
            raise Rejected(variables)
        return variables

    def _built(self, document: DocumentNode, request: OperationRequest) -> Executor[Any]:
        executor = self._executor_class.build(
            self._schema,
            document,
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


async def _result(executor: Executor[Any], *, serially: bool | None = None) -> ExecutionResult:
    result = executor.execute_operation(serially)
    if executor.is_awaitable(result):
        result = await result
    assert isinstance(result, ExecutionResult)
    return result


def _is_event(prepared: Prepared) -> bool:
    return prepared.type is OperationType.SUBSCRIPTION


def _is_awaitable(value: Any) -> TypeGuard[Awaitable[Any]]:
    return optimized_is_awaitable(value)


def _too_costly(requested: int) -> GraphQLError:
    return GraphQLError(
        f"the operation costs {requested}; {COST_MAX} is the most: ask for smaller pages",
        extensions={"code": "TOO_COMPLEX", "cost": {"requested": requested, "maximum": COST_MAX}},
    )
