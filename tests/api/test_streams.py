"""Streams: so many of a user, of a tenant and of a process, and none is counted for ever."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime
from http import HTTPStatus
from uuid import UUID, uuid4

import pytest

from api.callers import Caller
from api.errors import Problem
from api.metrics import Metrics
from api.streams import STREAMS_MAX, STREAMS_OF_TENANT_MAX, STREAMS_OF_USER_MAX, Streams


@pytest.fixture
def streams() -> Streams:
    return Streams(Metrics())


def _caller(tenant_id: UUID | None) -> Caller:
    return Caller(
        user_id=uuid4(),
        email=None,
        tenant_id=tenant_id,
        expires_at=datetime.max.replace(tzinfo=UTC),
    )


def test_a_process_has_so_many_and_no_more(streams: Streams) -> None:
    with ExitStack() as stack:
        for _ in range(STREAMS_MAX):
            stack.enter_context(streams.admitted())
        with pytest.raises(Problem) as raised, streams.admitted():
            pass

    assert raised.value.status is HTTPStatus.SERVICE_UNAVAILABLE
    assert int(raised.value.headers["retry-after"]) > 0
    with streams.admitted():
        pass


def test_a_tenant_has_so_many_whoever_opens_them(streams: Streams) -> None:
    tenant = uuid4()
    with ExitStack() as stack:
        for _ in range(STREAMS_OF_TENANT_MAX):
            stack.enter_context(streams.of(_caller(tenant)))
        with pytest.raises(Problem, match="your tenant has 1000"), streams.of(_caller(tenant)):
            pass
        with streams.of(_caller(uuid4())), streams.of(_caller(None)):
            pass

    with streams.of(_caller(tenant)):
        pass


def test_a_user_has_so_many_with_a_tenant_or_without(streams: Streams) -> None:
    caller = _caller(None)
    with ExitStack() as stack:
        for _ in range(STREAMS_OF_USER_MAX):
            stack.enter_context(streams.of(caller))
        with pytest.raises(Problem, match="you have 20") as raised, streams.of(caller):
            pass

    assert raised.value.status is HTTPStatus.TOO_MANY_REQUESTS
    assert raised.value.code == "LIMIT"
    assert int(raised.value.headers["retry-after"]) > 0
