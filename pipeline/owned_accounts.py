"""Owned accounts: what a persona has connected becomes theirs, once."""

from __future__ import annotations

from uuid import UUID

from db import assets
from db import owned_accounts as stored
from db.session import Tx


async def make_assets(tx: Tx, *, tenant_id: UUID, connection_id: UUID) -> None:
    """Makes an asset of each account of a connection that is a persona's, if there is none.

    Accounts that wait for someone's decision, or are ignored, are none yet.
    """
    accounts = await stored.without_asset(tx, tenant_id=tenant_id, connection_id=connection_id)
    for account in accounts:
        await assets.ensure_for_account(
            tx,
            tenant_id=tenant_id,
            account_id=account.account_id,
            persona_id=account.persona_id,
            connection_id=connection_id,
            name=" ".join(filter(None, (account.institution, account.name))),
            institution=account.institution,
        )
