"""Tenants' data keys: made when first needed, kept sealed, opened for the moment of use."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Final

from core.scope import WorkerScope
from core.vault import Aad, DataKey, Vault
from db.queries import load
from db.session import Tx

PURPOSE: Final = "tenant.data-key"

AsWorker = Callable[[], AbstractAsyncContextManager[Tx]]

_SQL = load("tenant_keys")


async def data_key(
    as_worker: Callable[[], AbstractAsyncContextManager[Tx]], vault: Vault
) -> DataKey:
    """The data key of the tenant whose transactions `as_worker` begins.

    The vault may have to ask a service, and no transaction waits for that: so it is asked between
    two of them. Raises SealBroken, UnknownKey and KeysUnavailable.
    """
    async with as_worker() as tx:
        aad = _aad(tx)
        sealed = await tx.value(_SQL["find"], aad.tenant_id)
    if sealed is None:
        _, fresh = await vault.new_data_key(aad=aad)
        async with as_worker() as tx:
            await tx.run(_SQL["put"], aad.tenant_id, fresh)
            # Another worker may have been first: what the table holds is the key.
            sealed = await tx.value(_SQL["find"], aad.tenant_id)
    return await vault.open_data_key(sealed, aad=aad)


def _aad(tx: Tx) -> Aad:
    assert isinstance(tx.scope, WorkerScope)
    assert tx.scope.tenant_id is not None
    return Aad(tenant_id=tx.scope.tenant_id, purpose=PURPOSE, record_id=tx.scope.tenant_id)
