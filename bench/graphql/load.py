"""The load: requests written to a file once, sent by a small program in C (see load.c)."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SOURCE: Final = Path(__file__).with_name("load.c")
GRACE_S: Final = 30  # after the time that a run should take


class NoCompiler(Exception):
    """There is no C compiler; the message says what to do."""


class LoadFailed(Exception):
    """A run came to nothing; the message has the program's own words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What one run measured. Latencies in microseconds, of the answers within `seconds`."""

    answers: int
    seconds: float
    bytes: int
    failed: int
    p50: int
    p95: int
    p99: int
    max: int


def compiled(place: Path) -> Path:
    """The program, made in the directory `place`. Raises NoCompiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        raise NoCompiler("the load generator is a C file: install a C compiler that is called cc")
    program = place / "load"
    subprocess.run([compiler, "-O2", "-o", str(program), str(SOURCE)], check=True)
    return program


def post(port: int, body: bytes, headers: dict[str, str]) -> bytes:
    """One whole HTTP/1.1 request to /graphql."""
    lines = [
        "POST /graphql HTTP/1.1",
        f"host: 127.0.0.1:{port}",
        "content-type: application/json",
        "accept: application/json",
        f"content-length: {len(body)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def write(path: Path, requests: Iterable[bytes]) -> None:
    """The file that the program reads."""
    with path.open("wb") as file:
        for request in requests:
            file.write(len(request).to_bytes(4, "little") + request)


async def run(
    program: Path,
    requests: Path,
    *,
    port: int,
    clients: int,
    warm_s: float,
    seconds: float,
    between: Callable[[], None],
) -> Load:
    """One run; `between` is called after the warm-up, before anything counts. Raises LoadFailed."""
    process = await asyncio.create_subprocess_exec(
        *(str(program), str(port), str(clients), str(warm_s), str(seconds), str(requests), "0"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        async with asyncio.timeout(warm_s + seconds + GRACE_S):
            if await process.stdout.readline() == b"warm\n":
                between()
                process.stdin.write(b"\n")
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    if process.returncode != 0:
        raise LoadFailed(err.decode())
    return Load(**json.loads(out))
