"""What a client must have in the end, to be compared with what it has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.plaid_investments import holding_shown, trade_shown
from sandbox.plaid_item import Item, account_shown
from sandbox.plaid_ledger import Transaction
from sandbox.plaid_portfolio import Holding, Trade
from sandbox.plaid_wire import SyncOptions, transaction_shown

_ALL = SyncOptions(original_description=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """An Item as every client has it that missed nothing."""

    item_id: str
    status: str  # as in transactions_update_status: what is still to come is not in here
    error_code: str | None  # the Item is well
    removed_item: bool
    accounts: list[dict[str, Any]]
    transactions: list[Transaction]
    removed: list[str]  # ids that exist no longer; not every client was told of them
    holdings: list[Holding]
    trades: list[Trade]

    def shown(self) -> dict[str, Any]:
        """The truth, for JSON; transactions are as /transactions/sync sends them."""
        return {
            "item_id": self.item_id,
            "status": self.status,
            "error_code": self.error_code,
            "removed_item": self.removed_item,
            "accounts": self.accounts,
            "transactions": [transaction_shown(row, _ALL) for row in self.transactions],
            "removed": self.removed,
            "holdings": [holding_shown(one) for one in self.holdings],
            "investment_transactions": [trade_shown(one) for one in self.trades],
        }


def truth_of(item: Item) -> Truth:
    """The truth about an Item at this moment."""
    portfolio = item.portfolio
    return Truth(
        item_id=item.item_id,
        status=item.status,
        error_code=None if item.error is None else item.error.code,
        removed_item=item.removed,
        accounts=[account_shown(account) for account in item.ledger.accounts.values()],
        transactions=item.ledger.live(),
        removed=item.ledger.removed(),
        holdings=list(portfolio.holdings) if portfolio else [],
        trades=list(portfolio.trades) if portfolio else [],
    )
