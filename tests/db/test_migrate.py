"""Migrations: in order, each whole or not at all, in the history of the Supabase CLI."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
import pytest

from db.direct import connected
from db.failures import DatabaseUnavailable
from db.migrate import MigrationError, migrate, pending, read
from tests.fixtures.database import DatabaseUrls

FIRST = "20260101000000"
SECOND = "20260102000000"
THIRD = "20260103000000"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Two migrations, the second of which needs the first."""
    _write(tmp_path, FIRST, "tenants", "create schema app; create table app.tenants (id int);")
    _write(tmp_path, SECOND, "names", "alter table app.tenants add column name text")
    return tmp_path


async def test_what_is_pending_is_applied_once_and_in_order(
    bare_database: DatabaseUrls, directory: Path
) -> None:
    first = await migrate(bare_database.owner, directory)
    again = await migrate(bare_database.owner, directory)

    assert [(one.version, one.name) for one in first] == [(FIRST, "tenants"), (SECOND, "names")]
    assert again == []
    assert await _rows(bare_database, "select id, name from app.tenants") == []


async def test_the_history_is_that_of_the_supabase_cli(
    bare_database: DatabaseUrls, directory: Path
) -> None:
    async with connected(bare_database.owner) as connection:
        # Its first run, with the first file.
        await connection.execute(
            f"""
            create schema supabase_migrations;
            create table supabase_migrations.schema_migrations (version text not null primary key);
            alter table supabase_migrations.schema_migrations add column statements text[];
            alter table supabase_migrations.schema_migrations add column name text;
            create schema app;
            create table app.tenants (id int);
            insert into supabase_migrations.schema_migrations (version, name, statements)
            values ('{FIRST}', 'tenants', array['create schema app', 'create table …']);
            """
        )

    applied = await migrate(bare_database.owner, directory)

    assert [one.version for one in applied] == [SECOND]
    assert await _history(bare_database) == [FIRST, SECOND]


async def test_a_file_is_kept_in_the_history_as_it_was(
    bare_database: DatabaseUrls, tmp_path: Path
) -> None:
    sql = "create table public.odd (a text default $sql$ it's; 'ok' $sql$) -- no end; $sql_$"
    async with connected(bare_database.superuser) as connection:
        await connection.execute("grant create on schema public to postgres")
    _write(tmp_path, FIRST, "odd", sql)

    await migrate(bare_database.owner, tmp_path)

    kept = await _rows(
        bare_database, "select name, statements from supabase_migrations.schema_migrations"
    )
    assert kept == [("odd", [sql])]


async def test_a_failing_file_leaves_nothing_and_names_its_line(
    bare_database: DatabaseUrls, directory: Path
) -> None:
    _write(
        directory, THIRD, "wrong", "create table app.a (id int);\n\nselect nonsense\nfrom app.a;"
    )

    with pytest.raises(MigrationError, match=rf"^{THIRD}_wrong\.sql:3: 42703 .*nonsense"):
        await migrate(bare_database.owner, directory)

    assert await _history(bare_database) == [FIRST, SECOND]
    assert await _rows(bare_database, "select to_regclass('app.a')") == [(None,)]


async def test_an_error_quotes_no_row(bare_database: DatabaseUrls, directory: Path) -> None:
    _write(directory, THIRD, "check",
           "insert into app.tenants values (7, 'Private Person');"
           "alter table app.tenants add constraint c check (id > 7)")  # fmt: skip
    _write(directory, "20260104000000", "key",
           "create unique index on app.tenants (id)")  # fmt: skip

    with pytest.raises(MigrationError) as caught:
        await migrate(bare_database.owner, directory)

    assert "check constraint" in str(caught.value)
    assert "Private Person" not in str(caught.value)


async def test_a_mended_file_goes_through(bare_database: DatabaseUrls, directory: Path) -> None:
    path = _write(directory, THIRD, "wrong", "select 1 from app.missing")
    with pytest.raises(MigrationError):
        await migrate(bare_database.owner, directory)
    path.write_text("create table app.missing ()")

    applied = await migrate(bare_database.owner, directory)

    assert [one.version for one in applied] == [THIRD]


async def test_a_file_that_comes_too_late_is_refused(
    bare_database: DatabaseUrls, directory: Path
) -> None:
    await migrate(bare_database.owner, directory)
    _write(directory, "20260101120000", "late", "create table app.late ()")
    _write(directory, THIRD, "next", "create table app.next ()")

    with pytest.raises(MigrationError, match=r"20260101120000_late\.sql: is older .* rename it"):
        await migrate(bare_database.owner, directory)

    assert await _history(bare_database) == [FIRST, SECOND]


async def test_a_database_newer_than_the_program_is_refused(
    bare_database: DatabaseUrls, directory: Path
) -> None:
    await migrate(bare_database.owner, directory)
    (directory / f"{SECOND}_names.sql").unlink()

    with pytest.raises(MigrationError, match=f"has migration {SECOND}.*install the newer one"):
        await migrate(bare_database.owner, directory)


async def test_several_at_once_apply_each_file_once(
    bare_database: DatabaseUrls, directory: Path
) -> None:
    _write(directory, THIRD, "slow", "create table app.slow (); select pg_sleep(0.2)")

    async with asyncio.TaskGroup() as group:
        runs = [group.create_task(migrate(bare_database.owner, directory)) for _ in range(4)]

    assert sorted(len(run.result()) for run in runs) == [0, 0, 0, 3]


async def test_settings_of_one_file_end_with_it(
    bare_database: DatabaseUrls, tmp_path: Path
) -> None:
    _write(tmp_path, FIRST, "sets", "create schema app; set search_path = app; set role anon")
    _write(tmp_path, SECOND, "uses", "create schema other; create table app.t ()")

    await migrate(bare_database.owner, tmp_path)

    assert await _history(bare_database) == [FIRST, SECOND]


@pytest.mark.parametrize(
    "sql",
    ["begin; create schema a; commit;", "create schema a;\nCOMMIT", "/* x */ start transaction;"],
)
async def test_a_file_that_commits_by_itself_is_refused(
    bare_database: DatabaseUrls, tmp_path: Path, sql: str
) -> None:
    _write(tmp_path, FIRST, "commits", sql)

    with pytest.raises(MigrationError, match="every file is one transaction already"):
        await migrate(bare_database.owner, tmp_path)


async def test_begin_and_end_of_a_function_are_no_transaction(
    bare_database: DatabaseUrls, tmp_path: Path
) -> None:
    _write(tmp_path, FIRST, "function",
           "do $$ begin perform 1; end $$; -- ; commit\n"
           "do $a$\nbegin\n perform 'x; rollback;';\nend;\n$a$;")  # fmt: skip

    assert len(await migrate(bare_database.owner, tmp_path)) == 1


async def test_a_superuser_is_refused(bare_database: DatabaseUrls, directory: Path) -> None:
    with pytest.raises(MigrationError, match=r"is superuser.*MIGRATION_DATABASE_URL"):
        await migrate(bare_database.superuser, directory)


async def test_looking_changes_nothing(bare_database: DatabaseUrls, directory: Path) -> None:
    todo = await pending(bare_database.owner, directory)

    assert [one.version for one in todo] == [FIRST, SECOND]
    assert await _rows(bare_database, "select to_regnamespace('supabase_migrations')") == [(None,)]


async def test_an_unreachable_server_is_told(directory: Path) -> None:
    with pytest.raises(DatabaseUnavailable, match="cannot connect to Postgres"):
        await migrate("postgresql://a:b@/c?host=/nowhere", directory)


async def test_the_real_migrations_are_all_applied(every_database: DatabaseUrls) -> None:
    from db.files import migrations_directory

    assert await pending(every_database.owner, migrations_directory()) == []


def test_no_file_is_no_migration(tmp_path: Path) -> None:
    assert read(tmp_path) == []


@pytest.mark.parametrize("name", ["1_short.sql", "20260101000000.sql", "20260101000000_a-b.sql"])
def test_a_name_out_of_form_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("select 1")

    with pytest.raises(MigrationError, match="name it <14 digits>_<name>"):
        read(tmp_path)


def test_two_files_of_one_version_are_refused(tmp_path: Path) -> None:
    _write(tmp_path, FIRST, "a", "select 1")
    _write(tmp_path, FIRST, "b", "select 1")

    with pytest.raises(MigrationError, match=f"{FIRST}_b.sql: has the version of {FIRST}_a.sql"):
        read(tmp_path)


def _write(directory: Path, version: str, name: str, sql: str) -> Path:
    path = directory / f"{version}_{name}.sql"
    path.write_text(sql, encoding="utf-8")
    return path


async def _rows(database: DatabaseUrls, sql: str) -> list[tuple[object, ...]]:
    connection = await asyncpg.connect(database.owner)
    try:
        return [tuple(row) for row in await connection.fetch(sql)]
    finally:
        await connection.close()


async def _history(database: DatabaseUrls) -> list[object]:
    sql = "select version from supabase_migrations.schema_migrations order by version"
    return [row[0] for row in await _rows(database, sql)]
