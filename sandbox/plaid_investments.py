"""Plaid's endpoints of investments."""

from __future__ import annotations

from typing import Any, Final

from pydantic import Field

from sandbox.plaid_bank import Bank
from sandbox.plaid_endpoint import (
    AccountsOptions,
    Day,
    Endpoint,
    ItemAsk,
    chosen_accounts,
)
from sandbox.plaid_errors import PlaidError
from sandbox.plaid_item import Item, account_shown
from sandbox.plaid_ledger import Account
from sandbox.plaid_portfolio import Holding, Portfolio, Security, Trade, opened

HISTORY_DAYS: Final = 730


class HoldingsAsk(ItemAsk):
    """POST /investments/holdings/get"""

    options: AccountsOptions | None = None


class TradesOptions(AccountsOptions):
    """Options of /investments/transactions/get"""

    count: int = Field(default=100, ge=1, le=500)
    offset: int = Field(default=0, ge=0)
    async_update: bool = False


class TradesAsk(ItemAsk):
    """POST /investments/transactions/get"""

    start_date: Day
    end_date: Day
    options: TradesOptions = TradesOptions()


def holdings_get(bank: Bank, ask: HoldingsAsk) -> dict[str, Any]:
    """What the accounts hold today."""
    item = bank.healthy_item(ask.access_token)
    portfolio = portfolio_of(bank, item)
    accounts = _investment_accounts(item, ask.options)
    chosen = {account.account_id for account in accounts}
    held = [one for one in portfolio.holdings if one.account_id in chosen]
    return {
        "accounts": [account_shown(account) for account in accounts],
        "holdings": [holding_shown(one) for one in held],
        "is_investments_fallback_item": False,
        "item": item.shown(),
        "securities": _securities([one.security for one in held]),
    }


def trades_get(bank: Bank, ask: TradesAsk) -> dict[str, Any]:
    """A page of the trades of some days, the newest first."""
    item = bank.healthy_item(ask.access_token)
    if ask.options.async_update and item.portfolio is None:
        portfolio = portfolio_of(bank, item)
        tell_trades(bank, item, "HISTORICAL_UPDATE", len(portfolio.trades))
        raise PlaidError("PRODUCT_NOT_READY")
    portfolio = portfolio_of(bank, item)
    accounts = _investment_accounts(item, ask.options)
    chosen = {account.account_id for account in accounts}
    trades = portfolio.newest_first(ask.start_date, ask.end_date, chosen)
    page = trades[ask.options.offset : ask.options.offset + ask.options.count]
    return {
        "accounts": [account_shown(account) for account in accounts],
        "investment_transactions": [trade_shown(trade) for trade in page],
        "is_investments_fallback_item": False,
        "item": item.shown(),
        "securities": _securities([trade.security for trade in page if trade.security]),
        "total_investment_transactions": len(trades),
    }


def portfolio_of(bank: Bank, item: Item) -> Portfolio:
    """The Item's investments, initialised now if they were not; raises PlaidError."""
    if item.portfolio is None:
        if "investments" not in item.institution.products:
            raise PlaidError("PRODUCTS_NOT_SUPPORTED")
        ids = [account.account_id for account in _investment_accounts(item, None)]
        if not item.of_product("investments"):
            item.products.append("investments")
        days = min(bank.settings.history.days, HISTORY_DAYS)
        item.portfolio = opened(bank.ids, item.item_id, ids, today=bank.clock.today(), days=days)
    return item.portfolio


def trade(bank: Bank, item: Item, count: int) -> list[str]:
    """So many trades more happen today; answers their ids."""
    portfolio = portfolio_of(bank, item)
    account = _investment_accounts(item, None)[0]
    made = [
        portfolio.trade(bank.ids, item.item_id, account.account_id, bank.clock.today())
        for _ in range(count)
    ]
    tell_trades(bank, item, "DEFAULT_UPDATE", count)
    bought = sum(one.type == "buy" for one in made)
    if bought:
        bank.fire(
            item, "HOLDINGS", "DEFAULT_UPDATE", error=None, new_holdings=0, updated_holdings=bought
        )
    return [one.investment_transaction_id for one in made]


def tell_trades(bank: Bank, item: Item, code: str, new: int) -> bool:
    """Send that there are new trades."""
    return bank.fire(
        item,
        "INVESTMENTS_TRANSACTIONS",
        code,
        error=None,
        new_investments_transactions=new,
        cancelled_investments_transactions=0,
    )


def holding_shown(held: Holding) -> dict[str, Any]:
    """A holding in an answer."""
    security = held.security
    return {
        "account_id": held.account_id,
        "cost_basis": held.cost_basis,
        "institution_price": security.price,
        "institution_price_as_of": None,
        "institution_price_datetime": None,
        "institution_value": security.price * held.quantity,
        "iso_currency_code": "USD",
        "quantity": held.quantity,
        "security_id": security.security_id,
        "tax_lots": [],
        "unofficial_currency_code": None,
        "vested_quantity": None,
        "vested_value": None,
    }


def trade_shown(one: Trade) -> dict[str, Any]:
    """An investment transaction in an answer."""
    return {
        "account_id": one.account_id,
        "amount": one.amount,
        "cancel_transaction_id": None,
        "date": one.day,
        "fees": one.fees,
        "investment_transaction_id": one.investment_transaction_id,
        "iso_currency_code": "USD",
        "name": one.name,
        "price": one.price,
        "quantity": one.quantity,
        "security_id": None if one.security is None else one.security.security_id,
        "subtype": one.subtype,
        "transaction_datetime": None,
        "type": one.type,
        "unofficial_currency_code": None,
    }


def _investment_accounts(item: Item, options: AccountsOptions | None) -> list[Account]:
    accounts = chosen_accounts(item, options.account_ids if options else None)
    investments = [account for account in accounts if account.plan.type == "investment"]
    if not investments:
        raise PlaidError("NO_INVESTMENT_ACCOUNTS")
    return investments


def _securities(used: list[Security]) -> list[dict[str, Any]]:
    """Each security once, in the order of its first use."""
    return [_security_shown(one) for one in {one.security_id: one for one in used}.values()]


def _security_shown(one: Security) -> dict[str, Any]:
    return {
        "cfi_code": None,
        "close_price": one.price,
        "close_price_as_of": None,
        "cusip": one.cusip,
        "figi": None,
        "fixed_income": one.bond,
        "industry": None,
        "institution_id": None,
        "institution_security_id": None,
        "is_cash_equivalent": one.cash,
        "isin": one.isin,
        "iso_currency_code": "USD",
        "market_identifier_code": None,
        "name": one.name,
        "option_contract": one.option,
        "proxy_security_id": None,
        "sector": None,
        "security_id": one.security_id,
        "sedol": None,
        "subtype": one.subtype,
        "ticker_symbol": one.ticker,
        "type": one.type,
        "unofficial_currency_code": None,
        "update_datetime": None,
    }


ENDPOINTS: dict[str, Endpoint[Any]] = {
    "/investments/holdings/get": Endpoint(ask=HoldingsAsk, answer=holdings_get),
    "/investments/transactions/get": Endpoint(ask=TradesAsk, answer=trades_get),
}
