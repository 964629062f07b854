"""CAMT files of several documents, one behind another: where each begins, in any encoding.

Banks deliver such files, and people put downloads together. A document begins at an XML
declaration, or behind the end of a root `Document` at the next element. Neither counts within a
comment or CDATA, unless the declaration stands right behind the end of a `Document`: there, what
was opened was never closed. Only bytes are looked at, a block at a time, so that the places are
the same for whoever reads the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from core.errors import Unreadable
from statements.bai2_lines import fixed_blocks
from statements.camt_text import encoding_of

DOCUMENTS_MAX: Final = 10_000
_AHEAD: Final = 4_096  # bytes that are looked at together, such as the blanks between documents
_BEHIND: Final = 128
_WIDE: Final = b"?\0x\0m\0l\0"  # in UTF-16 of either order, but for its first zero
_HEAD: Final = re.compile(rb"[\s\x00\xef\xbb\xbf\xfe\xff]*(?:<\x00?\?\x00?x\x00?m\x00?l)?")
_ROOT: Final = re.compile(
    rb"(?:[\s\xef\xbb\xbf]|(?><\?.*?\?>)|(?><!--.*?-->))*+<((?:[\w.-]+:)?Document)[\s>]",
    re.DOTALL,
)
_MARK: Final = re.compile(
    rb"(<\?xml\s)|(\?\x00x\x00m\x00l\x00)|</((?:[\w.-]+:)?Document)>", re.ASCII
)
_NEXT: Final = re.compile(rb"\s*+(\xef\xbb\xbf)?+\s*+<((?:[\w.-]+:)?Document)[\s>]")
_ENDED: Final = re.compile(rb"</(?:[\w.-]+:)?Document\s*+>\s*+\Z")
_UTF8_MARKED: Final = re.compile(rb"\xef\xbb\xbf\s*\Z")


class DocumentBytes(NamedTuple):
    """One document of a file; its blocks have to be taken before the next document is."""

    start: int  # the byte of the file that it begins with
    blocks: Iterator[bytes]


def documents(chunks: Iterable[bytes]) -> Iterator[DocumentBytes]:
    """The documents of a file that arrives in chunks of any size; one where it is empty.

    Raises `Unreadable` with code too-many-documents.
    """
    file = _File(chunks)
    for _ in range(DOCUMENTS_MAX):
        blocks = file.document()
        yield DocumentBytes(file.start, blocks)
        for _ in blocks:
            pass
        if not file.more:
            return
    raise Unreadable(
        "too-many-documents", f"The file holds more than {DOCUMENTS_MAX} documents; split it."
    )


class _File:
    """The bytes of a file, handed out document by document."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._source = fixed_blocks(chunks)
        self._exhausted = False
        self._data = b""  # what was not handed out yet
        self.start = 0  # the byte of the file that it begins with
        self._wide = ""  # the order of bytes where the document is in UTF-16
        self._root = b""  # its root, where that is a Document
        self._within = b""  # what ends the comment or CDATA that is open
        self._followed = 0  # bytes of `_data` that `_within` is told of

    @property
    def more(self) -> bool:
        """Whether another document follows the one that was handed out."""
        return bool(self._data)

    def document(self) -> Iterator[bytes]:
        """The blocks of the next document."""
        self._fill()
        at = self._begin()
        while True:
            limit = len(self._data) - (0 if self._exhausted else _AHEAD)
            end = self._end(at, limit)
            if end is not None:
                last = self._taken(end)
                yield last if self._wide else last.rstrip(b"\0\x1a")
                return
            if self._exhausted:
                yield self._taken(limit)
                return
            self._follow(limit)
            kept = limit - _BEHIND
            at = max(at, limit) - kept
            yield self._taken(kept)
            self._fill()

    def _fill(self) -> None:
        while not self._exhausted and len(self._data) <= _AHEAD + _BEHIND:
            block = next(self._source, None)
            self._exhausted = block is None
            self._data += block or b""

    def _taken(self, end: int) -> bytes:
        taken, self._data = self._data[:end], self._data[end:]
        self.start += end
        self._followed = max(self._followed - end, 0)
        return taken

    def _begin(self) -> int:
        """Looks at the head of a document; where its declaration ends, which begins no other."""
        head = self._data[:_AHEAD]
        encoding, _ = encoding_of(head)
        self._wide = encoding if encoding.startswith("utf-16") else ""
        root = _ROOT.match(head)
        self._root = root[1] if root is not None else b""
        self._within, self._followed = b"", 0
        found = _HEAD.match(head)
        return found.end() if found is not None else 0

    def _end(self, at: int, limit: int) -> int | None:
        """Where another document begins before `limit`, so that this one has ended."""
        data = self._data
        asked = data.find(b"?", at) >= 0  # first, for it is found in a fraction of the time
        asked = asked and (data.find(b"?xml", at) >= 0 or data.find(_WIDE, at) >= 0)
        if not asked and (not self._root or data.find(self._root + b">", at) < 0):
            return None
        for found in _MARK.finditer(data, at):
            place = found.start()
            if place >= limit:
                return None
            self._follow(place)
            if found[2] is not None:
                end = self._wide_place(place)
            elif found[1] is not None:
                end = self._declared_place(place)
            else:
                end = self._undeclared_place(found)
            if end is not None:
                return end
        return None

    def _declared_place(self, place: int) -> int | None:
        before = self._data[max(place - _BEHIND, 0) : place]
        marked = _UTF8_MARKED.search(before)
        if marked is not None:
            place -= len(before) - marked.start()
            before = before[: marked.start()]
        return place if not self._within or _ENDED.search(before) is not None else None

    def _undeclared_place(self, found: re.Match[bytes]) -> int | None:
        if self._within or not self._root or found[3] != self._root:
            return None
        following = _NEXT.match(self._data, found.end())
        if following is None or following[2] != self._root:
            return None
        return found.end() if following[1] is None else following.start(1)

    def _wide_place(self, place: int) -> int | None:
        """The place of the mark or bracket before what may be a declaration in UTF-16."""
        before = self._data[max(place - 6, 0) : place]
        if not before.endswith(b"<\0"):
            return None
        if before[:-2].endswith(b"\xff\xfe"):
            return place - 4
        if before[:-3].endswith(b"\xfe\xff"):
            return place - 5
        big = self._wide == "utf-16-be" or (not self._wide and before[:-2].endswith(b"\0"))
        return place - (3 if big else 2)

    def _follow(self, end: int) -> None:
        """Tells of the bytes before `end` whether a comment or CDATA is open behind them."""
        data, at = self._data, self._followed
        while at < end and not self._wide:
            if self._within:
                closed = data.find(self._within, at, end)
                if closed < 0:
                    at = max(at, end - 2)
                    break
                at, self._within = closed + 3, b""
                continue
            opened = -1 if data.find(b"!", at, end + 1) < 0 else data.find(b"<!", at, end + 1)
            if opened < 0:
                at = end
            elif data.startswith(b"<!--", opened):
                at, self._within = opened + 4, b"-->"
            elif data.startswith(b"<![CDATA[", opened):
                at, self._within = opened + 9, b"]]>"
            else:
                at = opened + 2
        self._followed = at
