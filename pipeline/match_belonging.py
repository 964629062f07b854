"""Belonging: what else goes together, of rows that count: transfers first, then refunds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from uuid import UUID

from core.links import Found, LinkKind, LinkMethod, MatchRow, Replaced, Standing
from matching import refunds, transfers
from matching.incumbents import Incumbents
from matching.rejected import Rejected
from matching.rows import Row, prepared
from pipeline.match_material import Others


@dataclass(frozen=True, slots=True, kw_only=True)
class Belonging:
    """What is found, what gives way to it, and the rows of refunds that were weighed anew, as if
    those did not stand."""

    found: list[Found]
    replaced: list[Replaced]
    free: Mapping[UUID, Row]


def belonging(material: Others, noted: Sequence[MatchRow], hidden: Collection[UUID]) -> Belonging:
    """What noted rows belong to; `hidden` does not count any more."""
    counting = {
        row.id: row for row in prepared((*noted, *material.rows.values())) if row.id not in hidden
    }
    new = frozenset(row.id for row in noted)
    moved, moved_instead, _ = _transfers(material, counting, new).found()
    moved, given_up = _before_refunds(moved, material.links)
    gone = {side for one in moved if one.sure for side in one.pair}
    left = {row_id: row for row_id, row in counting.items() if row_id not in gone}
    back, back_instead, free = _refunds(material, left, new).found()
    return Belonging(
        found=[*moved, *back], replaced=[*moved_instead, *given_up, *back_instead], free=free
    )


def doubted(belonging: Belonging, near: Sequence[MatchRow], rejected: Collection[str]) -> Belonging:
    """The same, sure of refunds only where they are found so among these rows as well."""
    rows = [belonging.free.get(row.id, row) for row in prepared(near)]
    again = {one.key for one in refunds.find(rows, rejected=Rejected(rejected)) if one.sure}
    sure = [one for one in belonging.found if one.sure and one.kind is LinkKind.REFUND]
    doubtful = {one.key for one in sure} - again
    if doubtful:
        doubtful |= {one.key for one in sure if one.later}
    against = {
        pair.key: min(one.link.pair - pair.pair)
        for one in belonging.replaced
        for pair in one.by
        if pair.key in doubtful
    }
    # A link stands where one of the pairs that it gives way to is not sure (`pipeline.replacing`).
    return replace(
        belonging,
        found=[
            replace(one, sure=False, against=against.get(one.key)) if one.key in doubtful else one
            for one in belonging.found
        ],
    )


def _transfers(material: Others, counting: Mapping[UUID, Row], new: frozenset[UUID]) -> Incumbents:
    links, rows = _taking_part(LinkKind.TRANSFER, material, counting, {*new, *material.moved})
    accounts, rates, rejected = material.accounts, material.rates, Rejected(material.rejected)
    return Incumbents(
        kind=LinkKind.TRANSFER,
        links=links,
        rows=rows,
        new=new,
        weigh=partial(transfers.weighed, accounts=accounts, rates=rates),
        candidates=partial(transfers.candidates, accounts=accounts, rates=rates, rejected=rejected),
        find=partial(transfers.find, accounts=accounts, rates=rates, rejected=rejected),
    )


def _refunds(material: Others, counting: Mapping[UUID, Row], new: frozenset[UUID]) -> Incumbents:
    links, rows = _taking_part(LinkKind.REFUND, material, counting, {*new, *material.given_back})
    rejected = Rejected(material.rejected)
    return Incumbents(
        kind=LinkKind.REFUND,
        links=links,
        rows=rows,
        new=new,
        weigh=refunds.weighed,
        candidates=partial(refunds.candidates, rejected=rejected),
        find=partial(refunds.find, rejected=rejected),
    )


def _taking_part(
    kind: LinkKind, material: Others, counting: Mapping[UUID, Row], wanted: Iterable[UUID]
) -> tuple[list[Standing], dict[UUID, Row]]:
    """The links of a kind of which both rows count, and all rows that take part."""
    links = [one for one in material.links if one.kind is kind and one.pair <= counting.keys()]
    ids = {*wanted, *(side for link in links for side in link.pair)}
    return links, {one: counting[one] for one in ids if one in counting}


def _before_refunds(
    moved: Sequence[Found], links: Sequence[Standing]
) -> tuple[list[Found], list[Replaced]]:
    """Refunds of the system's give way to a sure transfer of one of their rows, as they do where
    both are found at once; where a person linked one, somebody is asked."""
    of_refunds = [link for link in links if link.kind is LinkKind.REFUND]
    if not of_refunds:  # mostly
        return [*moved], []
    said = {side for link in of_refunds if link.method is LinkMethod.USER for side in link.pair}
    left = [one if one.pair.isdisjoint(said) else replace(one, sure=False) for one in moved]
    given_up = []
    for link in of_refunds:
        by = tuple(one for one in left if one.sure and not one.pair.isdisjoint(link.pair))
        if by and link.method is LinkMethod.AUTO:
            given_up.append(Replaced(link=link, by=by))
    return left, given_up
