"""Fields that leak, each in another way, and holes in the database that let sound fields leak."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Annotated, Final
from uuid import UUID

import strawberry
from graphql import GraphQLSchema

from core.errors import BadInput, Forbidden
from core.scope import WorkerScope
from resolvers import accounts
from schema.context import Info, RequestContext
from schema.ids import key_of
from schema.related import maybe
from tests.isolation.world import VICTIM

Id = Annotated[strawberry.ID, strawberry.argument(name="accountId")]

_DEFINER: Final = "security definer set search_path = pg_catalog, pg_temp"
# What the fields below ask for, past the policies.
FUNCTIONS: Final = f"""
create function app.planted_count() returns bigint language sql stable {_DEFINER}
as $$ select count(*) from app.accounts $$;
create function app.planted_names() returns text language sql stable {_DEFINER}
as $$ select string_agg(name, ', ') from app.accounts $$;
create function app.planted_rename(account uuid) returns void language sql {_DEFINER}
as $$ update app.accounts set name = 'x' where id = account $$;
grant execute on function app.planted_count, app.planted_names, app.planted_rename
to authenticated;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hole:
    """A field that leaks, or one of ours over a leaky database; and what must be said of it."""

    name: str
    operation: str
    says: str
    actor: str = "member"
    sql: str = ""  # without it, a field of the planted schema


HOLES: Final = (
    Hole(name="field read as a worker", operation="readAsWorker", says="shows another tenant"),
    Hole(name="field that says that it is there", operation="exists", says="tells what is there"),
    Hole(name="field that refuses what is there", operation="refused", says="this is not yours"),
    Hole(name="error with a value", operation="explained", says="shows another tenant"),
    Hole(name="cache of all tenants", operation="remembered", says="shows another tenant"),
    Hole(name="number of all tenants", operation="count", says="depends on another tenant"),
    Hole(name="field below one's own", operation="mine", says="shows another tenant"),
    Hole(name="mutation of another's", operation="rename", says="changes another tenant"),
    Hole(name="event for another", operation="announce", says="speaks for another tenant"),
    Hole(name="stream of another's", operation="followed", says="shows another tenant"),
    Hole(name="stream that refuses", operation="refusedStream", says="tells what is there"),
    Hole(
        name="policy for all rows",
        operation="accounts",
        actor="owner who claims another tenant",
        sql="alter policy accounts_select on app.accounts using (true)",
        says="shows another tenant",
    ),
    Hole(
        name="tenant that is believed",
        operation="transaction",
        actor="user who was removed",
        sql="create or replace function private.current_tenant_id() returns uuid language sql"
        f" stable {_DEFINER} as $$ select (private.claims() ->> 'tenant_id')::uuid $$",
        says="shows another tenant",
    ),
    Hole(
        name="table without row security",
        operation="ingestionJobs",
        actor="owner who claims another tenant",
        sql="alter table app.ingestion_jobs disable row level security",
        says="shows another tenant",
    ),
    Hole(
        name="all memberships",
        operation="viewer",
        sql="create or replace function private.my_tenants()"
        " returns table (tenant_id uuid, name text, role text) language sql stable"
        f" {_DEFINER} as $$ select id, name, 'viewer' from app.tenants $$",
        says="shows another tenant",
    ),
    Hole(
        name="anybody's invitation",
        operation="invitationAccept",
        sql="create or replace function private.accept_invitation(invitation uuid) returns uuid"
        f" language sql {_DEFINER} as $$ update app.tenant_invitations set accepted_at = now()"
        " where id = invitation returning null::uuid $$",
        says="changes another tenant",
    ),
    Hole(
        name="name that is unique for all",
        operation="statementProfileCreate",
        sql="create unique index planted on app.statement_profiles (name)",
        says="tells what is there",
    ),
    Hole(
        name="key that is unique for all",
        operation="statementImport",
        sql="create unique index planted on app.ingestion_jobs (idempotency_key)",
        says="tells what is there",
    ),
)


async def name_of_theirs(context: RequestContext, account_id: str) -> str | None:
    """The name of an account of the victim's, read as its own worker."""
    scope = WorkerScope(tenant_id=UUID(VICTIM.tenant_id))
    async with context.reads.alone(), context.services.database.as_(scope) as tx:
        found: str | None = await tx.value(
            "select name from app.accounts where tenant_id = $1 and id = $2",
            scope.tenant_id,
            key_of("Account", account_id),
        )
    return found


@strawberry.type
class Mine:
    """One's own thing."""

    name: str

    @strawberry.field
    async def names(self, info: Info) -> str | None:
        """A field that is not."""
        async with info.context.read() as tx:
            names: str | None = await tx.value("select app.planted_names()")
        return names


@strawberry.type
class Mutation:
    """Leaks of what is done."""

    @strawberry.mutation
    async def rename(self, info: Info, account_id: Id) -> bool:
        """Done to whosever thing it is, and answered alike."""
        async with info.context.write() as tx:
            await tx.run("select app.planted_rename($1)", key_of("Account", account_id))
        return True

    @strawberry.mutation
    async def announce(self, info: Info, account_id: Id) -> bool:
        """Tells those who listen at another tenant."""
        key = key_of("Account", account_id)
        await info.context.services.events.publish(UUID(VICTIM.tenant_id), "account", key)
        return True


@strawberry.type
class Subscription:
    """Leaks of what is followed."""

    @strawberry.subscription
    async def followed(self, info: Info, account_id: Id) -> AsyncGenerator[str | None, None]:
        """Shows what the id says."""
        yield await name_of_theirs(info.context, account_id)

    @strawberry.subscription
    async def refused_stream(self, info: Info, account_id: Id) -> AsyncGenerator[str | None, None]:
        """Ends for what is there."""
        if await name_of_theirs(info.context, account_id) is not None:
            raise Forbidden("not allowed")
        yield None


def planted_schema() -> GraphQLSchema:
    """A schema of nothing but leaks."""
    names: dict[str, str | None] = {}  # of all tenants

    @strawberry.type
    class Query:
        @strawberry.field
        async def read_as_worker(self, info: Info, account_id: Id) -> str | None:
            return await name_of_theirs(info.context, account_id)

        @strawberry.field
        async def exists(self, info: Info, account_id: Id) -> bool:
            return await name_of_theirs(info.context, account_id) is not None

        @strawberry.field
        async def refused(self, info: Info, account_id: Id) -> str | None:
            if await name_of_theirs(info.context, account_id) is not None:
                raise Forbidden("this is not yours")
            return None

        @strawberry.field
        async def explained(self, info: Info, account_id: Id) -> str | None:
            if name := await name_of_theirs(info.context, account_id):
                raise BadInput(f"choose another account than {name}")
            return None

        @strawberry.field
        async def remembered(self, info: Info, account_id: Id) -> str | None:
            if account_id not in names:
                key = key_of("Account", account_id)
                names[account_id] = await maybe(
                    info.context, accounts.by_ids, key, lambda account: account.name
                )
            return names[account_id]

        @strawberry.field
        async def count(self, info: Info) -> int:
            async with info.context.read() as tx:
                return int(await tx.value("select app.planted_count()"))

        @strawberry.field
        async def mine(self) -> Mine:
            return Mine(name="mine")

    return strawberry.Schema(query=Query, mutation=Mutation, subscription=Subscription)._schema
