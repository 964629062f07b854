"""Sandboxes are served on a port of this machine while a context lasts."""

from __future__ import annotations

import socket

import httpx
import pytest

from sandbox.plaid import create_app
from sandbox.serving import NotServed, serving
from tests.sandbox.plaid_served import CLIENT_ID, CREDENTIALS, NOW, SECRET, Served
from tests.sandbox.webhook_receiver import receiving


def test_a_port_that_somebody_has_is_told_of() -> None:
    app = create_app(seed=1, client_id=CLIENT_ID, secret=SECRET, now=lambda: NOW)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(NotServed, match=f"cannot listen on 127.0.0.1 port {port}: Address"),
            serving(app, port=port),
        ):
            pass


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
