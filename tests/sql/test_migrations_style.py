"""Migrations run everywhere: by the Supabase CLI, on hosted Supabase and on bare Postgres."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

from db.migrate import read

ROOT = Path(__file__).resolve().parents[2]
MIGRATIONS = sorted((ROOT / "supabase" / "migrations").iterdir())
LINES_MAX: Final = 400

_OPAQUE: Final = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'", re.DOTALL)

# What a migration may not say, with what to do instead.
_FORBIDDEN: Final = {
    r"(^|;)\s*(begin|start transaction|commit|rollback|savepoint)\s*(transaction)?\s*;": (
        "the file is one transaction already: leave it out"
    ),
    r"\bconcurrently\b": "not possible in a transaction: make the index without",
    r"\balter\s+system\b": "is for superusers: put the setting on a role, or in the deployment",
    r"\balter\s+database\b": "is for the owner of the database, who is another on hosted Supabase",
    r"\b(superuser|replication|bypassrls)\b": "hosted Supabase refuses roles with such rights",
    r"\balter\s+role\s+(anon|authenticated|service_role|authenticator)\b": (
        "these roles belong to Supabase"
    ),
    r"\bset\s+(session\s+|local\s+)?role\b|\bsession\s+authorization\b": (
        "a migration keeps the role that it runs as"
    ),
    r"\blanguage\s+(c|internal|plpython3?u|plperlu)\b": "is for superusers: use sql or plpgsql",
    r"\bcopy\b.*\b(from|to)\b": "the server's files and programs are for superusers",
    r"\bfor\s+all\s+tables\b": "is for superusers, and would publish what nobody may see",
    r"\bcreate\s+extension\b(?!.*\bwith\s+schema\s+extensions\b)": (
        "say `with schema extensions`, as on hosted Supabase"
    ),
    r"\bcreate\s+extension\b[^;]*\bversion\b": "hosted Supabase ignores versions",
    r"\b(create|alter|drop|on)\s+(or\s+replace\s+)?(\w+\s+)?(if\s+(not\s+)?exists\s+)?auth\.": (
        "schema auth belongs to Supabase"
    ),
    r"\bauth\.(uid|jwt|role|email)\b": "believes stale settings: use private.current_user_id()",
    r"\b(storage|realtime|vault|cron|net|pgmq|graphql(_public)?|supabase_functions)\.": (
        "the schema is there on hosted Supabase alone"
    ),
    r"\b(uuid_generate_v[14]|uuidv7)\b": "not everywhere: use gen_random_uuid()",
    r"\b(varchar|serial|bigserial|float|real|double\s+precision|money|timestamp)\b(?!\w)": (
        "use text with a check, uuid, numeric with a scale check, timestamptz"
    ),
}


def faults(sql: str) -> list[str]:
    """What keeps a migration from running everywhere, one sentence each."""
    # A function's body has statements of its own, and is looked at like the rest.
    bare = _OPAQUE.sub("''", sql)
    found = [
        f"`{' '.join(match[0].split())}`: {instead}"
        for pattern, instead in _FORBIDDEN.items()
        if (match := re.search(pattern, bare, re.IGNORECASE | re.MULTILINE))
    ]
    if sql.count("\n") > LINES_MAX:
        found.append(f"{sql.count(chr(10))} lines: {LINES_MAX} at most; begin another migration")
    return found


def test_every_file_has_a_version_and_a_name() -> None:
    migrations = read(ROOT / "supabase" / "migrations")

    assert [migration.path for migration in migrations] == MIGRATIONS


@pytest.mark.parametrize("file", MIGRATIONS, ids=lambda file: file.stem)
def test_migration_runs_everywhere(file: Path) -> None:
    assert faults(file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "statement",
    [
        "begin;\ncreate table app.planted (id uuid);\ncommit;",
        "create table app.planted (id uuid);commit ;",
        "create index concurrently planted on app.accounts (name);",
        "alter system set work_mem = '1GB';",
        "alter database postgres set timezone = 'UTC';",
        "create role planted bypassrls;",
        "create role planted superuser;",
        "alter role authenticated set statement_timeout = '8s';",
        "set role postgres;",
        "set session authorization postgres;",
        "create function app.planted() returns int language c as 'x';",
        "copy app.accounts from '/tmp/accounts';",
        "create publication planted for all tables;",
        "create extension pgcrypto;",
        "create extension pgcrypto with schema extensions version '1.3';",
        "alter table auth.users add column planted text;",
        "create or replace function auth.planted() returns int language sql as 'select 1';",
        "create index planted on auth.users (email);",
        "create policy planted on app.accounts using (tenant_id = auth.uid());",
        "insert into storage.buckets (id) values ('planted');",
        "select vault.create_secret('planted');",
        "select cron.schedule('planted', '* * * * *', 'select 1');",
        "alter table app.accounts add column planted uuid default uuid_generate_v4();",
        "alter table app.accounts add column planted varchar(20);",
        "alter table app.accounts add column planted timestamp not null;",
        "alter table app.accounts add column planted double precision;",
        "select 1;\n" * (LINES_MAX + 1),
    ],
)
def test_planted_statement_is_found(statement: str) -> None:
    assert faults(statement) != []


@pytest.mark.parametrize(
    "statement",
    [
        "comment on table app.accounts is 'Set role, commit and storage.buckets in a text.';",
        "-- alter system is not used here\nselect 1;",
        "create function private.f() returns void language plpgsql as $$\nbegin\n  null;\nend\n$$;",
        "alter table app.m add constraint m_fkey foreign key (user_id) references auth.users (id);",
        "create function private.f() returns bigint language sql as $$\n"
        "select count(*) from app.tenants as t join auth.users as u on u.id = t.id\n$$;",
        "create extension if not exists pg_trgm with schema extensions;",
        "alter table app.accounts add column seen_at timestamptz;",
    ],
)
def test_harmless_statement_is_not_found(statement: str) -> None:
    assert faults(statement) == []
