"""Slack's webhook: blocks of plain text, in which no name mentions or links anybody."""

from __future__ import annotations

import json

import pytest

from channels import slack
from channels.base import Outcome, Result
from channels.outgoing import outgoing
from core.notifications import NotificationKind
from tests.channels.messages import NOW, message
from tests.fixtures.receiver import receiving, status

HOSTILE = "<!channel> <https://evil.example|click> & *bold* \n```x``` \u202eabc"


async def test_slack_gets_text_and_blocks() -> None:
    async with receiving() as receiver, outgoing(private_allowed=True) as out:
        outcome = await slack.send(out, url=receiver.url, message=message(), now=NOW)

    (request,) = receiver.received
    body = json.loads(request.body)
    assert outcome == Outcome(result=Result.DELIVERED, status=200)
    assert request.headers["content-type"] == "application/json"
    assert set(body) == {"text", "blocks"}
    assert body["text"].startswith("The connection needs a new sign-in: Northbank. ")
    assert [block["type"] for block in body["blocks"]] == ["header", "section", "section"]
    assert [field["text"] for field in body["blocks"][2]["fields"]] == [
        "Company: Harbor Tea",
        "Connection: Northbank",
        "code: login-required",
        "Time: 2026-03-01 12:00 UTC",
    ]


@pytest.mark.parametrize("kind", NotificationKind)
async def test_every_kind_is_within_slacks_limits(kind: NotificationKind) -> None:
    long = message(
        kind=kind,
        connection_name="x" * 400,
        tenant_name="y" * 400,
        data={f"key {number}": "z" * 900 for number in range(30)},
    )

    header, section, fields = slack.payload(long)["blocks"]

    assert len(header["text"]["text"]) <= 150
    assert len(section["text"]["text"]) <= 3_000
    assert len(fields["fields"]) <= 10
    assert all(1 <= len(field["text"]) <= 2_000 for field in fields["fields"])


def test_a_name_mentions_and_links_nobody() -> None:
    body = slack.payload(message(connection_name=HOSTILE, tenant_name=HOSTILE, data={"a": HOSTILE}))

    assert "<" not in body["text"]
    assert "&lt;!channel&gt;" in body["text"]
    blocks = json.dumps(body["blocks"])
    assert "mrkdwn" not in blocks
    assert "\\u202e" not in blocks
    assert "\\n" not in blocks


async def test_a_webhook_that_slack_has_taken_away_is_gone() -> None:
    async with (
        receiving(status(410, body=b"channel_is_archived")) as receiver,
        outgoing(private_allowed=True) as out,
    ):
        outcome = await slack.send(out, url=receiver.url, message=message(), now=NOW)

    assert outcome.result is Result.GONE
