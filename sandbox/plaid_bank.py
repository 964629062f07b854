"""Everything that the simulated Plaid keeps, and the doors to it that all endpoints use."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from sandbox.plaid_errors import PlaidError
from sandbox.plaid_history import History
from sandbox.plaid_ids import Ids
from sandbox.plaid_institutions import Institution
from sandbox.plaid_item import Item
from sandbox.plaid_keys import Keys
from sandbox.plaid_ledger import Account, Ledger
from sandbox.plaid_limits import Limits
from sandbox.plaid_outbox import Outbox
from sandbox.plaid_sessions import LinkToken, PublicToken
from sandbox.plaid_users import AccountPlan, logged_in

PUBLIC_TOKEN_LIFETIME: Final = timedelta(minutes=30)
ITEM_LIFETIME: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long after linking the first 30 days and the whole history are there."""

    initial_s: float | None = 0  # None: only when it is told
    historical_s: float | None = 2  # None: only when it is told


@dataclass(slots=True, kw_only=True)
class Refusal:
    """An error that the next requests are answered with, without anything being wrong."""

    error: PlaidError
    path: str  # the beginning of it
    item_id: str | None  # any
    times: int


@dataclass(slots=True, kw_only=True)
class Settings:
    """What the sandbox does unasked."""

    history: History = field(default_factory=History)
    pace: Pace = field(default_factory=Pace)
    drop_pending_links: bool = False  # pending_transaction_id stays null
    items_expire: bool = True  # into ITEM_LOGIN_REQUIRED after 30 days, as in Plaid's sandbox
    refresh_added: int = 1  # new transactions that a refresh finds


class Clock:
    """The client's time, which may be moved on."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.client = now
        self.moved = timedelta()

    def now(self) -> datetime:
        """The present instant at Plaid."""
        return self.client() + self.moved

    def today(self) -> date:
        """The present day at Plaid."""
        return self.now().date()


@dataclass(slots=True, kw_only=True)
class Bank:
    """The state of the sandbox; whoever reads or changes it holds the lock."""

    ids: Ids
    clock: Clock
    client_id: str
    secret: str
    public_url: str | None  # the address that a request came to
    keys: Keys
    outbox: Outbox
    settings: Settings = field(default_factory=Settings)
    limits: Limits = field(default_factory=Limits)
    refusals: list[Refusal] = field(default_factory=list)
    items: dict[str, Item] = field(default_factory=dict)
    access_tokens: dict[str, str] = field(default_factory=dict)
    public_tokens: dict[str, PublicToken] = field(default_factory=dict)
    link_tokens: dict[str, LinkToken] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def refuse(self, path: str, item_id: str | None) -> None:
        """Raise the error that a request is to be answered with, if there is one."""
        for refusal in self.refusals:
            if (
                refusal.times > 0
                and path.startswith(refusal.path)
                and refusal.item_id in {None, item_id}
            ):
                refusal.times -= 1
                raise refusal.error

    def item(self, access_token: str) -> Item:
        """The Item of a token, whatever its health; raises PlaidError where there is none."""
        item_id = self.access_tokens.get(access_token)
        if item_id is None:
            raise PlaidError("INVALID_ACCESS_TOKEN")
        item = self.items[item_id]
        if item.removed:
            raise PlaidError("ITEM_NOT_FOUND")
        return item

    def healthy_item(self, access_token: str) -> Item:
        """The Item of a token that gives data; raises PlaidError where it gives none."""
        item = self.item(access_token)
        if item.error is not None:
            raise item.error
        return item

    def link(
        self,
        *,
        institution: Institution,
        username: str,
        password: str,
        products: list[str],
        webhook: str | None,
    ) -> Item:
        """A new Item of whoever logs in so, with all accounts; raises PlaidError."""
        if not set(products) <= set(institution.products):
            raise PlaidError("PRODUCTS_NOT_SUPPORTED")
        plans = logged_in(username, password)
        item_id, now = self.ids.next("item"), self.clock.now()
        login = f"{institution.institution_id}/{username}"
        accounts = [
            self._account(institution, login, item_id, number, plan)
            for number, plan in enumerate(plans)
        ]
        item = Item(
            item_id=item_id,
            institution=institution,
            username=username,
            products=list(products),
            webhook=webhook,
            created_at=now,
            logged_in_at=now,
            accounts=accounts,
            ledger=Ledger({account.account_id: account for account in accounts}),
        )
        if institution.consent_days is not None:
            item.consent_expires_at = now + timedelta(days=institution.consent_days)
        self.items[item_id] = item
        return item

    def issue_public_token(self, item: Item) -> str:
        """A token that can be exchanged once, within half an hour."""
        token = self.ids.token("public")
        expires_at = self.clock.now() + PUBLIC_TOKEN_LIFETIME
        self.public_tokens[token] = PublicToken(item_id=item.item_id, expires_at=expires_at)
        return token

    def issue_access_token(self, item: Item) -> str:
        """A token for the Item, instead of the one before it."""
        if item.access_token is not None:
            del self.access_tokens[item.access_token]
            item.epoch += 1
        item.access_token = self.ids.token("access")
        self.access_tokens[item.access_token] = item.item_id
        return item.access_token

    def fire(self, item: Item, kind: str, code: str, **more: Any) -> bool:
        """Send a webhook of the Item, if it has an address for them."""
        if item.webhook is None or item.removed:
            return False
        item.last_webhook = (self.clock.now(), code)
        what = {
            "environment": "sandbox",
            "item_id": item.item_id,
            "webhook_code": code,
            "webhook_type": kind,
            **more,
        }
        self.outbox.put(item.webhook, what)
        return True

    def fail(self, item: Item, error: PlaidError) -> None:
        """The Item gives no data any more, and its client is told."""
        item.error = error
        self.fire(item, "ITEM", "ERROR", error=error.shown())

    def _account(
        self, institution: Institution, login: str, item_id: str, number: int, plan: AccountPlan
    ) -> Account:
        stays = institution.persistent_ids and plan.type == "depository"
        return Account(
            account_id=self.ids.of("account", item_id, number),
            persistent_account_id=(
                self.ids.of("persistent", login, number, length=43) if stays else None
            ),
            plan=plan,
            current=plan.current,
            available=plan.available,
        )
