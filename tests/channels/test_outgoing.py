"""Outgoing requests go where a tenant said, and never into our own network."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from channels.base import Outcome, Result
from channels.outgoing import BadAddress, checked, outgoing
from tests.fixtures.certificates import issued
from tests.fixtures.receiver import Answer, endless, hang_up, receiving, silence, status

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PUBLIC = "93.184.216.34"


@dataclass(slots=True)
class Names:
    """A name server with an answer for each time that it is asked; the last one stays."""

    answers: list[Sequence[str]]
    asked: list[str] = field(default_factory=list)

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if not found:
            raise OSError("no such name")
        return found


async def _post(
    url: str,
    *,
    private_allowed: bool = True,
    names: Names | None = None,
    tls: ssl.SSLContext | None = None,
    total_s: float = 5,
    connect_s: float = 0.5,
) -> Outcome:
    async with outgoing(
        private_allowed=private_allowed,
        resolve=names,
        tls=tls,
        total_s=total_s,
        connect_s=connect_s,
    ) as out:
        return await out.post(url, headers={"x-own": "1"}, body=b"{}", now=NOW)


async def test_a_request_arrives_as_it_was_sent() -> None:
    async with receiving() as receiver:
        outcome = await _post(receiver.url + "?a=b")

    (request,) = receiver.received
    assert outcome == Outcome(result=Result.DELIVERED, status=200)
    assert request.line == "POST /hook?a=b HTTP/1.1"
    assert request.body == b"{}"
    assert request.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert request.headers["x-own"] == "1"


# Each would reach the receiver, or metadata of a cloud, if it were followed.
REFUSED = [
    "https://127.0.0.1:{port}/",
    "https://127.1:{port}/",
    "https://2130706433:{port}/",
    "https://0x7f.0.0.1:{port}/",
    "https://017700000001:{port}/",
    "https://[::1]:{port}/",
    "https://[::ffff:127.0.0.1]:{port}/",
    "https://[::ffff:10.0.0.1]/",
    "https://0.0.0.0:{port}/",
    "https://169.254.169.254/latest/meta-data/",
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://192.168.1.1/",
    "https://100.64.0.1/",
    "https://[fd00:ec2::254]/",
    "https://[fe80::1]/",
    "https://localhost:{port}/",
    "https://LOCALHOST:{port}/",
]


@pytest.mark.parametrize("url", REFUSED)
async def test_our_own_network_is_refused_in_production(url: str) -> None:
    async with receiving() as receiver:
        outcome = await _post(url.format(port=receiver.port), private_allowed=False)

    assert (outcome.result, outcome.error) == (Result.RETRY, "address-refused")
    assert receiver.connections == 0


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["::1"], [PUBLIC, "127.0.0.1"], ["10.0.0.1", PUBLIC], ["::ffff:127.0.0.1"]],
    ids=str,
)
async def test_a_name_with_any_address_of_our_network_is_refused(addresses: list[str]) -> None:
    async with receiving() as receiver:
        url = f"https://hooks.example:{receiver.port}/"
        outcome = await _post(url, private_allowed=False, names=Names([addresses]))

    assert outcome.error == "address-refused"
    assert receiver.connections == 0


async def test_a_name_that_changes_its_mind_gains_nothing() -> None:
    names = Names([[PUBLIC], ["127.0.0.1"]])

    async with receiving() as receiver:
        url = f"https://rebinding.example:{receiver.port}/"
        outcome = await _post(url, private_allowed=False, names=names)

    assert outcome.error in {"timeout", "unreachable"}
    assert names.asked == ["rebinding.example"]
    assert receiver.connections == 0


async def test_the_connection_goes_to_the_address_that_was_checked() -> None:
    async with receiving() as first, receiving(host="127.0.0.2", port=first.port) as second:
        names = Names([["127.0.0.1"], ["127.0.0.2"]])
        outcome = await _post(f"http://hooks.example:{first.port}/", names=names)

    assert outcome.result is Result.DELIVERED
    assert (len(first.received), second.connections) == (1, 0)
    assert first.received[0].headers["host"] == f"hooks.example:{first.port}"


async def test_the_next_address_is_tried_where_one_does_not_answer() -> None:
    async with receiving() as receiver:
        names = Names([["127.0.0.3", "127.0.0.1"]])
        outcome = await _post(f"http://hooks.example:{receiver.port}/", names=names)

    assert outcome.result is Result.DELIVERED


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(code: int) -> None:
    async with receiving() as trap, receiving(status(code, location=trap.url)) as receiver:
        outcome = await _post(receiver.url)

    assert (outcome.result, outcome.status, outcome.error) == (Result.RETRY, code, "redirect")
    assert trap.connections == 0


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (status(204, body=b""), (Result.DELIVERED, 204, None)),
        (status(400), (Result.RETRY, 400, "http-status")),
        (status(404), (Result.RETRY, 404, "http-status")),
        (status(500), (Result.RETRY, 500, "http-status")),
        (status(410), (Result.GONE, 410, "gone")),
        (hang_up, (Result.RETRY, None, "connection-broken")),
        (status(200, x="y" * 200_000), (Result.RETRY, None, "connection-broken")),
    ],
)
async def test_an_answer_says_what_becomes_of_the_message(
    answer: Answer, expected: tuple[Result, int | None, str | None]
) -> None:
    async with receiving(answer) as receiver:
        outcome = await _post(receiver.url)

    assert (outcome.result, outcome.status, outcome.error) == expected


@pytest.mark.parametrize(
    ("code", "said", "expected"),
    [
        (429, "30", timedelta(seconds=30)),
        (503, "Sun, 01 Mar 2026 12:05:00 GMT", timedelta(minutes=5)),
        (503, "Sun, 01 Mar 2020 12:05:00 GMT", timedelta()),
        (429, "999999999", timedelta(days=1)),
        (429, "soon", None),
        (429, "-1", None),
        (500, "30", None),
    ],
)
async def test_who_asks_for_patience_is_told_so(
    code: int, said: str, expected: timedelta | None
) -> None:
    async with receiving(status(code, retry_after=said)) as receiver:
        outcome = await _post(receiver.url)

    assert outcome.retry_after == expected


async def test_a_body_without_an_end_is_not_read() -> None:
    async with receiving(endless) as receiver, asyncio.timeout(5):
        outcome = await _post(receiver.url)

    assert outcome == Outcome(result=Result.DELIVERED, status=200)


async def test_who_does_not_answer_is_given_up() -> None:
    async with receiving(silence) as receiver, asyncio.timeout(5):
        outcome = await _post(receiver.url, total_s=0.2)

    assert (outcome.result, outcome.error) == (Result.RETRY, "timeout")


async def test_a_name_server_that_does_not_answer_is_given_up() -> None:
    async def never(host: str, port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        raise AssertionError

    async with outgoing(private_allowed=False, resolve=never, total_s=0.2) as out:
        outcome = await out.post("https://hooks.example/", headers={}, body=b"", now=NOW)

    assert outcome.error == "timeout"


async def test_nobody_at_the_address_is_no_answer() -> None:
    async with receiving() as receiver:
        port = receiver.port

    outcome = await _post(f"http://127.0.0.1:{port}/")

    assert (outcome.result, outcome.error) == (Result.RETRY, "unreachable")


@pytest.mark.parametrize("host", ["nobody.invalid", f"{'a' * 70}.example"])
async def test_a_name_without_an_address_is_no_answer(host: str) -> None:
    async with outgoing(private_allowed=False) as out:
        outcome = await out.post(f"https://{host}/", headers={}, body=b"", now=NOW)

    assert (outcome.result, outcome.error) == (Result.RETRY, "name-not-found")


@pytest.mark.parametrize(
    ("name", "error"), [("hooks.example", None), ("other.example", "tls-failed")]
)
async def test_the_certificate_must_be_the_names(
    tmp_path: Path, name: str, error: str | None
) -> None:
    certificate = issued(tmp_path, "hooks.example")

    async with receiving(tls=certificate.server) as receiver:
        url = f"https://{name}:{receiver.port}/"
        outcome = await _post(url, names=Names([["127.0.0.1"]]), tls=certificate.trusting)

    assert outcome.error == error
    assert len(receiver.received) == (0 if error else 1)


async def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    async with receiving(tls=issued(tmp_path, "hooks.example").server) as receiver:
        url = f"https://hooks.example:{receiver.port}/"
        outcome = await _post(url, names=Names([["127.0.0.1"]]))

    assert outcome.error == "tls-failed"


async def test_the_environments_proxy_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async with receiving() as proxy, receiving() as receiver:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        await _post(receiver.url)

    assert (proxy.connections, receiver.connections) == (0, 1)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example",
        "ftp://hooks.example/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "https://",
        "https:///x",
        "https://user:password@hooks.example/",
        "https://hooks.example/#part",
        "https://exa mple.com/",
        "https://127.0.0.1%00.example/",
        "https://hooks.example\r\nX-Injected: 1/",
        "https://hooks.example/\r\nX-Injected: 1",
        "https://hooks..example/",
        f"https://hooks.example/{'x' * 2_000}",
    ],
)
def test_what_is_no_address_of_a_web_server_is_refused(url: str) -> None:
    with pytest.raises(BadAddress) as refused:
        checked(url, private_allowed=True)

    assert refused.value.code == "invalid-url"
    assert "password" not in str(refused.value).replace("password and fragment", "")


def test_production_wants_https() -> None:
    with pytest.raises(BadAddress) as refused:
        checked("http://hooks.example/", private_allowed=False)

    assert refused.value.code == "https-required"
    assert checked("https://hooks.example/", private_allowed=False).host == "hooks.example"
