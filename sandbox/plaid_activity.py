"""What goes on at the bank after linking: pendings post, new ones come, others change or vanish."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import ClassVar, Final

from pydantic import ConfigDict

from sandbox.plaid_arrival import tell_updates, writer
from sandbox.plaid_bank import Bank
from sandbox.plaid_history import posted
from sandbox.plaid_item import Item
from sandbox.plaid_ledger import Transaction

CORRECTION: Final = Decimal("1.10")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What happens at once; counts are bounded by what there is."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    post: bool = True  # every pending transaction
    added: int = 1
    pending: int = 1  # new ones that are pending
    twins: int = 0  # pairs of equal transactions on one day
    modified: int = 0
    removed: int = 0
    repeated: int = 0  # told in `added` although nothing about them is new
    strangers: int = 0  # told in `removed` although nobody knows them
    webhooks: bool = True


@dataclass(slots=True, kw_only=True)
class Done:
    """The ids of what happened."""

    added: list[str] = field(default_factory=list)
    modified: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)


def advance(bank: Bank, item: Item, step: Step) -> Done:
    """Let a step happen, and tell the client."""
    done = Done()
    chance = bank.ids.chance("advance", item.item_id, item.later, item.ledger.head)
    if step.post:
        _post(bank, item, done)
    for _ in range(step.added):
        _happen(bank, item, done, pending=False)
    for _ in range(step.twins):
        _happen_twice(bank, item, done)
    for _ in range(step.pending):
        _happen(bank, item, done, pending=True)
    for row in _chosen(chance, item, step.modified, done.added):
        item.ledger.modify(replace(row, amount=(row.amount * CORRECTION).quantize(row.amount)))
        done.modified.append(row.transaction_id)
    for row in _chosen(chance, item, step.removed, [*done.added, *done.modified]):
        item.ledger.remove(row.transaction_id)
        done.removed.append(row.transaction_id)
    for row in _chosen(chance, item, step.repeated, done.added):
        item.ledger.repeat(row.transaction_id)
    for row in _chosen(chance, item, step.strangers, []):
        stranger = bank.ids.next("stranger")
        item.ledger.remove_stranger(replace(row, transaction_id=stranger))
    if step.webhooks:
        _tell(bank, item, done)
    return done


def change_account_ids(bank: Bank, item: Item) -> dict[str, str]:
    """Plaid can no longer tell which account is which: accounts and transactions get other ids,
    and the old transactions are removed. Answers new by old account id."""
    new = {account.account_id: bank.ids.next("account") for account in item.accounts}
    before = item.ledger.live()
    for row in before:
        item.ledger.forget(row.transaction_id)
    item.ledger.accounts = {new[key]: account for key, account in item.ledger.accounts.items()}
    for account in item.accounts:
        account.account_id = new[account.account_id]

    def renamed(rows: list[Transaction]) -> list[Transaction]:
        return [
            replace(
                row,
                transaction_id=bank.ids.next("transaction"),
                account_id=new[row.account_id],
                pending_transaction_id=None,
            )
            for row in rows
        ]

    item.ledger.load(renamed(before))
    item.unlinked = renamed(item.unlinked)
    if item.portfolio is not None:
        item.portfolio.rename(new)
    tell_updates(bank, item)
    return new


def create(bank: Bank, item: Item, rows: list[Transaction]) -> Done:
    """These transactions happen, and the client is told."""
    done = Done()
    for row in rows:
        item.ledger.add(row)
        done.added.append(row.transaction_id)
    _tell(bank, item, done)
    return done


def _post(bank: Bank, item: Item, done: Done) -> None:
    linked = not bank.settings.drop_pending_links
    for row in item.ledger.live():
        if row.pending:
            key = bank.ids.of("posted", item.item_id, row.transaction_id)
            item.ledger.add(posted(row, key, bank.clock.today(), linked=linked))
            item.ledger.remove(row.transaction_id)
            done.added.append(key)
            done.removed.append(row.transaction_id)


def _happen(bank: Bank, item: Item, done: Done, *, pending: bool) -> Transaction | None:
    shown = replace(writer(bank, item), accounts=list(item.ledger.accounts.values()))
    row = shown.later(bank.clock.today(), item.later, pending=pending)
    item.later += 1
    if row is not None:
        item.ledger.add(row)
        done.added.append(row.transaction_id)
    return row


def _happen_twice(bank: Bank, item: Item, done: Done) -> None:
    row = _happen(bank, item, done, pending=False)
    if row is not None:
        twin = replace(row, transaction_id=bank.ids.of("twin", row.transaction_id))
        item.ledger.add(twin)
        done.added.append(twin.transaction_id)


def _chosen(chance: random.Random, item: Item, count: int, but: list[str]) -> list[Transaction]:
    """Some transactions of those that a client has seen."""
    if not count:
        return []
    rows = [row for row in item.ledger.live() if row.transaction_id not in but]
    return chance.sample(rows, min(count, len(rows)))


def _tell(bank: Bank, item: Item, done: Done) -> None:
    tell_updates(bank, item)
    if done.added:
        bank.fire(
            item, "TRANSACTIONS", "DEFAULT_UPDATE", error=None, new_transactions=len(done.added)
        )
    if done.removed:
        bank.fire(
            item,
            "TRANSACTIONS",
            "TRANSACTIONS_REMOVED",
            error=None,
            removed_transactions=done.removed,
        )
