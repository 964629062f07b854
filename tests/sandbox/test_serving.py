"""Sandboxes are served on a port of this machine until their process is told to end."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys

import httpx

from sandbox.plaid import create_app
from sandbox.serving import serving
from tests.sandbox.plaid_served import CLIENT_ID, CREDENTIALS, NOW, SECRET, Served
from tests.sandbox.webhook_receiver import receiving, wait_until

PROGRAM = """
import sys
from datetime import UTC, datetime
from sandbox.plaid import create_app
from sandbox.serving import serve

app = create_app(seed=1, client_id="a", secret="b", now=lambda: datetime.now(UTC))
serve(app, port=int(sys.argv[1]))
"""


def test_process_serves_until_it_is_told_to_end() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        try:
            return bool(httpx.get(f"{url}/_sandbox/items").json() == {"items": []})
        except httpx.TransportError:
            return False

    with subprocess.Popen([sys.executable, "-c", PROGRAM, str(port)]) as process:
        try:
            wait_until(answers, within_s=30)
        finally:
            process.send_signal(signal.SIGTERM)
        process.wait(timeout=5)


async def test_application_ends_its_work_without_a_server() -> None:
    app = create_app(seed=1, client_id="a", secret="b", now=lambda: NOW)
    transport = httpx.ASGITransport(app)

    async with httpx.AsyncClient(transport=transport, base_url="http://plaid") as http:
        reply = await http.post("/item/get", json={}, headers=CREDENTIALS)
    await app.aclose()

    assert reply.status_code == 400


def test_webhooks_are_delivered_by_whichever_server_serves_now() -> None:
    app = create_app(seed=1, client_id=CLIENT_ID, secret=SECRET, now=lambda: NOW)
    with serving(app) as url:
        assert httpx.get(f"{url}/_sandbox/items").json() == {"items": []}

    with serving(app) as url, receiving() as receiver:
        with httpx.Client(base_url=url, headers=CREDENTIALS) as http:
            Served(app=app, url=url, http=http).link(webhook=receiver.url)

        assert receiver.wait_for(1)
