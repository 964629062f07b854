"""`bankfeeds up`: the whole of Bankfeeds on this machine, from nothing to ready."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from cli.installation import Notify, Parts
    from cli.ready import Demo


def up(
    *,
    port: Annotated[
        int | None, typer.Option(help="Serve on exactly this port.", min=1, max=65535)
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option(help="Keep databases, keys and documents here.")
    ] = None,
    production: Annotated[bool, typer.Option("--production", help="Switch all hardening on.")] = (
        False
    ),
    demo: Annotated[
        bool | None,
        typer.Option(help="Put the demo in; by default into an embedded Postgres only."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON line when ready.")] = False,
) -> None:
    """Start everything on this machine: Postgres, Valkey, API and worker, with a demo in it.

    DATABASE_URL, REDIS_URL and SUPABASE_URL switch to real services. Ctrl-C ends it.
    """
    from cli.children import children
    from cli.demo import prepare
    from cli.installation import Parts
    from core.settings import environment

    values = environment()
    if port is not None:
        values["BANKFEEDS_PORT"] = str(port)
    if data_dir is not None:
        values["BANKFEEDS_DATA_DIR"] = str(data_dir.absolute())
    if production:
        values["BANKFEEDS_ENV"] = "production"
    run(values, Parts(children=children, prepare=prepare), demo=demo, json=json)


def run(values: Mapping[str, str], parts: Parts, *, demo: bool | None, json: bool) -> None:
    """Keep an installation running until Ctrl-C, SIGTERM or SIGHUP.

    Exits with status 1 and the reasons on standard error where it cannot be.
    """
    from core.errors import BankfeedsError

    reasons: list[str] = []
    try:
        asyncio.run(_until_told(values, parts, demo=demo, json=json))
    except* BankfeedsError as group:
        reasons = _texts(group)
    except* (asyncio.CancelledError, KeyboardInterrupt):
        typer.echo("Ended.", err=True)
    for reason in reasons:
        typer.echo(f"bankfeeds: {reason}", err=True)
    if reasons:
        raise typer.Exit(1)


async def _until_told(
    values: Mapping[str, str], parts: Parts, *, demo: bool | None, json: bool
) -> None:
    from cli.installation import running

    _cancel_on_signals()
    notify = _notifier()
    async with running(values, parts, demo=demo, notify=notify) as installation:
        notify("Ready")
        _announce(f"{installation.url}/graphql", installation.demo, json=json)
        await installation.given_up()


def _cancel_on_signals() -> None:
    task = asyncio.current_task()
    assert task is not None
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def told() -> None:
        # A second signal finds the default action: we are gone at once, our children with us.
        for number in numbers:
            loop.remove_signal_handler(number)
        task.cancel()

    for number in numbers:
        loop.add_signal_handler(number, told)


def _notifier() -> Notify:
    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=True, highlight=False, soft_wrap=True)
    started = time.monotonic()

    def notify(line: str) -> None:
        elapsed = Text(f"{time.monotonic() - started:6.1f} s  ", style="dim")
        console.print(elapsed + Text(line))

    return notify


def _announce(url: str, demo: Demo, *, json: bool) -> None:
    import json as json_format

    from cli.ready import as_json, as_text

    typer.echo(json_format.dumps(as_json(url, demo)) if json else as_text(url, demo))


def _texts(group: BaseExceptionGroup[BaseException]) -> list[str]:
    """The messages of the failures, however deep they are grouped, each once."""
    texts: dict[str, None] = {}
    for error in group.exceptions:
        found = _texts(error) if isinstance(error, BaseExceptionGroup) else [str(error)]
        texts |= dict.fromkeys(found)
    return list(texts)
