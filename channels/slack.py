"""Slack's incoming webhook, which others understand too: an address that is itself the secret."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import orjson

from channels import text
from channels.base import Message, Outcome
from channels.outgoing import Outgoing

HEADER_CHARACTERS_MAX: Final = 150
FIELDS_MAX: Final = 10
_ESCAPES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


async def send(outgoing: Outgoing, *, url: str, message: Message, now: datetime) -> Outcome:
    """What came of it."""
    body = orjson.dumps(payload(message))
    return await outgoing.post(
        url, headers={"content-type": "application/json"}, body=body, now=now
    )


def payload(message: Message) -> Mapping[str, Any]:
    """Blocks of plain text, so that no name mentions or links anybody; and a line without them."""
    subject, sentence = text.subject(message), text.sentence(message)
    fields = [_plain(f"{name}: {value}") for name, value in text.details(message)[:FIELDS_MAX]]
    return {
        "text": f"{subject}. {sentence}".translate(_ESCAPES),
        "blocks": [
            {"type": "header", "text": _plain(text.line(subject, most=HEADER_CHARACTERS_MAX))},
            {"type": "section", "text": _plain(sentence)},
            {"type": "section", "fields": fields},
        ],
    }


def _plain(shown: str) -> Mapping[str, Any]:
    return {"type": "plain_text", "text": shown, "emoji": False}
