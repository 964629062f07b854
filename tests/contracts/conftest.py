"""Each registered connector, its simulation on a socket, and a client with little patience."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import httpx
import pytest

from providers.base import Linked
from providers.http import Client, Retries
from tests.contracts.base import Adapter, Bank, adapters
from tests.contracts.reading import Reader

TIMEOUT_S = 3.0
PROMPT = Retries(attempts=2, initial=timedelta(milliseconds=1), most=timedelta(milliseconds=2))


class NoPace:
    """Keeps nobody waiting."""

    async def take(self, endpoint: str) -> None:
        return None


def client_of(adapter: Adapter, bank: Bank, http: httpx.AsyncClient) -> Client:
    return Client(
        http,
        app=bank.app,
        failures=adapter.connector.failures,
        pace=NoPace(),
        retries=PROMPT,
    )


@pytest.fixture(params=adapters(), ids=lambda adapter: adapter.slug)
def adapter(request: pytest.FixtureRequest) -> Adapter:
    found: Adapter = request.param
    return found


@pytest.fixture
def bank(adapter: Adapter) -> Iterator[Bank]:
    with adapter.open() as bank:
        yield bank


@pytest.fixture
async def client(adapter: Adapter, bank: Bank) -> AsyncIterator[Client]:
    async with httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False) as http:
        yield client_of(adapter, bank, http)


@pytest.fixture
async def linked(bank: Bank, client: Client) -> Linked:
    return await bank.link(client)


@pytest.fixture
def reader(adapter: Adapter, bank: Bank, client: Client, linked: Linked) -> Reader:
    return Reader(
        connector=adapter.connector,
        client=client,
        credentials=linked.credentials,
        now=bank.now(),
    )
