"""Plaid's endpoints of transactions."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from sandbox.plaid_activity import Step, advance, create
from sandbox.plaid_arrival import start
from sandbox.plaid_bank import Bank
from sandbox.plaid_cursor import Cursor, decoded, owner
from sandbox.plaid_endpoint import DEFAULT_DAYS, Day, DaysRequested, Endpoint, ItemAsk, Part
from sandbox.plaid_errors import PlaidError
from sandbox.plaid_item import Item, account_shown
from sandbox.plaid_ledger import Transaction
from sandbox.plaid_merchants import UNKNOWN
from sandbox.plaid_users import DYNAMIC, kind
from sandbox.plaid_wire import SyncOptions, transaction_shown

CREATED_AT_ONCE_MAX: Final = 10
CREATED_DAYS_MAX: Final = 14


class SyncAskOptions(Part):
    """Options of /transactions/sync"""

    include_original_description: bool | None = False
    include_personal_finance_category: bool = True
    include_logo_and_counterparty_beta: bool = True
    personal_finance_category_version: Literal["v1", "v2"] = "v2"
    days_requested: DaysRequested = DEFAULT_DAYS
    account_id: str | None = None


class SyncAsk(ItemAsk):
    """POST /transactions/sync"""

    cursor: str | None = Field(default=None, max_length=256)
    count: int = Field(default=100, ge=1, le=500)
    options: SyncAskOptions = SyncAskOptions()


class Created(Part):
    """A transaction that somebody makes up."""

    date_transacted: Day
    date_posted: Day
    amount: Annotated[Decimal, Field(strict=False, max_digits=14, decimal_places=2)]
    description: str = Field(min_length=1)
    iso_currency_code: str = Field(default="USD", pattern="^[A-Z]{3}$")


class CreateAsk(ItemAsk):
    """POST /sandbox/transactions/create"""

    transactions: list[Created] = Field(min_length=1, max_length=CREATED_AT_ONCE_MAX)


def sync(bank: Bank, ask: SyncAsk) -> dict[str, Any]:
    """What changed since the cursor, a page of it."""
    item = bank.healthy_item(ask.access_token)
    item.synced = True
    if item.transactions_since is None:
        if "transactions" not in item.institution.products:
            raise PlaidError("PRODUCTS_NOT_SUPPORTED")
        start(bank, item, ask.options.days_requested)
    account_id = ask.options.account_id
    if account_id is not None and account_id not in item.ledger.accounts:
        raise PlaidError("INVALID_ACCOUNT_ID")
    whose = owner(item.item_id, item.epoch, account_id)
    now_on = ask.cursor == "now"
    cursor = (
        decoded(ask.cursor, bank.ids, whose) if ask.cursor and not now_on else Cursor(owner=whose)
    )
    if item.status == "NOT_READY":
        return _not_ready()
    if now_on:
        cursor = Cursor(owner=whose, start=item.ledger.head, position=item.ledger.head)
    return _page(bank, item, ask, cursor)


def refresh(bank: Bank, ask: ItemAsk) -> dict[str, Any]:
    """Plaid asks the bank now; what it finds is told by webhook."""
    item = bank.healthy_item(ask.access_token)
    if item.transactions_since is None:
        raise PlaidError("PRODUCT_NOT_READY")
    advance(bank, item, Step(added=bank.settings.refresh_added, pending=0))
    return {}


def sandbox_create(bank: Bank, ask: CreateAsk) -> dict[str, Any]:
    """These transactions happen on the first depository account."""
    item = bank.healthy_item(ask.access_token)
    if kind(item.username) != DYNAMIC or item.transactions_since is None:
        raise PlaidError("INVALID_FIELD", f"the Item was not created with {DYNAMIC}")
    today = bank.clock.today()
    days = {day for one in ask.transactions for day in (one.date_transacted, one.date_posted)}
    if min(days) < today - timedelta(days=CREATED_DAYS_MAX) or max(days) > today:
        raise PlaidError("INVALID_FIELD", "dates must be within the last 14 days")
    create(bank, item, [_created(bank, item, one, today) for one in ask.transactions])
    return {}


def _not_ready() -> dict[str, Any]:
    return {
        "accounts": [],
        "added": [],
        "has_more": False,
        "modified": [],
        "next_cursor": "",
        "removed": [],
        "transactions_update_status": "NOT_READY",
    }


def _page(bank: Bank, item: Item, ask: SyncAsk, cursor: Cursor) -> dict[str, Any]:
    stuck = 0 < cursor.start <= item.stuck_until
    if cursor.head and (cursor.head != item.ledger.head or stuck):
        raise PlaidError("TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION")
    page = item.ledger.page(
        start=cursor.start,
        position=cursor.position,
        count=ask.count,
        account_id=ask.options.account_id,
    )
    following = Cursor(
        owner=cursor.owner,
        start=cursor.start if page.has_more else page.position,
        position=page.position,
        head=item.ledger.head if page.has_more else 0,
    )
    options = SyncOptions(
        original_description=bool(ask.options.include_original_description),
        category_version=ask.options.personal_finance_category_version,
    )
    told = {
        "accounts": _accounts(item),
        "added": [transaction_shown(row, options) for row in page.added],
        "has_more": page.has_more,
        "modified": [transaction_shown(row, options) for row in page.modified],
        "next_cursor": following.encoded(bank.ids),
        "removed": [
            {"account_id": row.account_id, "transaction_id": row.transaction_id}
            for row in page.removed
        ],
        "transactions_update_status": item.status,
    }
    if page.has_more and item.mutations:
        item.mutations -= 1
        advance(bank, item, Step(pending=0))
    return told


def _accounts(item: Item) -> list[dict[str, Any]]:
    """The accounts that have transactions."""
    having = {row.account_id for row in item.ledger.live()}
    return [
        account_shown(account) for key, account in item.ledger.accounts.items() if key in having
    ]


def _created(bank: Bank, item: Item, one: Created, today: date) -> Transaction:
    account = next(
        account for account in item.ledger.accounts.values() if account.plan.type == "depository"
    )
    return Transaction(
        transaction_id=bank.ids.next("created"),
        account_id=account.account_id,
        amount=one.amount,
        iso_currency_code=one.iso_currency_code,
        unofficial_currency_code=None,
        day=one.date_posted,
        authorized_day=one.date_transacted,
        at=None,
        name=one.description,
        original_description=one.description,
        merchant=UNKNOWN,
        pending=one.date_posted == today and one.date_transacted == today,
        pending_transaction_id=None,
    )


ENDPOINTS: dict[str, Endpoint[Any]] = {
    "/sandbox/transactions/create": Endpoint(ask=CreateAsk, answer=sandbox_create),
    "/transactions/refresh": Endpoint(ask=ItemAsk, answer=refresh),
    "/transactions/sync": Endpoint(ask=SyncAsk, answer=sync),
}
