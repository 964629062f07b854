"""IMAP over TLS, in a thread, within bounds: of time, of bytes, of how much is asked at once."""

from __future__ import annotations

import asyncio
import base64
import imaplib
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any, Final, TypeVar

from core.errors import BankfeedsError
from core.provider_error import ProviderError
from providers.pickup import problems

CALL_S: Final = 30  # of silence
COMMAND_S: Final = 300  # of one command, however much the server says meanwhile
ANSWER_BYTES_MAX: Final = 16 * 1024 * 1024
THREADS: Final = 16

_THREADS: Final = ThreadPoolExecutor(THREADS, thread_name_prefix="imap")
_TEMPORARY: Final = re.compile(rb"\[(UNAVAILABLE|INUSE|LIMIT|SERVERBUG)\]", re.IGNORECASE)
Answer = TypeVar("Answer")


class Refused(BankfeedsError):
    """The server answered no; its words are its own, and go nowhere."""

    def __init__(self, words: bytes) -> None:
        super().__init__("the server answered no")
        self.is_temporary = _TEMPORARY.search(words) is not None
        self.wants_folder = b"[TRYCREATE]" in words.upper()


class Bounded(imaplib.IMAP4_SSL):
    """The standard library's client, on a socket that is there, to a server that may be hostile."""

    def __init__(self, sock: ssl.SSLSocket, *, host: str, port: int) -> None:
        self._secured = sock
        self.allow(ANSWER_BYTES_MAX)
        super().__init__(host, port, ssl_context=sock.context, timeout=CALL_S)

    def allow(self, bytes_max: int) -> None:
        """Lets the server answer so much to what is asked next."""
        self._left = bytes_max
        self._until = time.monotonic() + COMMAND_S

    def _create_socket(self, timeout: Any) -> ssl.SSLSocket:
        self._secured.settimeout(timeout)
        return self._secured

    def read(self, size: int) -> bytes:
        """What the server says, within the bounds."""
        self._spend(size)
        return super().read(size)

    def readline(self) -> bytes:
        """A line of what it says, within the bounds."""
        line = super().readline()
        self._spend(len(line))
        return line

    def _spend(self, size: int) -> None:
        self._left -= size
        if self._left < 0 or time.monotonic() > self._until:
            raise self.abort("the server says too much")


class ImapClient:
    """One connection. Every method but `close` raises ProviderError, and Refused where it says."""

    def __init__(self, sock: socket.socket, *, host: str, port: int, tls: ssl.SSLContext) -> None:
        self._sock: socket.socket = sock
        self._where = (host, port, tls)
        self._imap: Bounded | None = None

    async def login(self, username: str, password: str) -> None:
        """Connects and logs in; the password is sent to a server with a valid certificate alone."""
        await self._done(lambda: self._logged_in(username, password))

    async def select(self, folder: str) -> int:
        """Opens a folder; the number that makes those of its messages mean something."""

        def selected(imap: Bounded) -> int:
            self._asked(imap.select(_quoted(folder)))
            _, values = imap.response("UIDVALIDITY")
            return _number(values[0] if values else None)

        return await self._called(selected)

    async def uids(self) -> Sequence[int]:
        """The numbers of all messages of the folder, the oldest first."""
        data = await self._called(lambda imap: self._asked(imap.uid("SEARCH", "ALL")))
        return sorted(_number(word) for part in data if part for word in part.split())

    async def has(self, uid: int) -> bool:
        """Whether a message is in the folder."""
        data = await self._called(lambda imap: self._asked(imap.uid("SEARCH", f"UID {uid}")))
        return any(_number(word) == uid for part in data if part for word in part.split())

    async def fetch(self, uids: Sequence[int], what: str, *, bytes_max: int) -> Sequence[Any]:
        """Parts of messages, as the standard library gives them."""

        def fetched(imap: Bounded) -> Sequence[Any]:
            imap.allow(bytes_max)
            return self._asked(imap.uid("FETCH", ",".join(map(str, uids)), what))

        return await self._called(fetched)

    async def move(self, uid: int, folder: str) -> bool:
        """Moves a message; False where the server cannot without a moment in which it is lost."""

        def moved(imap: Bounded) -> bool:
            if "MOVE" not in imap.capabilities:
                return False
            try:
                self._asked(imap.uid("MOVE", str(uid), _quoted(folder)))
            except Refused as refused:
                if not refused.wants_folder:
                    raise
                self._asked(imap.create(_quoted(folder)))
                self._asked(imap.uid("MOVE", str(uid), _quoted(folder)))
            return True

        return await self._called(moved)

    async def mark(self, uid: int) -> None:
        """Marks a message as read."""
        await self._called(
            lambda imap: self._asked(imap.uid("STORE", str(uid), "+FLAGS.SILENT", r"(\Seen)"))
        )

    async def close(self) -> None:
        """Ends the connection, whatever state it is in."""

        def ended() -> None:
            if self._imap is not None:
                with suppress(imaplib.IMAP4.error, OSError):
                    self._imap.allow(ANSWER_BYTES_MAX)
                    self._imap.logout()
                with suppress(OSError):  # a goodbye that failed has closed nothing
                    self._imap.shutdown()
            self._sock.close()

        await asyncio.get_running_loop().run_in_executor(_THREADS, ended)

    def _logged_in(self, username: str, password: str) -> None:
        host, port, tls = self._where
        self._sock.settimeout(CALL_S)
        # The socket that is wrapped is let go of. Ours is the new one, before the server is heard:
        # whoever gives up waiting must be able to close it.
        sock = tls.wrap_socket(self._sock, server_hostname=host, do_handshake_on_connect=False)
        self._sock = sock
        try:
            sock.do_handshake()
        except (ssl.SSLCertVerificationError, ssl.SSLEOFError, ssl.SSLZeroReturnError):
            raise
        except ssl.SSLError:
            raise problems.no_safe_tls() from None
        imap = self._imap = Bounded(sock, host=host, port=port)
        try:
            if "AUTH=PLAIN" in imap.capabilities:
                imap.authenticate("PLAIN", lambda _: f"\0{username}\0{password}".encode())
            else:
                imap.login(username, password)
        except imaplib.IMAP4.abort:
            raise
        except (imaplib.IMAP4.error, UnicodeEncodeError) as error:
            if isinstance(error, imaplib.IMAP4.error) and Refused(_words(error)).is_temporary:
                raise problems.failed() from None
            raise problems.login_refused() from None
        typ, data = imap.capability()  # what it can do for those who are logged in
        words = b" ".join(one for one in data if isinstance(one, bytes)).decode("ascii", "replace")
        if typ == "OK" and words:
            imap.capabilities = tuple(words.upper().split())

    def _asked(self, answer: tuple[str, Sequence[Any]]) -> Sequence[Any]:
        status, data = answer
        if status != "OK":
            raise Refused(b" ".join(one for one in data if isinstance(one, bytes)))
        return data

    async def _called(self, work: Callable[[Bounded], Answer]) -> Answer:
        imap = self._imap
        assert imap is not None
        imap.allow(ANSWER_BYTES_MAX)
        return await self._done(lambda: work(imap))

    async def _done(self, work: Callable[[], Answer]) -> Answer:
        """Does it in a thread. Who gives up waiting closes the socket, and the thread ends soon."""
        task = asyncio.get_running_loop().run_in_executor(_THREADS, work)
        try:
            with _told():
                return await asyncio.shield(task)
        except asyncio.CancelledError:
            with suppress(OSError):
                self._sock.shutdown(socket.SHUT_RDWR)
            await asyncio.wait([task])
            if not task.cancelled():
                task.exception()  # is nobody's any more
            raise


@contextmanager
def _told() -> Iterator[None]:
    """Raises ProviderError for whatever the server or the way to it does."""
    try:
        yield
    except (ProviderError, Refused):
        raise
    except ssl.SSLCertVerificationError:
        raise problems.untrusted_certificate() from None
    except imaplib.IMAP4.abort:
        raise problems.broken() from None
    except (OSError, EOFError):
        raise problems.broken() from None
    except (imaplib.IMAP4.error, ValueError, LookupError):
        raise problems.unintelligible() from None


def _words(error: imaplib.IMAP4.error) -> bytes:
    return b" ".join(one if isinstance(one, bytes) else str(one).encode() for one in error.args)


def _number(word: Any) -> int:
    """A number of the server's. Raises ValueError for anything else."""
    if not isinstance(word, bytes) or not word.isdigit() or len(word) > 10:
        raise ValueError("no number")
    return int(word)


def _quoted(folder: str) -> str:
    escaped = _encoded(folder).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _encoded(folder: str) -> str:
    """The name in IMAP's own UTF-7."""

    def shifted(match: re.Match[str]) -> str:
        coded = base64.b64encode(match[0].encode("utf-16-be")).decode().rstrip("=")
        return f"&{coded.replace('/', ',')}-"

    return re.sub(r"[^\x20-\x7e]+", shifted, folder.replace("&", "&-"))
