"""`bankfeeds migrate`: says what it did, and what there is to do."""

from __future__ import annotations

import json

import typer
from typer.testing import CliRunner, Result

from cli.migrate import migrate
from db.files import migrations_directory
from db.migrate import read
from tests.fixtures.database import DatabaseUrls


def run(database: DatabaseUrls, *options: str, **environ: str) -> Result:
    app = typer.Typer()
    app.command()(migrate)
    urls = {"DATABASE_URL": database.login, "MIGRATION_DATABASE_URL": database.owner}
    return CliRunner().invoke(app, options, env={**urls, **environ})


def test_it_tells_applies_and_then_has_nothing_to_do(bare_database: DatabaseUrls) -> None:
    every = [{"version": one.version, "name": one.name} for one in read(migrations_directory())]

    pending = run(bare_database, "--check", "--json")
    applied = run(bare_database, "--json")
    checked = run(bare_database, "--check")

    assert (pending.exit_code, json.loads(pending.stdout)) == (1, {"pending": every})
    assert (applied.exit_code, json.loads(applied.stdout)) == (0, {"applied": every})
    assert (checked.exit_code, checked.stdout) == (0, "No migration is pending.\n")


def test_it_lists_what_it_applied(bare_database: DatabaseUrls) -> None:
    first = read(migrations_directory())[0]

    result = run(bare_database)

    assert f"Applied {first.version} {first.name}\n" in result.stdout


def test_without_an_owner_it_says_what_to_set(database: DatabaseUrls) -> None:
    result = run(database, MIGRATION_DATABASE_URL="")

    assert result.exit_code == 1
    assert "MIGRATION_DATABASE_URL: set it to the login of the owner" in result.stderr


def test_an_unreachable_server_is_told_without_a_traceback(database: DatabaseUrls) -> None:
    result = run(database, MIGRATION_DATABASE_URL="postgresql://a:secret@/x?host=/nowhere")

    assert result.exit_code == 1
    assert "cannot connect to Postgres" in result.stderr
    assert "secret" not in result.stderr
