"""Streams that stay open: how many one process and one user may have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Final
from uuid import UUID

from api.errors import Problem
from api.metrics import Metrics

STREAMS_MAX: Final = 5_000
STREAMS_OF_USER_MAX: Final = 20


class Streams:
    """The open WebSockets and event streams of a process."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._open = 0
        self._of_user: Counter[UUID] = Counter()

    @contextmanager
    def admitted(self) -> Iterator[None]:
        """Counts one more. Raises Problem (503) when the process is full."""
        if self._open >= STREAMS_MAX:
            raise Problem(
                HTTPStatus.SERVICE_UNAVAILABLE, "LIMIT", "too many open streams; try again later"
            )
        self._open += 1
        self._metrics.sockets.inc()
        try:
            yield
        finally:
            self._open -= 1
            self._metrics.sockets.dec()

    @contextmanager
    def of_user(self, user_id: UUID) -> Iterator[None]:
        """Counts one more of the user. Raises Problem (429) when they have enough."""
        if self._of_user[user_id] >= STREAMS_OF_USER_MAX:
            raise Problem(
                HTTPStatus.TOO_MANY_REQUESTS,
                "LIMIT",
                f"you have {STREAMS_OF_USER_MAX} open streams; close one first",
            )
        self._of_user[user_id] += 1
        try:
            yield
        finally:
            self._of_user[user_id] -= 1
            if not self._of_user[user_id]:
                del self._of_user[user_id]
