"""Told: what one response of a source with stable ids says under each of them, on all its pages.

An id is one row. Where a response says two different things of it, the later one counts, as these
sources tell their changes in order; but a booked row does not become pending again. Both stand in
the pages that are kept, and a finding says where.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from core.records import Finding, Severity, TransactionRecord, TransactionStatus
from pipeline.batch import Entry, day_of

_SHOWN_MAX: Final = 100  # characters of an id
_PLACES: Final = frozenset({"line", "line_end"})


class _Said(NamedTuple):
    page: str
    entry: Entry


class Told:
    """Follows the rows of one response."""

    def __init__(self) -> None:
        self.page = ""  # whose rows come
        self._counts: dict[tuple[str, bytes], _Said] = {}

    def take(self, entries: list[Entry]) -> tuple[tuple[Entry, ...], list[Finding]]:
        """Those of a page's entries that count, and what was contradicted, be it by other pages."""
        kept: dict[tuple[str, bytes], Entry] = {}
        findings = []
        for entry in entries:
            key = (entry.record.account, entry.fingerprint)
            before = self._counts.get(key)
            now = _Said(self.page, entry)
            if before is not None:
                counts = before if _stays(before.entry.record, entry.record) else now
                if _differs(before.entry, entry):
                    findings.append(_contradiction(before, now, counts))
                if counts is before:
                    continue
            self._counts[key] = now
            kept.pop(key, None)
            kept[key] = entry
        return tuple(kept.values()), findings


def _stays(before: TransactionRecord, now: TransactionRecord) -> bool:
    return before.status is TransactionStatus.POSTED and now.status is TransactionStatus.PENDING


def _differs(one: Entry, other: Entry) -> bool:
    return (one.content_key, one.record.status) != (other.content_key, other.record.status)


def _contradiction(before: _Said, now: _Said, counts: _Said) -> Finding:
    one, other = before.entry.record, now.entry.record
    fields = ", ".join(
        name.replace("_", " ")
        for name, was, is_now in zip(one._fields, one, other, strict=True)
        if was != is_now and name not in _PLACES
    )
    return Finding(
        Severity.WARNING,
        "external-id-contradicted",
        f"The source says two things of {other.external_id!r:.{_SHOWN_MAX}} in one response: "
        f"{_shown(before)}, and {_shown(now)}. They differ in {fields}. The "
        f"{'later' if counts is now else 'booked'} one counts; both stand in what was kept. Ask "
        "the source which one is right.",
        line=other.line,
        field="externalId",
    )


def _shown(said: _Said) -> str:
    record = said.entry.record
    place = f"element {record.line}" + (f" of {said.page}" if said.page else "")
    return f"{record.amount} {record.currency} of {day_of(record)}, {record.status} ({place})"
