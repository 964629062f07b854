"""The `bankfeeds` command."""

from __future__ import annotations

import sys

import typer

from cli.categorize import categorize
from cli.connections import connections
from cli.export import export
from cli.generate import generate
from cli.import_file import import_file
from cli.keys import keys
from cli.link import link
from cli.migrate import migrate
from cli.parse import parse
from cli.provider import provider
from cli.sandbox import sandbox
from cli.serve import serve
from cli.sync import sync
from cli.token import token
from cli.up import up
from cli.webhooks import webhooks
from cli.worker import worker
from core.errors import BankfeedsError

app = typer.Typer(
    name="bankfeeds",
    help="Statements and bank feeds in, tenant-isolated transactions out through GraphQL.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # a traceback with local variables would show secrets
)
app.command()(up)
app.command()(parse)
app.command()(categorize)
app.command(name="import")(import_file)
app.command()(export)
app.command()(link)
app.command()(sync)
app.command()(token)
app.command()(migrate)
app.add_typer(connections, name="connections")
app.add_typer(keys, name="keys")
app.add_typer(provider, name="provider")
app.add_typer(webhooks, name="webhooks")
app.command()(serve)
app.command()(worker)
app.command()(sandbox)
app.command(hidden=True)(generate)


def main() -> None:
    """Runs the command; what is wrong is said in a sentence, without a traceback."""
    try:
        app()
    except BankfeedsError as error:
        typer.echo(f"bankfeeds: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
