"""A mailbox: attachments of messages from allowed senders; messages are moved, never deleted."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from email.message import Message
from imaplib import Internaldate2tuple
from time import mktime
from typing import Any, ClassVar, Final

from providers.pickup import mail, problems
from providers.pickup.access import PickupAccess
from providers.pickup.attached import Attachment, attachments
from providers.pickup.base import (
    DOCUMENTS_MAX,
    SIZE_SHOWN_MAX,
    Archived,
    Changed,
    Document,
    Found,
    Known,
    Listing,
    Note,
    Passed,
    Session,
    Unfit,
)
from providers.pickup.imap import ANSWER_BYTES_MAX, ImapClient, Refused
from providers.pickup.settings import MailboxCredentials, MailboxSettings

HEADS_MAX: Final = 200  # messages whose headers one look reads
MESSAGES_MAX: Final = 100_000  # of the folder
HEAD_BYTES_MAX: Final = 16 * 1024
HEAD: Final = (
    "(UID RFC822.SIZE INTERNALDATE BODY.PEEK[HEADER.FIELDS (FROM MESSAGE-ID"
    f" AUTHENTICATION-RESULTS)]<0.{HEAD_BYTES_MAX}>)"
)
MARGIN_BYTES: Final = 64 * 1024  # of an answer, beside the message

_UID: Final = re.compile(rb"\bUID (\d{1,10})\b")
_SIZE: Final = re.compile(rb"\bRFC822\.SIZE (\d{1,18})\b")


class MailboxSource:
    """See `FileSource`."""

    slug: ClassVar[str] = "mailbox"
    name: ClassVar[str] = "Mailbox"
    documents_max: ClassVar[int] = DOCUMENTS_MAX
    every: ClassVar[timedelta] = timedelta(minutes=5)
    settings: ClassVar[type[MailboxSettings]] = MailboxSettings
    credentials: ClassVar[type[MailboxCredentials]] = MailboxCredentials

    def check(self, credentials: MailboxCredentials) -> None:
        """See `FileSource`: a password is whatever the server takes."""

    @asynccontextmanager
    async def opened(
        self, access: PickupAccess, settings: MailboxSettings, credentials: MailboxCredentials
    ) -> AsyncIterator[Session]:
        """See `FileSource`."""
        sock = await access.dial(settings.host, settings.port)
        client = ImapClient(sock, host=settings.host, port=settings.port, tls=access.tls)
        try:
            await client.login(settings.username, credentials.password.get_secret_value())
            try:
                validity = await client.select(settings.folder)
            except Refused as refused:
                if refused.is_temporary:
                    raise problems.failed() from None
                raise problems.folder_missing(settings.folder) from None
            yield _MailboxSession(client, settings, validity=validity, bytes_max=access.bytes_max)
        finally:
            await client.close()


class _MailboxSession:
    """See `Session`. The version of a message is its number, which no other gets."""

    def __init__(
        self, client: ImapClient, settings: MailboxSettings, *, validity: int, bytes_max: int
    ) -> None:
        self._client = client
        self._settings = settings
        self._validity = validity
        self._bytes_max = bytes_max

    async def look(self, known: Known) -> Listing:
        """See `Session`: messages that nobody looked at yet, the oldest first."""
        with _answered():
            uids = (await self._client.uids())[:MESSAGES_MAX]
        versions = {self._version(uid): uid for uid in uids}
        seen = await known(list(versions))
        unseen = [uid for version, uid in versions.items() if version not in seen]
        return Listing(
            found=await self._heads(unseen[:HEADS_MAX]) if unseen else (),
            is_whole=len(unseen) <= HEADS_MAX,
            has_more=len(unseen) > HEADS_MAX,
        )

    async def _heads(self, uids: Sequence[int]) -> list[Found]:
        with _answered():
            data = await self._client.fetch(uids, HEAD, bytes_max=ANSWER_BYTES_MAX)
        wanted = set(uids)
        found = {
            uid: self._found(uid, about, head)
            for uid, about, head in _answers(data)
            if uid in wanted
        }
        return [found[uid] for uid in uids if uid in found]

    def _found(self, uid: int, about: bytes, raw: bytes) -> Found:
        size = _SIZE.search(about)
        message = mail.head(raw)
        passed, reason = self._passed(message)
        if passed is None and (size is None or int(size[1]) > mail.MESSAGE_BYTES_MAX):
            passed, reason = Passed.REFUSED, "too-large"
        return Found(
            name=mail.message_id(message) or f"message {uid}",
            version=self._version(uid),
            size=0 if size is None else min(int(size[1]), SIZE_SHOWN_MAX),
            modified_at=_instant(about),
            passed=passed,
            reason=reason,
        )

    def _passed(self, message: Message) -> tuple[Passed | None, str | None]:
        """Whether a message is none to be read, and why."""
        address = mail.sender(message)
        if address is None or not mail.is_allowed(address, self._settings.senders):
            return Passed.IGNORED, "sender-not-allowed"
        server = self._settings.authentication_results
        if server is not None and not mail.is_authenticated(message, by=server, address=address):
            return Passed.REFUSED, "not-authenticated"
        return None, None

    async def fetch(self, name: str, version: str) -> AsyncIterator[Document]:
        """See `Session`: one document for each attachment."""
        uid = self._uid(version)
        if uid is None:
            raise Changed(version)
        with _answered():
            data = await self._client.fetch(
                [uid], "(UID BODY.PEEK[])", bytes_max=mail.MESSAGE_BYTES_MAX + MARGIN_BYTES
            )
        raw = next((content for number, _, content in _answers(data) if number == uid), None)
        if raw is None:
            raise Changed(version)
        message_id, attachments = await asyncio.to_thread(self._read, raw)
        for one in attachments:
            yield Document(
                name=one.name,
                media_type=one.media_type,
                chunks=_once(one.content),
                origin=message_id or version,
            )

    def _read(self, raw: bytes) -> tuple[str | None, Sequence[Attachment]]:
        message = mail.read(raw)
        passed, reason = self._passed(message)  # the head that was listed may be another
        if passed is not None:
            raise Unfit(reason or "", passed=passed)
        found = attachments(message, pattern=self._settings.pattern, bytes_max=self._bytes_max)
        return mail.message_id(message), found

    async def archive(
        self, name: str, version: str, *, intended: str | None, note: Note
    ) -> Archived:
        """See `Session`: moved where the server can, else marked as read."""
        uid = self._uid(version)
        with _answered():
            if uid is None or not await self._client.has(uid):
                return Archived.GONE if intended is None else Archived.MOVED
        folder = self._settings.archive_folder
        await note(folder or self._settings.folder)
        try:
            if folder is None or not await self._client.move(uid, folder):
                await self._client.mark(uid)
        except Refused:
            raise problems.not_archived(name) from None
        return Archived.MOVED

    def _version(self, uid: int) -> str:
        return f"{self._validity}:{uid}"

    def _uid(self, version: str) -> int | None:
        """The message's number; None where the folder's numbers mean others by now."""
        validity, _, uid = version.partition(":")
        return int(uid) if int(validity) == self._validity else None


def _answers(data: Sequence[Any]) -> Iterator[tuple[int, bytes, bytes]]:
    """Number, what is told of it, and content of each message in an answer to FETCH."""
    about, content = b"", b""
    for part in [*data, (b"", b"")]:
        if isinstance(part, tuple):
            uid = _UID.search(about)
            if uid is not None:
                yield int(uid[1]), about, content
            about, content = part[0], part[1]
        elif isinstance(part, bytes):
            about += b" " + part


def _instant(about: bytes) -> datetime | None:
    try:
        found = Internaldate2tuple(about)
        return None if found is None else datetime.fromtimestamp(mktime(found), UTC)
    except (OverflowError, ValueError, OSError):
        return None  # a day that there is not


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content


@contextmanager
def _answered() -> Iterator[None]:
    """Raises ProviderError where the server says no."""
    try:
        yield
    except Refused:
        raise problems.failed() from None


MAILBOX: Final = MailboxSource()
