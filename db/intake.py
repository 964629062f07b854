"""External accounts as imports meet them: remembered always, given an account where allowed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from core.models import MappingState
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """What is known of an external account."""

    mapping_id: UUID
    account_id: UUID | None
    state: MappingState


async def meet(
    tx: Tx,
    *,
    tenant_id: UUID,
    connection_id: UUID,
    lineage_id: UUID,
    accounts: Sequence[ExternalAccount],
) -> Mapping[str, Met]:
    """What is known of each account, by external id; new ones are remembered as pending."""
    found = await _find(tx, tenant_id=tenant_id, lineage_id=lineage_id, accounts=accounts)
    unmet = [account for account in accounts if account.external_account_id not in found]
    if not unmet:
        return found
    for account in sorted(unmet, key=lambda account: account.external_account_id):
        await tx.run(
            _SQL["meet"],
            tenant_id,
            connection_id,
            lineage_id,
            account.external_account_id,
            account.number_hash,
            account.masked_number,
            account.name,
            account.institution,
            account.currency,
        )
    return await _find(tx, tenant_id=tenant_id, lineage_id=lineage_id, accounts=accounts)


async def open_account(
    tx: Tx, *, tenant_id: UUID, mapping_id: UUID, name: str, institution: str | None
) -> UUID | None:
    """A new account for a pending mapping; None where somebody else has mapped it just now."""
    institution_id = None
    if institution is not None:
        institution_id = await tx.value(_SQL["institution"], tenant_id, institution)
    account_id = await tx.value(_SQL["open_account"], tenant_id, mapping_id, institution_id, name)
    return account_id if isinstance(account_id, UUID) else None


async def _find(
    tx: Tx, *, tenant_id: UUID, lineage_id: UUID, accounts: Sequence[ExternalAccount]
) -> dict[str, Met]:
    rows = await tx.rows(
        _SQL["find"], tenant_id, lineage_id, [account.external_account_id for account in accounts]
    )
    return {
        row["external_account_id"]: Met(
            mapping_id=row["id"],
            account_id=row["account_id"],
            state=MappingState(row["state"]),
        )
        for row in rows
    }
