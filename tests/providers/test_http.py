"""Calls of providers over a socket: what answers that are no good become, and what is repeated."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from core.provider_error import Action, ErrorKind, ProviderError
from pipeline.provider_access import open_http
from providers.base import AppSettings
from providers.http import Client, Retries, read_json
from sandbox.serving import serving

BRIEF = Retries(
    attempts=3,
    initial=timedelta(milliseconds=1),
    most=timedelta(milliseconds=2),
    answer_within=timedelta(milliseconds=300),
)


class NoPace:
    """Keeps nobody waiting."""

    async def take(self, endpoint: str) -> None:
        return None


@dataclass(slots=True)
class Odd:
    """A provider that answers in odd ways, and counts how often it was asked."""

    url: str = ""
    asked: list[str] = field(default_factory=list)

    async def __call__(self, scope: object, receive: object, send: object) -> None:
        request = Request(scope)  # type: ignore[arg-type]
        self.asked.append(request.url.path)
        answer = {
            "/bad-gzip": Response(b"no gzip", headers={"Content-Encoding": "gzip"}),
            "/trickle": StreamingResponse(_trickle()),
            "/down": Response(status_code=503, headers={"Retry-After": "1"}),
            "/down-now": Response(status_code=503, headers={"Retry-After": "0"}),
            "/limited": Response(status_code=429, headers={"Retry-After": "1"}),
        }[request.url.path]
        await answer(scope, receive, send)  # type: ignore[arg-type]


async def _trickle() -> AsyncIterator[bytes]:
    for _ in range(50):
        yield b" "
        await asyncio.sleep(0.05)


@pytest.fixture
def odd() -> Odd:
    return Odd()


@pytest.fixture
async def client(odd: Odd) -> AsyncIterator[Client]:
    with serving(odd) as url:
        async with open_http() as http:
            yield Client(
                http,
                app=AppSettings(url=url),
                failures=lambda _: None,
                pace=NoPace(),
                retries=BRIEF,
            )


async def test_a_body_that_is_not_compressed_as_it_says_is_an_answer_that_passes(
    client: Client,
) -> None:
    with pytest.raises(ProviderError) as caught:
        await client.get("/bad-gzip")

    assert (caught.value.action, caught.value.kind) == (Action.RETRY, ErrorKind.NETWORK)
    assert caught.value.code == "answer-unreadable"


async def test_an_answer_that_trickles_binds_nobody_for_long(client: Client, odd: Odd) -> None:
    with pytest.raises(ProviderError) as caught:
        await client.post("/trickle")

    assert caught.value.code == "provider-timeout"
    assert odd.asked == ["/trickle"]


@pytest.mark.parametrize(
    ("path", "may_repeat", "asked"),
    [
        ("/down", False, 1),  # it may have been done all the same
        ("/down", True, 3),
        ("/down-now", False, 1),
        ("/down-now", True, 3),
        ("/limited", False, 3),  # a limit says that nothing was done
    ],
)
async def test_what_must_be_done_once_is_asked_again_only_where_nothing_was_done(
    client: Client, odd: Odd, path: str, may_repeat: bool, asked: int
) -> None:
    with pytest.raises(ProviderError):
        await client.post(path, may_repeat=may_repeat)

    assert len(odd.asked) == asked


def test_json_that_is_nested_too_deep_is_no_json() -> None:
    with pytest.raises(ValueError, match="nested"):
        read_json(b"[" * 200_000)
