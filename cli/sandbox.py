"""`bankfeeds sandbox`: simulated providers on this machine."""

from __future__ import annotations

import os
from typing import Annotated, Final

import typer

PORT: Final = 8091
PORT_MAX: Final = 65_535
SECRET: Final = "BANKFEEDS_SANDBOX_SECRET"  # noqa: S105 - the name of a variable


def sandbox(
    providers: Annotated[
        list[str] | None, typer.Argument(help="Which: plaid, quiltt; all by default.")
    ] = None,
    *,
    port: Annotated[
        int,
        typer.Option(help="The first on this port of 127.0.0.1, others above.", min=1, max=65535),
    ] = PORT,
) -> None:
    """Run simulated providers until Ctrl-C, and print the settings that lead to them.

    Everybody logs in with user_good and pass_good. What they hold is gone when they end. Nothing
    is printed where BANKFEEDS_SANDBOX_SECRET is set: whoever chose it knows the settings.
    """
    import signal
    from contextlib import ExitStack
    from secrets import token_hex

    from providers.registry import variable
    from sandbox.registry import SANDBOXES, by_slug
    from sandbox.serving import NotServed, serving

    try:
        chosen = [by_slug(slug) for slug in providers] if providers else list(SANDBOXES)
    except KeyError as error:
        typer.echo(f"bankfeeds: {error.args[0]}", err=True)
        raise typer.Exit(2) from None
    if port + len(chosen) - 1 > PORT_MAX:
        raise typer.BadParameter(
            f"{len(chosen)} providers need ports up to {port + len(chosen) - 1}; give a lower one",
            param_hint="--port",
        )
    secret = os.environ.get(SECRET)
    ended = {signal.SIGINT, signal.SIGTERM}
    with ExitStack() as stack:
        # Whoever called this as a function starts further processes: they would inherit the mask.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, ended)
        stack.callback(signal.pthread_sigmask, signal.SIG_SETMASK, before)
        for number, one in enumerate(chosen):
            own = secret or token_hex(16)
            try:
                url = stack.enter_context(serving(one.make(own), port=port + number))
            except NotServed as error:
                typer.echo(f"bankfeeds: {error}; give another --port", err=True)
                raise typer.Exit(1) from None
            for field, value in one.settings(url, own).items():
                if secret is None:
                    typer.echo(f"{variable(one.slug, field)}={value}")
        signal.sigwait(ended)
