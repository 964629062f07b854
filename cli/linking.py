"""A link as a web app does it: begin, send the person away, take what they come back with."""

from __future__ import annotations

import webbrowser
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from cli.client import ApiError, Client
from cli.loopback import Loopback

_BEGIN: Final = """
mutation Begin($input: ConnectionLinkBeginInput!) {
  connectionLinkBegin(input: $input) {
    link { id kind state url fields { name label help secret required } }
    userErrors { message }
  }
}
"""
_COMPLETE: Final = """
mutation Complete($input: ConnectionLinkCompleteInput!) {
  connectionLinkComplete(input: $input) {
    connection { id name status provider }
    userErrors { message }
  }
}
"""

Say = Callable[[str], None]
Ask = Callable[[Mapping[str, Any]], str]  # of a field of a form


def link_connection(
    client: Client,
    provider: str,
    *,
    connection: str | None,
    wait_s: float,
    browser: bool,
    say: Say,
    ask: Ask,
) -> dict[str, Any]:
    """The linked connection. Raises ApiError."""
    with Loopback() as page:
        begun = client.change(
            _BEGIN,
            {
                "input": {
                    "provider": provider,
                    "connectionId": connection,
                    "callbackUrl": page.url,
                }
            },
            name="connectionLinkBegin",
        )["link"]
        if begun["kind"] == "FORM":
            answers = {field["name"]: ask(field) for field in begun["fields"]}
        else:
            answers = _visited(begun, page, wait_s=wait_s, browser=browser, say=say)
    completed = client.change(
        _COMPLETE,
        {
            "input": {
                "linkId": begun["id"],
                "state": begun["state"],
                "answers": [
                    {"name": name, "value": value} for name, value in answers.items() if value
                ],
            }
        },
        name="connectionLinkComplete",
    )
    return dict(completed["connection"])


def _visited(
    begun: Mapping[str, Any], page: Loopback, *, wait_s: float, browser: bool, say: Say
) -> dict[str, str]:
    """What the browser came back with."""
    if begun["url"] is None:
        raise ApiError("This provider links in a widget of a web app; there is no page to open.")
    say(f"Open this page, and connect an account there:\n{begun['url']}")
    if browser:
        _open(begun["url"])

    state = str(begun["state"])

    def of_this_link(answers: dict[str, str]) -> bool:
        return answers.get("state", state) == state

    answers = page.wait(wait_s, fits=of_this_link)
    if answers is None:
        raise ApiError(f"Nobody came back within {wait_s:.0f} seconds. Begin again.")
    return answers


def _open(url: str) -> None:
    """In the person's browser; where there is none, they open the page by hand."""
    with suppress(webbrowser.Error):
        webbrowser.open(url)
