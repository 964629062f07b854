"""A whole Bankfeeds on this machine, put together in order and taken apart again."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from api.persisted import read_list
from cli.listener import PortTaken, base_url, listen, listen_near
from cli.local import local_servers
from cli.ready import Demo
from cli.sandbox_endpoints import sandbox_endpoints
from cli.simulated import simulates
from core.settings import PORT, Settings
from db.direct import connected
from db.files import migrations_directory
from db.login import grant_login, login_name, refuse_unsafe_login
from db.migrate import migrate
from db.supervisor import Command, Supervised, supervised_all

Notify = Callable[[str], None]


class Children(Protocol):
    """Names the processes that run beside the servers."""

    def __call__(
        self,
        environ: Mapping[str, str],
        *,
        listener: int,
        url: str,
        webhooks: Mapping[str, str],
    ) -> Sequence[Command]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What an installation consists of, besides the servers."""

    children: Children
    prepare: Callable[[Settings], Coroutine[Any, Any, Demo]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """A running Bankfeeds, ready for requests."""

    url: str
    demo: Demo
    supervised: Sequence[Supervised]

    async def given_up(self) -> None:
        """Wait until a process cannot be kept alive, then raise `ChildFailed` in a group."""
        async with asyncio.TaskGroup() as group:
            for child in self.supervised:
                group.create_task(child.given_up())


@asynccontextmanager
async def running(
    values: Mapping[str, str], parts: Parts, *, demo: bool | None, notify: Notify
) -> AsyncIterator[Installation]:
    """Start all that the variables `values` do not name elsewhere, until the end of the block.

    The demo goes into an embedded Postgres, unless `demo` says otherwise: nobody wants its users
    in a database that is there for good. Raises `BankfeedsError`, alone or in a group.
    """
    given = Settings.load(_without_production(values))
    if given.operations_file is not None:
        read_list(given.operations_file)  # raises here; the API would end with a traceback
    async with AsyncExitStack() as stack:
        listener = stack.enter_context(_listener(given, values, notify))
        local = await stack.enter_async_context(local_servers(given, notify=notify))
        url = base_url(listener)
        values = {
            **values,
            **local.environ,
            "BANKFEEDS_DATA_DIR": str(given.data_dir),
            "BANKFEEDS_PORT": str(listener.getsockname()[1]),
            "BANKFEEDS_PUBLIC_URL": given.public_url or url,
        }
        settings = Settings.load(values)
        await _migrated(settings, notify)
        notify("Starting API and worker")
        # The owner's login is not for them.
        environ = {**values, "MIGRATION_DATABASE_URL": ""}
        webhooks = await sandbox_endpoints(settings, url=url) if simulates(environ) else {}
        commands = parts.children(environ, listener=listener.fileno(), url=url, webhooks=webhooks)
        async with asyncio.TaskGroup() as group:
            starting = group.create_task(
                stack.enter_async_context(supervised_all(commands, notify=notify))
            )
            wanted = demo if demo is not None else given.database_url is None
            preparing = group.create_task(parts.prepare(settings) if wanted else _no_demo())
        yield Installation(
            url=url,
            demo=preparing.result(),
            supervised=(*local.supervised, *starting.result()),
        )


def _without_production(values: Mapping[str, str]) -> Mapping[str, str]:
    """Before the embedded servers are there, what production demands cannot be."""
    return values if values.get("DATABASE_URL") else {**values, "BANKFEEDS_ENV": "development"}


def _listener(settings: Settings, values: Mapping[str, str], notify: Notify) -> socket.socket:
    if values.get("BANKFEEDS_PORT"):
        return listen(settings.host, settings.port)
    try:
        return listen(settings.host, PORT)
    except PortTaken:
        listener = listen_near(settings.host, PORT + 1)
        notify(f"Port {PORT} is taken: serving on {listener.getsockname()[1]} instead")
        return listener


async def _migrated(settings: Settings, notify: Notify) -> None:
    assert settings.database_url is not None
    login_url = settings.database_url.get_secret_value()
    if settings.migration_database_url is None:
        notify("MIGRATION_DATABASE_URL is not set: not looking for migrations")
    else:
        owner_url = settings.migration_database_url.get_secret_value()
        applied = await migrate(owner_url, migrations_directory())
        notify(f"Applied {len(applied)} migrations" if applied else "No migration is pending")
        await grant_login(owner_url, login_name(login_url))
    async with connected(login_url) as connection:
        await refuse_unsafe_login(connection)


async def _no_demo() -> Demo:
    return Demo()
