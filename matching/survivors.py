"""Survivors: which of the rows that are one booking counts, as the sources are believed now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

from core.links import LinkKind, LinkMethod, Standing
from matching.duplicates import precedence
from matching.rows import Row


def turned(rows: Mapping[UUID, Row], links: Sequence[Standing]) -> list[Standing]:
    """The links that say the other way round which of their rows counts.

    `links` are all those by which something does not count beside the rows; those of the system's
    between rows of one status can be turned, up to what counts for all of them now. What a person
    linked, and the booking of a pending row, stay as they are.
    """
    up = {link.transaction_id: link for link in links}
    down: dict[UUID, list[Standing]] = defaultdict(list)
    for link in links:
        down[link.other_id].append(link)
    found = []
    for root in sorted(down.keys() - up.keys()):
        if root not in rows:
            continue
        best = _best(root, down, rows)
        while best != root:
            link = up[best]
            found.append(link)
            best = link.other_id
    return found


def _best(root: UUID, down: Mapping[UUID, Sequence[Standing]], rows: Mapping[UUID, Row]) -> UUID:
    best, open_ids = root, [root]
    while open_ids:
        one = open_ids.pop()
        if precedence(rows[one]) < precedence(rows[best]):
            best = one
        open_ids += [
            link.transaction_id
            for link in down.get(one, ())
            if link.kind is LinkKind.DUPLICATE
            and link.method is LinkMethod.AUTO
            and link.transaction_id in rows
        ]
    return best
