"""External accounts as imports meet them: remembered always, given an account where allowed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from core.models import AccountType, MappingState
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
