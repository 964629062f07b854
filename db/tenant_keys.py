"""Tenants' data keys: made when first needed, kept sealed, opened for the moment of use."""

from __future__ import annotations

from core.scope import WorkerScope
from core.vault import Aad, DataKey, Vault
from db.queries import load
from db.session import Tx

_SQL = load("tenant_keys")


async def data_key(tx: Tx, vault: Vault) -> DataKey:
    """The data key of the worker's tenant. Raises SealBroken and UnknownKey."""
    assert isinstance(tx.scope, WorkerScope)
    assert tx.scope.tenant_id is not None
    tenant_id = tx.scope.tenant_id
    aad = Aad(tenant_id=tenant_id, purpose="tenant.data-key", record_id=tenant_id)
    sealed = await tx.value(_SQL["find"], tenant_id)
    if sealed is None:
        _, fresh = await vault.new_data_key(aad=aad)
        await tx.run(_SQL["put"], tenant_id, fresh)
        # Another worker may have been first: what the table holds is the key.
        sealed = await tx.value(_SQL["find"], tenant_id)
    return await vault.open_data_key(sealed, aad=aad)
