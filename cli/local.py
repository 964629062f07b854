"""The servers that `up` brings along: an embedded one for each that the environment lacks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from api.dev_keys import create_development_key
from core.settings import Settings
from db.binaries import postgres_binaries, valkey_binary
from db.bootstrap import LOGIN, OWNER, bootstrap
from db.directory import password
from db.embedded import PostgresServer, embedded_postgres
from db.keys import create_key_file
from db.supervisor import Supervised
from db.valkey import embedded_valkey

DATABASE: Final = "postgres"  # as on Supabase


@dataclass(frozen=True, slots=True, kw_only=True)
class Local:
    """What was started here."""

    environ: dict[str, str]  # variables that reach it
    supervised: Sequence[Supervised]


@asynccontextmanager
async def local_servers(
    settings: Settings, *, notify: Callable[[str], None]
) -> AsyncIterator[Local]:
    """Embedded Postgres and Valkey, unless `settings` name others, until the end of the block.

    With an embedded Postgres come a key-encryption key and, where there is no Supabase, tokens
    signed by a key of this machine: all of it lives and dies with the data directory.
    """
    environ: dict[str, str] = {}
    supervised = []
    async with AsyncExitStack() as stack:
        if settings.database_url is None:
            notify("Starting Postgres")
            binaries = postgres_binaries(settings.pg_bindir)
            postgres = await stack.enter_async_context(
                embedded_postgres(settings.data_dir / "postgres", binaries, notify=notify)
            )
            supervised.append(postgres.supervised)
            environ |= await _prepared(postgres, settings.data_dir)
            environ |= _keys(settings)
        if settings.redis_url is None:
            notify("Starting Valkey")
            valkey = await stack.enter_async_context(
                embedded_valkey(settings.data_dir / "valkey", valkey_binary(), notify=notify)
            )
            supervised.append(valkey.supervised)
            environ["REDIS_URL"] = valkey.url()
        yield Local(environ=environ, supervised=supervised)


async def _prepared(postgres: PostgresServer, data_dir: Path) -> dict[str, str]:
    owner = password(data_dir / "owner-password", may_create=True)
    login = password(data_dir / "login-password", may_create=True)
    await bootstrap(
        postgres.url(database=DATABASE), owner_password=owner, login_password=login
    )  # also where they are new: it sets them
    return {
        "DATABASE_URL": postgres.url(user=LOGIN, password=login, database=DATABASE),
        "MIGRATION_DATABASE_URL": postgres.url(user=OWNER, password=owner, database=DATABASE),
    }


def _keys(settings: Settings) -> dict[str, str]:
    environ = {}
    if settings.key_source is None:
        path = settings.data_dir / "keys.json"
        create_key_file(path)
        environ["BANKFEEDS_KEY_FILE"] = str(path)
    if settings.jwks_url is None and settings.supabase_jwt_secret is None:
        create_development_key(settings.data_dir)  # before the API looks for it
        environ["BANKFEEDS_DEMO"] = "true"
    return environ
