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
    today = bank.clock.today()
    days = min(item.days_requested or INITIAL_DAYS, bank.settings.history.days)
    item.first_day = today - timedelta(days=days - 1)
    known_from = max(item.first_day, today - timedelta(days=INITIAL_DAYS - 1))
    _see_balances(bank, item)
    new = _arrive(bank, item, known_from, today)
    item.known_from, item.status = known_from, "INITIAL_UPDATE_COMPLETE"
    bank.fire(item, "TRANSACTIONS", "INITIAL_UPDATE", error=None, new_transactions=new)
    tell_updates(bank, item)


def release_historical(bank: Bank, item: Item) -> None:
    """The whole history is there, if it was not."""
    if item.status != "INITIAL_UPDATE_COMPLETE":
        return
    assert item.first_day is not None
    assert item.known_from is not None
    new = _arrive(bank, item, item.first_day, item.known_from - timedelta(days=1))
    item.known_from, item.status = item.first_day, "HISTORICAL_UPDATE_COMPLETE"
    bank.fire(item, "TRANSACTIONS", "HISTORICAL_UPDATE", error=None, new_transactions=new)
    tell_updates(bank, item)


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


def _arrive(bank: Bank, item: Item, first: date, last: date) -> int:
    """Tell of what the bank shows of these days; answers how many transactions that is."""
    rows = list(_rows(bank, item, first, last))
    linked = [row for row in rows if row.account_id in item.ledger.accounts]
    item.ledger.load(linked)
    item.unlinked += [row for row in rows if row.account_id not in item.ledger.accounts]
    return len(linked)


def _rows(bank: Bank, item: Item, first: date, last: date) -> Iterator[Transaction]:
    """What another Item of the same person has by now, and before it what always was."""
    before = _item_before(bank, item)
    known_from = before.known_from if before else None
    per_day, today = bank.settings.history.per_day, bank.clock.today()
    made_up_to = last if known_from is None else min(last, known_from - timedelta(days=1))
    yield from writer(bank, item).days(first, made_up_to, per_day, today=today)
    if before is None or known_from is None:
        return
    twin = {
        old.account_id: new.account_id
        for old, new in zip(before.accounts, item.accounts, strict=True)
    }
    for row in (*before.unlinked, *before.ledger.live()):
        if max(first, known_from) <= row.day <= last:
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
            return other
    return None


def _see_balances(bank: Bank, item: Item) -> None:
    """The accounts hold what they hold on the person's other Item."""
    before = _item_before(bank, item)
    if before is not None:
        for old, new in zip(before.accounts, item.accounts, strict=True):
            new.current, new.available = old.current, old.available
