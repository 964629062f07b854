"""Files in a mail: attached, in a forwarded mail, or written into its text as uuencode."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import header
from email.errors import CloseBoundaryNotFoundDefect, InvalidBase64LengthDefect
from email.message import Message
from typing import Final

from providers.pickup import names
from providers.pickup.base import DOCUMENTS_MAX, Passed, Unfit
from providers.pickup.mail import VALUE_MAX, read

FORWARDED_MAX: Final = 5  # mails in mails in mails that are encoded as a whole
_BEGIN: Final = re.compile(rb"begin [0-7]{3,4} (?P<name>[^\r\n]{1,255})")
# What hides files from us: told as such, that somebody sees why nothing came of the message.
_PACKED: Final = {
    "application/ms-tnef": "winmail-dat",
    "application/vnd.ms-tnef": "winmail-dat",
    "application/zip": "zip-attachment",
    "application/x-zip-compressed": "zip-attachment",
    "application/pkcs7-mime": "message-encrypted",
    "application/x-pkcs7-mime": "message-encrypted",
    "application/pgp-encrypted": "message-encrypted",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file in a message."""

    name: str
    media_type: str
    content: bytes = field(repr=False)


def attachments(message: Message, *, pattern: str, bytes_max: int) -> list[Attachment]:
    """What is attached and matches. Raises Unfit where there is nothing, or too much."""
    found: list[Attachment] = []
    packed: str | None = None
    for part in _parts(message, forwarded=0):
        packed = packed or _packed(part)
        for one in _of_part(part, pattern):
            if len(found) == DOCUMENTS_MAX:
                raise Unfit("too-many-attachments")
            if len(one.content) > bytes_max:
                raise Unfit("too-large")
            found.append(one)
    if not found and packed is not None:
        raise Unfit(packed)
    if not found:
        raise Unfit("no-attachment", passed=Passed.IGNORED)
    return found


def _parts(message: Message, *, forwarded: int) -> Iterator[Message]:
    """All parts that hold no others, those of forwarded mails too."""
    for part in message.walk():
        if any(isinstance(one, CloseBoundaryNotFoundDefect) for one in part.defects):
            raise Unfit("message-cut-off")  # the last file may have lost its end
        if part.get_content_type() == "message/rfc822" and _is_base64(part):
            if forwarded == FORWARDED_MAX:
                raise Unfit("too-nested")
            yield from _parts(read(_forwarded(part)), forwarded=forwarded + 1)
        elif not part.is_multipart():
            yield part


def _of_part(part: Message, pattern: str) -> Iterator[Attachment]:
    name = names.last_part(_filename(part))
    if name:
        if names.is_plain(name) and names.matches(name, pattern):
            content = part.get_payload(decode=True)
            if any(isinstance(one, InvalidBase64LengthDefect) for one in part.defects):
                raise Unfit("message-cut-off")
            if isinstance(content, bytes):
                media_type = part.get_content_type()[:200]
                yield Attachment(name=name, media_type=media_type, content=content)
    elif part.get_content_type() == "text/plain":
        text = part.get_payload(decode=True)
        if isinstance(text, bytes) and b"begin " in text:
            yield from _uuencoded(text, pattern)


def _uuencoded(text: bytes, pattern: str) -> Iterator[Attachment]:
    """Files in a text, as mails had them before there were attachments."""
    name, chunks = None, bytearray()
    for line in text.splitlines():
        if name is None:
            begun = _BEGIN.fullmatch(line.rstrip())
            given = names.last_part(begun["name"].decode("utf-8", "replace")) if begun else ""
            if names.is_plain(given) and names.matches(given, pattern):
                name, chunks = given, bytearray()
        elif line.strip() == b"end":
            yield Attachment(
                name=name, media_type="application/octet-stream", content=bytes(chunks)
            )
            name = None
        else:
            try:
                chunks += binascii.a2b_uu(line)
            except binascii.Error:
                raise Unfit("message-unreadable") from None
    if name is not None:
        raise Unfit("message-cut-off")


def _forwarded(part: Message) -> bytes:
    """A mail that is encoded as a whole, which none may be and some are."""
    inner = part.get_payload(0) if part.is_multipart() else part
    text = inner.get_payload() if isinstance(inner, Message) else ""
    try:
        return base64.b64decode(text) if isinstance(text, str) else b""
    except ValueError:
        raise Unfit("message-unreadable") from None


def _is_base64(part: Message) -> bool:
    return str(part.get("Content-Transfer-Encoding", "")).strip().lower() == "base64"


def _packed(part: Message) -> str | None:
    """Why nothing can be seen of what a part holds."""
    name = _filename(part).lower()
    if name.endswith(".zip"):
        return "zip-attachment"
    if name == "winmail.dat":
        return "winmail-dat"
    return _PACKED.get(part.get_content_type())


def _filename(part: Message) -> str:
    try:
        given = part.get_filename() or ""
        return str(header.make_header(header.decode_header(given)))[:VALUE_MAX]
    except (ValueError, LookupError, TypeError):  # charsets that there are not, and worse
        return ""
