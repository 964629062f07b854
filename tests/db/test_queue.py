"""Waking a worker: every wake arrives, as plain JSON, and a dead Redis costs nobody time."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from arq.jobs import serialize_result
from arq.worker import Worker, func

from db.queue import ArqQueue
from db.redis import QUEUE, connect, deserialize, serialize, settings


async def test_a_wake_runs_the_job_with_its_ids(redis_url: str) -> None:
    tenant_id, job_id = uuid4(), uuid4()
    ran: list[tuple[str, ...]] = []

    async def run_job(ctx: dict[Any, Any], *args: Any, **_: Any) -> None:
        ran.append(args)

    async with connect(redis_url) as redis:
        await ArqQueue(redis).wake(tenant_id, job_id)
        worker = Worker(
            functions=[func(run_job, name="run_job")],
            redis_pool=redis,
            queue_name=QUEUE,
            burst=True,
            handle_signals=False,
            job_serializer=serialize,
            job_deserializer=deserialize,
        )
        await worker.async_run()

    assert ran == [(str(tenant_id), str(job_id))]


async def test_a_second_wake_is_not_lost_while_the_first_is_known(redis_url: str) -> None:
    tenant_id, job_id = uuid4(), uuid4()

    async with connect(redis_url) as redis:
        queue = ArqQueue(redis)
        await queue.wake(tenant_id, job_id)
        await queue.wake(tenant_id, job_id)

        assert await redis.zcard(QUEUE) == 2


async def test_what_lies_in_redis_is_json_and_expires(redis_url: str) -> None:
    tenant_id, job_id = uuid4(), uuid4()

    async with connect(redis_url) as redis:
        await ArqQueue(redis).wake(tenant_id, job_id)
        (key,) = await redis.keys("arq:job:*")
        job = json.loads(await redis.get(key))
        lives_ms = await redis.pttl(key)

    assert job["f"] == "run_job"
    assert job["a"] == [str(tenant_id), str(job_id)]
    assert 0 < lives_ms <= 60_000


async def test_a_dead_redis_neither_raises_nor_waits(tmp_path: Path) -> None:
    async with connect(f"unix://{tmp_path}/nobody.sock") as redis:
        queue = ArqQueue(redis)
        started = time.monotonic()
        for _ in range(100):
            await queue.wake(uuid4(), uuid4())

    assert time.monotonic() - started < 1


def test_the_result_of_a_failed_job_keeps_no_text_of_the_failure() -> None:
    stored = serialize_result(
        "run_job",
        (),
        {},
        1,
        0,
        False,
        ValueError("4111"),
        0,
        0,
        "",
        QUEUE,
        "j",
        serializer=serialize,
    )

    assert stored is not None
    assert b"4111" not in stored
    assert deserialize(stored)["r"] == "ValueError"


def test_what_is_no_json_object_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON object"):
        deserialize(b"[]")


def test_a_password_in_the_address_is_decoded() -> None:
    found = settings("rediss://user:p%40ss@example.org:7000/3")

    assert (found.host, found.port, found.database) == ("example.org", 7000, 3)
    assert (found.username, found.password) == ("user", "p@ss")
    assert found.ssl
    assert found.ssl_check_hostname


def test_a_unix_socket_is_understood() -> None:
    found = settings("unix:///run/valkey.sock?db=5")

    assert (found.unix_socket_path, found.database) == ("/run/valkey.sock", 5)
