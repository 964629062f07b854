"""Remote data of the simulated Quiltt: transactions in the words of the provider behind it."""

from __future__ import annotations

from typing import Any

from sandbox.quiltt_records import Account, Transaction, instant
from sandbox.quiltt_world import World


def remote_response(provider: str, account: Account, each: Transaction) -> dict[str, Any] | None:
    """What the provider says of a transaction in GraphQL, as far as it is simulated."""
    match provider:
        case "MOCK":
            return {
                "id": f"remote-{each.id}",
                "accountId": f"remote-{account.id}",
                "amount": f"{each.amount:f}",
                "date": each.date.isoformat(),
                "description": each.description,
                "status": each.status,
                "category": each.category,
                "isoCurrencyCode": account.currency,
            }
        case "PLAID":
            return plaid_body(account, each)
        case _:
            return None


def plaid_body(account: Account, each: Transaction) -> dict[str, Any]:
    """A transaction of Plaid's, with its exact link and its sign: money out is positive."""
    pending_id = each.pending_id and f"remote-{each.pending_id}"
    return {
        "transactionId": f"remote-{each.id}",
        "pendingTransactionId": pending_id,
        "accountId": f"remote-{account.id}",
        "accountOwner": None,
        "pending": each.status != "POSTED",
        "amount": -each.amount,
        "date": each.date.isoformat(),
        "datetime": None,
        "authorizedDate": None,
        "authorizedDatetime": None,
        "name": each.description,
        "merchantName": None,
        "paymentChannel": "other",
        "transactionCode": None,
        "isoCurrencyCode": account.currency,
        "unofficialCurrencyCode": None,
        "paymentMeta": dict.fromkeys(
            (
                "referenceNumber",
                "ppdId",
                "payee",
                "byOrderOf",
                "payer",
                "paymentMethod",
                "paymentProcessor",
                "reason",
            )
        ),
        "location": dict.fromkeys(
            ("address", "city", "region", "postalCode", "country", "lat", "lon", "storeNumber")
        ),
    }


def plaid_transactions(world: World) -> list[tuple[Account, Transaction]]:
    """All transactions of the environment that come through Plaid."""
    return [
        (account, each)
        for account in world.accounts.values()
        if world.connections[account.connection_id].provider == "PLAID"
        for each in account.visible()
    ]


def plaid_reference(pair: tuple[Account, Transaction]) -> dict[str, Any]:
    """An element of the list of the REST API."""
    account, each = pair
    return {"transactionId": each.id, "profileId": account.profile_id}


def plaid_document(pair: tuple[Account, Transaction]) -> dict[str, Any]:
    """One transaction of the REST API, with what Plaid had answered."""
    account, each = pair
    document = {
        "id": f"remote-{each.id}",
        "requestId": "sandbox",
        "timestamp": instant(account.at),
        "body": plaid_body(account, each),
    }
    return {
        **plaid_reference(pair),
        "type": "PLAID",
        "documents": {"sandbox.plaid.com": {"/transactions/get": document}},
    }
