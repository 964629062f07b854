"""Institutions of the simulated Quiltt, their accounts, and what moves on them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from sandbox.quiltt_draw import Draw
from sandbox.quiltt_records import Account, Holding, Security, Transaction

USER: Final = "user_good"
PASSWORD: Final = "pass_good"  # noqa: S105 - the bank does not exist
RECENT_DAYS: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """One account that an institution offers."""

    name: str
    kind: str
    taxonomy: tuple[str, ...]
    currency: str = "USD"
    opening: Decimal
    limit: Decimal | None = None


CHECKING: Final = ("ASSET", "DEPOSITORY", "SPENDING")
SAVINGS: Final = ("ASSET", "DEPOSITORY", "SAVINGS")

INSTITUTIONS: Final[dict[str, tuple[Product, ...]]] = {
    "Sandbox First Bank": (
        Product(
            name="Everyday Checking",
            kind="DEPOSITORY",
            taxonomy=CHECKING,
            opening=Decimal("2410.55"),
        ),
        Product(
            name="Rainy Day Savings",
            kind="DEPOSITORY",
            taxonomy=SAVINGS,
            opening=Decimal("15000.00"),
        ),
        Product(
            name="Rewards Card",
            kind="CREDIT",
            taxonomy=("LIABILITY", "CREDIT", "CARD"),
            opening=Decimal("-321.09"),
            limit=Decimal("50000.00"),
        ),
    ),
    "Sandbox Credit Union": (
        Product(
            name="Share Draft", kind="DEPOSITORY", taxonomy=CHECKING, opening=Decimal("880.10")
        ),
        Product(
            name="Auto Loan",
            kind="LOAN",
            taxonomy=("LIABILITY", "LOAN", "AUTO"),
            opening=Decimal("-18250.00"),
        ),
    ),
    "Sandbox Brokerage": (
        Product(
            name="Individual Brokerage",
            kind="INVESTMENT",
            taxonomy=("ASSET", "INVESTMENT"),
            opening=Decimal(),  # what its holdings are worth
        ),
    ),
    # Currencies whose exponents are not two.
    "Sandbox World Bank": (
        Product(
            name="Yen Account",
            kind="DEPOSITORY",
            taxonomy=CHECKING,
            currency="JPY",
            opening=Decimal(512_000),
        ),
        Product(
            name="Dinar Account",
            kind="DEPOSITORY",
            taxonomy=CHECKING,
            currency="KWD",
            opening=Decimal("905.125"),
        ),
    ),
}
EXTRA: Final = Product(
    name="Second Checking", kind="DEPOSITORY", taxonomy=CHECKING, opening=Decimal("50.00")
)
SECURITIES: Final = (
    Security(name="Example Index Fund", ticker="EXIF", isin="US0000000017", cusip="000000001"),
    Security(name="Example Motors", ticker="EXMO", isin="US0000000025", cusip="000000002"),
)

_EXPONENTS: Final = {"JPY": 0, "KWD": 3}
# Description, category, and the amount in minor units: from, below; negative is money out.
_MOVEMENTS: Final[dict[str, tuple[tuple[str, str, int, int], ...]]] = {
    "DEPOSITORY": (
        ("GROCERY STORE", "groceries", -20_000, -500),
        ("COFFEE SHOP", "restaurants", -1_500, -250),
        ("CITY TRANSIT", "transport", -4_000, -200),
        ("ELECTRIC COMPANY", "utilities", -18_000, -4_000),
        ("ONLINE MARKETPLACE", "shopping", -30_000, -700),
        ("RENT", "housing", -95_000, -80_000),
        ("PAYROLL", "income", 150_000, 190_000),
        ("TRANSFER RECEIVED", "transfer", 1_000, 40_000),
    ),
    "CREDIT": (
        ("GAS STATION", "transport", -8_000, -1_500),
        ("STREAMING SERVICE", "entertainment", -2_000, -800),
        ("RESTAURANT", "restaurants", -12_000, -1_200),
        ("AIRLINE", "travel", -60_000, -9_000),
        ("REFUND", "shopping", 500, 6_000),
        ("PAYMENT THANK YOU", "payment", 20_000, 60_000),
    ),
    "LOAN": (("LOAN PAYMENT", "payment", 30_000, 35_000),),
    "INVESTMENT": (("BUY", "investment", 1, 25), ("DIVIDEND", "income", 500, 9_000)),
}
_PER_MONTH_MOST: Final = {"LOAN": 1, "INVESTMENT": 4}


def account_of(
    draw: Draw, product: Product, *, profile_id: str, connection_id: str, now: datetime
) -> Account:
    """An account as it is opened to the provider, without its history."""
    account = Account(
        id=draw.id("acct"),
        profile_id=profile_id,
        connection_id=connection_id,
        name=product.name,
        kind=product.kind,
        taxonomy=product.taxonomy,
        currency=product.currency,
        number=str(10**9 + draw.below(10**9, "number", profile_id, product.name)),
        opening=product.opening,
        limit=product.limit,
        created_at=now,
        at=now,
    )
    if product.kind == "INVESTMENT":
        account.holdings = [
            Holding(
                id=draw.id("hld"),
                at=now,
                security=security,
                quantity=Decimal(10 + draw.below(990, account.id, security.ticker)),
                price=_price(draw, security),
            )
            for security in SECURITIES
        ]
        account.opening = sum((each.quantity * each.price for each in account.holdings), Decimal())
    return account


def history(
    draw: Draw, account: Account, *, today: date, days: int, per_month: int
) -> Iterator[Transaction]:
    """Posted movements of the past, oldest first; the last thirty days are the recent ones."""
    a_month = min(per_month, _PER_MONTH_MOST.get(account.kind, per_month))
    count = days * a_month // 30
    ages = sorted((1 + draw.below(days, account.id, "age", n) for n in range(count)), reverse=True)
    for age in ages:
        moved = movement(draw, account, on=today - timedelta(days=age))
        moved.is_recent = age <= RECENT_DAYS
        yield moved


def movement(draw: Draw, account: Account, *, on: date, status: str = "POSTED") -> Transaction:
    """One movement that suits the account."""
    transaction_id = draw.id("txn")
    description, category, least, limit = draw.one_of(_MOVEMENTS[account.kind], transaction_id)
    number = least + draw.below(limit - least, transaction_id, "amount")
    moved = Transaction(
        id=transaction_id,
        date=on,
        amount=Decimal(number).scaleb(-exponent(account.currency)),
        description=description,
        status=status,
        category=category,
    )
    if description == "BUY":
        security = draw.one_of(SECURITIES, transaction_id, "security")
        moved.description = f"BUY {security.ticker}"
        moved.security, moved.price = security, _price(draw, security)
        moved.quantity, moved.fees = Decimal(number), Decimal("4.95")
        moved.amount = -(moved.quantity * moved.price) - moved.fees
    return moved


def exponent(currency: str) -> int:
    """How many digits of the currency stand behind the point."""
    return _EXPONENTS.get(currency, 2)


def _price(draw: Draw, security: Security) -> Decimal:
    return Decimal(1_000 + draw.below(30_000, "price", security.ticker)).scaleb(-2)
