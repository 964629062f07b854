"""Scores of connections: how well they do, as one number, and whether they are left alone."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from core.models import Connection, ConnectionStatus
from db.connections import ConnectionHealth
from pipeline.sync_end import OPEN_FAILURES

GONE: Final = (ConnectionStatus.REAUTH, ConnectionStatus.DISCONNECTED)


class Circuit(StrEnum):
    """Whether a connection is asked after failures."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


def circuit(connection: Connection) -> Circuit:
    """Open from the third failed sync in a row until the next try, which is the probe."""
    if connection.error_count < OPEN_FAILURES:
        return Circuit.CLOSED
    return Circuit.HALF_OPEN if connection.status is ConnectionStatus.ACTIVE else Circuit.OPEN


def score(connection: Connection, health: ConnectionHealth) -> float:
    """0.0 to 1.0: the share of the last 20 jobs that succeeded, 1.0 where there are none.

    Halved while the circuit is open; 0 where nothing comes until a person does something.
    """
    if connection.status in GONE:
        return 0.0
    share = health.succeeded / health.settled if health.settled else 1.0
    return round(share if circuit(connection) is Circuit.CLOSED else share / 2, 2)
