"""Leaks to plant in a migrated database, each with the rule of the catalog that must find it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from db.bootstrap import OWNER

_SEARCH_PATH: Final = "set search_path = pg_catalog, pg_temp"
_FIRST_COLUMN: Final = "every table begins with tenant_id uuid not null"
_TYPES: Final = "text has no length, instants have a zone, numbers are exact, char is a code"
_UNIQUE: Final = "every unique key begins with tenant_id"
_FOREIGN: Final = "every foreign key between tables begins with tenant_id on both sides"
_OUTSIDE: Final = (
    "a foreign key out of our schemas is to a primary key and from a column nobody may write"
)
_ON_DELETE: Final = "no foreign key sets null, and none deletes what is append-only"
_SECURITY: Final = "row-level security is enabled and forced on every table and partition"
_ONE_POLICY: Final = "every granted verb has one policy, and every policy a grant"
_KIND_OF_POLICY: Final = "every policy is permissive, for one command and for named roles"
_SIDES: Final = "reads have a using rule, writes a check, updates both"
_BINDS: Final = "every rule binds the tenant first, with the role's own function in a sub-select"
_ONCE: Final = "no rule reads a table, and each function in a rule runs once a statement"
_GRANTEES: Final = "nothing is granted to public, anon, service_role or anybody unknown"
_VERBS: Final = "nobody may truncate, reference, put triggers on or pass on anything"
_GRANTED: Final = "no sequence, materialized view, foreign table or partition is granted"
_INVOKER: Final = "every view asks with the rights of who reads it"
_REFUSES: Final = "what is append-only refuses update, delete and truncate"
_CHANGE: Final = "nobody is granted a change of what is append-only"
_SEALED: Final = "workers alone read key material and what is sealed"
_PINNED: Final = "every function has a pinned search path"
_EXECUTE: Final = "no function is for public, anon or anybody unknown"
_AS_WHOM: Final = "no function runs as a superuser or in machine code"
_WHO_ASKS: Final = "no definer function is told by its caller who is asking"
_LEGACY: Final = "no function believes the legacy claim settings"
_ROLES: Final = "the application's roles own nothing, belong to nobody and bypass nothing"
_PUBLISHED: Final = "no table is published: subscribers to changes are not asked who they are"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """SQL that opens a hole, run by the owner unless it resets its role."""

    name: str
    rule: str
    sql: str


def _leak(name: str, rule: str, sql: str) -> Leak:
    return Leak(name=name, rule=rule, sql=f"set local role {OWNER};\n{sql};")


def _table(name: str, rule: str, columns: str, then: str = "select") -> Leak:
    return _leak(name, rule, f"create table app.planted ({columns});\n{then}")


def _function(name: str, rule: str, head: str, body: str = "select 1", then: str = "") -> Leak:
    return _leak(name, rule, f"create function {head} as $$ {body} $$;\n{then}")


def _policy(name: str, rule: str, policy: str, on: str = "app.accounts") -> Leak:
    return _leak(name, rule, f"drop policy accounts_select on app.accounts;\n{policy % on}")


_KEYED: Final = "tenant_id uuid not null, id uuid not null, primary key (tenant_id, id)"
_BOUND: Final = "tenant_id = (select private.current_tenant_id())"

LEAKS: Final = (
    # Tables and columns.
    _table("table without tenant", _FIRST_COLUMN, "id uuid primary key"),
    _table("tenant not first", _FIRST_COLUMN, "id uuid primary key, tenant_id uuid not null"),
    _table("tenant may be null", _FIRST_COLUMN, "tenant_id uuid, id uuid primary key"),
    _table("tenant as text", _FIRST_COLUMN, "tenant_id text not null"),
    _table("no comment", "every table and view says what it is for", _KEYED),
    _table("no primary key", "every table has a primary key", "tenant_id uuid not null"),
    _table("varchar", _TYPES, f"{_KEYED}, name varchar(20)"),
    _table("time without zone", _TYPES, f"{_KEYED}, created_at timestamp"),
    _table("inexact number", _TYPES, f"{_KEYED}, rate double precision"),
    _table("padded text", _TYPES, f"{_KEYED}, name char(20)"),
    _leak(
        "amount unchecked",
        "every amount is an unrounded numeric with a checked scale and size",
        "alter table app.transactions drop constraint transactions_amount_check",
    ),
    _table(
        "amount rounded",
        "every amount is an unrounded numeric with a checked scale and size",
        f"{_KEYED}, amount numeric(20, 2) check (scale(amount) <= 8 and abs(amount) < 1)",
    ),
    _table("amount as integer", "every amount and balance is numeric", f"{_KEYED}, amount bigint"),
    # Keys.
    _table("key without tenant", _UNIQUE, "tenant_id uuid not null, id uuid primary key"),
    _leak("unique without tenant", _UNIQUE, "alter table app.accounts add unique (name)"),
    _leak(
        "unique index without tenant",
        _UNIQUE,
        "create unique index on app.accounts (lower(name), tenant_id)",
    ),
    _leak(
        "unique with the tenant last",
        _UNIQUE,
        "alter table app.accounts add unique (name, tenant_id)",
    ),
    _leak(
        "reference without tenant",
        _FOREIGN,
        "alter table app.accounts add unique (id);"
        "alter table app.transactions add foreign key (account_id) references app.accounts (id)",
    ),
    _leak(
        "reference to a user that members choose",
        _OUTSIDE,
        "alter table app.accounts add foreign key (created_by) references auth.users (id)",
    ),
    _leak(
        "reference that sets null",
        _ON_DELETE,
        "alter table app.accounts drop constraint accounts_institution_fkey,"
        "add foreign key (tenant_id, institution_id) references app.institutions "
        "on delete set null",
    ),
    _leak(
        "reference that deletes raw data",
        _ON_DELETE,
        "alter table app.raw_ingestion_data drop constraint raw_ingestion_data_job_fkey,"
        "add foreign key (tenant_id, job_id) references app.ingestion_jobs on delete cascade",
    ),
    _leak(
        "reference without index",
        "every foreign key has an index",
        "drop index app.account_mappings_account_idx",
    ),
    _leak(
        "index twice",
        "no index is invalid or there twice",
        "create index on app.account_mappings (tenant_id, account_id)",
    ),
    # Row-level security.
    _table("table without row security", _SECURITY, _KEYED),
    _table(
        "row security not forced",
        _SECURITY,
        _KEYED,
        "alter table app.planted enable row level security",
    ),
    _leak(
        "row security taken off",
        _SECURITY,
        "alter table app.transactions disable row level security",
    ),
    _leak(
        "partition without row security",
        _SECURITY,
        "create table app.planted (tenant_id uuid not null) partition by list (tenant_id);"
        "create table app.planted_all partition of app.planted default",
    ),
    _leak("grant without policy", _ONE_POLICY, "grant delete on app.accounts to worker"),
    _leak("policy without grant", _ONE_POLICY, "revoke select on app.accounts from worker"),
    _leak(
        "second policy widens the first",
        _ONE_POLICY,
        f"create policy more on app.accounts for select to authenticated using ({_BOUND})",
    ),
    _policy(
        "policy for everybody",
        _KIND_OF_POLICY,
        f"create policy p on %s for select using ({_BOUND})",
    ),
    _policy(
        "policy for all commands",
        _KIND_OF_POLICY,
        f"create policy p on %s to authenticated using ({_BOUND})",
    ),
    _leak(
        "update without check",
        _SIDES,
        "drop policy accounts_update on app.accounts; create policy accounts_update "
        f"on app.accounts for update to authenticated using ({_BOUND})",
    ),
    _policy(
        "policy true", _BINDS, "create policy p on %s for select to authenticated using (true)"
    ),
    _policy(
        "policy or",
        _BINDS,
        f"create policy p on %s for select to authenticated using ({_BOUND} or name = 'x')",
    ),
    _policy(
        "worker function for users",
        _BINDS,
        "create policy p on %s for select to authenticated "
        "using (tenant_id = (select private.worker_tenant_id()))",
    ),
    _policy(
        "function for each row",
        _BINDS,
        "create policy p on %s for select to authenticated "
        "using (tenant_id = private.current_tenant_id())",
    ),
    _policy(
        "membership subquery",
        _ONCE,
        f"create policy p on %s for select to authenticated using ({_BOUND} and exists "
        "(select from app.tenant_members as m where m.tenant_id = accounts.tenant_id))",
    ),
    _policy(
        "role asked for each row",
        _ONCE,
        f"create policy p on %s for select to authenticated "
        f"using ({_BOUND} and private.has_role('admin'))",
    ),
    # Grants.
    _leak("grant to anon", _GRANTEES, "grant select on app.accounts to anon"),
    _leak("grant to public", _GRANTEES, "grant select (name) on app.accounts to public"),
    _leak("grant to the service role", _GRANTEES, "grant select on app.accounts to service_role"),
    _leak("schema open to anon", _GRANTEES, "grant usage on schema app to anon"),
    _leak("truncate", _VERBS, "grant truncate on app.accounts to worker"),
    _leak("references", _VERBS, "grant references on app.accounts to authenticated"),
    _leak("grant option", _VERBS, "grant select on app.accounts to worker with grant option"),
    _leak(
        "materialized view",
        _GRANTED,
        "create materialized view app.planted as select * from app.accounts;"
        "grant select on app.planted to authenticated",
    ),
    _leak(
        "sequence",
        _GRANTED,
        "create sequence app.planted; grant usage on sequence app.planted to worker",
    ),
    _leak(
        "view of its owner",
        _INVOKER,
        "create view app.planted as select * from app.accounts",
    ),
    _leak(
        "append-only no more",
        _REFUSES,
        "drop trigger raw_ingestion_data_append_only on app.raw_ingestion_data",
    ),
    _leak(
        "append-only switched off",
        _REFUSES,
        "alter table app.ingestion_audit_log disable trigger ingestion_audit_log_no_truncate",
    ),
    _leak("change of raw data", _CHANGE, "grant update on app.raw_ingestion_data to worker"),
    _leak(
        "change of one column of the log",
        _CHANGE,
        "grant update (data) on app.ingestion_audit_log to worker",
    ),
    _leak("data key", _SEALED, "grant select on private.tenant_keys to authenticated"),
    _leak("credentials", _SEALED, "grant select on app.connection_credentials to authenticated"),
    _leak(
        "sealed document",
        _SEALED,
        "grant select (sealed) on app.raw_ingestion_data to authenticated",
    ),
    # Functions and roles.
    _function(
        "search path open",
        _PINNED,
        "app.planted() returns integer language sql security definer",
        then="revoke all on function app.planted() from public",
    ),
    _function(
        "execute for public",
        _EXECUTE,
        f"app.planted() returns integer language sql security definer {_SEARCH_PATH}",
        then="grant execute on function app.planted() to public",
    ),
    _function(
        "execute for anon",
        _EXECUTE,
        f"app.planted() returns integer language sql {_SEARCH_PATH}",
        then="grant execute on function app.planted() to anon",
    ),
    _leak(
        "definer is superuser",
        _AS_WHOM,
        "reset role; create function app.planted() returns integer language sql "
        f"security definer {_SEARCH_PATH} as $$ select 1 $$",
    ),
    _function(
        "tenant as an argument",
        _WHO_ASKS,
        f"app.planted(tenant_id uuid) returns integer language sql security definer {_SEARCH_PATH}",
    ),
    _function(
        "legacy claim",
        _LEGACY,
        f"app.planted() returns text language sql {_SEARCH_PATH}",
        body="select current_setting('request.jwt.claim.sub', true)",
    ),
    _leak("worker owns", _ROLES, "reset role; alter table app.accounts owner to worker"),
    _leak("worker belongs to another", _ROLES, "reset role; grant service_role to worker"),
    _leak("worker bypasses", _ROLES, "reset role; alter role worker bypassrls"),
    _leak(
        "publication",
        _PUBLISHED,
        "create publication planted for table app.accounts",
    ),
)
