"""External accounts as imports meet them: remembered always, given an account where allowed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from core.models import AccountType, MappingState
from core.spellings import NumberKind
from db.queries import load
from db.session import Tx

_SQL = load("intake")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalAccount:
    """An account as a source calls it, with its number already masked and hashed."""

    key: str  # the document's own key
    external_account_id: str
    number_hash: bytes | None
    masked_number: str | None
    name: str | None
    institution: str | None
    currency: str
    institution_name: str | None = None
    type: str | None = None  # the source's own word
    numbers: frozenset[tuple[NumberKind, bytes]] = frozenset()  # keyed hashes of its spellings


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """What is known of an external account."""

    mapping_id: UUID
    account_id: UUID | None
    state: MappingState
    fed: bool  # it has, or had, an account


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """An account to be opened for a pending mapping."""

    mapping_id: UUID
    name: str
    institution: str | None
    institution_name: str | None = None
    type: AccountType = AccountType.OTHER


async def meet(
    tx: Tx,
    *,
    tenant_id: UUID,
    connection_id: UUID,
    lineage_id: UUID,
    accounts: Sequence[ExternalAccount],
) -> Mapping[str, Met]:
    """What is known of each account, by external id; new ones are remembered as pending."""
    ids = [account.external_account_id for account in accounts]
    found = await find(tx, tenant_id=tenant_id, lineage_id=lineage_id, external_ids=ids)
    unmet = [account for account in accounts if account.external_account_id not in found]
    if not unmet:
        return found
    await tx.run(
        _SQL["meet"],
        tenant_id,
        connection_id,
        lineage_id,
        [account.external_account_id for account in unmet],
        [account.number_hash for account in unmet],
        [account.masked_number for account in unmet],
        [account.name for account in unmet],
        [account.institution for account in unmet],
        [account.currency for account in unmet],
        [account.type for account in unmet],
    )
    return await find(tx, tenant_id=tenant_id, lineage_id=lineage_id, external_ids=ids)


async def open_accounts(
    tx: Tx, *, tenant_id: UUID, openings: Sequence[Opening]
) -> dict[UUID, UUID]:
    """New accounts for pending mappings, by mapping; none where somebody has decided just now."""
    if not openings:
        return {}
    names = {
        one.institution: one.institution_name or one.institution
        for one in openings
        if one.institution is not None
    }
    ids = sorted(names)
    await tx.run(_SQL["meet_institutions"], tenant_id, ids, [names[each] for each in ids])
    rows = await tx.rows(
        _SQL["open_accounts"],
        tenant_id,
        [one.mapping_id for one in openings],
        [uuid4() for _ in openings],
        [one.name for one in openings],
        [one.institution for one in openings],
        [one.type for one in openings],
    )
    return {row["id"]: row["account_id"] for row in rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """An account that a pending mapping surely is, and why."""

    mapping_id: UUID
    account_id: UUID
    score: int
    reasons: Sequence[Mapping[str, Any]]


async def lock_accounts(tx: Tx, *, tenant_id: UUID) -> None:
    """Waits until nobody else opens or matches accounts of the tenant."""
    await tx.run(_SQL["lock_accounts"], tenant_id)


async def put_numbers(
    tx: Tx, *, tenant_id: UUID, numbers: Collection[tuple[UUID, NumberKind, bytes]]
) -> None:
    """Remembers how the numbers of mappings are written."""
    if numbers:
        mappings, kinds, hashes = zip(*numbers, strict=True)
        await tx.run(_SQL["put_numbers"], tenant_id, mappings, kinds, hashes)


async def put_beside(tx: Tx, *, tenant_id: UUID, ids: Collection[UUID]) -> None:
    """Remembers which of these mappings, which one document has named, feed one account."""
    if len(ids) > 1:
        await tx.run(_SQL["put_beside"], tenant_id, list(ids))


async def match(tx: Tx, *, tenant_id: UUID, taken: Sequence[Taken], rule: int) -> dict[UUID, UUID]:
    """Accounts by mapping, of those that nobody has decided meanwhile."""
    if not taken:
        return {}
    rows = await tx.rows(
        _SQL["match"],
        tenant_id,
        [one.mapping_id for one in taken],
        [one.account_id for one in taken],
        [one.score for one in taken],
        [list(one.reasons) for one in taken],
        rule,
    )
    return {row["id"]: row["account_id"] for row in rows}


async def rate(tx: Tx, *, tenant_id: UUID, scores: Mapping[UUID, int | None], rule: int) -> None:
    """Remembers of waiting mappings how likely the likeliest account is; None: there is none."""
    if scores:
        await tx.run(_SQL["rate"], tenant_id, list(scores), list(scores.values()), rule)


async def derive_waiting(tx: Tx, *, tenant_id: UUID, mappings: Collection[UUID]) -> None:
    """Asks for jobs that bring the rows which wait for mappings that have an account now."""
    if mappings:
        await tx.run(_SQL["derive_waiting"], tenant_id, list(mappings))


async def find(
    tx: Tx, *, tenant_id: UUID, lineage_id: UUID, external_ids: Sequence[str]
) -> dict[str, Met]:
    """What is known of accounts, by external id; those that nobody met are left out."""
    rows = await tx.rows(_SQL["find"], tenant_id, lineage_id, list(external_ids))
    return {
        row["external_account_id"]: Met(
            mapping_id=row["id"],
            account_id=row["account_id"],
            state=MappingState(row["state"]),
            fed=row["fed"],
        )
        for row in rows
    }
