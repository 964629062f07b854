"""A person's browser: goes where a link leads, and comes back with what the provider answered."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import httpx

from providers.base import LinkAsk, Linked
from providers.http import Client

CALLBACK: Final = "http://127.0.0.1/linked"


async def visit(url: str) -> dict[str, str]:
    """The query with which the provider sends the browser back."""
    async with httpx.AsyncClient(trust_env=False) as browser:
        answer = await browser.get(url)
    assert answer.status_code == 303, answer.text
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


async def link(connector: Any, client: Client, *, now: datetime) -> Linked:
    """Links somebody new by a redirect."""
    ask = LinkAsk(
        now=now,
        reference="persona-1",
        callback_url=CALLBACK,
        state="state-of-the-link",
    )
    step = await connector.begin(client, ask)
    assert step.url is not None
    linked: Linked = await connector.complete(client, ask, step.kept, await visit(step.url))
    return linked
