"""Files on an SFTP server: listed, read and moved, the server's key pinned, links not followed."""

from __future__ import annotations

import asyncio
import posixpath
import stat
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from itertools import repeat
from typing import Any, ClassVar, Final

import asyncssh

from core.errors import BadInput
from core.provider_error import ProviderError
from providers.pickup import keys, names, problems
from providers.pickup.access import PickupAccess
from providers.pickup.base import (
    CHUNK_BYTES,
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
from providers.pickup.settings import SftpCredentials, SftpSettings
from providers.pickup.ssh import GOODBYE_S, LOGIN_S, connected, ended

PART_BYTES: Final = 32 * 1024  # that every server gives in one answer
LISTED_MAX: Final = 100_000  # entries of the folder
LOOK_S: Final = 120
COLLISIONS_MAX: Final = 1_000  # equal names in the archive
# It tells of logins and of files: nobody asked for that.
asyncssh.set_log_level("WARNING")
asyncssh.set_sftp_log_level("WARNING")


class SftpSource:
    """See `FileSource`."""

    slug: ClassVar[str] = "sftp"
    name: ClassVar[str] = "SFTP server"
    documents_max: ClassVar[int] = 1
    every: ClassVar[timedelta] = timedelta(minutes=5)
    settings: ClassVar[type[SftpSettings]] = SftpSettings
    credentials: ClassVar[type[SftpCredentials]] = SftpCredentials

    def check(self, credentials: SftpCredentials) -> None:
        """See `FileSource`: a key must open."""
        try:
            _client_key(credentials)
        except ProviderError as error:
            raise BadInput(f"{error.message} {error.next_step}") from None

    @asynccontextmanager
    async def opened(
        self, access: PickupAccess, settings: SftpSettings, credentials: SftpCredentials
    ) -> AsyncIterator[Session]:
        """See `FileSource`."""
        key = await asyncio.to_thread(_client_key, credentials)  # a passphrase takes its time
        async with AsyncExitStack() as stack:
            with _told("the login"):
                connection = await connected(access, settings, credentials, key)
                stack.push_async_callback(ended, connection)
                async with asyncio.timeout(LOGIN_S):
                    sftp = await connection.start_sftp_client()
                stack.callback(sftp.exit)
            yield _SftpSession(sftp, settings, access)


class _SftpSession:
    """See `Session`."""

    def __init__(
        self, sftp: asyncssh.SFTPClient, settings: SftpSettings, access: PickupAccess
    ) -> None:
        self._sftp = sftp
        self._settings = settings
        self._bytes_max = access.bytes_max
        self._patience_s = access.patience_s

    async def look(self, known: Known) -> Listing:
        """See `Session`: files of the folder alone that match, the oldest first."""
        found: list[Found] = []
        is_whole = True
        folder = self._settings.path
        with _told(f"to list {folder!r}", folder=folder):
            async with (
                asyncio.timeout(LOOK_S),
                aclosing(self._sftp.scandir(folder.encode())) as entries,  # type: ignore[type-var]  # it is a generator
            ):
                number = 0
                async for entry in entries:
                    number += 1
                    if number > LISTED_MAX:
                        is_whole = False
                        break
                    found += self._wanted(entry)
        found.sort(key=lambda one: (one.version.rpartition(":")[2].rjust(20, "0"), one.name))
        return Listing(found=found, is_whole=is_whole)

    def _wanted(self, entry: asyncssh.SFTPName) -> Iterator[Found]:
        raw = bytes(entry.filename) if isinstance(entry.filename, bytes) else b""
        name = raw.decode("utf-8", "surrogateescape")
        attrs = entry.attrs
        if name in (".", "..") or _is_folder(attrs):
            return
        if not names.matches(name, self._settings.pattern):
            return
        found = Found(
            name=name,
            version=_version(attrs),
            size=attrs.size or 0,
            modified_at=_instant(attrs.mtime),
        )
        reason = _refusal(name, attrs, bytes_max=self._bytes_max)
        if reason is None:
            yield found
        else:
            yield Found(
                name=names.shown(name),
                version=found.version,
                size=min(found.size, SIZE_SHOWN_MAX),
                modified_at=found.modified_at,
                passed=Passed.REFUSED,
                reason=reason,
            )

    async def fetch(self, name: str, version: str) -> AsyncIterator[Document]:
        """See `Session`."""
        yield Document(name=name, media_type=None, chunks=self._chunks(name, version))

    async def _chunks(self, name: str, version: str) -> AsyncGenerator[bytes, None]:
        """The bytes, which are of one version from the first to the last."""
        path = self._path(self._settings.path, name)
        size = int(version.partition(":")[0])
        if size > self._bytes_max:
            raise Unfit("too-large")
        if await self._version(path) != version:
            raise Changed(name)
        with _told(f"to read {name!r}"):
            async with asyncio.timeout(self._patience_s):
                try:
                    file = await self._sftp.open(path, "rb", block_size=0)
                except asyncssh.SFTPPermissionDenied:
                    raise Unfit("not-permitted") from None  # the others may be
            try:
                offset = 0
                while offset <= size:
                    async with asyncio.timeout(self._patience_s):
                        chunk = await _read(file, offset, min(CHUNK_BYTES, size + 1 - offset))
                    if not chunk:
                        break
                    offset += len(chunk)
                    yield chunk
            finally:
                with suppress(asyncssh.Error, OSError, TimeoutError):
                    async with asyncio.timeout(GOODBYE_S):  # a silent server is heard no longer
                        await file.close()
        if offset != size or await self._version(path) != version:
            raise Changed(name)

    async def archive(
        self, name: str, version: str, *, intended: str | None, note: Note
    ) -> Archived:
        """See `Session`: moved by its name; what has that name in the archive stays."""
        assert self._settings.archive_path is not None
        source = self._path(self._settings.path, name)
        there = await self._version(source)
        if there is None:
            is_ours = intended is not None and await self._version(intended.encode()) == version
            return Archived.MOVED if is_ours else Archived.GONE
        if there != version:
            return Archived.REPLACED
        await self._make_folder(self._settings.archive_path)
        target = await self._free(name)
        await note(target.decode())
        with _told(f"to move {name!r}", folder=self._settings.archive_path):
            try:
                async with asyncio.timeout(self._patience_s):
                    await self._sftp.rename(source, target)
            except (asyncssh.SFTPFailure, asyncssh.SFTPOpUnsupported):
                raise problems.not_archived(name) from None
        if await self._version(target) != version:
            # Another version came in the moment between: it is to be fetched, so it goes back.
            with _told(f"to move {name!r}"):
                await self._sftp.rename(target, source)
            return Archived.REPLACED
        return Archived.MOVED

    async def _free(self, name: str) -> bytes:
        """A path in the archive where nothing is."""
        assert self._settings.archive_path is not None
        for number in range(1, COLLISIONS_MAX):
            tried = name if number == 1 else names.numbered(name, number)
            path = self._path(self._settings.archive_path, tried)
            if await self._attrs(path) is None:
                return path
        raise problems.not_permitted(f"to archive {name!r}: too many have its name")

    async def _make_folder(self, path: str) -> None:
        if await self._attrs(path.encode()) is None:
            with _told(f"to make {path!r}", folder=posixpath.dirname(path) or "."):
                await self._sftp.mkdir(path.encode())

    async def _version(self, path: bytes) -> str | None:
        """The version of the regular file at a path; None where there is none."""
        attrs = await self._attrs(path)
        if attrs is None:
            return None
        return _version(attrs) if _is_regular(attrs) else "no file"

    async def _attrs(self, path: bytes) -> asyncssh.SFTPAttrs | None:
        """Of the path itself, were it a link; None where nothing is."""
        with _told("to look at a file"):
            try:
                async with asyncio.timeout(self._patience_s):
                    return await self._sftp.lstat(path)
            except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
                return None

    def _path(self, folder: str, name: str) -> bytes:
        """A name that the database has passed `is_plain`, or it would not be there."""
        assert names.is_plain(name)
        return posixpath.join(folder, name).encode()


async def _read(file: asyncssh.SFTPClientFile, offset: int, size: int) -> bytes:
    """So many bytes, fewer at the end of the file; asked for in parts at once, for banks are far.

    Whoever gives up waiting gives up all of them: asyncssh's own way leaves some behind.
    """
    whole = bytearray()
    starts = range(offset, offset + size, PART_BYTES)
    sizes = [min(PART_BYTES, offset + size - start) for start in starts]
    parts = await asyncio.gather(*map(_read_part, repeat(file), starts, sizes))
    for part, wanted in zip(parts, sizes, strict=True):
        whole += part
        if len(part) < wanted:
            break
    return bytes(whole)


async def _read_part(file: asyncssh.SFTPClientFile, offset: int, size: int) -> bytes:
    part = b""
    while len(part) < size:  # servers may give less than they are asked for
        more: Any = await file.read(size - len(part), offset + len(part))
        if not more:
            break
        part += more
    return part


def _client_key(credentials: SftpCredentials) -> asyncssh.SSHKey | None:
    if credentials.private_key is None:
        return None
    phrase = credentials.passphrase
    return keys.opened(
        credentials.private_key.get_secret_value(),
        None if phrase is None else phrase.get_secret_value(),
    )


def _refusal(name: str, attrs: asyncssh.SFTPAttrs, *, bytes_max: int) -> str | None:
    """Why a file is not to be fetched; None: it is."""
    if not names.is_plain(name) or any("\ud800" <= sign <= "\udfff" for sign in name):
        return "name-refused"
    if not _is_regular(attrs):
        return "no-regular-file"
    if attrs.size is None or attrs.mtime is None:
        return "size-unknown"
    if attrs.size > bytes_max:
        return "too-large"
    return None


def _version(attrs: asyncssh.SFTPAttrs) -> str:
    return f"{attrs.size or 0}:{attrs.mtime or 0}"


def _instant(seconds: Any) -> datetime | None:
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _is_regular(attrs: asyncssh.SFTPAttrs) -> bool:
    return attrs.permissions is not None and stat.S_ISREG(attrs.permissions)


def _is_folder(attrs: asyncssh.SFTPAttrs) -> bool:
    return attrs.permissions is not None and stat.S_ISDIR(attrs.permissions)


@contextmanager
def _told(what: str, *, folder: str | None = None) -> Iterator[None]:
    """Raises ProviderError for whatever the server or the way to it does."""
    try:
        yield
    except asyncssh.PermissionDenied:
        raise problems.login_refused() from None
    except (asyncssh.KeyExchangeFailed, asyncssh.ProtocolNotSupported):
        raise problems.nothing_in_common() from None
    except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath, asyncssh.SFTPNotADirectory):
        if folder is None:
            raise Changed(what) from None
        raise problems.folder_missing(folder) from None
    except (asyncssh.SFTPPermissionDenied, asyncssh.SFTPWriteProtect):
        raise problems.not_permitted(what) from None
    except (asyncssh.SFTPBadMessage, asyncssh.ProtocolError, asyncssh.CompressionError):
        raise problems.unintelligible() from None
    except (asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection, asyncssh.DisconnectError):
        raise problems.broken() from None
    except asyncssh.SFTPError:
        raise problems.failed() from None
    except (asyncssh.Error, OSError, TimeoutError):
        raise problems.broken() from None


SFTP: Final = SftpSource()
