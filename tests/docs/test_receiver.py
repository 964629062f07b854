"""The receiver of docs/notifications.md takes what is ours, once, and nothing else."""

from __future__ import annotations

import ast
import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.docs.blocks import ROOT
from tests.fixtures.post import OTHER_SECRET, SECRET, Post, log_of, post_office
from tests.fixtures.world import World

SAMPLE = ROOT / "docs" / "samples" / "receiver.py"
STARTS_WITHIN_S = 15


@pytest.fixture
async def post(world: World, redis_url: str) -> AsyncIterator[Post]:
    async with post_office(world, redis_url) as post:
        yield post


async def test_the_receiver_takes_each_message_once(post: Post) -> None:
    place = await post.world.place()
    async with _receiver(SECRET) as (url, process):
        await post.webhook(place, url)
        await post.put(place)
        await post.deliver()
        await post.world.owner.execute(  # as where the answer was lost
            "update app.notification_deliveries set state = 'pending', settled_at = null,"
            " next_attempt_at = now()"
        )
        await post.put(place)
        await post.deliver()
        process.terminate()
        said, _ = await process.communicate()

    deliveries = await post.deliveries(place)
    assert said.decode().splitlines() == [
        "reauthentication_required The connection needs a new sign-in"
    ] * len(deliveries)
    statuses = sorted(status for one in deliveries for _, status, _ in log_of(one) if status)
    assert statuses == [204, 204, 204]


async def test_the_receiver_refuses_another_secret(post: Post) -> None:
    place = await post.world.place()
    async with _receiver(OTHER_SECRET) as (url, process):
        await post.webhook(place, url)
        await post.put(place)
        await post.deliver()
        process.terminate()
        said, _ = await process.communicate()

    (delivery,) = await post.deliveries(place)
    assert said == b""
    assert log_of(delivery) == [(1, 401, "http-status")]


def test_every_error_code_is_explained() -> None:
    page = (ROOT / "docs" / "notifications.md").read_text(encoding="utf-8")
    sources = [*(ROOT / "channels").glob("*.py"), ROOT / "workers" / "deliveries.py"]
    codes = {code for source in sources for code in _codes(source)}

    assert {"http-status", "tls-failed", "mail-refused", "gone", "interrupted"} <= codes
    assert sorted(code for code in codes if f"`{code}`" not in page) == []


def _codes(source: Path) -> Iterator[str]:
    """What outcomes are made with: the first texts of such calls, and what is called `error`."""
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        makes = {name.id for name in ast.walk(node.func) if isinstance(name, ast.Name)}
        given = [one.value for one in node.keywords if one.arg == "error"]
        if makes & {"retry", "stop", "BadAddress"}:
            given += node.args[:1]
        for constant in (one for value in given for one in ast.walk(value)):
            if isinstance(constant, ast.Constant) and isinstance(constant.value, str):
                yield constant.value


@asynccontextmanager
async def _receiver(secret: str) -> AsyncIterator[tuple[str, asyncio.subprocess.Process]]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(SAMPLE),
        env={"PATH": os.defpath, "WEBHOOK_SECRET": secret, "PORT": str(port)},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        await _listens(port)
        yield f"http://127.0.0.1:{port}/bankfeeds", process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _listens(port: int) -> None:
    async with asyncio.timeout(STARTS_WITHIN_S):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            await writer.wait_closed()
            return
