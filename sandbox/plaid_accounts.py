"""Plaid's endpoints of Items and their accounts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from sandbox.plaid_bank import Bank
from sandbox.plaid_endpoint import (
    AccountsOptions,
    Ask,
    CountryCode,
    Endpoint,
    ItemAsk,
    Part,
    Product,
    Url,
    chosen_accounts,
)
from sandbox.plaid_errors import PlaidError
from sandbox.plaid_institutions import INSTITUTIONS, institution, shown
from sandbox.plaid_item import Item, account_shown


class ExchangeAsk(Ask):
    """POST /item/public_token/exchange"""

    public_token: str


class WebhookAsk(ItemAsk):
    """POST /item/webhook/update; null ends webhooks"""

    webhook: Url | None = None


class AccountsAsk(ItemAsk):
    """POST /accounts/get"""

    options: AccountsOptions | None = None


class BalanceOptions(AccountsOptions):
    """Options of /accounts/balance/get"""

    min_last_updated_datetime: datetime | None = Field(default=None, strict=False)


class BalanceAsk(ItemAsk):
    """POST /accounts/balance/get"""

    options: BalanceOptions | None = None


class InstitutionOptions(Part):
    """Options of /institutions/get_by_id"""

    include_optional_metadata: bool = False
    include_status: bool = False
    include_auth_metadata: bool = False
    include_payment_initiation_metadata: bool = False


class InstitutionAsk(Ask):
    """POST /institutions/get_by_id"""

    institution_id: str
    country_codes: list[CountryCode] = Field(min_length=1)
    options: InstitutionOptions = InstitutionOptions()


class InstitutionsOptions(Part):
    """Options of /institutions/get"""

    products: list[Product] | None = Field(default=None, min_length=1)
    routing_numbers: list[str] | None = None
    oauth: bool | None = None
    include_optional_metadata: bool = False
    include_auth_metadata: bool = False
    include_payment_initiation_metadata: bool = False


class InstitutionsAsk(Ask):
    """POST /institutions/get"""

    count: int = Field(ge=1, le=500)
    offset: int = Field(ge=0)
    country_codes: list[CountryCode] = Field(min_length=1)
    options: InstitutionsOptions = InstitutionsOptions()


def exchange(bank: Bank, ask: ExchangeAsk) -> dict[str, Any]:
    """An access token for a public token, once."""
    public = bank.public_tokens.get(ask.public_token)
    if public is None:
        raise PlaidError("INVALID_PUBLIC_TOKEN")
    if public.expires_at <= bank.clock.now():
        raise PlaidError("INVALID_PUBLIC_TOKEN", "provided public token is expired")
    if public.used:
        raise PlaidError("INVALID_PUBLIC_TOKEN", "provided public token has already been exchanged")
    public.used = True
    item = bank.items[public.item_id]
    return {"access_token": bank.issue_access_token(item), "item_id": item.item_id}


def item_get(bank: Bank, ask: ItemAsk) -> dict[str, Any]:
    """The Item and when it was updated, also where it gives no data."""
    item = bank.item(ask.access_token)
    last = item.last_webhook
    return {
        "item": {
            **item.shown(),
            "created_at": item.created_at,
            "consented_products": item.products,
        },
        "status": {
            "investments": _updated(bank, item) if item.portfolio else None,
            "last_webhook": None if last is None else {"sent_at": last[0], "code_sent": last[1]},
            "transactions": _updated(bank, item) if item.status != "NOT_READY" else None,
        },
    }


def item_remove(bank: Bank, ask: ItemAsk) -> dict[str, Any]:
    """The Item exists no longer."""
    bank.item(ask.access_token).removed = True
    return {}


def webhook_update(bank: Bank, ask: WebhookAsk) -> dict[str, Any]:
    """Webhooks go to another address, which is told so."""
    item = bank.item(ask.access_token)
    item.webhook = ask.webhook
    bank.fire(item, "ITEM", "WEBHOOK_UPDATE_ACKNOWLEDGED", error=None, new_webhook_url=ask.webhook)
    return {"item": item.shown()}


def invalidate(bank: Bank, ask: ItemAsk) -> dict[str, Any]:
    """Another access token; the old one is worth nothing at once."""
    return {"new_access_token": bank.issue_access_token(bank.item(ask.access_token))}


def accounts_get(bank: Bank, ask: AccountsAsk) -> dict[str, Any]:
    """Accounts with cached balances."""
    item = bank.healthy_item(ask.access_token)
    return _accounts(item, ask.options)


def balance_get(bank: Bank, ask: BalanceAsk) -> dict[str, Any]:
    """Accounts with the balances of this moment."""
    item = bank.healthy_item(ask.access_token)
    told = _accounts(item, ask.options)
    if not item.institution.min_last_updated:
        return told
    now = bank.clock.now()
    oldest = ask.options.min_last_updated_datetime if ask.options else None
    if oldest is None and any(account["type"] != "depository" for account in told["accounts"]):
        raise PlaidError("INVALID_FIELD", "min_last_updated_datetime must be set for this account")
    for account in told["accounts"]:
        account["balances"]["last_updated_datetime"] = now
    return told


def institution_get(_: Bank, ask: InstitutionAsk) -> dict[str, Any]:
    """One bank."""
    known = institution(ask.institution_id)
    if not set(known.country_codes) & set(ask.country_codes):
        raise PlaidError("INVALID_INSTITUTION")
    health_at = _HEALTHY_SINCE if ask.options.include_status else None
    metadata = ask.options.include_optional_metadata
    return {"institution": shown(known, metadata=metadata, health_at=health_at)}


def institutions_get(_: Bank, ask: InstitutionsAsk) -> dict[str, Any]:
    """A page of the banks that fit."""
    wanted = ask.options
    fitting = [
        shown(known, metadata=wanted.include_optional_metadata, health_at=None)
        for known in INSTITUTIONS.values()
        if set(known.country_codes) & set(ask.country_codes)
        and set(wanted.products or ()) <= set(known.products)
        and wanted.oauth in {None, known.oauth}
        and (not wanted.routing_numbers or set(wanted.routing_numbers) & set(known.routing_numbers))
    ]
    page = fitting[ask.offset : ask.offset + ask.count]
    return {"institutions": page, "total": len(fitting)}


def _accounts(item: Item, options: AccountsOptions | None) -> dict[str, Any]:
    accounts = chosen_accounts(item, options.account_ids if options else None)
    return {"accounts": [account_shown(account) for account in accounts], "item": item.shown()}


def _updated(bank: Bank, item: Item) -> dict[str, Any]:
    failed = bank.clock.now() if item.error is not None else None
    return {"last_failed_update": failed, "last_successful_update": item.created_at}


_HEALTHY_SINCE = datetime.fromisoformat("2026-01-01T00:00:00+00:00")

ENDPOINTS: dict[str, Endpoint[Any]] = {
    "/accounts/balance/get": Endpoint(ask=BalanceAsk, answer=balance_get),
    "/accounts/get": Endpoint(ask=AccountsAsk, answer=accounts_get),
    "/institutions/get": Endpoint(ask=InstitutionsAsk, answer=institutions_get),
    "/institutions/get_by_id": Endpoint(ask=InstitutionAsk, answer=institution_get),
    "/item/access_token/invalidate": Endpoint(ask=ItemAsk, answer=invalidate),
    "/item/get": Endpoint(ask=ItemAsk, answer=item_get),
    "/item/public_token/exchange": Endpoint(ask=ExchangeAsk, answer=exchange),
    "/item/remove": Endpoint(ask=ItemAsk, answer=item_remove),
    "/item/webhook/update": Endpoint(ask=WebhookAsk, answer=webhook_update),
}
