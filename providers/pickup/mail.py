"""Mails: read within bounds, and who sent them as far as that can be told."""

from __future__ import annotations

import re
from collections.abc import Sequence
from email import parser
from email.errors import MessageError
from email.headerregistry import HeaderRegistry
from email.message import Message
from typing import Any, Final

from providers.pickup import names
from providers.pickup.base import Unfit

MESSAGE_BYTES_MAX: Final = 32 * 1024 * 1024
PARTS_MAX: Final = 40  # that hold others: as deep as a message can be
LINES_TIMES_PARTS_MAX: Final = 4_000_000  # what reading it costs
VALUE_MAX: Final = 4_000  # characters of a header that is read
ID_MAX: Final = 500

_ADDRESS: Final = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9-]+(\.[a-z0-9-]+)+")
_HOLDER: Final = re.compile(rb"multipart/|message/", re.IGNORECASE)
_FOLD: Final = re.compile(r"[\r\n]+")
# What the parser of the standard library raises for headers that are made for it.
_UNREADABLE: Final = (
    MessageError,
    ValueError,
    LookupError,
    AttributeError,
    TypeError,
    AssertionError,
    RecursionError,
)
_REGISTRY: Final = HeaderRegistry()


def head(raw: bytes) -> Message:
    """The headers alone."""
    return parser.BytesHeaderParser().parsebytes(raw)


def read(raw: bytes) -> Message:
    """A message. Raises Unfit for one that is made to cost more to read than a message does."""
    if len(raw) > MESSAGE_BYTES_MAX:
        raise Unfit("too-large")
    holders = len(_HOLDER.findall(raw))
    if holders > PARTS_MAX or raw.count(b"\n") * (holders + 1) > LINES_TIMES_PARTS_MAX:
        raise Unfit("too-nested")
    try:
        return parser.BytesParser().parsebytes(raw)
    except (RecursionError, ValueError, LookupError):
        raise Unfit("message-unreadable") from None


def message_id(message: Message) -> str | None:
    """Its Message-ID, as a person may see it; None: it has none."""
    found = _text(message.get("Message-ID"))
    return None if not found else names.shown(found.strip())[:ID_MAX] or None


def sender(message: Message) -> str | None:
    """The address that it says it is from; None where it names none, several, or hides it."""
    values = message.get_all("From") or []
    if len(values) != 1:
        return None
    try:
        parsed: Any = _REGISTRY("From", _text(values[0]) or "")
    except _UNREADABLE:
        return None
    is_group = any(group.display_name is not None for group in parsed.groups)
    if parsed.defects or is_group or len(parsed.addresses) != 1:
        return None
    address = parsed.addresses[0].addr_spec.lower()
    return address if _ADDRESS.fullmatch(address) else None


def is_allowed(address: str, allowed: Sequence[str]) -> bool:
    """Whether an address, or its domain written as `@bank.example`, is among the allowed."""
    return address in allowed or f"@{address.rpartition('@')[2]}" in allowed


def is_authenticated(message: Message, *, by: str, address: str) -> bool:
    """Whether the receiving server says that DMARC passed for the sender's domain.

    Its own header is the topmost one: a sender can write others, but not above it.
    """
    for value in message.get_all("Authentication-Results") or []:
        parts = _parts(_text(value) or "")
        server = parts[0].split()[0].strip('"').lower() if parts and parts[0].split() else ""
        if server == by:
            return any(_passed(part, address.rpartition("@")[2]) for part in parts[1:])
    return False


def _text(value: object) -> str | None:
    """A header's value, unfolded; None where it is longer than anybody needs."""
    if value is None:
        return None
    text = _FOLD.sub("", str(value))
    return text if len(text) <= VALUE_MAX else None


def _parts(value: str) -> list[str]:
    """What semicolons separate, without comments; neither counts within quotes."""
    parts, depth, is_quoted, escaped = [""], 0, False, False
    for sign in value:
        if escaped:
            escaped = False
        elif sign == "\\":
            escaped = True
            continue
        elif depth == 0 and sign == '"':
            is_quoted = not is_quoted
        elif not is_quoted and sign == "(":
            depth += 1
            continue
        elif not is_quoted and sign == ")" and depth:
            depth -= 1
            continue
        elif not is_quoted and depth == 0 and sign == ";":
            parts.append("")
            continue
        if depth == 0:
            parts[-1] += " " if is_quoted and sign.isspace() else sign
    return [re.sub(r"\s*=\s*", "=", part.strip()) for part in parts]


def _passed(part: str, domain: str) -> bool:
    """Whether a result is that DMARC passed for the domain."""
    words = re.sub(r'"[^"]*"', '""', part).lower().split()
    if not words or words[0] not in ("dmarc=pass", "dmarc/1=pass"):
        return False
    named = [word.removeprefix("header.from=") for word in words if word.startswith("header.from=")]
    return named == [domain]
