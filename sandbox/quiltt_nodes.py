"""Nodes of the simulated Quiltt's GraphQL: records as fields, those of others when asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sandbox.quiltt_records import (
    PRODUCTS,
    Account,
    Connection,
    Holding,
    Profile,
    Transaction,
    instant,
)
from sandbox.quiltt_remote import remote_response
from sandbox.quiltt_search import (
    Filter,
    last_day,
    matching_accounts,
    matching_connections,
    matching_transactions,
    paged,
)
from sandbox.quiltt_world import World

Node = dict[str, Any]


class Nodes:
    """What one profile may see."""

    def __init__(self, world: World, profile: Profile) -> None:
        self._world = world
        self._profile = profile

    def of(self, record: Any) -> Node:
        """The node of any record."""
        match record:
            case Connection():
                return self.connection(record)
            case Account():
                return self.account(record)
            case Profile():
                return self.profile()
            case _:
                return self.transaction(record)

    def profile(self) -> Node:
        return self._profile.shown()

    def connection(self, connection: Connection) -> Node:
        return {
            "id": connection.id,
            "status": connection.status,
            "provider": connection.provider_now,
            "features": list(PRODUCTS),
            "institution": _institution(connection),
            "externallyManaged": False,
            "oauth": False,
            "metadata": connection.metadata,
            "accounts": lambda _, **asked: self._accounts(
                self._world.accounts_of(connection), **asked
            ),
        }

    def connections(self, *, filter: Filter = None) -> list[Node]:
        found = matching_connections(self._world.connections_of(self._profile), filter)
        return [self.connection(each) for each in found]

    def account(self, account: Account) -> Node:
        connection = self._world.connections[account.connection_id]
        return {
            "id": account.id,
            "name": account.name,
            "mask": account.number[-4:],
            "kind": account.kind,
            "taxonomy": list(account.taxonomy),
            "state": account.state,
            "currencyCode": account.currency,
            "verified": False,
            "metadata": account.metadata,
            "provider": connection.provider_now,
            "balance": account.balance.shown() if account.balance else None,
            "connection": lambda _: self.connection(connection),
            "institution": _institution(connection),
            "transactedFirstOn": lambda _: min(
                (each.date.isoformat() for each in account.visible()), default=None
            ),
            "transactedLastOn": lambda _: last_day(account) or None,
            "transactions": lambda _, **asked: self.transactions([account], **asked),
            "holdings": lambda _, **asked: self.holdings([account], **asked),
        }

    def accounts(self, *, filter: Filter = None, sort: str | None = None) -> list[Node]:
        every = self._world.accounts_of_profile(self._profile)
        return self._accounts(every, filter=filter, sort=sort)

    def transaction(self, pair: tuple[Account, Transaction]) -> Node:
        account, each = pair
        connection = self._world.connections[account.connection_id]
        is_signed = self._world.settings.amounts == "signed"
        return {
            "id": each.id,
            "account": lambda _: self.account(account),
            "date": each.date.isoformat(),
            "amount": each.amount if is_signed else abs(each.amount),
            "currencyCode": account.currency,
            "description": each.description,
            "entryType": each.entry_type,
            "status": each.status,
            "kind": account.kind,
            "provider": connection.provider_now,
            "metadata": each.metadata,
            "remoteData": lambda _: self._remote(connection, account, each),
            "fees": each.fees,
            "price": each.price,
            "quantity": each.quantity,
            "security": _security(each),
        }

    def transactions(
        self,
        accounts: Sequence[Account] | None,
        *,
        filter: Filter = None,
        sort: str | None = None,
        **page: Any,
    ) -> Node:
        """Those of these accounts, or of all."""
        every = self._world.accounts_of_profile(self._profile) if accounts is None else accounts
        return paged(matching_transactions(every, filter, sort), self.transaction, **page)

    def holdings(self, accounts: Sequence[Account] | None, **page: Any) -> Node:
        every = self._world.accounts_of_profile(self._profile) if accounts is None else accounts
        pairs = [(account, each) for account in every for each in account.holdings]
        return paged(pairs, self._holding, **page)

    def holding_of(self, holding_id: str) -> Node | None:
        for account in self._world.accounts_of_profile(self._profile):
            for each in account.holdings:
                if each.id == holding_id:
                    return self._holding((account, each))
        return None

    def _accounts(
        self, accounts: Sequence[Account], *, filter: Filter = None, sort: str | None = None
    ) -> list[Node]:
        status_of = {each.id: each.status for each in self._world.connections_of(self._profile)}
        return [self.account(each) for each in matching_accounts(accounts, filter, sort, status_of)]

    def _holding(self, pair: tuple[Account, Holding]) -> Node:
        account, each = pair
        return {
            "id": each.id,
            "at": instant(each.at),
            "account": lambda _: self.account(account),
            "security": _security(each),
            "quantity": each.quantity,
            "price": each.price,
            "value": each.quantity * each.price,
        }

    def _remote(self, connection: Connection, account: Account, each: Transaction) -> Node:
        """The provider's own words; those of other providers are null."""
        response = remote_response(connection.provider, account, each)
        told = {"id": f"remote-{each.id}", "timestamp": instant(account.at), "response": response}
        return {connection.provider.lower(): {"transaction": told}}


def _institution(connection: Connection) -> Node:
    return {"id": f"inst_{connection.institution.replace(' ', '')}", "name": connection.institution}


def _security(of: Holding | Transaction) -> Node | None:
    security = of.security
    if security is None:
        return None
    return {
        "name": security.name,
        "tickerSymbol": security.ticker,
        "isin": security.isin,
        "cusip": security.cusip,
    }
