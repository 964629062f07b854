"""Repeats: a statement that one file holds twice, which is never two statements.

Rows of one file are never merged, for twins are real; a statement that moves an account from one
balance to another cannot have come true twice under one number. Files that were put together from
downloads that overlap have such.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from core.records import Finding, ProofRecord, Record, Severity

REPEATED: Final = "statement-repeated"
REMEMBERED_MAX: Final = 20_000  # statements of one file


def told_repeats(records: Iterable[Record]) -> Iterator[Record]:
    """The records, and behind each statement that repeats another one a finding."""
    known: dict[ProofRecord, int] = {}
    for record in records:
        yield record
        if not isinstance(record, ProofRecord) or not record.holds or not record.entries:
            continue
        # The same wherever it stands; its balances differ, as its rows come to something.
        said = record._replace(line=0, line_end=0, ordinal=0)
        first = known.get(said)
        if first is not None:
            yield Finding(
                Severity.ERROR,
                REPEATED,
                f"This statement is that of line {first} again, with the same balances, and its "
                "rows would count twice. Import the file without it; approve the import only if "
                "the account really did the same twice.",
                line=record.line,
                control=True,
            )
        elif len(known) < REMEMBERED_MAX:
            known[said] = record.line
