"""What each failure means, of every connector, and that no failure tells a secret."""

from __future__ import annotations

import asyncio
import traceback
from datetime import timedelta

import httpx
import pytest

from core.provider_error import ProviderError
from core.syncs import SyncPhase
from providers import base
from providers.base import Checkpoint, Linked
from providers.http import Client
from sandbox.faults import FaultRule
from tests.contracts.base import MEANINGS, Adapter, Bank, secrets_of
from tests.contracts.conftest import client_of
from tests.contracts.reading import Reader
from tests.fixtures.all_logs import AllLogs

IMPATIENT_S = 0.4
WITHIN_S = 30  # nobody waits for ever; how fast it is, is not asked here

RULES = {
    "401": FaultRule(path="/", kind="status", status=401, times=None),
    "403": FaultRule(path="/", kind="status", status=403, times=None),
    "429": FaultRule(path="/", kind="status", status=429, times=None),
    "429 with Retry-After": FaultRule(
        path="/", kind="status", status=429, retry_after="77", times=None
    ),
    "500": FaultRule(path="/", kind="status", status=500, times=None),
    "503": FaultRule(path="/", kind="status", status=503, times=None),
    "cut": FaultRule(path="/", kind="cut", times=None),
    "garbage": FaultRule(path="/", kind="garbage", times=None),
    "hang": FaultRule(path="/", kind="hang", times=None),
}


async def failure_of(reader: Reader) -> ProviderError:
    """How a first reading fails."""
    with pytest.raises(ProviderError) as caught:
        async for item in reader.fetch(None, SyncPhase.INITIAL):
            assert not isinstance(item, Checkpoint), "a failing provider gave a checkpoint"
    return caught.value


@pytest.mark.parametrize("case", MEANINGS)
async def test_a_failure_has_its_meaning_and_tells_no_secret(
    adapter: Adapter,
    bank: Bank,
    reader: Reader,
    case: str,
    all_logs: AllLogs,
) -> None:
    bank.faults.add(RULES[case])

    async with asyncio.timeout(WITHIN_S):
        if case == "hang":
            async with httpx.AsyncClient(timeout=IMPATIENT_S, trust_env=False) as http:
                error = await failure_of(_with(reader, client_of(adapter, bank, http)))
        else:
            error = await failure_of(reader)

    assert (error.action, error.kind) == adapter.meaning(case)
    assert error.code == error.code.lower()
    assert error.message.endswith(".")
    assert error.next_step.endswith(".")
    said = "".join((all_logs.said(), *traceback.format_exception(error), repr(error), str(error)))
    assert [s for s in secrets_of(bank.app, reader.credentials) if s in said] == []


async def test_a_stated_delay_is_kept(bank: Bank, reader: Reader) -> None:
    bank.faults.add(RULES["429 with Retry-After"])

    error = await failure_of(reader)

    assert error.retry_after == timedelta(seconds=77)


async def test_a_provider_that_is_slow_or_fails_once_is_read_all_the_same(
    bank: Bank, reader: Reader
) -> None:
    bank.faults.add(FaultRule(path="/", kind="slow", delay_s=0.2))
    bank.faults.add(FaultRule(path="/", kind="status", status=500))

    items = [item async for item in reader.fetch(None, SyncPhase.INITIAL)]

    assert any(isinstance(item, Checkpoint) for item in items)


async def test_a_test_of_the_connection_fails_as_a_reading_does(
    adapter: Adapter, bank: Bank, linked: Linked, client: Client
) -> None:
    connector = adapter.connector
    assert isinstance(connector, base.Testable)
    await connector.test(client, linked.credentials)
    bank.faults.add(RULES["401"])

    with pytest.raises(ProviderError) as caught:
        await connector.test(client, linked.credentials)

    assert (caught.value.action, caught.value.kind) == adapter.meaning("401")


def _with(reader: Reader, client: Client) -> Reader:
    return Reader(
        connector=reader.connector,
        client=client,
        credentials=reader.credentials,
        now=reader.now,
    )
