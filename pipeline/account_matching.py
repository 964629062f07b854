"""Account matching: external accounts that are met for the first time find the account they are.

Each gets the account that it surely is. Where the connection's policy is to open accounts, it gets
one of its own, unless another is so near that a person is to say. All others wait.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from core.account_types import account_type
from core.candidates import Considered
from core.models import Job, MappingPolicy
from db import audit, candidates, intake
from db.intake import ExternalAccount, Opening, Taken
from db.session import Tx
from matching.accounts import RULE_VERSION, Match, automatic, ranked
from pipeline.identity import account_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What became of mappings: those that have an account now, and those that wait for a person."""

    accounts: Mapping[UUID, UUID] = field(default_factory=dict)
    waiting: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Verdicts:
    taken: Mapping[UUID, Match]
    opened: Collection[UUID]
    waiting: Mapping[UUID, int | None]  # with the score of the likeliest account


async def settle(
    tx: Tx, job: Job, pending: Mapping[UUID, ExternalAccount], *, named: Collection[UUID]
) -> Settled:
    """Decides about mappings that never had an account, as far as that is sure.

    `named` are all mappings that the document has named so far: none is another of them.
    """
    if not pending:
        return Settled()
    tenant = job.tenant_id
    await intake.lock_accounts(tx, tenant_id=tenant)
    found = _verdicts(await candidates.find(tx, tenant_id=tenant, ids=[*pending], named=named))
    matched = await intake.match(
        tx,
        tenant_id=tenant,
        taken=[_taken(mapping_id, one) for mapping_id, one in found.taken.items()],
        rule=RULE_VERSION,
    )
    await audit.record_each(
        tx,
        "mapping.matched",
        job=job,
        data=[_event(one, matched[one], found.taken[one].score) for one in matched],
    )
    opened = await intake.open_accounts(
        tx, tenant_id=tenant, openings=[_opening(one, pending[one]) for one in found.opened]
    )
    await intake.rate(tx, tenant_id=tenant, scores=found.waiting, rule=RULE_VERSION)
    accounts = {**matched, **opened}
    await intake.derive_waiting(tx, tenant_id=tenant, mappings=accounts)
    return Settled(accounts=accounts, waiting=frozenset(found.waiting))


async def foresee(
    tx: Tx, job: Job, pending: Mapping[UUID, ExternalAccount], *, named: Collection[UUID]
) -> Settled:
    """What `settle` would leave waiting; decides nothing."""
    if not pending:
        return Settled()
    found = await candidates.find(tx, tenant_id=job.tenant_id, ids=[*pending], named=named)
    return Settled(waiting=frozenset(_verdicts(found).waiting))


def _verdicts(considered: Mapping[UUID, Considered]) -> _Verdicts:
    matches = {mapping_id: ranked(one) for mapping_id, one in considered.items()}
    sure = {
        mapping_id: match
        for mapping_id, one in considered.items()
        if (match := automatic(one.subject, matches[mapping_id])) is not None
    }
    # Where two of one document would take the same account, neither is sure.
    claims = Counter(match.account.id for match in sure.values())
    taken = {
        mapping_id: match for mapping_id, match in sure.items() if claims[match.account.id] == 1
    }
    waiting = {
        mapping_id: matches[mapping_id][0].score if matches[mapping_id] else None
        for mapping_id, one in considered.items()
        if mapping_id not in taken and _waits(one, matches[mapping_id])
    }
    opened = [one for one in considered if one not in taken and one not in waiting]
    return _Verdicts(taken=taken, opened=opened, waiting=waiting)


def _waits(considered: Considered, matches: Sequence[Match]) -> bool:
    subject = considered.subject
    asks = subject.asks or subject.policy is MappingPolicy.ASK
    return asks or any(match.near for match in matches)


def _taken(mapping_id: UUID, match: Match) -> Taken:
    return Taken(
        mapping_id=mapping_id,
        account_id=match.account.id,
        score=match.score,
        reasons=[
            {"code": one.code.value, "text": one.text, "score": one.score} for one in match.reasons
        ],
    )


def _opening(mapping_id: UUID, account: ExternalAccount) -> Opening:
    return Opening(
        mapping_id=mapping_id,
        name=account_name(account),
        institution=account.institution,
        institution_name=account.institution_name,
        type=account_type(account.type),
    )


def _event(mapping_id: UUID, account_id: UUID, score: int) -> dict[str, Any]:
    return {
        "mappingId": str(mapping_id),
        "accountId": str(account_id),
        "score": score,
        "ruleVersion": RULE_VERSION,
    }
