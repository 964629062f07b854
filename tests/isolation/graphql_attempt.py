"""One operation asked by one person, undone at once: what was answered, and whom it touched."""

from __future__ import annotations

import asyncio
import base64
import binascii
import inspect
import json
import re
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from graphql import (
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    OperationType,
    execute,
    subscribe,
)
from redis.asyncio import Redis

from core.errors import BankfeedsError
from core.scope import UserScope
from core.vault import Vault
from db.blobs import FolderBlobs
from db.events import Events, Listening, redis_events
from db.session import Database
from db.throttle import Throttle
from pipeline.provider_access import ProviderAccess, open_http
from providers.base import AppSettings
from resolvers.context import Context, Services
from schema.context import open as open_context
from schema.ids import decode
from tests.fixtures.postbox import OTHER_PROVIDER, RECEIVERS
from tests.fixtures.registered import registered
from tests.fixtures.world import KEYS
from tests.isolation.graphql_actors import Actor
from tests.isolation.graphql_bank import FORM_BANK, SLUG
from tests.isolation.graphql_documents import Operation
from tests.isolation.graphql_session import Session, opened_session
from tests.isolation.graphql_world import People, people_of
from tests.isolation.world import VICTIM

NOW: Final = datetime(2030, 1, 1, tzinfo=UTC)
EVENT_WITHIN_S: Final = 5
UPLOAD_BYTES_MAX: Final = 1_000_000

AT_FORM_BANK: Final = f"update app.connections set provider = '{SLUG}'"
# A second row of each tenant, as `graphql_recipes.second_of` names it.
SECOND: Final = (
    "insert into app.transactions (tenant_id, id, account_id, mapping_id, job_id, raw_id, raw_line,"
    " raw_line_end, fingerprint, occurrence, content_key, status, amount, currency, sort_date,"
    " description, description_raw) select tenant_id, md5(tenant_id::text)::uuid, account_id,"
    " mapping_id, job_id, raw_id, raw_line, raw_line_end, fingerprint, occurrence + 1, content_key,"
    " status, amount, currency, sort_date, description, description_raw from app.transactions;"
    " update app.review_items set other_id = md5(tenant_id::text)::uuid"
)
UNRECONCILED: Final = "update app.reconciliation_members set active = false"


def balanced(kind: str, amount: str, *, days_before: int) -> str:
    """Another balance of each account, beside the one that there is, and on its row's day."""
    return (
        "update app.transactions as t set sort_date = b.as_of from app.account_balances as b"
        " where b.tenant_id = t.tenant_id;"
        " insert into app.account_balances (tenant_id, mapping_id, account_id, job_id, raw_id,"
        " raw_line, kind, amount, currency, as_of)"
        " select b.tenant_id, b.mapping_id, b.account_id, b.job_id, b.raw_id, b.raw_line,"
        f" '{kind}', {amount}, b.currency, b.as_of - {days_before}"
        " from app.account_balances as b"
        " join app.transactions as t on t.tenant_id = b.tenant_id where b.code <> ''"
    )


ADDING_UP: Final = balanced("closing_ledger", "b.amount - t.amount", days_before=1)
# What both tenants' rows must be for a mutation to be possible at all.
PREPARED: Final[Mapping[str, str]] = {
    "assetAttachAccount": "update app.assets set account_id = null",
    "assetRestore": "update app.assets set status = 'archived'",
    "assetUpdate": "update app.assets set account_id = null",
    **dict.fromkeys(
        ("connectionLinkBegin", "connectionLinkComplete", "connectionSync", "connectionSyncAll"),
        AT_FORM_BANK,
    ),
    "accountRefresh": AT_FORM_BANK,
    "connectionDisconnect": AT_FORM_BANK,
    "connectionTest": AT_FORM_BANK,
    "connectionResume": "update app.connections set status = 'paused'",
    "ingestionJobApprove": "update app.ingestion_jobs set state = 'awaiting_review'",
    "ingestionJobDiscard": "update app.ingestion_jobs set state = 'awaiting_review'",
    "ingestionJobRetry": "update app.ingestion_jobs set state = 'failed'",
    "ingestionJobRevert": "update app.ingestion_jobs set state = 'completed'",
    **dict.fromkeys(("matchConfirm", "reviewItemsDecide", "transactionLink"), SECOND),
    "personaUpdate": "update app.personas set user_id = null, is_primary = false",
    "reconciliationCreate": UNRECONCILED,
    "statementImport": "update app.ingestion_jobs set upload_id = null",
    "statementReconcile": f"{UNRECONCILED}; {ADDING_UP}",
    "statementProfileDelete": "update app.connections set profile_id = null;"
    " update app.ingestion_jobs set profile_id = null",
}
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Secrets that are made anew each time, and instants of the run itself.
_NOISE: Final = re.compile(
    r'"state": "[\w-]{43}"'
    r"|token=[\w-]+|/webhooks/\w+/[a-z2-7]{26}|whsec_[\w+/=]+"
    r"|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of it. Two that are equal tell nobody anything."""

    text: str  # data and errors, ids and cursors legible, new ids left out
    touched_victim: bool = False
    told: tuple[str, ...] = ()  # tenants that were told of a change, or woken for


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """Redis and the queue, and whom they were used for."""

    redis: Events
    tenants: list[str] = field(default_factory=list)

    async def publish(self, tenant_id: UUID, topic: str, key: UUID) -> None:
        """See `Events.publish`."""
        self.tenants.append(f"{topic} of {tenant_id}")
        await self.redis.publish(tenant_id, topic, key)

    def listen(self, tenant_id: UUID, topic: str) -> Listening:
        """See `Events.listen`."""
        return self.redis.listen(tenant_id, topic)

    async def wake(self, tenant_id: UUID, job_id: UUID) -> None:
        """See `Queue.wake`; no worker runs."""
        self.tenants.append(f"work of {tenant_id}")

    async def wake_webhooks(self) -> None:
        """See `Queue.wake_webhooks`; it names nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A schema in the world of two tenants, for one after the other to ask."""

    schema: GraphQLSchema
    session: Session
    people: People
    services: Services
    noted: Noted

    def over(self, database: Database) -> Stage:
        """The same, but asking through another database's connections, where all of it stays."""
        return replace(self, services=replace(self.services, database=database))

    @asynccontextmanager
    async def prepared(self, operation: Operation) -> AsyncIterator[None]:
        """A block in which the operation is possible; nothing of it stays."""
        async with self.session.undone(PREPARED.get(operation.name, "select 1")):
            yield

    async def state(self) -> object:
        """All that the victim has, as it is now."""
        return await self.session.state(self.people.tables, VICTIM.tenant_id)

    async def attempt(
        self, actor: Actor, operation: Operation, variables: Mapping[str, Any], untouched: object
    ) -> Outcome:
        """What comes of an operation, which is undone. `untouched`: the victim's state before."""
        async with self.session.undone():
            self.noted.tenants.clear()
            result = await self.ask(actor, operation, variables)
            touched = await self.state() != untouched
        return Outcome(
            text=self.legible(result),
            touched_victim=touched,
            told=tuple(sorted(self.noted.tenants)),
        )

    async def ask(
        self, actor: Actor, operation: Operation, variables: Mapping[str, Any]
    ) -> ExecutionResult:
        """The answer to an operation, or the first event of a subscription."""
        async with self.session.as_login():
            if operation.type is OperationType.SUBSCRIPTION:
                return await self._first_event(actor, operation, variables)
            return await self.answer(actor, operation, variables)

    async def answer(
        self, actor: Actor, operation: Operation, variables: Mapping[str, Any]
    ) -> ExecutionResult:
        """The answer to a query or a mutation, over whatever database the services have."""
        async with open_context(self.context(actor), operation.type) as context:
            answer = execute(
                self.schema,
                operation.document,
                context_value=context,
                variable_values=dict(variables),
            )
            result = await answer if inspect.isawaitable(answer) else answer
        assert isinstance(result, ExecutionResult)
        return result

    @asynccontextmanager
    async def stream(
        self, actor: Actor, operation: Operation, variables: Mapping[str, Any]
    ) -> AsyncIterator[AsyncGenerator[ExecutionResult, None]]:
        """The events of a subscription."""
        async with open_context(self.context(actor), operation.type) as context:
            answer = subscribe(
                self.schema,
                operation.document,
                context_value=context,
                variable_values=dict(variables),
            )
            stream = await answer if inspect.isawaitable(answer) else answer
            assert isinstance(stream, AsyncGenerator), stream
            async with aclosing(stream):
                yield stream

    def context(self, actor: Actor) -> Context:
        """What the edge makes of a verified token and a header."""
        return Context(
            services=self.services,
            scope=UserScope(user_id=actor.user_id, tenant_id=actor.tenant_id),
            email=actor.email,
            request_id="test",
        )

    def legible(self, result: ExecutionResult) -> str:
        """An answer as text, with ids and cursors decoded."""
        shown = {"data": _readable(result.data), "errors": [_told(e) for e in result.errors or ()]}
        text = json.dumps(shown, ensure_ascii=False, default=str)
        known = self.people.known
        text = _UUID.sub(lambda found: found[0] if found[0] in known else "…", text)
        return _NOISE.sub("…", text)

    async def _first_event(
        self, actor: Actor, operation: Operation, variables: Mapping[str, Any]
    ) -> ExecutionResult:
        async with self.stream(actor, operation, variables) as stream:
            try:
                async with asyncio.timeout(EVENT_WITHIN_S):
                    return await anext(stream)
            except BankfeedsError as error:
                return ExecutionResult(None, [GraphQLError(str(error), original_error=error)])


@asynccontextmanager
async def staged(
    url: str, redis_url: str, folder: Path, schema: GraphQLSchema
) -> AsyncIterator[Stage]:
    """A schema in a migrated database, which is filled; nothing of what is asked stays."""
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(opened_session(url))
        redis = await stack.enter_async_context(Redis.from_url(redis_url))
        noted = Noted(redis=await stack.enter_async_context(redis_events(redis)))
        vault, blobs = Vault(KEYS), FolderBlobs(folder)
        people = await people_of(session.connection, session.database, vault, blobs)
        stack.enter_context(registered(FORM_BANK))
        http = await stack.enter_async_context(open_http())
        providers = ProviderAccess(
            http=http,
            apps={SLUG: AppSettings(url="https://bank.example")},
            throttle=Throttle(redis),
        )
        services = Services(
            database=session.database,
            vault=vault,
            blobs=blobs,
            events=noted,
            queue=noted,
            clock=lambda: NOW,
            public_url="http://localhost",
            upload_bytes_max=UPLOAD_BYTES_MAX,
            providers=providers,
            receivers={"file": RECEIVERS[OTHER_PROVIDER]},
        )
        await stack.enter_async_context(session.undone())
        yield Stage(schema=schema, session=session, people=people, services=services, noted=noted)


def legible(text: str) -> str:
    """An id or a cursor decoded; any other text as it is."""
    found = decode(text)
    if found is not None:
        return f"{found.type}:{found.key}"
    try:
        body = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        cursor = json.loads(body)
    except (binascii.Error, ValueError):
        return text
    return json.dumps(cursor, ensure_ascii=False) if isinstance(cursor, list) else text


def _readable(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _readable(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_readable(inner) for inner in value]
    return legible(value) if isinstance(value, str) else value


def _told(error: GraphQLError) -> list[str]:
    """What decides of the code and the words that a client sees, and the place."""
    cause: BaseException = error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    return [type(cause).__name__, str(cause), str(error.path)]
