"""Candidates: pending mappings with the accounts that they may be, and what is known of both."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from core.candidates import Candidate, Considered, Looks, Subject
from core.models import Account, MappingPolicy
from core.spellings import NumberKind
from db.queries import load
from db.rows import Row, read
from db.session import Tx

_SQL = load("candidates")


async def find(
    tx: Tx,
    *,
    tenant_id: UUID,
    ids: Sequence[UUID],
    named: Collection[UUID] = frozenset(),
) -> Mapping[UUID, Considered]:
    """Pending mappings with 50 accounts at most that each may be; decided ones are left out.

    `named` are mappings that the same document speaks of: what they feed is another account.
    """
    named, found = frozenset(named), dict[UUID, Considered]()
    for row in await tx.rows(_SQL["find"], tenant_id, list(ids)):
        mapping_id = row["mapping_id"]
        before = found.get(mapping_id) or Considered(subject=_subject(row), candidates=())
        if row["id"] is not None:
            one = _candidate(row, named)
            before = replace(before, candidates=(*before.candidates, one))
        found[mapping_id] = before
    return found


def _subject(row: Row) -> Subject:
    return Subject(
        looks=Looks(
            name=row["external_name"],
            masked_number=row["external_mask"],
            type=row["external_type"],
            institution=row["external_institution"],
            institution_name=row["external_institution_name"],
            mapping_id=row["mapping_id"],
        ),
        currency=row["external_currency"],
        policy=MappingPolicy(row["mapping_policy"]),
        fed=row["fed"],
        ignored=row["ignored"],
    )


def _candidate(row: Row, named: Collection[UUID]) -> Candidate:
    feeds = tuple(_feed(one) for one in row["feeds"] or ())
    return Candidate(
        account=read(Account, row),
        institution=row["institution"],
        institution_name=row["institution_name"],
        feeds=feeds,
        same_numbers=frozenset(NumberKind(one) for one in row["same_numbers"]),
        verified=row["verified"],
        doubted=row["doubted"],
        named=any(one.mapping_id in named and one.mapping_id != row["mapping_id"] for one in feeds),
    )


def _feed(told: Mapping[str, Any]) -> Looks:
    return Looks(
        name=told["name"],
        masked_number=told["masked_number"],
        type=told["type"],
        institution=told["institution"],
        institution_name=told["institution_name"],
        mapping_id=UUID(told["mapping_id"]),
    )
