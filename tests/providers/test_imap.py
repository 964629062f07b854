"""The connection to a mail server ends when it should, whatever the server does."""

from __future__ import annotations

import asyncio
import gc
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from core.provider_error import Action, ProviderError
from providers.pickup.imap import ImapClient
from tests.fixtures.certificates import Issued, issued
from tests.fixtures.imap_server import HOST, PASSWORD, USER, imap_post

SOON_S = 5  # long before the client would give up by itself


@pytest.fixture
def certificate(tmp_path: Path) -> Issued:
    return issued(tmp_path, HOST)


@asynccontextmanager
async def _silent(tls: ssl.SSLContext | None, greeting: bytes) -> AsyncIterator[int]:
    """A server that says this, and then nothing; its port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(greeting)
            with suppress(OSError):
                while await reader.read(1024):
                    pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def _client(port: int, certificate: Issued) -> ImapClient:
    sock = await asyncio.to_thread(socket.create_connection, ("127.0.0.1", port))
    return ImapClient(sock, host=HOST, port=port, tls=certificate.trusting)


@pytest.mark.parametrize(
    ("secured", "greeting"), [(False, b""), (True, b""), (True, b"* OK ready\r\n")]
)
async def test_who_gives_up_waiting_does_not_wait_for_the_server(
    certificate: Issued, *, secured: bool, greeting: bytes
) -> None:
    async with _silent(certificate.server if secured else None, greeting) as port:
        client = await _client(port, certificate)
        waiting = asyncio.create_task(client.login(USER, PASSWORD))
        await asyncio.sleep(0.2)

        async with asyncio.timeout(SOON_S):
            waiting.cancel()
            await asyncio.wait([waiting])
            await client.close()

    assert waiting.cancelled()


async def test_a_port_without_tls_is_told_as_that(certificate: Issued) -> None:
    async with _silent(None, b"* OK ready\r\n") as port:
        client = await _client(port, certificate)

        with pytest.raises(ProviderError) as refused:
            await client.login(USER, PASSWORD)
        await client.close()

    assert (refused.value.code, refused.value.action) == ("tls-failed", Action.RETRY)
    assert "993" in refused.value.next_step


async def test_a_goodbye_that_fails_leaves_no_socket_open(certificate: Issued) -> None:
    async with imap_post(certificate.server) as post:
        client = await _client(post.port, certificate)
        await client.login(USER, PASSWORD)
        secured = client._sock
        secured.shutdown(socket.SHUT_RDWR)

        await client.close()

    assert secured.fileno() == -1
    del client, secured
    gc.collect()  # what is left open is an error here
