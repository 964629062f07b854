"""The people who bank at Plaid's sandbox: how they log in, and the accounts that they hold.

A number behind a name is another person with the same kinds of accounts: `user_good_2` has other
transactions than `user_good`. As at Plaid, the password `error_ITEM_LOCKED` is answered with the
error ITEM_LOCKED, and so with other codes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from sandbox.plaid_errors import PlaidError, is_code

PASSWORD: Final = "pass_good"  # noqa: S105 as Plaid publishes it
DYNAMIC: Final = "user_transactions_dynamic"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPlan:
    """An account as its bank shows it on the day it is linked."""

    name: str
    official_name: str | None
    type: str
    subtype: str
    mask: str | None
    current: Decimal
    available: Decimal | None = None
    limit: Decimal | None = None
    iso_currency_code: str | None = "USD"
    unofficial_currency_code: str | None = None
    cents: int = 2  # digits behind the point of its currency
    share: int = 0  # of the person's transactions; 0: the Transactions product has none of it


_CHECKING: Final = AccountPlan(
    name="Plaid Checking",
    official_name="Plaid Gold Standard 0% Interest Checking",
    type="depository",
    subtype="checking",
    mask="0000",
    current=Decimal("3110.94"),
    available=Decimal("3100.94"),
    share=5,
)
_SAVINGS: Final = AccountPlan(
    name="Plaid Saving",
    official_name="Plaid Silver Standard 0.1% Interest Saving",
    type="depository",
    subtype="savings",
    mask="1111",
    current=Decimal("8210.05"),
    available=Decimal("8200.05"),
    share=1,
)
_CARD: Final = AccountPlan(
    name="Plaid Credit Card",
    official_name="Plaid Diamond 12.5% APR Interest Credit Card",
    type="credit",
    subtype="credit card",
    mask="3333",
    current=Decimal("410.18"),
    available=Decimal("1589.82"),
    limit=Decimal(2000),
    share=4,
)
_MORTGAGE: Final = AccountPlan(
    name="Plaid Mortgage",
    official_name=None,
    type="loan",
    subtype="mortgage",
    mask="8888",
    current=Decimal("56302.06"),
)
_BROKERAGE: Final = AccountPlan(
    name="Plaid Brokerage",
    official_name="Plaid Brokerage Account",
    type="investment",
    subtype="brokerage",
    mask="5555",
    current=Decimal("23631.98"),
)
_COINS: Final = AccountPlan(
    name="Plaid Coins",
    official_name=None,
    type="depository",
    subtype="cash management",
    mask=None,
    current=Decimal("1.25000021"),
    iso_currency_code=None,
    unofficial_currency_code="BTC",
    cents=8,
    share=3,
)
_MANY: Final = tuple(
    AccountPlan(
        name=f"Plaid Checking {number}",
        official_name=None,
        type="depository",
        subtype="checking",
        mask=f"{number:04}",
        current=Decimal(number * 100) + Decimal("0.05"),
        available=Decimal(number * 100),
        share=1,
    )
    for number in range(1, 31)
)

USERS: Final[dict[str, tuple[AccountPlan, ...]]] = {
    "user_good": (_CHECKING, _SAVINGS, _CARD, _MORTGAGE, _BROKERAGE),
    DYNAMIC: (_CHECKING, _SAVINGS, _CARD),
    "user_many_accounts": _MANY,
    "user_coins": (_CHECKING, _COINS),
    "user_no_investments": (_CHECKING, _CARD),
    "user_bad": (),  # no password is right
}


def kind(username: str) -> str | None:
    """The key of USERS that a name stands for."""
    base = re.sub(r"_\d+$", "", username)
    return base if base in USERS else None


def logged_in(username: str, password: str) -> tuple[AccountPlan, ...]:
    """The accounts of who logs in so; raises PlaidError where nobody does."""
    if is_code(forced := password.removeprefix("error_")):
        raise PlaidError(forced)
    known = kind(username)
    right = bool(password.strip()) if known == DYNAMIC else password == PASSWORD
    if known is None or not right or not USERS[known]:
        raise PlaidError("INVALID_CREDENTIALS")
    return USERS[known]
