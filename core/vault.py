"""Secrets at rest: envelope encryption, bound to the tenant, the purpose and the row.

A secret is sealed under a data key of its own, and that key under a key-encryption key, which a
`KeyRing` holds and never shows. Turning to a new key-encryption key re-wraps the data keys and
leaves what they seal untouched. Sealed form:

    magic 4 | length 1, key id | length 2, wrapped data key | sealed bytes (`core.seal_stream`)
"""

from __future__ import annotations

import hmac
import io
import os
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final, NoReturn, Protocol
from uuid import UUID

from core.errors import SealBroken
from core.seal_stream import (
    KEY_BYTES,
    SEGMENT_BYTES,
    SealedReader,
    StreamOpener,
    StreamSealer,
    derived_key,
)

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_MAGIC: Final = b"BFV\x01"


@dataclass(frozen=True, slots=True, kw_only=True)
class Aad:
    """What sealed bytes belong to; they open nowhere else."""

    tenant_id: UUID
    purpose: str  # a word of the code, such as "connection.credentials"
    record_id: UUID

    def encoded(self) -> bytes:
        """Distinct for distinct values: the ids have fixed lengths, the purpose comes last."""
        return self.tenant_id.bytes + self.record_id.bytes + self.purpose.encode()


class KeyRing(Protocol):
    """Holder of key-encryption keys: a file, the environment, or a service across the network."""

    @property
    def current_id(self) -> str:
        """The key that `wrap` uses: ASCII, 1 to 255 characters."""
        ...

    @property
    def key_ids(self) -> Sequence[str]:
        """The keys that are configured, the current one first."""
        ...

    async def wrap(self, data_key: bytes, aad: Aad) -> bytes:
        """The data key sealed under the current key and bound to `aad`; at most 64 KiB.

        Raises KeysUnavailable where a service must be asked, and UnknownKey where it lacks the key.
        """
        ...

    async def unwrap(self, key_id: str, wrapped: bytes, aad: Aad) -> bytes:
        """The data key. Raises UnknownKey for an id not held, SealBroken for wrong bytes or aad.

        And KeysUnavailable where a service must be asked.
        """
        ...


class DataKey:
    """A tenant's data key: seals documents and hashes account numbers. It shows itself nowhere.

    Everything that opens raises SealBroken for another key, another `aad` or changed bytes.
    """

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a data key has {KEY_BYTES} bytes, not {len(key)}")
        self._key = key

    def __repr__(self) -> str:
        return "DataKey(…)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a data key is never pickled or copied: seal it with the vault")

    def seal_bytes(self, plaintext: bytes, *, aad: Aad) -> bytes:
        """The same form as `seal_stream` in one piece; 52 bytes longer up to 256 KiB."""
        return b"".join(self.seal_stream((plaintext,), aad=aad))

    def open_bytes(self, sealed: bytes, *, aad: Aad) -> bytes:
        """What `seal_bytes` or `seal_stream` sealed."""
        return b"".join(self.open_stream((sealed,), aad=aad))

    def seal_stream(self, chunks: Iterable[ReadableBuffer], *, aad: Aad) -> Iterator[bytes]:
        """Chunks of any size, sealed as they come; nothing and empty chunks are fine."""
        sealer = StreamSealer(self._key, context=aad.encoded())
        for chunk in chunks:
            yield from sealer.update(chunk)
        yield from sealer.finish()

    def open_stream(self, chunks: Iterable[ReadableBuffer], *, aad: Aad) -> Iterator[bytes]:
        """The plaintext as it comes; that nothing is missing is known only at its end."""
        opener = StreamOpener(self._key, context=aad.encoded())
        for chunk in chunks:
            yield from opener.update(chunk)
        yield from opener.finish()

    async def seal_async_stream(
        self, chunks: AsyncIterable[ReadableBuffer], *, aad: Aad
    ) -> AsyncIterator[bytes]:
        """`seal_stream` for chunks that arrive from the network."""
        sealer = StreamSealer(self._key, context=aad.encoded())
        async for chunk in chunks:
            for piece in sealer.update(chunk):
                yield piece
        for piece in sealer.finish():
            yield piece

    async def open_async_stream(
        self, chunks: AsyncIterable[ReadableBuffer], *, aad: Aad
    ) -> AsyncIterator[bytes]:
        """`open_stream` for chunks that arrive from the network."""
        opener = StreamOpener(self._key, context=aad.encoded())
        async for chunk in chunks:
            for piece in opener.update(chunk):
                yield piece
        for piece in opener.finish():
            yield piece

    def open_file(self, sealed: BinaryIO, *, aad: Aad) -> io.BufferedReader:
        """A sealed file as a seekable file of plaintext; refuses a cut-off file at once."""
        reader = SealedReader(sealed, self._key, context=aad.encoded())
        return io.BufferedReader(reader, SEGMENT_BYTES)

    def keyed_hash(self, purpose: str, value: str) -> bytes:
        """HMAC-SHA-256 of the value exactly as given, 32 bytes, under a key for the purpose.

        Equal values of one tenant and purpose hash alike; nobody can try values without the key.
        """
        key = derived_key(self._key, b"bankfeeds hash 1 " + purpose.encode())
        return hmac.digest(key, value.encode(errors="surrogatepass"), "sha256")


class Vault:
    """Seals small secrets and tenants' data keys under the key ring's current key."""

    __slots__ = ("_keyring",)

    def __init__(self, keyring: KeyRing) -> None:
        self._keyring = keyring

    def __repr__(self) -> str:
        return f"Vault(current key {self._keyring.current_id!r})"

    @property
    def key_ids(self) -> Sequence[str]:
        """The key-encryption keys that are configured, the current one first."""
        return self._keyring.key_ids

    async def seal(self, plaintext: bytes, *, aad: Aad) -> bytes:
        """The plaintext sealed under a fresh data key, to be kept in the row that `aad` names."""
        key = os.urandom(KEY_BYTES)
        envelope = await self._envelope(key, aad)
        return envelope + DataKey(key).seal_bytes(plaintext, aad=aad)

    async def open(self, sealed: bytes, *, aad: Aad) -> bytes:
        """The plaintext. Raises SealBroken, UnknownKey and KeysUnavailable."""
        parts = _Parts.of(sealed)
        key = await self._unwrapped(parts, aad)
        return key.open_bytes(parts.content, aad=aad)

    async def rewrap(self, sealed: bytes, *, aad: Aad) -> bytes:
        """The same content, not opened, under the current key; unchanged if it is there already.

        Raises as `open` does, except that it does not notice a damaged content.
        """
        parts = _Parts.of(sealed)
        if parts.key_id == self._keyring.current_id:
            return sealed
        key = await self._keyring.unwrap(parts.key_id, parts.wrapped, aad)
        return await self._envelope(key, aad) + parts.content

    async def new_data_key(self, *, aad: Aad) -> tuple[DataKey, bytes]:
        """A fresh data key and its sealed form; whoever destroys the latter erases the tenant."""
        key = os.urandom(KEY_BYTES)
        return DataKey(key), await self.seal(key, aad=aad)

    async def open_data_key(self, sealed: bytes, *, aad: Aad) -> DataKey:
        """The data key that `new_data_key` sealed. Raises as `open` does."""
        return _data_key(await self.open(sealed, aad=aad))

    async def _envelope(self, key: bytes, aad: Aad) -> bytes:
        key_id = self._keyring.current_id.encode("ascii")
        wrapped = await self._keyring.wrap(key, aad)
        return b"".join(
            (
                _MAGIC,
                len(key_id).to_bytes(1, "big"),
                key_id,
                len(wrapped).to_bytes(2, "big"),
                wrapped,
            )
        )

    async def _unwrapped(self, parts: _Parts, aad: Aad) -> DataKey:
        return _data_key(await self._keyring.unwrap(parts.key_id, parts.wrapped, aad))


def sealing_key_id(sealed: bytes) -> str:
    """The id of the key-encryption key that sealed this. Raises SealBroken."""
    return _Parts.of(sealed).key_id


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    key_id: str
    wrapped: bytes
    content: bytes

    @staticmethod
    def of(sealed: bytes) -> _Parts:
        """The parts of a sealed form, nothing verified yet."""
        stream = io.BytesIO(sealed)
        if stream.read(len(_MAGIC)) != _MAGIC:
            raise SealBroken("these are no sealed bytes, or of an unknown version")
        key_id = _counted(stream, 1)
        wrapped = _counted(stream, 2)
        if not key_id.isascii():
            raise SealBroken("the sealed bytes name no key")
        return _Parts(key_id=key_id.decode("ascii"), wrapped=wrapped, content=stream.read())


def _counted(stream: io.BytesIO, width: int) -> bytes:
    counter = stream.read(width)
    size = int.from_bytes(counter, "big")
    part = stream.read(size)
    if len(counter) < width or len(part) < size or size == 0:
        raise SealBroken("the sealed bytes end too early")
    return part


def _data_key(key: bytes) -> DataKey:
    try:
        return DataKey(key)
    except ValueError as error:
        raise SealBroken("what was sealed here is no data key") from error
