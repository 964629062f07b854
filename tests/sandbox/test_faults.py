"""A simulated provider misbehaves as it is told to, and remembers what it was asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.faults import FaultRule, Faults
from sandbox.serving import serving


async def hello(_: Request) -> Response:
    return JSONResponse({"hello": "world"})


def problem(status: int) -> tuple[bytes, str]:
    return json.dumps({"code": status}).encode(), "application/problem+json"


@pytest.fixture
def faults() -> Faults:
    routes = [Route("/hello/{name}", hello), Route("/_sandbox/state", hello)]
    return Faults(Starlette(routes=routes), problem)


@pytest_asyncio.fixture
async def http(faults: Faults) -> AsyncIterator[httpx.AsyncClient]:
    with serving(faults) as url:
        async with httpx.AsyncClient(base_url=url, timeout=5) as client:
            yield client


async def statuses(http: httpx.AsyncClient, count: int) -> list[int]:
    return [(await http.get("/hello/ada")).status_code for _ in range(count)]


async def test_requests_pass_unless_a_rule_strikes(http: httpx.AsyncClient, faults: Faults) -> None:
    faults.add(FaultRule(path="/other", kind="status"))

    assert (await http.get("/hello/ada")).json() == {"hello": "world"}


async def test_status_has_the_providers_own_body(http: httpx.AsyncClient, faults: Faults) -> None:
    faults.add(FaultRule(path="/hello", kind="status", status=429, retry_after="2"))

    reply = await http.get("/hello/ada")

    assert (reply.status_code, reply.json()) == (429, {"code": 429})
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.headers["retry-after"] == "2"


async def test_status_without_retry_after(http: httpx.AsyncClient, faults: Faults) -> None:
    faults.add(FaultRule(path="/hello", kind="status", status=500))

    assert "retry-after" not in (await http.get("/hello/ada")).headers


async def test_rule_lets_some_pass_and_strikes_some(
    http: httpx.AsyncClient, faults: Faults
) -> None:
    armed = faults.add(FaultRule(path="/hello", kind="status", after=1, times=2))

    assert await statuses(http, 4) == [200, 503, 503, 200]
    assert (armed.passing, armed.striking) == (0, 0)


async def test_rule_without_times_strikes_until_it_is_cleared(
    http: httpx.AsyncClient, faults: Faults
) -> None:
    faults.add(FaultRule(path="/hello", kind="status", times=None))

    assert await statuses(http, 3) == [503, 503, 503]
    faults.clear()
    assert await statuses(http, 1) == [200]


async def test_rules_are_used_up_one_after_another(http: httpx.AsyncClient, faults: Faults) -> None:
    for status in (401, 403):
        faults.add(FaultRule(path="/hello", kind="status", status=status))

    assert await statuses(http, 3) == [401, 403, 200]


async def test_slow_answers_late(http: httpx.AsyncClient, faults: Faults) -> None:
    faults.add(FaultRule(path="/hello", kind="slow", delay_s=0.2))

    reply = await http.get("/hello/ada")

    assert reply.json() == {"hello": "world"}
    assert reply.elapsed.total_seconds() >= 0.2


async def test_cut_promises_more_than_it_sends(http: httpx.AsyncClient, faults: Faults) -> None:
    faults.add(FaultRule(path="/hello", kind="cut"))
    received = bytearray()

    with pytest.raises(httpx.RemoteProtocolError):
        async with http.stream("GET", "/hello/ada") as reply:
            assert reply.headers["content-length"] == "17"
            async for chunk in reply.aiter_bytes():
                received.extend(chunk)

    assert bytes(received) == b'{"hello"'


async def test_garbage_claims_to_be_json(http: httpx.AsyncClient, faults: Faults) -> None:
    faults.add(FaultRule(path="/hello", kind="garbage"))

    reply = await http.get("/hello/ada")

    assert (reply.status_code, reply.headers["content-type"]) == (200, "application/json")
    with pytest.raises(ValueError, match=r"utf-8|JSON"):
        reply.json()


async def test_hang_answers_nothing(http: httpx.AsyncClient, faults: Faults) -> None:
    faults.add(FaultRule(path="/hello", kind="hang"))

    with pytest.raises(httpx.ReadTimeout):
        await http.get("/hello/ada", timeout=0.2)

    assert faults.requests()[0].status is None


async def test_hanging_has_an_end() -> None:
    faults = Faults(Starlette(), problem, hang_s_max=0.05)
    faults.add(FaultRule(path="/hello", kind="hang"))

    with serving(faults) as url:
        async with httpx.AsyncClient(base_url=url) as client:
            reply = await client.get("/hello/ada")

    assert (reply.status_code, reply.json()) == (504, {"code": 504})


async def test_faults_are_told_over_http(http: httpx.AsyncClient) -> None:
    rule = {"path": "/hello", "kind": "status", "status": 429, "retry_after": None, "times": 2}

    added = await http.post("/_sandbox/faults", json=rule)
    struck = await statuses(http, 1)
    listed = (await http.get("/_sandbox/faults")).json()["faults"]
    cleared = await http.delete("/_sandbox/faults")

    assert (added.status_code, added.json()["striking"]) == (201, 2)
    assert struck == [429]
    assert [(fault["status"], fault["passing"], fault["striking"]) for fault in listed] == [
        (429, 0, 1)
    ]
    assert cleared.status_code == 204
    assert await statuses(http, 1) == [200]


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b'{"path": "/", "kind": "odd"}', b'{"path": "/", "kind": "cut", "time": 2}'],
)
async def test_wrong_rule_is_refused(http: httpx.AsyncClient, body: bytes, faults: Faults) -> None:
    assert (await http.post("/_sandbox/faults", content=body)).status_code == 422
    assert faults.armed() == []


async def test_control_is_neither_struck_nor_logged(
    http: httpx.AsyncClient, faults: Faults
) -> None:
    faults.add(FaultRule(path="/", kind="status", times=None))

    assert (await http.get("/_sandbox/state")).status_code == 200
    assert (await http.put("/_sandbox/faults")).status_code == 405
    assert faults.requests() == []


async def test_requests_are_logged(http: httpx.AsyncClient, faults: Faults) -> None:
    await http.get("/hello/ada")
    await http.post("/hello/bob")

    logged = (await http.get("/_sandbox/requests")).json()["requests"]

    assert [(seen["method"], seen["path"], seen["status"]) for seen in logged] == [
        ("GET", "/hello/ada", 200),
        ("POST", "/hello/bob", 405),
    ]
    assert all(seen["started_s"] <= seen["ended_s"] for seen in logged)
    assert len(faults.requests("/hello/b")) == 1
    assert (await http.delete("/_sandbox/requests")).status_code == 204
    assert faults.requests() == []


async def test_concurrency_is_counted(http: httpx.AsyncClient, faults: Faults) -> None:
    faults.add(FaultRule(path="/hello", kind="slow", delay_s=0.2, times=3))

    await asyncio.gather(*(http.get("/hello/ada") for _ in range(3)))
    assert faults.concurrency_max("/hello") == 3

    faults.forget_requests()
    await statuses(http, 2)
    assert faults.concurrency_max("/hello") == 1
