"""The Redis client of one process: publishes events and wakes workers. Losing it loses nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import orjson
from arq.connections import ArqRedis, RedisSettings
from redis.asyncio.connection import BlockingConnectionPool, SSLConnection, parse_url

QUEUE: Final = "bankfeeds:jobs:1"  # a new number when old workers could not run the new jobs
CONNECTIONS_MAX: Final = 50
TIMEOUT_S: Final = 1

RedisClient = ArqRedis


@asynccontextmanager
async def connect(url: str) -> AsyncIterator[ArqRedis]:
    """A client for `redis://`, `rediss://` or `unix://`; connects when first used."""
    options: dict[str, Any] = {
        "max_connections": CONNECTIONS_MAX,
        "timeout": TIMEOUT_S,  # waiting for a free connection
        "socket_timeout": TIMEOUT_S,
        "socket_connect_timeout": TIMEOUT_S,
    }
    if parse_url(url).get("connection_class") is SSLConnection:
        options["ssl_check_hostname"] = True
    pool = BlockingConnectionPool.from_url(url, **options)
    client = ArqRedis(
        pool,
        job_serializer=serialize,
        job_deserializer=deserialize,
        default_queue_name=QUEUE,
    )
    try:
        yield client
    finally:
        await client.aclose()
        await pool.disconnect()


def settings(url: str) -> RedisSettings:
    """What arq's worker connects with. arq's own reading of a URL leaves passwords encoded."""
    parts: dict[str, Any] = {**parse_url(url)}
    return RedisSettings(
        host=parts.get("host", "localhost"),
        port=parts.get("port", 6379),
        unix_socket_path=parts.get("path"),
        database=parts.get("db", 0),
        username=parts.get("username"),
        password=parts.get("password"),
        ssl=parts.get("connection_class") is SSLConnection,
        ssl_check_hostname=True,
        conn_timeout=TIMEOUT_S,
    )


def serialize(job: dict[str, Any]) -> bytes:
    """A job of arq as JSON: pickle would let whoever writes to Redis run code in the worker."""
    return orjson.dumps(job, default=_named)


def deserialize(body: bytes) -> dict[str, Any]:
    """A job of arq from JSON. Raises ValueError for anything else."""
    job = orjson.loads(body)
    if not isinstance(job, dict):
        raise ValueError("a job is a JSON object")
    return job


def _named(value: object) -> str:
    """arq stores what a job raised. Its text may hold values, so the type must do."""
    return type(value).__name__
