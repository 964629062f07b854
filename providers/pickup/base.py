"""What a file source is: it lists, fetches and archives. Reading the bytes is the pipeline's.

A source never sees a tenant, a row id or the database. It gets settings, credentials and a guarded
way out, and yields bytes. Nothing at a source is ever deleted.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Final, Protocol

from core.errors import BankfeedsError
from providers.credentials import Credentials
from providers.pickup.access import PickupAccess
from providers.pickup.settings import PickupSettings

DOCUMENTS_MAX: Final = 20  # of one item
SIZE_SHOWN_MAX: Final = 2**31 - 1  # of what is refused: a server may say anything
CHUNK_BYTES: Final = 1024 * 1024


class Passed(StrEnum):
    """What becomes of an item that is not fetched."""

    REFUSED = "refused"  # it is none that may be fetched, and somebody should know
    IGNORED = "ignored"  # it is none that is wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A file, or a message, as it is now. `version` changes whenever it does."""

    name: str
    version: str
    size: int
    modified_at: datetime | None = None
    passed: Passed | None = None
    reason: str | None = None  # why it is passed, in kebab-case


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What lies at a source. `is_whole`: what is not in it is not there, or needs no other look.
    `has_more`: the next look finds what this one left out."""

    found: Sequence[Found]
    is_whole: bool = True
    has_more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One file of an item. `origin` names where it came from, where it may come twice."""

    name: str
    media_type: str | None
    chunks: AsyncIterator[bytes] = field(repr=False)
    origin: str | None = None


class Archived(StrEnum):
    """What came of archiving."""

    MOVED = "moved"
    GONE = "gone"  # somebody else took it away
    REPLACED = "replaced"  # another version lies there now, which is an item of its own


class Unfit(BankfeedsError):
    """An item is not to be fetched; `reason` says why, in kebab-case."""

    def __init__(self, reason: str, *, passed: Passed = Passed.REFUSED) -> None:
        super().__init__(reason)
        self.reason = reason
        self.passed = passed


class Changed(BankfeedsError):
    """An item changed, or went, while it was fetched: whatever came of it is void."""


Known = Callable[[Sequence[str]], Awaitable[frozenset[str]]]
Note = Callable[[str], Awaitable[None]]


class Session(Protocol):
    """A source that is connected. Every method raises ProviderError."""

    async def look(self, known: Known) -> Listing:
        """What lies there. `known` tells which versions were looked at before."""
        ...

    def fetch(self, name: str, version: str) -> AsyncIterator[Document]:
        """The documents of an item, each to be read before the next. Raises Unfit and Changed."""
        ...

    async def archive(
        self, name: str, version: str, *, intended: str | None, note: Note
    ) -> Archived:
        """Moves an item away. `note` is told where before it is moved; `intended` is what was
        noted at an earlier try."""
        ...


class FileSource(Protocol):
    """A kind of place that files are fetched from."""

    slug: ClassVar[str]
    name: ClassVar[str]
    documents_max: ClassVar[int]  # of one item
    every: ClassVar[timedelta]  # how often one is looked at that is to be looked at all the time
    settings: ClassVar[type[PickupSettings]]
    credentials: ClassVar[type[Credentials]]

    def check(self, credentials: Any) -> None:
        """Raises BadInput where the credentials cannot work whatever the server is."""
        ...

    def opened(
        self, access: PickupAccess, settings: Any, credentials: Any
    ) -> AbstractAsyncContextManager[Session]:
        """A session. Raises ProviderError; nothing is sent before the server is known."""
        ...
