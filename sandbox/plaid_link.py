"""Plaid's endpoints of linking, and what the hosted page does with a link token."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final, Literal

from pydantic import ConfigDict, Field

from sandbox.plaid_arrival import link_accounts, settle, start
from sandbox.plaid_bank import Bank
from sandbox.plaid_endpoint import (
    DEFAULT_DAYS,
    Ask,
    CountryCode,
    DaysRequested,
    Endpoint,
    Part,
    Product,
    Url,
)
from sandbox.plaid_errors import PlaidError
from sandbox.plaid_institutions import institution
from sandbox.plaid_item import Item
from sandbox.plaid_ledger import Account
from sandbox.plaid_sessions import LinkToken, Session
from sandbox.plaid_users import AccountPlan

LIFETIME: Final = timedelta(hours=4)
UPDATE_LIFETIME: Final = timedelta(minutes=30)


class Loose(Part):
    """A part whose other fields do nothing here."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)


class UserPart(Loose):
    """Whose accounts are linked; opaque to Plaid."""

    client_user_id: str = Field(min_length=1)


class TransactionsPart(Part):
    """How much history is wanted."""

    days_requested: DaysRequested = DEFAULT_DAYS


class UpdatePart(Loose):
    """What update mode may do beyond logging in again."""

    account_selection_enabled: bool = False


class HostedPart(Loose):
    """The page that Plaid shows."""

    completion_redirect_uri: Url | None = None
    url_lifetime_seconds: int | None = Field(default=None, ge=1)


class SubtypesPart(Part):
    """Which subtypes of a kind of account may be chosen."""

    account_subtypes: list[str]


class FiltersPart(Part):
    """Which accounts may be chosen; a kind that is left out may not."""

    depository: SubtypesPart | None = None
    credit: SubtypesPart | None = None
    loan: SubtypesPart | None = None
    investment: SubtypesPart | None = None
    other: SubtypesPart | None = None


class LinkTokenAsk(Ask):
    """POST /link/token/create"""

    client_name: str = Field(min_length=1, max_length=30)
    language: Literal[
        "da", "nl", "en", "et", "fr", "de", "hi", "it", "lv", "lt", "no", "pl", "pt", "ro", "es",
        "sv", "vi",
    ]  # fmt: skip
    country_codes: list[CountryCode] = Field(min_length=1)
    user: UserPart | None = None
    user_id: str | None = None
    products: list[Product] | None = None
    required_if_supported_products: list[Product] | None = None
    optional_products: list[Product] | None = None
    additional_consented_products: list[Product] | None = None
    webhook: Url | None = None
    access_token: str | None = None
    link_customization_name: str | None = None
    redirect_uri: Url | None = None
    android_package_name: str | None = None
    account_filters: FiltersPart | None = None
    institution_id: str | None = None
    transactions: TransactionsPart = TransactionsPart()
    update: UpdatePart = UpdatePart()
    hosted_link: HostedPart | None = None
    enable_multi_item_link: bool = False


class LinkTokenGetAsk(Ask):
    """POST /link/token/get"""

    link_token: str


def link_token_create(bank: Bank, ask: LinkTokenAsk) -> dict[str, Any]:
    """A token for the page: for a new Item, or to repair one."""
    if ask.user is None and ask.user_id is None:
        raise PlaidError("MISSING_FIELDS", "the following required fields are missing: user")
    updating = ask.access_token is not None
    if updating and ask.products:
        raise PlaidError("INVALID_FIELD", "products: not allowed in update mode")
    if not updating and not ask.products:
        raise PlaidError("MISSING_FIELDS", "the following required fields are missing: products")
    if ask.redirect_uri and "?" in ask.redirect_uri:
        raise PlaidError("INVALID_FIELD", "redirect_uri: must have no query parameters")
    if ask.institution_id is not None:
        institution(ask.institution_id)
    item = bank.item(ask.access_token) if ask.access_token is not None else None
    now = bank.clock.now()
    token = bank.ids.token("link")
    hosted_uri = ask.hosted_link.completion_redirect_uri if ask.hosted_link else None
    made = LinkToken(
        link_token=token,
        created_at=now,
        expires_at=now + (UPDATE_LIFETIME if updating else LIFETIME),
        asked=ask.model_dump(exclude={"client_id", "secret", "access_token"}, exclude_none=True),
        item_id=item.item_id if item else None,
        add_accounts=ask.update.account_selection_enabled,
        days_requested=ask.transactions.days_requested,
        completion_uri=hosted_uri or ask.redirect_uri,
    )
    bank.link_tokens[token] = made
    told: dict[str, Any] = {"expiration": made.expires_at, "link_token": token}
    if ask.hosted_link is not None:
        told["hosted_link_url"] = f"{bank.public_url}/link/{token}"
    return told


def link_token_get(bank: Bank, ask: LinkTokenGetAsk) -> dict[str, Any]:
    """What was asked for, and what the user did."""
    found = bank.link_tokens.get(ask.link_token)
    if found is None:
        raise PlaidError("INVALID_LINK_TOKEN")
    return {
        "created_at": found.created_at,
        "expiration": found.expires_at,
        "link_sessions": [_session_shown(session) for session in found.sessions],
        "link_token": found.link_token,
        "metadata": {
            "client_name": found.asked["client_name"],
            "country_codes": found.asked["country_codes"],
            "initial_products": found.products,
            "language": found.asked["language"],
            "redirect_uri": found.asked.get("redirect_uri"),
            "webhook": found.webhook,
        },
    }


def usable(bank: Bank, link_token: str) -> LinkToken:
    """The link token that a user comes with; raises PlaidError."""
    found = bank.link_tokens.get(link_token)
    if found is None or found.expires_at <= bank.clock.now():
        raise PlaidError("INVALID_LINK_TOKEN", "invalid or expired link_token provided")
    return found


def offered(token: LinkToken, plans: Sequence[AccountPlan]) -> list[int]:
    """The numbers of the accounts that may be chosen."""
    filters = token.asked.get("account_filters")
    if not filters:
        return list(range(len(plans)))
    return [
        number
        for number, plan in enumerate(plans)
        if {plan.subtype, "all"} & set(filters.get(plan.type, {}).get("account_subtypes", ()))
    ]


def linked(bank: Bank, token: LinkToken, item: Item, numbers: list[int]) -> str:
    """The user has chosen accounts of a new Item; answers the public token."""
    chosen = [item.accounts[number] for number in numbers]
    item.ledger.accounts = {account.account_id: account for account in chosen}
    if item.of_product("transactions"):
        start(bank, item, token.days_requested)
        settle(bank, item)
    public_token = bank.issue_public_token(item)
    finish(bank, token, item, public_token)
    return public_token


def repaired(bank: Bank, token: LinkToken, item: Item, numbers: list[int]) -> None:
    """The user has logged in again, and perhaps chosen more accounts."""
    item.error = None
    item.logged_in_at = bank.clock.now()
    if item.institution.consent_days is not None:
        item.consent_expires_at = bank.clock.now() + timedelta(days=item.institution.consent_days)
    link_accounts(item, {item.accounts[number].account_id for number in numbers})
    finish(bank, token, item, None)


def finish(bank: Bank, token: LinkToken, item: Item | None, public_token: str | None) -> None:
    """The user leaves the page, with or without an Item."""
    session = Session(
        link_session_id=bank.ids.next("session"),
        at=bank.clock.now(),
        public_token=public_token,
        institution=_institution_shown(item) if item else None,
        accounts=[_account_shown(one) for one in item.ledger.accounts.values()] if item else [],
    )
    token.sessions.append(session)
    if token.webhook is not None:
        what = {
            "environment": "sandbox",
            "link_session_id": session.link_session_id,
            "link_token": token.link_token,
            "public_tokens": [public_token] if public_token else [],
            "status": "SUCCESS" if item else "EXITED",
            "webhook_code": "SESSION_FINISHED",
            "webhook_type": "LINK",
        }
        bank.outbox.put(token.webhook, what)


def _institution_shown(item: Item) -> dict[str, Any]:
    return {"institution_id": item.institution.institution_id, "name": item.institution.name}


def _account_shown(account: Account) -> dict[str, Any]:
    return {
        "class_type": None,
        "id": account.account_id,
        "mask": account.plan.mask,
        "name": account.plan.name,
        "subtype": account.plan.subtype,
        "type": account.plan.type,
        "verification_status": None,
    }


def _session_shown(session: Session) -> dict[str, Any]:
    told: dict[str, Any] = {
        "finished_at": session.at,
        "link_session_id": session.link_session_id,
        "results": None,
        "started_at": session.at,
    }
    if session.public_token is not None:
        told["results"] = {
            "bank_income_results": [],
            "cra_item_add_results": [],
            "cra_update_results": [],
            "document_income_results": None,
            "item_add_results": [
                {
                    "accounts": session.accounts,
                    "institution": session.institution,
                    "public_token": session.public_token,
                }
            ],
            "payroll_income_results": [],
        }
    return told


ENDPOINTS: dict[str, Endpoint[Any]] = {
    "/link/token/create": Endpoint(ask=LinkTokenAsk, answer=link_token_create),
    "/link/token/get": Endpoint(ask=LinkTokenGetAsk, answer=link_token_get),
}
