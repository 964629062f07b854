"""How an Item's transactions arrive: nothing, then 30 days, then the whole history."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from sandbox.plaid_bank import ITEM_LIFETIME, Bank
from sandbox.plaid_errors import PlaidError
from sandbox.plaid_history import Writer
from sandbox.plaid_item import Item
from sandbox.plaid_ledger import Transaction

INITIAL_DAYS: Final = 30


def start(bank: Bank, item: Item, days_requested: int) -> None:
    """Initialise Transactions, which fixes for ever how many days there will be."""
    if item.transactions_since is None:
        item.days_requested = days_requested
        item.transactions_since = bank.clock.now()
        if not item.of_product("transactions"):
            item.products.append("transactions")


def settle(bank: Bank, item: Item) -> None:
    """Let happen what is due at this instant."""
    now, pace = bank.clock.now(), bank.settings.pace
    if item.removed:
        return
    if item.transactions_since is not None:
        waited_s = (now - item.transactions_since).total_seconds()
        if pace.initial_s is not None and waited_s >= pace.initial_s:
            release_initial(bank, item)
        if pace.historical_s is not None and waited_s >= pace.historical_s:
            release_historical(bank, item)
    if item.error is not None:
        return
    if item.consent_expires_at is not None and item.consent_expires_at <= now:
        bank.fail(item, PlaidError("ITEM_LOGIN_REQUIRED", reason="OAUTH_CONSENT_EXPIRED"))
    elif bank.settings.items_expire and item.logged_in_at + ITEM_LIFETIME <= now:
        bank.fail(item, PlaidError("ITEM_LOGIN_REQUIRED"))


def release_initial(bank: Bank, item: Item) -> None:
    """The newest 30 days are there, if they were not."""
    if item.status != "NOT_READY" or item.transactions_since is None:
        return
    _fetch(bank, item)
    item.ledger.load(item.recent)
    item.status = "INITIAL_UPDATE_COMPLETE"
    bank.fire(item, "TRANSACTIONS", "INITIAL_UPDATE", error=None, new_transactions=len(item.recent))
    tell_updates(bank, item)
    item.recent = []


def release_historical(bank: Bank, item: Item) -> None:
    """The whole history is there, if it was not."""
    if item.status != "INITIAL_UPDATE_COMPLETE":
        return
    item.ledger.load(item.older)
    item.status = "HISTORICAL_UPDATE_COMPLETE"
    bank.fire(
        item, "TRANSACTIONS", "HISTORICAL_UPDATE", error=None, new_transactions=len(item.older)
    )
    tell_updates(bank, item)
    item.older = []


def tell_updates(bank: Bank, item: Item) -> bool:
    """Send SYNC_UPDATES_AVAILABLE, which only clients get that have called sync."""
    return item.synced and bank.fire(
        item,
        "TRANSACTIONS",
        "SYNC_UPDATES_AVAILABLE",
        initial_update_complete=item.status != "NOT_READY",
        historical_update_complete=item.status == "HISTORICAL_UPDATE_COMPLETE",
    )


def writer(bank: Bank, item: Item) -> Writer:
    """Writes transactions of the Item's person on all of their accounts."""
    return Writer(ids=bank.ids, login=item.login, item_id=item.item_id, accounts=item.accounts)


def link_accounts(item: Item, account_ids: set[str]) -> None:
    """These accounts are shared from now on, with those that were."""
    for account in item.accounts:
        if account.account_id in account_ids:
            item.ledger.accounts.setdefault(account.account_id, account)
    item.ledger.load(row for row in item.unlinked if row.account_id in item.ledger.accounts)
    item.unlinked = [row for row in item.unlinked if row.account_id not in item.ledger.accounts]


def _fetch(bank: Bank, item: Item) -> None:
    today, history = bank.clock.today(), bank.settings.history
    days = min(item.days_requested or INITIAL_DAYS, history.days)
    item.first_day = today - timedelta(days=days - 1)
    recent_from = today - timedelta(days=INITIAL_DAYS - 1)
    for row in _rows(bank, item, item.first_day, today):
        if row.account_id not in item.ledger.accounts:
            item.unlinked.append(row)
        elif row.day < recent_from:
            item.older.append(row)
        else:
            item.recent.append(row)


def _rows(bank: Bank, item: Item, first: date, today: date) -> Iterator[Transaction]:
    """What the bank shows: what another Item of the same person has by now, and what is older."""
    before = _item_before(bank, item)
    if before is None or before.first_day is None:
        yield from writer(bank, item).days(first, today, bank.settings.history.per_day, today=today)
        return
    last = before.first_day - timedelta(days=1)
    yield from writer(bank, item).days(first, last, bank.settings.history.per_day, today=today)
    twin = {
        old.account_id: new.account_id
        for old, new in zip(before.accounts, item.accounts, strict=True)
    }
    for row in (*before.older, *before.unlinked, *before.ledger.live()):
        if row.day >= first:
            yield replace(
                row,
                transaction_id=bank.ids.of("copy", item.item_id, row.transaction_id),
                account_id=twin[row.account_id],
                pending_transaction_id=None,
            )


def _item_before(bank: Bank, item: Item) -> Item | None:
    """The newest other Item of the same person that has transactions."""
    for other in reversed(bank.items.values()):
        if other is not item and other.login == item.login and other.status != "NOT_READY":
            for old, new in zip(other.accounts, item.accounts, strict=True):
                new.current, new.available = old.current, old.available
            return other
    return None
