"""An Item: one person's login at one institution, as linked by a client."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from sandbox.plaid_errors import PlaidError
from sandbox.plaid_institutions import Institution
from sandbox.plaid_ledger import Account, Ledger, Transaction
from sandbox.plaid_portfolio import Portfolio

Status = Literal["NOT_READY", "INITIAL_UPDATE_COMPLETE", "HISTORICAL_UPDATE_COMPLETE"]


@dataclass(slots=True, kw_only=True)
class Item:
    """What Plaid keeps of an Item, and what the sandbox is still to do to it."""

    item_id: str
    institution: Institution
    username: str
    products: list[str]
    webhook: str | None
    created_at: datetime
    logged_in_at: datetime
    accounts: list[Account]  # the person's; the ledger has those that were chosen
    ledger: Ledger
    access_token: str | None = None  # the public token was not exchanged yet
    epoch: int = 0  # counts access tokens: a cursor belongs to one of them
    error: PlaidError | None = None
    consent_expires_at: datetime | None = None
    removed: bool = False
    last_webhook: tuple[datetime, str] | None = None

    days_requested: int | None = None  # Transactions is not initialised
    transactions_since: datetime | None = None
    first_day: date | None = None  # of the history that is to come
    known_from: date | None = None  # the first day of what has come
    status: Status = "NOT_READY"
    unlinked: list[Transaction] = field(default_factory=list)  # of accounts not chosen
    synced: bool = False
    later: int = 0  # how many transactions happened since the Item was linked

    portfolio: Portfolio | None = None  # Investments is not initialised

    mutations: int = 0  # pages after which the ledger changes, still to come
    stuck_until: int = 0  # cursors up to this position fail in their second page

    @property
    def login(self) -> str:
        """The person at the bank, whichever Item shows them."""
        return f"{self.institution.institution_id}/{self.username}"

    def of_product(self, product: str) -> bool:
        """Whether the Item has the product."""
        return product in self.products

    def shown(self) -> dict[str, Any]:
        """The Item in an answer."""
        return {
            "auth_method": "INSTANT_AUTH",
            "available_products": [
                product
                for product in ("balance", *self.institution.products)
                if product not in self.products
            ],
            "billed_products": list(self.products),
            "consent_expiration_time": self.consent_expires_at,
            "error": None if self.error is None else self.error.shown(),
            "institution_id": self.institution.institution_id,
            "institution_name": self.institution.name,
            "item_id": self.item_id,
            "products": list(self.products),
            "update_type": "background",
            "webhook": self.webhook,
        }


def account_shown(account: Account) -> dict[str, Any]:
    """An account in an answer."""
    plan = account.plan
    told: dict[str, Any] = {
        "account_id": account.account_id,
        "balances": {
            "available": account.available,
            "current": account.current,
            "iso_currency_code": plan.iso_currency_code,
            "last_updated_datetime": None,
            "limit": plan.limit,
            "unofficial_currency_code": plan.unofficial_currency_code,
        },
        "holder_category": "personal",
        "mask": plan.mask,
        "name": plan.name,
        "official_name": plan.official_name,
        "subtype": plan.subtype,
        "type": plan.type,
    }
    if plan.type == "investment":
        told["balances"]["margin_loan_amount"] = Decimal(0)
    if account.persistent_account_id is not None:
        told["persistent_account_id"] = account.persistent_account_id
    return told
