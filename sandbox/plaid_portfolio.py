"""Investments of one account: securities, what is held of them, and how it came about."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from sandbox.plaid_ids import Ids

EVERY_DAYS: Final = 5
CENT: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Security:
    """Something that can be held; the same on every Item."""

    security_id: str
    name: str
    ticker: str | None
    type: str
    subtype: str | None
    price: Decimal
    cusip: str | None = None
    isin: str | None = None
    cash: bool = False
    option: dict[str, Any] | None = None
    bond: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """How much of a security an account holds."""

    account_id: str
    security: Security
    quantity: Decimal
    cost_basis: Decimal | None  # the institution does not say


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """An investment transaction; a positive amount left the account's cash, as at Plaid."""

    investment_transaction_id: str
    account_id: str
    security: Security | None
    day: date
    name: str
    quantity: Decimal
    amount: Decimal
    price: Decimal
    fees: Decimal | None
    type: str
    subtype: str


def _securities() -> tuple[Security, ...]:
    option = {
        "contract_type": "call",
        "expiration_date": date(2027, 1, 15),
        "strike_price": Decimal("225.5"),
        "underlying_security_ticker": "AAPL",
    }
    bond = {
        "face_value": Decimal(1000),
        "issue_date": date(2021, 5, 15),
        "maturity_date": date(2031, 5, 15),
        "yield_rate": {"percentage": Decimal("1.625"), "type": "coupon"},
    }
    rows: tuple[dict[str, Any], ...] = (
        {"name": "U S Dollar", "ticker": "CUR:USD", "type": "cash", "price": Decimal(1)},
        {"name": "Apple Inc.", "ticker": "AAPL", "type": "equity", "price": Decimal("211.37")},
        {"name": "Vanguard 500", "ticker": "VOO", "type": "etf", "price": Decimal("512.0425")},
        {"name": "T-Note 1.625%", "ticker": None, "type": "fixed income", "price": Decimal("88.7")},
        {"name": "AAPL Call 225.5", "ticker": None, "type": "derivative", "price": Decimal("3.15")},
    )
    more: tuple[dict[str, Any], ...] = (
        {"subtype": "cash", "cash": True},
        {"subtype": "common stock", "cusip": "037833100", "isin": "US0378331005"},
        {"subtype": "etf"},
        {"subtype": "treasury note", "bond": bond},
        {"subtype": "option", "option": option},
    )
    ids = Ids(0)
    return tuple(
        Security(security_id=ids.of("security", row["name"]), **row, **extra)
        for row, extra in zip(rows, more, strict=True)
    )


SECURITIES: Final = _securities()


@dataclass(slots=True, kw_only=True)
class Portfolio:
    """The holdings and trades of an Item's investment accounts."""

    holdings: list[Holding] = field(default_factory=list)
    trades: list[Trade] = field(default_factory=list)

    def newest_first(self, start: date, end: date, account_ids: set[str] | None) -> list[Trade]:
        """The trades of some days, in an order that pages can rely on."""
        chosen = [
            trade
            for trade in self.trades
            if start <= trade.day <= end
            and (account_ids is None or trade.account_id in account_ids)
        ]
        return sorted(
            chosen, key=lambda trade: (trade.day, trade.investment_transaction_id), reverse=True
        )

    def rename(self, new: dict[str, str]) -> None:
        """The accounts have other ids."""
        self.holdings = [replace(held, account_id=new[held.account_id]) for held in self.holdings]
        self.trades = [replace(trade, account_id=new[trade.account_id]) for trade in self.trades]

    def trade(self, ids: Ids, item_id: str, account_id: str, day: date) -> Trade:
        """One trade more, which changes what is held."""
        chance = ids.chance("trade", item_id, len(self.trades))
        key = ids.of("trade", item_id, account_id, len(self.trades))
        made = _made(chance, key, account_id, day)
        self.trades.append(made)
        self.holdings = [
            replace(held, quantity=held.quantity + made.quantity)
            if made.type == "buy"
            and held.security == made.security
            and held.account_id == account_id
            else held
            for held in self.holdings
        ]
        return made


def opened(ids: Ids, item_id: str, account_ids: list[str], *, today: date, days: int) -> Portfolio:
    """What the accounts hold, and their trades since so many days."""
    made = Portfolio()
    quantities = (Decimal("1843.17"), Decimal("12.5"), Decimal("20.12345678"), Decimal(3))
    for account_id in account_ids:
        for security, quantity in zip(SECURITIES, (*quantities, Decimal(200)), strict=True):
            known = security.type != "derivative"
            cost = (security.price * quantity * Decimal("0.9")).quantize(CENT) if known else None
            made.holdings.append(
                Holding(
                    account_id=account_id, security=security, quantity=quantity, cost_basis=cost
                )
            )
        for back in range(days, -1, -EVERY_DAYS):
            chance = ids.chance("trade", item_id, len(made.trades))
            key = ids.of("trade", item_id, account_id, len(made.trades))
            made.trades.append(_made(chance, key, account_id, today - timedelta(days=back)))
    return made


def _made(chance: random.Random, key: str, account_id: str, day: date) -> Trade:
    cash, share, fund = SECURITIES[:3]
    security: Security | None
    quantity, price, fees = Decimal(0), Decimal(0), None
    amount = Decimal(chance.randint(100, 90_000)).scaleb(-2)
    match kind := chance.choice(("buy", "buy", "dividend", "account fee", "deposit")):
        case "buy":
            security, fees = chance.choice((share, fund)), Decimal("0.95")
            quantity, price = Decimal(chance.randint(1, 40)) / 8, security.price
            amount = (quantity * price).quantize(CENT) + fees
        case "dividend":
            security, amount = share, -amount
        case "deposit":
            security, amount = cash, -amount
        case _:
            security, amount = None, Decimal("4.95")
    return Trade(
        investment_transaction_id=key,
        account_id=account_id,
        security=security,
        day=day,
        name=f"{kind.upper()} {security.name if security else ''}".strip(),
        quantity=quantity,
        amount=amount,
        price=price,
        fees=fees,
        type={"buy": "buy", "account fee": "fee"}.get(kind, "cash"),
        subtype=kind,
    )
