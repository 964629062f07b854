"""Doubles: which rows are one booking, with the links that give way to what has come since."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from core.links import Found, Replaced
from matching import booked, duplicates, reopening
from matching.rejected import Rejected
from matching.reopening import Opened, Reopening
from matching.rows import Row, prepared
from matching.scoring import Reasons
from pipeline.match_material import Doubles


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubled:
    """What is found, and what gives way to it."""

    found: list[Found]
    replaced: list[Replaced]


def doubled(material: Doubles) -> Doubled:
    """Which rows are one booking, or may be."""
    several, rejected = set(material.around.of_several), Rejected(material.rejected)
    opened, rows = _opened(material, several, rejected)
    weighed = {**rows, **opened.rows}
    again = {row_id for one in opened.opened for row_id in _of(one)}
    twice = [
        row
        for row in weighed.values()
        if row.of.account_id in several and (row.id in material.twice or row.id in again)
    ]
    found = duplicates.find(_ordered(twice), rejected=rejected)
    # What is kept beside another source's may still be what its own source had pending.
    hidden = {one.transaction_id for one in found if one.sure}
    waits = {one for one in material.delivered if one in material.awaited or one in again}
    waiting = [row for row in weighed.values() if row.id in waits and row.id not in hidden]
    found += booked.find(_ordered(waiting), delivered=material.delivered, rejected=rejected)
    excludes = partial(reopening.excludes, rows=weighed)
    left, replaced = reopening.settled(found, opened, excludes=excludes)
    return Doubled(found=left, replaced=replaced)


def _opened(
    material: Doubles, several: Collection[UUID], rejected: Rejected
) -> tuple[Reopening, dict[UUID, Row]]:
    """What may give way, and the rows that count."""
    rows = prepared(
        row
        for row in material.rows.values()
        if row.account_id in several or row.id in material.delivered
    )
    counting = {row.id: row for row in rows}
    if not material.links:  # mostly
        return Reopening(opened=(), rows={}), counting
    below = {row.id: row for row in prepared(material.below.values())}

    def weigh(one: Row, other: Row) -> Reasons | None:
        if one.of.source == other.of.source:
            return booked.weighed(one, other, delivered=material.delivered)
        return duplicates.weighed(one, other)

    opened = reopening.reopened(
        counting, below, material.links, new=material.new, weigh=weigh, rejected=rejected
    )
    return opened, counting


def _of(opened: Opened) -> set[UUID]:
    return {*opened.link.pair, *(row_id for one in opened.rivals for row_id in one.pair)}


def _ordered(rows: Collection[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: row.order)
