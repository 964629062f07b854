"""`bankfeeds serve`: the API alone."""

from __future__ import annotations

from typing import Annotated, Final

import typer

BACKLOG: Final = 2_048
MESSAGE_BYTES_MAX: Final = 128 * 1024
HTTP: Final = "api.connections:Connection"
WEBSOCKET: Final = "api.connections:SocketConnection"
SHUTDOWN_S: Final = 10


def serve(
    *,
    host: Annotated[
        str | None, typer.Option(help="Listen on this address; BANKFEEDS_HOST, else loopback.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(help="Listen on this port; BANKFEEDS_PORT, else 8000.", min=1, max=65535),
    ] = None,
    processes: Annotated[
        int, typer.Option(help="How many processes serve: one a core.", min=1, max=64)
    ] = 1,
) -> None:
    """Serve GraphQL, uploads and health. Needs DATABASE_URL and REDIS_URL; `up` brings both."""
    import uvicorn

    from api.persisted import read_list
    from core.settings import Settings
    from resolvers.services import addresses

    settings = Settings.load()
    addresses(settings)  # raises before a server is there to trace it back
    if settings.operations_file is not None:
        read_list(settings.operations_file)  # so does this
    uvicorn.run(
        "api.app:app",
        host=host or settings.host,
        port=port or settings.port,
        workers=processes,
        backlog=BACKLOG,
        http=HTTP,
        ws=WEBSOCKET,
        ws_max_size=MESSAGE_BYTES_MAX,
        ws_per_message_deflate=False,  # 40 KiB a socket, for messages of 200 bytes
        timeout_graceful_shutdown=SHUTDOWN_S,
        access_log=False,
        server_header=False,
        log_level="warning",
    )
