"""Plaid's own endpoints for its sandbox, and the keys of webhooks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final, Literal

from pydantic import Field

from sandbox.plaid_arrival import settle, start, tell_updates
from sandbox.plaid_bank import Bank
from sandbox.plaid_endpoint import (
    DEFAULT_DAYS,
    Ask,
    Day,
    DaysRequested,
    Endpoint,
    ItemAsk,
    Part,
    Product,
    Url,
)
from sandbox.plaid_errors import PlaidError
from sandbox.plaid_institutions import institution
from sandbox.plaid_investments import tell_trades
from sandbox.plaid_item import Item
from sandbox.plaid_users import PASSWORD

DISCONNECTS_IN: Final = timedelta(days=7)


class SandboxTransactions(Part):
    """How much history the new Item asks for."""

    start_date: Day | None = None
    end_date: Day | None = None
    days_requested: DaysRequested | None = None


class PublicTokenOptions(Part):
    """Options of /sandbox/public_token/create"""

    webhook: Url | None = None
    override_username: str | None = "user_good"
    override_password: str | None = PASSWORD
    transactions: SandboxTransactions | None = None


class PublicTokenAsk(Ask):
    """POST /sandbox/public_token/create"""

    institution_id: str
    initial_products: list[Product] = Field(min_length=1)
    options: PublicTokenOptions = PublicTokenOptions()
    user_token: str | None = None
    user_id: str | None = None


class FireAsk(ItemAsk):
    """POST /sandbox/item/fire_webhook"""

    webhook_type: (
        Literal[
            "AUTH",
            "HOLDINGS",
            "INVESTMENTS_TRANSACTIONS",
            "ITEM",
            "LIABILITIES",
            "TRANSACTIONS",
            "ASSETS",
        ]
        | None
    ) = None
    webhook_code: Literal[
        "DEFAULT_UPDATE",
        "NEW_ACCOUNTS_AVAILABLE",
        "SMS_MICRODEPOSITS_VERIFICATION",
        "AUTHORIZATION_GRANTED",
        "USER_PERMISSION_REVOKED",
        "USER_ACCOUNT_REVOKED",
        "PENDING_DISCONNECT",
        "RECURRING_TRANSACTIONS_UPDATE",
        "LOGIN_REPAIRED",
        "SYNC_UPDATES_AVAILABLE",
        "PRODUCT_READY",
        "ERROR",
    ]


class KeyAsk(Ask):
    """POST /webhook_verification_key/get"""

    key_id: str


def public_token_create(bank: Bank, ask: PublicTokenAsk) -> dict[str, Any]:
    """A new Item without the page."""
    wanted = ask.options
    item = bank.link(
        institution=institution(ask.institution_id),
        username=wanted.override_username or "user_good",
        password=wanted.override_password or PASSWORD,
        products=list(ask.initial_products),
        webhook=wanted.webhook,
    )
    if item.of_product("transactions"):
        start(bank, item, _days(bank, wanted.transactions))
        settle(bank, item)
    return {"public_token": bank.issue_public_token(item)}


def reset_login(bank: Bank, ask: ItemAsk) -> dict[str, Any]:
    """The user has to log in again."""
    item = bank.item(ask.access_token)
    bank.fail(item, PlaidError("ITEM_LOGIN_REQUIRED"))
    return {"reset_login": True}


def fire_webhook(bank: Bank, ask: FireAsk) -> dict[str, Any]:
    """Send a webhook for the sake of it."""
    item = bank.item(ask.access_token)
    if item.webhook is None:
        raise PlaidError("SANDBOX_WEBHOOK_INVALID", "the Item has no webhook")
    fire(bank, item, ask.webhook_type, ask.webhook_code)
    return {"webhook_fired": True}


def key_get(bank: Bank, ask: KeyAsk) -> dict[str, Any]:
    """The public key of an id."""
    key = bank.keys.find(ask.key_id)
    if key is None:
        raise PlaidError("INVALID_WEBHOOK_VERIFICATION_KEY_ID")
    return {"key": key.jwk()}


def fire(bank: Bank, item: Item, kind: str | None, code: str) -> None:
    """Send the webhook of this kind and code as if there were cause for it."""
    now = bank.clock.now()
    match code:
        case "SYNC_UPDATES_AVAILABLE":
            _demand(item, "transactions")
            # Fired by hand, it comes also before the first sync.
            synced, item.synced = item.synced, True
            tell_updates(bank, item)
            item.synced = synced
        case "DEFAULT_UPDATE":
            _default_update(bank, item, kind or "TRANSACTIONS")
        case "RECURRING_TRANSACTIONS_UPDATE":
            _demand(item, "recurring_transactions")
            bank.fire(item, "TRANSACTIONS", code, account_ids=list(item.ledger.accounts))
        case "NEW_ACCOUNTS_AVAILABLE":
            bank.fire(item, "ITEM", code, error=None)
        case "LOGIN_REPAIRED":
            item.error = None
            bank.fire(item, "ITEM", code)
        case "PENDING_DISCONNECT":
            reason, ends = "INSTITUTION_TOKEN_EXPIRATION", now + DISCONNECTS_IN
            bank.fire(item, "ITEM", code, reason=reason, disconnect_time=ends)
        case "PENDING_EXPIRATION":
            ends = item.consent_expires_at or now + DISCONNECTS_IN
            bank.fire(item, "ITEM", code, consent_expiration_time=ends)
        case "USER_PERMISSION_REVOKED":
            item.error = PlaidError("USER_PERMISSION_REVOKED")
            bank.fire(item, "ITEM", code, error=item.error.shown())
        case "USER_ACCOUNT_REVOKED":
            account_id = next(iter(item.ledger.accounts))
            bank.fire(item, "ITEM", code, account_id=account_id)
        case "ERROR" if kind in {None, "ITEM"}:
            error = item.error or PlaidError("ITEM_LOGIN_REQUIRED")
            bank.fire(item, "ITEM", code, error=error.shown())
        case _:
            raise PlaidError("SANDBOX_PRODUCT_NOT_ENABLED")


def _default_update(bank: Bank, item: Item, kind: str) -> None:
    match kind:
        case "TRANSACTIONS":
            _demand(item, "transactions")
            bank.fire(item, kind, "DEFAULT_UPDATE", error=None, new_transactions=0)
        case "HOLDINGS":
            _demand(item, "investments")
            bank.fire(item, kind, "DEFAULT_UPDATE", error=None, new_holdings=0, updated_holdings=1)
        case "INVESTMENTS_TRANSACTIONS":
            _demand(item, "investments")
            tell_trades(bank, item, "DEFAULT_UPDATE", 1)
        case _:
            raise PlaidError("SANDBOX_PRODUCT_NOT_ENABLED")


def _demand(item: Item, product: str) -> None:
    if not item.of_product(product):
        raise PlaidError("SANDBOX_PRODUCT_NOT_ENABLED")


def _days(bank: Bank, wanted: SandboxTransactions | None) -> int:
    if wanted is None:
        return DEFAULT_DAYS
    if wanted.days_requested is not None:
        return wanted.days_requested
    if wanted.start_date is not None:
        days = (bank.clock.today() - wanted.start_date).days + 1
        if not 1 <= days <= 730:
            raise PlaidError("INVALID_FIELD", "start_date must be within the last 730 days")
        return days
    return DEFAULT_DAYS


ENDPOINTS: dict[str, Endpoint[Any]] = {
    "/sandbox/item/fire_webhook": Endpoint(ask=FireAsk, answer=fire_webhook),
    "/sandbox/item/reset_login": Endpoint(ask=ItemAsk, answer=reset_login),
    "/sandbox/public_token/create": Endpoint(ask=PublicTokenAsk, answer=public_token_create),
    "/webhook_verification_key/get": Endpoint(ask=KeyAsk, answer=key_get),
}
