"""The truth of the simulated Quiltt: what a complete and faultless sync would have to end with."""

from __future__ import annotations

from typing import Any

from sandbox.quiltt_records import Account, Connection, Transaction
from sandbox.quiltt_world import World


def truth(world: World, connection: Connection) -> dict[str, Any]:
    """The connection, its accounts and what is visible of them; amounts are signed and exact."""
    return {
        "connection": {
            "id": connection.id,
            "profile_id": connection.profile_id,
            "institution": connection.institution,
            "provider": connection.provider_now,
            "status": connection.status,
        },
        "accounts": [_account(each) for each in world.accounts_of(connection)],
        "changes_waiting": len(connection.waiting),
    }


def _account(account: Account) -> dict[str, Any]:
    balance = account.balance
    assert balance is not None
    return {
        "id": account.id,
        "name": account.name,
        "kind": account.kind,
        "currency": account.currency,
        "mask": account.number[-4:],
        "state": account.state,
        "current": balance.current,
        "available": balance.available,
        "limit": balance.limit,
        "is_complete": account.reach == "all",
        "transactions": [_transaction(each) for each in account.visible()],
        "holdings": [
            {
                "id": each.id,
                "ticker": each.security.ticker,
                "quantity": each.quantity,
                "price": each.price,
            }
            for each in account.holdings
        ],
    }


def _transaction(each: Transaction) -> dict[str, Any]:
    return {
        "id": each.id,
        "date": each.date.isoformat(),
        "amount": each.amount,
        "entry_type": each.entry_type,
        "status": each.status,
        "description": each.description,
        "pending_id": each.pending_id,
        "metadata": each.metadata,
    }
