"""JSON files of any shape, and lines of JSON, read under a profile with paths.

Nothing of a document is kept but the row that is being read, and numbers stay as they are written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from core.errors import Unreadable
from core.records import Record, Severity
from statements.base import HEAD_BYTES, ParseOptions, StatementFormat
from statements.csv_text import wide_encoding
from statements.findings import Findings
from statements.json_scan import JsonWalker, Malformed
from statements.json_text import pieces, text_lines
from statements.tree_document import TreeDocument, drained
from statements.tree_plan import Plan
from statements.tree_profile import TreeProfile

_BEGINS: Final = re.compile(
    rb'\s*(?:\{\s*(?:"|\}|\Z)|\[\s*(?:["{\[\]]|-?[0-9]|true|false|null|\Z))'
)


@dataclass(frozen=True, slots=True)
class Json:
    """JSON, or JSON on every line."""

    @property
    def name(self) -> str:
        """The name of the format."""
        return "json"

    def recognise(self, head: bytes) -> int:
        """How surely this is JSON: it begins with an object or a list."""
        text = head[:HEAD_BYTES]
        wide = wide_encoding(text)
        if wide is not None:
            text = text.decode(wide, errors="replace").encode("utf-8")
        return 70 if _BEGINS.match(text.removeprefix(b"\xef\xbb\xbf")) else 0

    def parse(self, chunks: Iterable[bytes], options: ParseOptions) -> Iterator[Record]:
        """The records of a document; see `StatementFormat.parse`.

        Raises `Unreadable` with code profile-required, empty, rows-missing, json-malformed,
        text-too-long, nested-too-deep, account-after-rows, currency-required or
        too-many-accounts.
        """
        profile = options.profile
        if not isinstance(profile, TreeProfile) or profile.format != "json":
            raise Unreadable(
                "profile-required",
                "A JSON file does not say where its rows are and what they mean: save a profile "
                'for the connection, {"format": "json", "rows": …, "fields": …}, as '
                "docs/statements.md shows.",
            )
        plan, findings = Plan(profile), Findings()
        document = TreeDocument(plan, options, findings)
        walker = JsonWalker(plan, document)
        try:
            for piece in pieces(chunks, findings):
                walker.feed(piece)
                yield from drained(document)
            walker.close()
        except Malformed as error:
            if not document.found:
                raise Unreadable(
                    "json-malformed",
                    f"The document is no JSON from line {error.line} on; fetch it again from its "
                    "source.",
                    line=error.line,
                ) from error
            findings.control(
                Severity.ERROR,
                "truncated",
                f"The document is cut off or damaged at line {error.line}: nothing behind it was "
                "read; fetch it again from its source.",
                error.line,
            )
        document.close()
        yield from drained(document)

    def lines(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The physical lines as UTF-8; a document without line breaks is cut before its objects."""
        return text_lines(chunks)


JSON: Final[StatementFormat] = Json()
