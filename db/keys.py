"""Key-encryption keys: from a local file or from the environment, several at once for rotation.

Keys that a service across the network holds are in `db/kms.py`.
"""

from __future__ import annotations

import asyncio
import base64
import json
import math
import os
import re
import stat
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final
from uuid import uuid4

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import BaseModel, ConfigDict, ValidationError

from core.errors import BankfeedsError, SealBroken, UnknownKey
from core.vault import Aad

KEY_BYTES: Final = 32
KEYS_MAX: Final = 64
FILE_BYTES_MAX: Final = 64 * 1024
FILE_READ_EVERY_S: Final = 1
VARIABLE: Final = "BANKFEEDS_KEYS"

_KEY_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
_NONCE_BYTES: Final = 12


class InvalidKeys(BankfeedsError):
    """The configured keys cannot be used; the message names the file or variable and the remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldKeys:
    """A `KeyRing` of AES-256 keys in this process's memory."""

    keys: Mapping[str, bytes] = field(repr=False)
    current_id: str

    @staticmethod
    def of(key_id: str, key: bytes) -> HeldKeys:
        """A ring with one key."""
        return HeldKeys(keys={key_id: key}, current_id=key_id)

    @property
    def key_ids(self) -> Sequence[str]:
        """The current one, then the others."""
        return (self.current_id, *(one for one in self.keys if one != self.current_id))

    async def wrap(self, data_key: bytes, aad: Aad) -> bytes:
        """The data key under the current key, in 60 bytes."""
        nonce = os.urandom(_NONCE_BYTES)
        cipher = AESGCM(self.keys[self.current_id])
        return nonce + cipher.encrypt(nonce, data_key, _bound(self.current_id, aad))

    async def unwrap(self, key_id: str, wrapped: bytes, aad: Aad) -> bytes:
        """The data key. Raises UnknownKey or SealBroken."""
        key = self.keys.get(key_id)
        if key is None:
            raise UnknownKey(f"the key-encryption key {key_id!r} is not configured here")
        nonce, sealed = wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:]
        if len(nonce) < _NONCE_BYTES:
            raise SealBroken("the wrapped data key is too short")
        try:
            data_key = AESGCM(key).decrypt(nonce, sealed, _bound(key_id, aad))
        except InvalidTag as error:
            raise SealBroken("the wrapped data key does not open") from error
        return data_key


class FileKeys:
    """A `KeyRing` of a key file, which may be given a new key while the process runs.

    What that key sealed opens at once, so that processes may be restarted one after the other;
    each of them seals under it from its next start on.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held = keys_from_file(path)
        self._read_at = -math.inf
        self._reading = asyncio.Lock()

    def __repr__(self) -> str:
        return f"FileKeys({str(self._path)!r}, current_id={self.current_id!r})"

    @property
    def current_id(self) -> str:
        """The file's current key when the process started."""
        return self._held.current_id

    @property
    def key_ids(self) -> Sequence[str]:
        """The current one, then the others."""
        return self._held.key_ids

    async def wrap(self, data_key: bytes, aad: Aad) -> bytes:
        """The data key under the current key, in 60 bytes."""
        return await self._held.wrap(data_key, aad)

    async def unwrap(self, key_id: str, wrapped: bytes, aad: Aad) -> bytes:
        """The data key. Raises UnknownKey or SealBroken."""
        if key_id not in self._held.keys:
            await self._read_again()
        return await self._held.unwrap(key_id, wrapped, aad)

    async def _read_again(self) -> None:
        """Takes in what the file has more. Ids may come from outside: once a second is enough."""
        async with self._reading:  # whoever waits here finds what was read meanwhile
            if time.monotonic() - self._read_at < FILE_READ_EVERY_S:
                return
            with suppress(InvalidKeys):
                found = await asyncio.to_thread(keys_from_file, self._path)
                self._held = replace(self._held, keys={**found.keys, **self._held.keys})
            self._read_at = time.monotonic()


def keys_from_environment(value: str) -> HeldKeys:
    """The keys of `BANKFEEDS_KEYS`: "id:base64,id:base64", the first is current."""
    entries = [entry.strip().partition(":") for entry in value.split(",") if entry.strip()]
    return _held(
        [(key_id.strip(), encoded) for key_id, _, encoded in entries],
        current_id=entries[0][0].strip() if entries else "",
        place=VARIABLE,
    )


def keys_from_file(path: Path) -> HeldKeys:
    """The keys of a key file that only its owner may read."""
    try:
        document = _KeyFile.model_validate_json(read_private(path))
    except ValidationError:
        # Without its cause, which quotes the input, and with it keys.
        raise InvalidKeys(
            f'{path} is no key file: write {{"current": "id", "keys": {{"id": "base64"}}}}'
        ) from None
    return _held(list(document.keys.items()), current_id=document.current, place=str(path))


def create_key_file(path: Path) -> HeldKeys:
    """The keys of the file, which is made with one random key where there is none."""
    if not path.exists():
        create_private(path, _encoded({"k1": os.urandom(KEY_BYTES)}, current_id="k1"))
    return keys_from_file(path)


def add_key(path: Path, key_id: str) -> HeldKeys:
    """A new random key, current from now on; the older ones stay, to open what they sealed.

    Raises InvalidKeys where that cannot be; then the file is as it was.
    """
    path = path.resolve()
    try:
        with _alone(path.parent):
            _add_key(path, key_id)
    except OSError as error:
        raise InvalidKeys(f"{path} cannot be written: {error.strerror}") from error
    return keys_from_file(path)


def _add_key(path: Path, key_id: str) -> None:
    held = keys_from_file(path)
    if key_id in held.keys:
        raise InvalidKeys(f"{path} holds a key {key_id!r} already: choose another id")
    if not _KEY_ID.fullmatch(key_id) or len(held.keys) == KEYS_MAX:
        raise InvalidKeys(
            f"{path} takes no key {key_id!r}: an id is 1 to 32 letters, digits, '.', '_' and '-',"
            f" and {KEYS_MAX} keys are the most"
        )
    keys = {key_id: os.urandom(KEY_BYTES), **held.keys}
    _written(path, _encoded(keys, current_id=key_id)).replace(path)


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Keeps out whoever else adds a key: the key of one of both would be lost.

    At the end what was renamed in the directory is on disk.
    """
    if sys.platform == "win32":
        yield
        return
    import fcntl

    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_private(path: Path) -> bytes:
    """The bytes of a small regular file that nobody but its owner may read or write.

    Raises InvalidKeys where it is missing, too large, not ours, or open to others.
    """
    try:
        # Unbuffered and not blocking: opening a pipe must neither hang nor read from it.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        raise InvalidKeys(f"{path} cannot be read: {error.strerror}") from error
    try:
        _refuse_open_to_others(path, os.fstat(descriptor))
        content = os.read(descriptor, FILE_BYTES_MAX + 1)
    finally:
        os.close(descriptor)
    if len(content) > FILE_BYTES_MAX:
        raise InvalidKeys(f"{path} is larger than {FILE_BYTES_MAX} bytes: it is no key file")
    return content


def create_private(path: Path, content: bytes) -> None:
    """Write a file for the owner alone; where it exists, that one wins and nothing changes.

    Two processes that start together therefore end up with the same file.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = _written(path, content)
    try:
        os.link(temporary, path)
    except FileExistsError:
        return
    finally:
        temporary.unlink()


class _KeyFile(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    current: str
    keys: dict[str, str]


def _held(entries: list[tuple[str, str]], *, current_id: str, place: str) -> HeldKeys:
    """The ring of these ids and base64 texts, or InvalidKeys, which never quotes a key."""
    if not 1 <= len(entries) <= KEYS_MAX:
        raise InvalidKeys(f"{place} holds {len(entries)} keys: it must be 1 to {KEYS_MAX}")
    keys: dict[str, bytes] = {}
    for number, (key_id, encoded) in enumerate(entries, start=1):
        if not _KEY_ID.fullmatch(key_id):
            raise InvalidKeys(
                f"{place}, key {number}: its id is not 1 to 32 letters, digits, '.', '_' and '-';"
                " write id:base64"
            )
        if key_id in keys:
            raise InvalidKeys(f"{place} names the key {key_id!r} twice: ids are unique")
        keys[key_id] = _decoded(encoded, place=f"{place}, key {key_id!r}")
    if current_id not in keys:
        raise InvalidKeys(f'{place}: "current" names no key of the file')
    return HeldKeys(keys=keys, current_id=current_id)


def _decoded(encoded: str, *, place: str) -> bytes:
    try:
        key = base64.b64decode(encoded.strip(), validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise InvalidKeys(f"{place} is not base64 of {KEY_BYTES} bytes: `openssl rand -base64 32`")
    if len(set(key)) == 1:
        raise InvalidKeys(f"{place} is a placeholder: make one with `openssl rand -base64 32`")
    return key


def _encoded(keys: Mapping[str, bytes], *, current_id: str) -> bytes:
    texts = {key_id: base64.b64encode(key).decode() for key_id, key in keys.items()}
    return json.dumps({"current": current_id, "keys": texts}, indent=2).encode() + b"\n"


def _bound(key_id: str, aad: Aad) -> bytes:
    return b"bankfeeds wrap 1 " + key_id.encode() + b"\x00" + aad.encoded()


def _refuse_open_to_others(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise InvalidKeys(f"{path} is no regular file")
    if os.name != "posix":
        return
    if status.st_mode & 0o077:
        raise InvalidKeys(f"{path} is open to other users: run `chmod 600 {path}`")
    if status.st_uid not in (os.geteuid(), 0):
        raise InvalidKeys(f"{path} belongs to another user: run `chown` or copy it")


def _written(path: Path, content: bytes) -> Path:
    """A new private file beside the path, complete on disk."""
    temporary = path.with_name(f".{path.name}.{uuid4()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    return temporary
