"""What a message says to a person: one line, a sentence, and what it is about."""

from __future__ import annotations

import unicodedata
from typing import Final

from channels.base import Message
from core.notifications import TITLES, NotificationKind

LINE_CHARACTERS_MAX: Final = 200
VALUE_CHARACTERS_MAX: Final = 500
VALUES_MAX: Final = 20

_SENTENCES: Final = {
    NotificationKind.INITIAL_SYNC_COMPLETE: "The newest transactions are there; the history of"
    " earlier ones follows.",
    NotificationKind.HISTORICAL_SYNC_COMPLETE: "All that the source has of earlier transactions"
    " is there.",
    NotificationKind.REAUTHENTICATION_REQUIRED: "Nothing new arrives until somebody signs in at"
    " the institution again, or gives the right password or key.",
    NotificationKind.FAILING_REPEATEDLY: "Its last syncs failed. They go on being tried; what"
    " arrived before stays.",
    NotificationKind.TOKEN_EXPIRING: "Renew the access before it expires, so that nothing is"
    " missed.",
    NotificationKind.WEBHOOK_DEAD: "An event from the source was given up after several attempts."
    " An admin may replay it.",
    NotificationKind.NEW_ACCOUNTS_AVAILABLE: "The source has accounts that are not connected yet.",
    NotificationKind.CONNECTION_REVOKED: "The institution or its customer took the access back."
    " What arrived before stays.",
    NotificationKind.CONNECTION_STOPPED: "Trying again changes nothing until somebody puts it"
    " right, as is said below. What arrived before stays.",
    NotificationKind.DATA_ANOMALY: "Look at what arrived last before relying on it.",
    NotificationKind.CHANNEL_DISABLED: "Messages to it did not arrive. Turn it on again when that"
    " is mended.",
    NotificationKind.TEST: "Messages arrive here.",
}


def subject(message: Message) -> str:
    """One line: what happened, and to which connection."""
    title = TITLES[message.kind]
    return title if message.connection_name is None else f"{title}: {line(message.connection_name)}"


def sentence(message: Message) -> str:
    """What it means, and what to do."""
    return _SENTENCES[message.kind]


def details(message: Message) -> list[tuple[str, str]]:
    """Name and value of what it is about."""
    found = [("Company", line(message.tenant_name))]
    if message.connection_name is not None:
        found.append(("Connection", line(message.connection_name)))
    found += [
        (line(name), line(str(value), most=VALUE_CHARACTERS_MAX))
        for name, value in sorted(message.data.items())[:VALUES_MAX]
    ]
    return [*found, ("Time", message.created_at.strftime("%Y-%m-%d %H:%M UTC"))]


def line(text: str, *, most: int = LINE_CHARACTERS_MAX) -> str:
    """A text that somebody chose, in one line: no breaks, no controls, nothing that turns it."""
    shown = "".join(
        " " if unicodedata.category(character)[0] in "CZ" else character
        for character in text[: most * 4]
    )
    words = " ".join(shown.split())
    return words if len(words) <= most else f"{words[: most - 1]}…"
