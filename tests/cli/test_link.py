"""`bankfeeds link` and `sync`: the page of the loopback, and what goes wrong in words."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx
import pytest
from typer.testing import CliRunner

from cli.loopback import Loopback
from cli.main import app

NOWHERE = "http://127.0.0.1:1/graphql"


@pytest.fixture
def page() -> Iterator[Loopback]:
    with Loopback() as page:
        yield page


def come(*targets: str) -> list[int]:
    with httpx.Client(trust_env=False, timeout=5) as browser:
        return [browser.get(target).status_code for target in targets]


def test_the_page_takes_what_a_browser_comes_with(page: Loopback) -> None:
    with ThreadPoolExecutor() as pool:
        came = pool.submit(come, f"{page.url}?code=a%20b&state=s")
        answers = page.wait(10, fits=bool)

    assert answers == {"code": "a b", "state": "s"}
    assert came.result() == [200]


def test_the_page_waits_on_when_somebody_else_comes(page: Loopback) -> None:
    root = page.url.removesuffix(urlsplit(page.url).path)
    fields = "&".join(f"a{number}=1" for number in range(50))
    targets = (
        f"{root}/favicon.ico",
        f"{root}/linked/guessed?state=s",
        f"{page.url}?state=other",
        f"{page.url}?{fields}",
        f"{page.url}?state=s",
    )

    with ThreadPoolExecutor() as pool:
        came = pool.submit(come, *targets)
        answers = page.wait(20, fits=lambda given: given.get("state") == "s")

    assert answers == {"state": "s"}
    assert came.result() == [404, 404, 400, 400, 200]


def test_the_page_is_of_this_machine_and_nobody_guesses_it(page: Loopback) -> None:
    with Loopback() as other:
        paths = {urlsplit(one.url).path for one in (page, other)}

    assert urlsplit(page.url).hostname == "127.0.0.1"
    assert len(paths) == 2
    assert min(map(len, paths)) > 25


def test_nobody_is_waited_for_for_ever(page: Loopback) -> None:
    assert page.wait(0.1, fits=bool) is None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["link", "plaid"], "No token"),
        (["link", "plaid", "--token", "t", "--url", NOWHERE], "cannot be reached"),
        (["sync", "--all"], "No token"),
        (["sync", "--token", "t"], "Name one connection"),
        (["sync", "c", "--all", "--token", "t"], "Name one connection"),
        (["sync", "--all", "--token", "t", "--url", NOWHERE], "cannot be reached"),
    ],
)
def test_what_goes_wrong_is_said_with_status_1(arguments: list[str], said: str) -> None:
    done = CliRunner().invoke(app, arguments, env={"BANKFEEDS_TOKEN": ""})

    assert done.exit_code == 1
    assert said in done.stderr
    assert done.stdout == ""
