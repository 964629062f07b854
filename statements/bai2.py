"""BAI2 and BTRS: the balance reporting format of banks, read as a stream.

Sources: BAI, "Cash Management Balance Reporting Specifications, Version 2" (2005), and its
successor ANSI X9.121 (BTRS, version 3), which is read with the same grammar. Files of real banks
deviate in many ways; what is read otherwise than the specification has it comes as a finding.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final

from core.records import Record
from statements.bai2_document import Document
from statements.bai2_lines import UTF8_BOM, check_head, fixed_blocks, regions
from statements.bai2_records import logical_records
from statements.base import HEAD_BYTES, ParseOptions, StatementFormat
from statements.findings import Findings

_FILE_HEADER = re.compile(rb"\s*01[ \t]*+,[^,\n]*+,[^,/\n]*+[,/]")
_DATED_HEADER = re.compile(rb"\s*01[ \t]*+,[^,\n]*+,[^,\n]*+,[ \t]*+\d{6}")
_GROUP_HEADER = re.compile(rb"(?:^|[\r\n/])[ \t\v\f]*+02[ \t]*+,[^,\n]*+,[^,\n]*+,")
_EXCERPT = re.compile(rb"\s*(?:02|03|16|49)[ \t]*+,[^\n]*\n(?:(?:03|16|49|88|98)[ \t]*+,|$)")
_LATER_HEADER = re.compile(rb"[\r\n]01[ \t]*+,[^,\r\n]*+,[^,\r\n]*+,[ \t]*+\d{6}")


@dataclass(frozen=True, slots=True)
class Bai2:
    """BAI2 version 2 and BTRS version 3. Dates have two-digit years: see `Dates`."""

    @property
    def name(self) -> str:
        """The name of the format."""
        return "bai2"

    def recognise(self, head: bytes) -> int:
        """How surely this is BAI2: a file header with a date, and a group header, is certain."""
        text = head[:HEAD_BYTES].removeprefix(UTF8_BOM)
        has_group = _GROUP_HEADER.search(text) is not None
        if _DATED_HEADER.match(text):
            return 99 if has_group else 80
        if _FILE_HEADER.match(text):
            return 90 if has_group else 30
        if _LATER_HEADER.search(text):
            return 60 if has_group else 20
        return 20 if _EXCERPT.match(text) else 0

    def parse(self, chunks: Iterable[bytes], options: ParseOptions) -> Iterator[Record]:
        """The records of a document; see `StatementFormat.parse`.

        Raises `Unreadable` with code empty, utf-16, no-file-header, line-too-long,
        record-too-long or decimals.
        """
        blocks = fixed_blocks(chunks)
        head = next(blocks, b"")
        check_head(head)
        findings = Findings()
        document = Document(options, findings)
        reader, posts, last = None, False, 1
        for record in logical_records(regions(chain([head], blocks)), findings):
            if record[0] != "16":
                yield from document.structure(record)
                reader, posts = document.details, document.posts
            elif reader is None:
                document.misplaced_detail(record[3])
            else:
                transaction = reader.read(record)
                if transaction is not None and posts:
                    yield transaction
                elif transaction is not None:
                    document.hold_back()
            if findings.pending:
                yield from findings.drain()
            last = record[4]
        document.end(last)
        yield from document.proofs()
        yield from findings.drain()

    def lines(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The physical lines; of a blocked file without line breaks, its physical records."""
        for region in regions(chunks):
            yield from region.data.split(b"\n")


BAI2: Final[StatementFormat] = Bai2()
