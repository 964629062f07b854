"""Streams that stay open: how many one process, one tenant and one user may have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from api.callers import Caller
from api.errors import Problem
from api.metrics import Metrics

STREAMS_MAX: Final = 5_000
STREAMS_OF_TENANT_MAX: Final = 1_000
STREAMS_OF_USER_MAX: Final = 20
RETRY_AFTER_S: Final = 10


class Streams:
    """The open WebSockets and event streams of a process."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._open = 0
        self._of_user: Counter[UUID] = Counter()
        self._of_tenant: Counter[UUID | None] = Counter()

    @contextmanager
    def admitted(self) -> Iterator[None]:
        """Counts one more. Raises Problem (503) when the process is full."""
        if self._open >= STREAMS_MAX:
            raise _full(HTTPStatus.SERVICE_UNAVAILABLE, "too many open streams; try again later")
        self._open += 1
        self._metrics.sockets.inc()
        try:
            yield
        finally:
            self._open -= 1
            self._metrics.sockets.dec()

    @contextmanager
    def of(self, caller: Caller) -> Iterator[None]:
        """Counts one more of the caller. Raises Problem (429) where they or the tenant have enough.

        Who has chosen no tenant is counted as a user alone.
        """
        user_id, tenant_id = caller.user_id, caller.tenant_id
        if self._of_user.get(user_id, 0) >= STREAMS_OF_USER_MAX:
            raise _too_many("you have", STREAMS_OF_USER_MAX)
        if tenant_id is not None and self._of_tenant.get(tenant_id, 0) >= STREAMS_OF_TENANT_MAX:
            raise _too_many("your tenant has", STREAMS_OF_TENANT_MAX)
        self._of_user[user_id] += 1
        self._of_tenant[tenant_id] += 1
        try:
            yield
        finally:
            _count_down(self._of_user, user_id)
            _count_down(self._of_tenant, tenant_id)


def _too_many(who: str, most: int) -> Problem:
    return _full(HTTPStatus.TOO_MANY_REQUESTS, f"{who} {most} open streams; close one first")


def _full(status: HTTPStatus, message: str) -> Problem:
    return Problem(status, "LIMIT", message, {"retry-after": str(RETRY_AFTER_S)})


def _count_down(counter: Counter[Any], key: UUID | None) -> None:
    counter[key] -= 1
    if not counter[key]:
        del counter[key]
