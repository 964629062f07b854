"""Seal a stream of any length in bounded memory: the STREAM construction over AES-256-GCM.

    magic 4 | salt 32 | segment 0 | segment 1 | … | last segment

Each object has a key of its own, derived from the data key and a random salt, so that nonces can
count from zero. A nonce is the segment's number and a flag that marks the last one; the caller's
context is associated data of every segment. Segments that are changed, reordered, repeated, cut
off, appended or taken from another object therefore do not open.
Source: Hoang, Reyhanitabar, Rogaway, Vizár, "Online Authenticated-Encryption and its
Nonce-Reuse Misuse-Resistance" (2015), section 7, STREAM; RFC 5869, section 2.3 (HKDF-Expand).
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from core.errors import SealBroken

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

KEY_BYTES: Final = 32
SEGMENT_BYTES: Final = 256 * 1024  # of plaintext; what a reader holds in memory
HEADER_BYTES: Final = 36
TAG_BYTES: Final = 16

_MAGIC: Final = b"BFS\x01"
_SEALED_SEGMENT_BYTES: Final = SEGMENT_BYTES + TAG_BYTES


class StreamSealer:
    """Seals one object: `update` with plaintext in chunks of any size, then `finish` once."""

    __slots__ = ("_cutter", "_header", "_segments")

    def __init__(self, data_key: bytes, *, context: bytes) -> None:
        salt = os.urandom(HEADER_BYTES - len(_MAGIC))
        self._header = _MAGIC + salt
        self._segments = _Segments(data_key, salt=salt, context=context)
        self._cutter = _Cutter(SEGMENT_BYTES)

    def update(self, chunk: ReadableBuffer) -> list[bytes]:
        """The sealed pieces that are ready, often none."""
        sealed = [self._segments.seal(segment, last=False) for segment in self._cutter.cut(chunk)]
        return self._with_header(sealed)

    def finish(self) -> list[bytes]:
        """The remaining pieces; at least one, also for an object without bytes."""
        return self._with_header([self._segments.seal(self._cutter.rest(), last=True)])

    def _with_header(self, sealed: list[bytes]) -> list[bytes]:
        if not sealed or not self._header:
            return sealed
        header, self._header = self._header, b""
        return [header, *sealed]


class StreamOpener:
    """Opens one object: `update` with sealed bytes in chunks of any size, then `finish` once.

    What `update` returns is authentic and in place, but only `finish` tells that nothing is
    missing at the end. Both raise SealBroken.
    """

    __slots__ = ("_context", "_cutter", "_data_key", "_header", "_segments")

    def __init__(self, data_key: bytes, *, context: bytes) -> None:
        self._data_key = data_key
        self._context = context
        self._header = bytearray()
        self._segments: _Segments | None = None
        self._cutter = _Cutter(_SEALED_SEGMENT_BYTES)

    def update(self, chunk: ReadableBuffer) -> list[bytes]:
        """The plaintext that is ready, often none."""
        view = memoryview(chunk)
        if self._segments is None:
            missing = HEADER_BYTES - len(self._header)
            self._header += view[:missing]
            view = view[missing:]
            if len(self._header) < HEADER_BYTES:
                return []
            self._segments = _segments_of(self._header, self._data_key, context=self._context)
        segments = self._segments
        return [segments.open(segment, last=False) for segment in self._cutter.cut(view)]

    def finish(self) -> list[bytes]:
        """The plaintext of the last segment, once the whole object has arrived."""
        if self._segments is None:
            raise SealBroken("sealed bytes end within their header")
        return [self._segments.open(self._cutter.rest(), last=True)]


class SealedReader(io.RawIOBase):
    """A sealed file as a seekable file of plaintext; the sealed file is the caller's to close.

    The last segment is opened first, so a file that was cut off or extended is refused before
    any of it is read. Wrap it in `io.BufferedReader` for lines and small reads.
    """

    def __init__(self, sealed: BinaryIO, data_key: bytes, *, context: bytes) -> None:
        super().__init__()
        self._sealed = sealed
        self._position = 0
        sealed.seek(0)
        self._segments = _segments_of(sealed.read(HEADER_BYTES), data_key, context=context)
        body_bytes = sealed.seek(0, io.SEEK_END) - HEADER_BYTES
        self._last = max(0, (body_bytes - 1) // _SEALED_SEGMENT_BYTES)
        self._length = body_bytes - TAG_BYTES * (self._last + 1)
        self._loaded = (self._last, self._read_segment(self._last))

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """The position in the plaintext, in bytes."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a position in the plaintext; past the end is allowed and reads nothing."""
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._length}[whence]
        if origin + offset < 0:
            raise ValueError("seek before the start of the file")
        self._position = origin + offset
        return self._position

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Read up to the end of the current segment; 0 at the end of the file."""
        number, start = divmod(self._position, SEGMENT_BYTES)
        if self._position >= self._length:
            return 0
        if self._loaded[0] != number:
            self._loaded = (number, self._read_segment(number))
        target = memoryview(buffer).cast("B")
        piece = self._loaded[1][start : start + len(target)]
        target[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)

    def _read_segment(self, number: int) -> bytes:
        self._sealed.seek(HEADER_BYTES + number * _SEALED_SEGMENT_BYTES)
        sealed = self._sealed.read(_SEALED_SEGMENT_BYTES)
        return self._segments.open_at(number, sealed, last=number == self._last)


def derived_key(data_key: bytes, info: bytes) -> bytes:
    """A key of 32 bytes for one use; HKDF-Expand, as data keys are uniformly random already."""
    return HKDFExpand(SHA256(), KEY_BYTES, info).derive(data_key)


class _Segments:
    """The cipher of one object, and the number of the segment that comes next."""

    __slots__ = ("_cipher", "_context", "_next")

    def __init__(self, data_key: bytes, *, salt: bytes, context: bytes) -> None:
        self._cipher = AESGCM(derived_key(data_key, b"bankfeeds stream 1 " + salt))
        self._context = context
        self._next = 0

    def seal(self, segment: bytearray, *, last: bool) -> bytes:
        sealed = self._cipher.encrypt(_nonce(self._next, last=last), segment, self._context)
        self._next += 1
        return sealed

    def open(self, sealed: bytearray, *, last: bool) -> bytes:
        segment = self.open_at(self._next, sealed, last=last)
        self._next += 1
        return segment

    def open_at(self, number: int, sealed: bytes | bytearray, *, last: bool) -> bytes:
        try:
            segment = self._cipher.decrypt(_nonce(number, last=last), sealed, self._context)
        except InvalidTag as error:
            raise SealBroken(f"segment {number} of the sealed bytes does not open") from error
        return segment


class _Cutter:
    """Cuts chunks of any size into segments, and keeps back what may be the last one."""

    __slots__ = ("_pending", "_size")

    def __init__(self, size: int) -> None:
        self._size = size
        self._pending = bytearray()

    def cut(self, chunk: ReadableBuffer) -> Iterator[bytearray]:
        """Each segment is valid until the next one is asked for: its memory is used again."""
        view = memoryview(chunk).cast("B")
        while view:
            if len(self._pending) == self._size:
                yield self._pending
                self._pending.clear()
            room = self._size - len(self._pending)
            self._pending += view[:room]
            view = view[room:]

    def rest(self) -> bytearray:
        return self._pending


def _segments_of(header: ReadableBuffer, data_key: bytes, *, context: bytes) -> _Segments:
    header = bytes(header)
    if len(header) < HEADER_BYTES or not header.startswith(_MAGIC):
        raise SealBroken("these are no sealed bytes, or of an unknown version")
    return _Segments(data_key, salt=header[len(_MAGIC) :], context=context)


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\x01" if last else b"\x00")
