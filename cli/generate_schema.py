"""Generates `supabase/schema.sql`: what the migrations make, as one text."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from db.binaries import postgres_binaries
from db.bootstrap import OWNER, bootstrap
from db.direct import connected
from db.embedded import embedded_postgres
from db.files import migrations_directory
from db.migrate import migrate
from db.schema_dump import schema_dump

SCHEMA_FILE: Final = Path(__file__).resolve().parents[1] / "supabase" / "schema.sql"
_PASSWORD: Final = "of-a-moment"  # noqa: S105  # the server listens on a socket of ours alone


async def generated_schema() -> str:
    """What `supabase/schema.sql` must say; takes about a second.

    Raises `NoBinaries`, `ChildFailed` or `MigrationError`, each with its remedy.
    """
    with tempfile.TemporaryDirectory() as directory:
        async with embedded_postgres(
            Path(directory), postgres_binaries(), durable=False
        ) as postgres:
            url = postgres.url(database="postgres")
            await bootstrap(url, owner_password=_PASSWORD, login_password=_PASSWORD)
            owner = postgres.url(user=OWNER, password=_PASSWORD, database="postgres")
            await migrate(owner, migrations_directory())
            async with connected(owner) as connection:
                return await schema_dump(connection)


async def generate_schema() -> Path:
    """Write `supabase/schema.sql` anew; returns its path."""
    text = await generated_schema()
    SCHEMA_FILE.write_text(text, encoding="utf-8")
    return SCHEMA_FILE
