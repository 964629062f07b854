"""The contract of a statement format: recognise by content, parse as a stream, find lines again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Final, Protocol

from core.records import Record

if TYPE_CHECKING:
    from statements.profiles import Profile

HEAD_BYTES: Final = 64 * 1024  # what recognition may look at
LINE_BYTES_MAX: Final = 1024 * 1024  # a longer physical line is hostile, not a statement


@dataclass(frozen=True, slots=True, kw_only=True)
class ParseOptions:
    """What the connection knows and the file does not say."""

    currency: str | None = None  # where neither row, account nor group names one
    decimals: Mapping[str, int] = field(default_factory=dict)  # currency → implied decimals
    profile: Profile | None = None  # what files of one source leave open; some need one
    dates: tuple[date, date] = (date(1900, 1, 1), date(2199, 12, 31))  # outside: a finding


class StatementFormat(Protocol):
    """One statement format. All methods are pure and work in memory bounded by one record."""

    @property
    def name(self) -> str:
        """The format's name in commands and in GraphQL, such as "bai2"."""
        ...

    def recognise(self, head: bytes) -> int:
        """How surely the first `HEAD_BYTES` of a file are of this format, in percent: 0 to 100.

        File names are never asked: banks and people name files as they like.
        """
        ...

    def parse(self, chunks: Iterable[bytes], options: ParseOptions) -> Iterator[Record]:
        """The records of a document that arrives in chunks of any size.

        The same bytes and options always give the same records in the same order: a resumed
        import counts on it. A row that cannot be read becomes a rejecting `Finding`. Raises
        `Unreadable` where the document as a whole cannot be read.
        """
        ...

    def lines(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The physical lines as `Record.line` counts them, so that a place can be shown again."""
        ...
