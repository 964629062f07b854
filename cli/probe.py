"""Whether a process serves: asked over HTTP, as its users would."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import httpx

PROBE_TIMEOUT_S: Final = 2.0

Ready = Callable[[int], Awaitable[bool]]


def answers(*urls: str, status: int | None = httpx.codes.OK) -> Ready:
    """Whether each URL is answered so; with None, whether it is answered at all."""

    async def ready(_pid: int) -> bool:
        async with httpx.AsyncClient(timeout=PROBE_TIMEOUT_S, trust_env=False) as client:
            for url in urls:
                try:
                    told = (await client.get(url)).status_code
                except httpx.TransportError:
                    return False
                if status is not None and told != status:
                    return False
        return True

    return ready
